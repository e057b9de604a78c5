package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

var errCut = errors.New("the connection was cut")

// proxy stands between one worker and the server, and breaks their connections.
type proxy struct {
	socket   string // of the server
	listener net.Listener

	mu      sync.Mutex
	open    map[net.Conn]net.Conn // the worker's side and the server's
	refuses bool
	armed   kind
	fired   chan struct{} // closed when the armed cut has happened
}

func newProxy(ctx context.Context, socket string) (*proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a worker: %w", err)
	}
	p := &proxy{socket: socket, listener: listener, open: map[net.Conn]net.Conn{}}
	go p.serve(context.WithoutCancel(ctx))
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) close() {
	_ = p.listener.Close()
	p.cutAll()
}

// arm prepares the cut of the next commit, and returns what is closed once it has happened.
func (p *proxy) arm(how kind) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.fired = how, make(chan struct{})
	return p.fired
}

// refuse lets no more connections through and breaks those there are, or lets them through again.
func (p *proxy) refuse(yes bool) {
	p.mu.Lock()
	p.refuses = yes
	p.mu.Unlock()
	if yes {
		p.cutAll()
	}
}

// cutAll breaks all connections there are, and returns how many.
func (p *proxy) cutAll() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for worker, server := range p.open {
		_ = worker.Close()
		_ = server.Close()
	}
	return len(p.open)
}

func (p *proxy) fire(how kind) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed != how {
		return nil
	}
	p.armed = ""
	close(p.fired)
	return errCut
}

func (p *proxy) serve(ctx context.Context) {
	for {
		worker, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := p.connect(ctx, worker)
		if err != nil {
			_ = worker.Close()
			continue
		}
		both := func(pump func(io.Reader, io.Writer) error, from, to net.Conn) {
			_ = pump(from, to) // however it ends, both sides end
			_ = worker.Close()
			_ = server.Close()
			p.mu.Lock()
			delete(p.open, worker)
			p.mu.Unlock()
		}
		go both(p.fromWorker, worker, server)
		go both(p.fromServer, server, worker)
	}
}

// connect makes the server's side of a connection.
func (p *proxy) connect(ctx context.Context, worker net.Conn) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses {
		return nil, errCut
	}
	server, err := new(net.Dialer).DialContext(ctx, "unix", p.socket)
	if err != nil {
		return nil, err
	}
	p.open[worker] = server
	return server, nil
}

func (p *proxy) fromWorker(worker io.Reader, server io.Writer) error {
	from := bufio.NewReader(worker)
	if err := passStartup(from, server); err != nil {
		return err
	}
	for {
		kind, message, err := readMessage(from)
		if err != nil {
			return err
		}
		if kind == 'Q' && strings.EqualFold(string(bytes.TrimRight(message[5:], "\x00")), "commit") {
			if err := p.fire(cutBefore); err != nil {
				return err
			}
		}
		if _, err := server.Write(message); err != nil {
			return err
		}
	}
}

func (p *proxy) fromServer(server io.Reader, worker io.Writer) error {
	from := bufio.NewReader(server)
	for {
		kind, message, err := readMessage(from)
		if err != nil {
			return err
		}
		if kind == 'C' && bytes.Equal(message[5:], []byte("COMMIT\x00")) {
			if err := p.fire(cutAfter); err != nil {
				return err
			}
		}
		if _, err := worker.Write(message); err != nil {
			return err
		}
	}
}

// passStartup passes on the first message, which has no kind.
func passStartup(worker io.Reader, server io.Writer) error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(worker, head); err != nil {
		return err
	}
	if _, err := server.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(server, worker, int64(binary.BigEndian.Uint32(head))-4)
	return err
}

func readMessage(from io.Reader) (kind byte, message []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(from, head); err != nil {
		return 0, nil, err
	}
	message = make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
	copy(message, head)
	_, err = io.ReadFull(from, message[5:])
	return head[0], message, err
}
