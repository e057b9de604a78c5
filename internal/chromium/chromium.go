// Package chromium runs a headless Chromium and speaks its DevTools protocol over a pipe, as far as a test of a page needs it.
package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// ErrClosed says that the browser has ended.
var ErrClosed = errors.New("the browser has ended")

// Browser is a running Chromium. Its profile is a directory of its own, which Close removes.
type Browser struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	profile string
	done    chan struct{} // closed when nothing more comes

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	pages   map[string]*Page // by session
}

// answer is what the browser says to a call, or by itself.
type answer struct {
	ID      int             `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   *protocolError  `json:"error"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Session string          `json:"sessionId"`
}

type protocolError struct {
	Message string `json:"message"`
	Data    string `json:"data"`
}

// Start starts the browser of a path. It dies with the context.
func Start(ctx context.Context, path string) (*Browser, error) {
	profile, err := os.MkdirTemp("", "chromium-")
	if err != nil {
		return nil, fmt.Errorf("make a profile for the browser: %w", err)
	}
	toIn, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe to the browser: %w", err), os.RemoveAll(profile))
	}
	out, fromOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe from the browser: %w", err), toIn.Close(), in.Close(), os.RemoveAll(profile))
	}
	flags := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-extensions", "--hide-scrollbars", "--mute-audio",
	}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // there is none for root, and the page is our own
	}
	b := &Browser{
		cmd: exec.CommandContext(ctx, path, append(flags, "about:blank")...), in: in, profile: profile,
		done: make(chan struct{}), waiting: map[int]chan answer{}, pages: map[string]*Page{},
	}
	b.cmd.ExtraFiles = []*os.File{toIn, fromOut} // 3 and 4, as the protocol wants them
	b.cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile)
	err = b.cmd.Start()
	_, _ = toIn.Close(), fromOut.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the browser: %w", err), in.Close(), out.Close(), os.RemoveAll(profile))
	}
	go b.read(out)
	return b, nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close(ctx context.Context) error {
	_ = b.call(ctx, "", "Browser.close", nil, nil) // it may be gone already
	_ = b.in.Close()
	err := b.cmd.Wait()
	<-b.done
	if removed := os.RemoveAll(b.profile); removed != nil {
		return fmt.Errorf("remove the browser's profile: %w", removed)
	}
	if err != nil {
		return fmt.Errorf("end the browser: %w", err)
	}
	return nil
}

// read takes in what the browser says: each message ends with a zero byte.
func (b *Browser) read(out io.ReadCloser) {
	defer close(b.done)
	defer func() { _ = out.Close() }()
	reader := bufio.NewReader(out)
	for {
		text, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if err := json.Unmarshal(text[:len(text)-1], &a); err != nil {
			return
		}
		b.mu.Lock()
		waiting, page := b.waiting[a.ID], b.pages[a.Session]
		delete(b.waiting, a.ID)
		b.mu.Unlock()
		switch {
		case a.ID != 0 && waiting != nil:
			waiting <- a
		case a.ID == 0 && page != nil:
			page.happened(a.Method, a.Params)
		}
	}
}

// call asks for something and waits for the answer, which is read into result unless that is nil.
func (b *Browser) call(ctx context.Context, session, method string, params, result any) error {
	request := map[string]any{"method": method}
	if params != nil {
		request["params"] = params
	}
	if session != "" {
		request["sessionId"] = session
	}
	come := make(chan answer, 1)
	b.mu.Lock()
	b.last++
	request["id"] = b.last
	b.waiting[b.last] = come
	text, err := json.Marshal(request)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a := <-come:
		if a.Error != nil {
			return fmt.Errorf("%s: %s %s", method, a.Error.Message, a.Error.Data)
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(a.Result, result); err != nil {
			return fmt.Errorf("read the answer to %s: %w", method, err)
		}
		return nil
	case <-b.done:
		return fmt.Errorf("%s: %w", method, ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}
