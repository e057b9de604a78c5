package main

import (
	"sync"
	"time"
)

const (
	// progressAfter is how long something takes before anybody wants to know.
	progressAfter = time.Second
	// redraw is how often the line on a terminal is written anew, lineEvery how often a line is written elsewhere.
	redraw    = 200 * time.Millisecond
	lineEvery = 3 * time.Second
)

// progress shows what is being done while it takes longer than a second.
type progress struct {
	console *console
	stopped chan struct{}
	done    sync.WaitGroup

	mu    sync.Mutex
	text  func(since time.Duration) string // nil: nothing is being done
	set   time.Time                        // when text was set
	busy  time.Time                        // when it was nil last
	shown time.Time
}

func startProgress(c *console) *progress {
	p := &progress{console: c, stopped: make(chan struct{})}
	p.done.Go(p.loop)
	return p
}

// stop ends the display. It may be called once.
func (p *progress) stop() {
	close(p.stopped)
	p.done.Wait()
	p.console.erase()
}

// doing says what is being done now; text is called with the time since.
func (p *progress) doing(text func(since time.Duration) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = time.Now()
	if p.text == nil {
		p.busy = p.set
	}
	p.text = text
}

// idle says that it is done.
func (p *progress) idle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = nil
	p.console.erase()
}

func (p *progress) loop() {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-p.stopped:
			return
		case now := <-tick.C:
			p.show(now)
		}
	}
}

func (p *progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.text == nil || now.Sub(p.busy) < progressAfter {
		return
	}
	if !p.console.live && now.Sub(p.shown) < lineEvery {
		return
	}
	p.shown = now
	p.console.draw(p.text(now.Sub(p.set)))
}

// elapsed is a text that counts the time.
func elapsed(what string) func(time.Duration) string {
	return func(since time.Duration) string { return what + ": " + took(since) }
}
