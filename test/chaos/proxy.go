package chaos

import (
	"context"
	"strings"
	"sync"

	"github.com/ovirt/coco/internal/wire"
)

// proxy stands between one worker and the server, and breaks their connections.
type proxy struct {
	*wire.Proxy

	mu    sync.Mutex
	armed kind
	fired chan struct{} // closed when the armed cut has happened
}

func newProxy(ctx context.Context, socket string) (*proxy, error) {
	p := &proxy{}
	var err error
	p.Proxy, err = wire.Listen(ctx, socket, p.pass)
	return p, err
}

// arm prepares the cut of the next commit, and returns what is closed once it has happened.
func (p *proxy) arm(how kind) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.fired = how, make(chan struct{})
	return p.fired
}

func (p *proxy) fire(how kind) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed != how {
		return nil
	}
	p.armed = ""
	close(p.fired)
	return wire.ErrCut
}

func (p *proxy) pass(m wire.Message, deliver func() error) error {
	if strings.EqualFold(m.SQL(), "commit") {
		if err := p.fire(cutBefore); err != nil {
			return err
		}
	}
	if m.Tag() == "COMMIT" {
		if err := p.fire(cutAfter); err != nil {
			return err
		}
	}
	return deliver()
}
