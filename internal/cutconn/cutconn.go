// Package cutconn makes network connections that break at a chosen point, for tests of what is left behind.
package cutconn

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

// ErrCut is what every operation on a connection returns from the cut on.
var ErrCut = errors.New("the connection was cut")

// Cutter cuts all its connections at one point.
type Cutter struct {
	left atomic.Int64
	cut  atomic.Bool
}

// After returns a cutter that lets a number of reads and writes through, counted over all its connections. The next write does not
// reach the other side; the next read loses an answer that may be on its way.
func After(operations int64) *Cutter {
	c := &Cutter{}
	c.left.Store(operations)
	return c
}

// Restart counts anew, for the connections that are still open and for those to come.
func (c *Cutter) Restart(operations int64) {
	c.cut.Store(false)
	c.left.Store(operations)
}

// Cut says whether it has happened since.
func (c *Cutter) Cut() bool { return c.cut.Load() }

// Wrap returns a dial function whose connections this cutter cuts.
func (c *Cutter) Wrap(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &cutConn{Conn: conn, cutter: c}, nil
	}
}

type cutConn struct {
	net.Conn

	cutter *Cutter
}

func (c *cutConn) Read(b []byte) (int, error) {
	if err := c.count(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *cutConn) Write(b []byte) (int, error) {
	if err := c.count(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *cutConn) count() error {
	if c.cutter.left.Add(-1) >= 0 {
		return nil
	}
	c.cutter.cut.Store(true)
	_ = c.Close() // the error to return is the cut
	return ErrCut
}
