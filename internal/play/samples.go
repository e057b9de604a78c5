package play

import "time"

// Sample is a call that was made: when it was due, and how long it took from then.
type Sample struct {
	Due     time.Time
	Latency time.Duration
}

// Samples are all calls of the engine and of the control, in no order, for figures that a Report does not give. They may be read when
// Stop has returned.
func (e *Engine) Samples() (engine, control []Sample) {
	engine = e.engine.all(e.start)
	if e.control != nil {
		control = e.control.all(e.start)
	}
	return engine, control
}

func (w *workload) all(start time.Time) []Sample {
	var all []Sample
	for _, c := range w.clients {
		for _, s := range c.samples {
			all = append(all, Sample{Due: start.Add(s.due), Latency: s.latency})
		}
	}
	return all
}
