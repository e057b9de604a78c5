package main

import (
	"context"
	"io"
)

// lab has the servers that measurements need. It starts them when they are needed, and never has those of two groups beside each
// other.
type lab struct {
	progress io.Writer
	engines  *engines
	servers  *servers
	stop     func() // what runs now
}

// onServers is a measurement of the coordinator or the DAO.
func onServers(measure func(context.Context, servers, sizes) ([]figure, error)) func(context.Context, *lab, sizes) (findings, error) {
	return func(ctx context.Context, l *lab, size sizes) (findings, error) {
		if l.servers == nil {
			l.close()
			s, stop, err := startServers(ctx)
			if err != nil {
				return findings{}, err
			}
			l.servers, l.stop = &s, stop
		}
		figures, err := measure(ctx, *l.servers, size)
		return findings{figures: figures}, err
	}
}

// engineServer is the server with databases to upgrade.
func (l *lab) engineServer(ctx context.Context) (*engines, error) {
	if l.engines == nil {
		l.close()
		e, stop, err := startEngines(ctx, l.progress)
		if err != nil {
			return nil, err
		}
		l.engines, l.stop = e, stop
	}
	return l.engines, nil
}

// close stops what runs.
func (l *lab) close() {
	if l.stop != nil {
		l.stop()
	}
	l.engines, l.servers, l.stop = nil, nil, nil
}
