// Package wire stands between clients and their PostgreSQL server and passes on what they say, message by message. A test looks at
// each message there, holds it back, or breaks the connection at it.
//
// It follows the protocol from its first message on and does not know TLS: connect through it with sslmode=disable.
package wire

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// ErrCut is what a Pass may return to break a connection.
var ErrCut = errors.New("the connection was cut")

// Pass is called for each message, in the order of its direction. It calls deliver, or does not. With an error both sides of the
// connection are closed. The two directions of a connection, and all connections, call it at the same time.
type Pass func(m Message, deliver func() error) error

// Proxy listens for clients and connects each to the server.
type Proxy struct {
	socket   string
	pass     Pass
	listener net.Listener
	serving  sync.WaitGroup
	pumping  sync.WaitGroup

	mu      sync.Mutex
	open    map[net.Conn]net.Conn // the client's side and the server's
	refuses bool
}

// Listen starts a proxy on a free port of 127.0.0.1, before a server's unix socket. It lives until Close.
func Listen(ctx context.Context, socket string, pass Pass) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for clients: %w", err)
	}
	p := &Proxy{socket: socket, pass: pass, listener: listener, open: map[net.Conn]net.Conn{}}
	p.serving.Go(func() { p.serve(context.WithoutCancel(ctx)) })
	return p, nil
}

// Address is where clients connect to, as HOST:PORT.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close breaks all connections and ends the proxy. No Pass is called any more when it returns.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.serving.Wait()
	p.CutAll()
	p.pumping.Wait()
}

// Open returns how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// Refuse lets no more connections through, or lets them through again. Those there are stay.
func (p *Proxy) Refuse(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = yes
}

// CutAll breaks all connections there are, and returns how many.
func (p *Proxy) CutAll() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for client, server := range p.open {
		_ = client.Close()
		_ = server.Close()
	}
	return len(p.open)
}

func (p *Proxy) serve(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := p.connect(ctx, client)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.pumping.Go(func() { p.pump(Client, client, server) })
		p.pumping.Go(func() { p.pump(Server, server, client) })
	}
}

// connect makes the server's side of a connection.
func (p *Proxy) connect(ctx context.Context, client net.Conn) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses {
		return nil, ErrCut
	}
	server, err := new(net.Dialer).DialContext(ctx, "unix", p.socket)
	if err != nil {
		return nil, err
	}
	p.open[client] = server
	return server, nil
}

// pump passes on one direction until it ends. However it ends, both sides end.
func (p *Proxy) pump(side Side, from, to net.Conn) {
	defer func() {
		_ = from.Close()
		_ = to.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, from)
		delete(p.open, to)
	}()
	reader := bufio.NewReader(from)
	for first := side == Client; ; first = false {
		m, err := read(reader, first)
		if err != nil {
			return
		}
		m.From = side
		deliver := func() error {
			_, err := to.Write(m.Data)
			return err
		}
		if err := p.pass(m, deliver); err != nil {
			return
		}
	}
}

// read reads a message: its type, which the first one of a client does not have, its length and the rest.
func read(from io.Reader, first bool) (Message, error) {
	head := make([]byte, 5)
	kind := head[:1]
	if first {
		kind = nil
	}
	length := head[len(kind) : len(kind)+4]
	head = head[:len(kind)+4]
	if _, err := io.ReadFull(from, head); err != nil {
		return Message{}, err
	}
	data := make([]byte, len(kind)+int(binary.BigEndian.Uint32(length)))
	if len(data) < len(head) {
		return Message{}, errors.New("a message is shorter than its head")
	}
	copy(data, head)
	_, err := io.ReadFull(from, data[len(head):])
	m := Message{Data: data}
	if !first {
		m.Kind = data[0]
	}
	return m, err
}
