package upgrade

import (
	"testing"
	"time"
)

func TestTheBatchSizeFollowsTheTargetTime(t *testing.T) {
	const target = 50 * time.Millisecond
	for _, perRow := range []time.Duration{2 * time.Microsecond, 10 * time.Microsecond, time.Millisecond, 5 * time.Millisecond} {
		size := sizer{target: target}
		took := func() time.Duration { return time.Duration(size.next()) * perRow }
		for range 10 {
			size.took(took())
		}
		if d := took(); (d < target*8/10 || d > target*12/10) && size.next() != maxBatch {
			t.Errorf("with %s a row it settles at %d rows, which take %s", perRow, size.next(), d)
		}
		size.took(20 * target) // a batch that hung for other reasons
		if size.next() < minBatch {
			t.Errorf("%d rows", size.next())
		}
		for range 10 {
			size.took(took())
		}
		if d := took(); (d < target*8/10 || d > target*12/10) && size.next() != maxBatch {
			t.Errorf("with %s a row it is at %d rows after a slow batch, which take %s", perRow, size.next(), d)
		}
	}
	fixed := sizer{fixed: 7}
	fixed.took(time.Hour)
	if fixed.next() != 7 {
		t.Errorf("a fixed size became %d", fixed.next())
	}
}

func TestARateIsThatOfTheLastSeconds(t *testing.T) {
	var meter meter
	now := time.Now()
	if rows, bytes := meter.measure(now, 500, 5000); rows != 0 || bytes != 0 {
		t.Errorf("one mark gives %f and %f", rows, bytes)
	}
	var rows, bytes float64
	done := int64(500)
	for range 1000 { // 50 seconds with 200 rows a second, then 50 with 1,000
		now, done = now.Add(50*time.Millisecond), done+10
		rows, _ = meter.measure(now, done, 10*done)
	}
	if rows < 199 || rows > 201 {
		t.Errorf("%f rows/s, want 200", rows)
	}
	for range 1000 {
		now, done = now.Add(50*time.Millisecond), done+50
		rows, bytes = meter.measure(now, done, 10*done)
	}
	if rows < 999 || rows > 1001 || bytes < 9990 || bytes > 10010 {
		t.Errorf("%f rows/s and %f bytes/s, want 1000 and 10000", rows, bytes)
	}
	if most := int(meterWindow/meterStep) + 2; len(meter.marks) > most {
		t.Errorf("%d marks are kept, want %d at most", len(meter.marks), most)
	}
	if got := eta(2000, rows).Round(time.Second); got != 2*time.Second {
		t.Errorf("2000 rows take %s", got)
	}
	if eta(1, 0) != 0 || eta(0, 1) != 0 || eta(-1, 1) != 0 {
		t.Error("an unknown rest is not 0")
	}
}

func TestBatchesOfSeveralConnectionsAreToldInOneOrder(t *testing.T) {
	var told []BatchDone
	var progress progress
	observe := progress.tell(func(e Event) {
		if batch, ok := e.(BatchDone); ok {
			told = append(told, batch)
		}
	})
	for _, batch := range []BatchDone{
		{Work: "survey", Done: 200, Bytes: 20, Total: 400},
		{Work: "survey", Done: 100, Bytes: 30, Total: 400}, // counted before the other one was committed
		{Work: "archive", Done: 10, Total: 40},
		{Work: "survey", Done: 400, Total: 400},
		{Work: "archive", Done: 40, Total: 40, Finished: true},
		{Work: "archive", Done: 40, Total: 40, Finished: true}, // each connection is told
	} {
		observe(batch)
	}
	want := []BatchDone{
		{Work: "survey", Done: 200, Bytes: 20}, {Work: "survey", Done: 200, Bytes: 30},
		{Work: "archive", Done: 10}, {Work: "archive", Done: 40, Finished: true},
	}
	if len(told) != len(want) {
		t.Fatalf("%d batches were told, want %d: %+v", len(told), len(want), told)
	}
	for i, got := range told {
		if got.Work != want[i].Work || got.Done != want[i].Done || got.Bytes != want[i].Bytes || got.Finished != want[i].Finished {
			t.Errorf("batch %d: %+v, want %+v", i, got, want[i])
		}
	}
}
