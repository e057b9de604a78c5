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

// cut is how connections are broken.
type cut string

const (
	cutNow        cut = "all connections at once"
	cutBackend    cut = "a session terminated by the server"
	cutBefore     cut = "a commit on its way to the server"
	cutAfter      cut = "a commit's acknowledgement on its way back"
	noCut         cut = ""
	commitCommand     = "commit"
)

var errCut = errors.New("the connection was cut")

// proxy stands between one worker and the server, and breaks their connections.
type proxy struct {
	socket   string // of the server
	listener net.Listener

	mu    sync.Mutex
	open  map[net.Conn]net.Conn // the worker's side and the server's
	armed cut
	fired chan struct{} // closed when the armed cut has happened
}

func newProxy(ctx context.Context, socket string) (*proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a worker: %w", err)
	}
	p := &proxy{socket: socket, listener: listener, open: map[net.Conn]net.Conn{}}
	go p.serve()
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) close() {
	_ = p.listener.Close()
	p.cutAll()
}

// arm prepares the cut of the next commit, and returns what is closed once it has happened.
func (p *proxy) arm(kind cut) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.fired = kind, make(chan struct{})
	return p.fired
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

func (p *proxy) fire(kind cut) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed != kind {
		return nil
	}
	p.armed = noCut
	close(p.fired)
	return errCut
}

func (p *proxy) serve() {
	for {
		worker, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.socket)
		if err != nil {
			_ = worker.Close()
			continue
		}
		p.mu.Lock()
		p.open[worker] = server
		p.mu.Unlock()

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
		if kind == 'Q' && strings.EqualFold(string(bytes.TrimRight(message[5:], "\x00")), commitCommand) {
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
