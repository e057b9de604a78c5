package upgrade

import "time"

const (
	// meterWindow is how far back a rate looks: long enough to be steady, short enough to follow.
	meterWindow = 10 * time.Second
	// meterStep is the least time between two marks, so that a window has few of them.
	meterStep = 200 * time.Millisecond
)

// meter measures rates over a sliding window. The zero value is ready.
type meter struct{ marks []mark }

// mark is how much was done when.
type mark struct {
	at          time.Time
	rows, bytes int64
}

// measure notes what is done by now and returns how much a second that is, of rows and of bytes; 0 while unknown.
func (m *meter) measure(now time.Time, rows, bytes int64) (rowRate, byteRate float64) {
	for len(m.marks) > 1 && now.Sub(m.marks[1].at) >= meterWindow {
		m.marks = m.marks[1:]
	}
	if len(m.marks) == 0 || now.Sub(m.marks[len(m.marks)-1].at) >= meterStep {
		m.marks = append(m.marks, mark{now, rows, bytes})
	}
	first := m.marks[0]
	seconds := now.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(rows-first.rows) / seconds, float64(bytes-first.bytes) / seconds
}

// eta is the time that the rest takes at a rate, 0 if that is unknown.
func eta(rest int64, rate float64) time.Duration {
	if rest <= 0 || rate <= 0 {
		return 0
	}
	return time.Duration(float64(rest) / rate * float64(time.Second))
}
