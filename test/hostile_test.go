package test

import (
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
)

// task is a row of async_tasks before the upgrade; nil is NULL.
type task struct {
	id               uuid.UUID
	actionType       int32
	status, result   int32
	actionParameters *string
	actionClass      *string
	stepID           *uuid.UUID
	commandID        uuid.UUID
	startedAt        *string
	poolID           *uuid.UUID
	taskType         int32
	taskParameters   *string
	taskClass        *string
	vdsmTaskID       *uuid.UUID
	rootCommandID    *uuid.UUID
}

// hostile makes rows that no engine would write but a database can hold. A case has few ids, so that its tasks share commands,
// contradict their siblings and name one another in circles.
type hostile struct {
	random   *rand.Rand
	commands []uuid.UUID
	vdsm     []uuid.UUID
}

func newHostile(seed uint64) *hostile {
	h := &hostile{random: rand.New(rand.NewPCG(seed, 7))}
	for range 1 + h.random.IntN(5) {
		h.commands = append(h.commands, h.uuid())
	}
	for range 1 + h.random.IntN(3) {
		h.vdsm = append(h.vdsm, h.uuid())
	}
	return h
}

func (h *hostile) uuid() uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(h.random.UintN(256))
	}
	return id
}

func (h *hostile) tasks() []task {
	tasks := make([]task, 1+h.random.IntN(10))
	for i := range tasks {
		tasks[i] = h.task(h.uuid())
	}
	return tasks
}

func (h *hostile) task(id uuid.UUID) task {
	t := task{
		id:               id,
		actionType:       pick[int32](h, 0, 1, 4, 11, -1, 1<<31-1),
		status:           int32(h.random.IntN(6)),
		result:           int32(h.random.IntN(4)),
		actionParameters: h.text(),
		actionClass:      h.class(),
		stepID:           h.maybe(h.uuid()),
		commandID:        h.command(),
		startedAt:        h.time(),
		poolID:           h.maybe(pick(h, uuid.Nil, h.commands[0])),
		taskType:         int32(h.random.IntN(12)),
		taskParameters:   h.text(),
		taskClass:        h.class(),
		vdsmTaskID:       h.maybe(pick(h, uuid.Nil, h.vdsm[h.random.IntN(len(h.vdsm))])),
		rootCommandID:    h.maybe(h.command()),
	}
	switch h.random.IntN(4) {
	case 0: // a command without a parent passes its own parameters twice
		root := t.commandID
		t.rootCommandID, t.taskParameters, t.taskClass = &root, t.actionParameters, t.actionClass
	case 1:
		t.taskParameters, t.taskClass = nil, nil
	}
	return t
}

func (h *hostile) command() uuid.UUID {
	if h.random.IntN(8) == 0 {
		return uuid.Nil
	}
	return h.commands[h.random.IntN(len(h.commands))]
}

func (h *hostile) maybe(id uuid.UUID) *uuid.UUID {
	if h.random.IntN(5) == 0 {
		return nil
	}
	return &id
}

// time is text, because PostgreSQL knows times that Go does not.
func (h *hostile) time() *string {
	if h.random.IntN(5) == 0 {
		return nil
	}
	t := pick(h, "infinity", "-infinity", "4713-01-01 00:00:00+00 BC", "2014-09-18 09:53:20.822+00",
		"2014-09-18 09:53:20.823456+05:30", "294276-12-31 23:59:59+00")
	return &t
}

func (h *hostile) class() *string {
	switch h.random.IntN(6) {
	case 0:
		return nil
	case 1:
		long := strings.Repeat("č", 256)
		return &long
	}
	class := pick(h, "", " ", "org.ovirt.engine.core.common.action.RemoveVmParameters", "\U0010FFFF", "a\nb", "trailing   ")
	return &class
}

// text is anything a text column can hold. Few texts come often, so that siblings sometimes agree.
func (h *hostile) text() *string {
	text := ""
	switch h.random.IntN(14) {
	case 0:
		return nil
	case 1, 2, 3, 4:
		text = pick(h, "", "{}", `{"@class" : "X", "uuid" : "`+h.commands[0].String()+`"}`, "null", `\N`)
	case 5:
		text = `{"vdsName" : "a\u0000b"}` // valid JSON text, no valid jsonb
	case 6:
		text = `{"unfinished" : [1, 2`
	case 7:
		text = pick(h, `\`, `'`, `"`, `$$`, `$procedure$`, `%s`, "--", "\r\n", "\t", `\.`, `{"a":1,"a":2}`, ",", "()", "NULL")
	case 8:
		for c := rune(1); c < 32; c++ {
			text += string(c)
		}
	case 9, 10:
		var b strings.Builder
		for range 1 + h.random.IntN(200) {
			b.WriteRune(h.rune())
		}
		text = b.String()
	case 11:
		text = strings.Repeat(string(h.rune()), h.random.IntN(9000))
	case 12:
		text = h.uuid().String() + strings.Repeat("x", 2500) // about where PostgreSQL begins to store a text elsewhere
	case 13:
		if h.random.IntN(10) == 0 {
			text = strings.Repeat(string(h.rune())+h.uuid().String(), 1<<20/36)
		}
	}
	return &text
}

// rune is a character of any of the seventeen planes.
func (h *hostile) rune() rune {
	for {
		r := rune(h.random.IntN(17))<<16 | rune(h.random.IntN(1<<16))
		if r != 0 && (r < 0xD800 || r > 0xDFFF) {
			return r
		}
	}
}

func pick[T any](h *hostile, choices ...T) T { return choices[h.random.IntN(len(choices))] }
