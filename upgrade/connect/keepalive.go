package connect

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// How a network is noticed that is gone without a word: after KeepAliveIdle of silence the other side is asked, KeepAliveCount times, every
// KeepAliveInterval, and given up then. The same holds for what was sent and is not acknowledged.
const (
	KeepAliveIdle     = 10 * time.Second
	KeepAliveInterval = 5 * time.Second
	KeepAliveCount    = 3
)

var errKeepAlive = errors.New("keepalives, keepalives_idle, keepalives_interval, keepalives_count and tcp_user_timeout are whole numbers")

// keepAlive lets the connection notice a dead network. The parameters that libpq knows for that win, and do not go to the server.
func keepAlive(config *pgx.ConnConfig) error {
	numbers := map[string]int{
		"keepalives": 1, "keepalives_idle": seconds(KeepAliveIdle), "keepalives_interval": seconds(KeepAliveInterval),
		"keepalives_count": KeepAliveCount, "tcp_user_timeout": 0,
	}
	for name := range numbers {
		text, set := config.RuntimeParams[name]
		if !set {
			continue
		}
		delete(config.RuntimeParams, name)
		number, err := strconv.Atoi(text)
		if err != nil {
			return errKeepAlive
		}
		if number > 0 || name == "keepalives" { // 0 is the default, as in libpq
			numbers[name] = number
		}
	}
	alive := net.KeepAliveConfig{
		Enable: numbers["keepalives"] != 0,
		Idle:   time.Duration(numbers["keepalives_idle"]) * time.Second, Interval: time.Duration(numbers["keepalives_interval"]) * time.Second,
		Count: numbers["keepalives_count"],
	}
	patience := time.Duration(numbers["tcp_user_timeout"]) * time.Millisecond
	if patience <= 0 && alive.Enable {
		patience = alive.Idle + time.Duration(alive.Count)*alive.Interval
	}
	dialer := &net.Dialer{KeepAliveConfig: alive, Control: func(network, _ string, conn syscall.RawConn) error {
		if patience <= 0 || network == "unix" {
			return nil
		}
		return conn.Control(func(fd uintptr) { setUserTimeout(fd, patience) })
	}}
	if !alive.Enable {
		dialer.KeepAlive = -1
	}
	config.DialFunc = dialer.DialContext
	return nil
}

func seconds(d time.Duration) int { return int(d / time.Second) }
