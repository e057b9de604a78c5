package play

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/internal/enginedb"
)

// commands are those whose tasks all clients of a workload keep, so that their transactions meet in the rows of the same commands.
// A command follows from its number: each client finds the same one.
type commands struct {
	seed    uint64
	started atomic.Int64 // how many tasks have been made
}

const (
	commandsAtATime = 40
	tasksPerCommand = 8 // tasks made until the oldest command gives way to a new one
)

// pick is the number of a command that is running.
func (c *commands) pick(random *rand.Rand) uint64 {
	first := c.started.Add(1) / tasksPerCommand
	return uint64(first) + random.Uint64N(commandsAtATime) //nolint:gosec // it is not negative
}

// kinds of ids that follow from a number.
const (
	kindCommand = iota + 1
	kindPool
)

func (c *commands) id(kind, n uint64) uuid.UUID {
	source := rand.NewPCG(c.seed, kind<<56|n)
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], source.Uint64())
	binary.BigEndian.PutUint64(id[8:], source.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// newTask is a task as the engine stores one, of a command that runs. Siblings mostly agree about the parameters of their parent.
func (c *client) newTask(id string) *task {
	if c.newValues != nil {
		return &task{values: c.newValues(c.random, id)}
	}
	number := c.commands.pick(c.random)
	parent := number - number%4 // four commands belong together, the first is the root
	own, root := c.commands.id(kindCommand, number), c.commands.id(kindCommand, parent)
	parentText, parentClass := c.parameters(parent)
	text, class := c.parameters(number)
	if number != parent && c.chance(0.05) {
		parentText = new(c.texts.Next(c.random, "Other", root, own)) // a sibling that differs
	}
	t := &task{}
	t.values = [columnCount]*string{
		taskID:           &id,
		actionType:       new(strconv.FormatUint(1+parent%300, 10)),
		status:           new(strconv.Itoa(c.random.IntN(6))),
		result:           new(strconv.Itoa(c.random.IntN(4))),
		actionParameters: parentText,
		actionClass:      parentClass,
		stepID:           new(c.newID()),
		commandID:        new(own.String()),
		startedAt:        new(c.moment()),
		storagePoolID:    new(c.commands.id(kindPool, number%4).String()),
		taskType:         new(strconv.Itoa(c.random.IntN(12))),
		taskParameters:   text,
		taskClass:        class,
		vdsmTaskID:       new(c.vdsm[c.random.IntN(len(c.vdsm))]),
		rootCommandID:    new(root.String()),
	}
	if c.chance(0.2) { // not yet submitted
		none := uuid.Nil.String()
		t.values[vdsmTaskID], t.values[storagePoolID], t.values[stepID] = &none, &none, nil
	}
	switch c.random.IntN(40) { // what is odd, and yet occurs
	case 0:
		t.values[rootCommandID] = nil
	case 1:
		t.values[rootCommandID] = new(uuid.Nil.String())
	case 2:
		t.values[taskParameters], t.values[taskClass] = nil, nil
	case 3:
		t.values[actionParameters], t.values[actionClass] = new(""), new(strings.Repeat("č", 256))
	}
	return t
}

// parameters of a command: the same whoever asks.
func (c *client) parameters(number uint64) (text, class *string) {
	random := rand.New(rand.NewPCG(c.commands.seed, number)) //nolint:gosec // it has to repeat, not to be secret
	name := "org.ovirt.engine.core.common.action.Played" + strconv.FormatUint(number%7, 10) + strings.Repeat(" ", random.IntN(2))
	return new(c.texts.Next(random, name, c.commands.id(kindCommand, number), c.commands.id(kindPool, number%4))), &name
}

func (c *client) newID() string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], c.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], c.random.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// moment is a time as PostgreSQL writes it.
func (c *client) moment() string {
	t := time.Date(2014, 6, 3, 8, 15, 42, 0, time.UTC).Add(time.Duration(c.random.Int64N(1e9)) * time.Millisecond)
	return t.Format("2006-01-02 15:04:05.999+00")
}

func (c *client) chance(p float64) bool { return c.random.Float64() < p }

// supply of texts: that of each client is the same, because a command's text has to be.
func (c *commands) texts(least, most int) *enginedb.Texts {
	return enginedb.NewTexts(rand.New(rand.NewPCG(c.seed, 1)), least, most) //nolint:gosec // it has to repeat, not to be secret
}
