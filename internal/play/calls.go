package play

import (
	"slices"
	"strconv"
)

// call is one call of a procedure, with what it has to answer and what it makes of the model.
type call struct {
	procedure procedure
	arguments []any
	// wrong says what is wrong with the answer, nothing if it is right.
	wrong func(answer) string
	// apply changes the model as the call changes the database. Nil: it changes nothing.
	apply func()
}

// choose makes the next call. What follows from the last one comes first.
func (c *client) choose() call {
	if next := c.next; next != nil {
		c.next = nil
		return *next
	}
	if c.allEvery > 0 && c.random.IntN(c.allEvery) == 0 {
		return c.findAll()
	}
	slot := c.random.IntN(len(c.slots))
	id := c.slots[slot]
	if c.tasks[id] == nil {
		return c.chooseForAbsent(slot)
	}
	return c.chooseForPresent(id)
}

func (c *client) chooseForAbsent(slot int) call {
	id := c.slots[slot]
	switch n := c.random.IntN(100); {
	case n < 5:
		return c.find(id)
	case n < 10:
		return c.remove(id)
	case n < 15: // changes nothing
		return c.update(id)
	case n < 80: // a deleted task seldom comes back
		id = c.newID()
		c.slots[slot] = id
	}
	if c.random.IntN(2) == 0 {
		c.next = new(c.link(id))
	} else if c.random.IntN(2) == 0 {
		c.next = new(c.find(id))
	}
	if c.random.IntN(3) == 0 {
		return c.insert(id)
	}
	return c.save(id)
}

func (c *client) chooseForPresent(id string) call {
	switch n := c.random.IntN(100); {
	case n < 15 && len(c.known) > 0:
		return c.findKnown()
	case n < 35:
		return c.find(id)
	case n < 60:
		if c.random.IntN(2) == 0 {
			c.next = new(c.find(id))
		}
		return c.save(id)
	case n < 67:
		return c.update(id)
	case n < 82:
		return c.remove(id)
	case n < 90:
		return c.findByVdsm()
	case n < 92:
		return c.removeByVdsm()
	case c.byEntity:
		return c.findByEntity(c.entities[c.random.IntN(len(c.entities))])
	default:
		return c.find(id)
	}
}

func (c *client) insert(id string) call {
	t := c.newTask(id)
	return call{procedure: insert, arguments: t.insertArguments(), wrong: nothing, apply: func() { c.tasks[id] = t }}
}

// save inserts the task, or updates the one that is there.
func (c *client) save(id string) call {
	t := c.newTask(id)
	return call{procedure: save, arguments: t.insertArguments(), wrong: nothing, apply: func() {
		if old := c.tasks[id]; old != nil {
			t = old.updated(t)
		}
		c.tasks[id] = t
	}}
}

func (c *client) update(id string) call {
	t := c.newTask(id)
	return call{procedure: update, arguments: t.updateArguments(), wrong: nothing, apply: func() {
		if old := c.tasks[id]; old != nil {
			c.tasks[id] = old.updated(t)
		}
	}}
}

func (c *client) remove(id string) call {
	return c.removal(remove, id, c.present(id))
}

func (c *client) removeByVdsm() call {
	vdsm := c.vdsm[c.random.IntN(len(c.vdsm))]
	return c.removal(removeByVdsm, vdsm, c.withVdsm(vdsm))
}

// removal deletes tasks and has to say how many it deleted.
func (c *client) removal(procedure procedure, argument string, tasks []*task) call {
	return call{
		procedure: procedure, arguments: []any{argument},
		wrong: func(a answer) string {
			if got, want := a.single(), strconv.Itoa(len(tasks)); got != want {
				return "deleted " + got + " tasks, should be " + want
			}
			return ""
		},
		apply: func() {
			for _, t := range tasks {
				delete(c.tasks, t.id())
			}
		},
	}
}

// link is for a task that is there when the call is made. It does nothing where the link is there.
func (c *client) link(id string) call {
	entity := c.entities[c.random.IntN(len(c.entities))]
	return call{procedure: link, arguments: []any{id, entity, "Storage"}, wrong: nothing, apply: func() {
		if t := c.tasks[id]; t != nil && !slices.Contains(t.entities, entity) {
			c.tasks[id] = t.linked(entity)
		}
	}}
}

func (c *client) find(id string) call {
	return call{procedure: find, arguments: []any{id}, wrong: func(a answer) string { return a.wrong(c.present(id)) }}
}

// findKnown reads a task that was there before, and that nobody changes.
func (c *client) findKnown() call {
	t := c.known[c.random.IntN(len(c.known))]
	return call{procedure: find, arguments: []any{t.id()}, wrong: func(a answer) string { return a.wrong([]*task{t}) }}
}

func (c *client) findByEntity(entity string) call {
	return call{procedure: findByEntity, arguments: []any{entity}, wrong: func(a answer) string {
		return a.wrong(c.where(func(t *task) bool { return slices.Contains(t.entities, entity) }))
	}}
}

func (c *client) findByVdsm() call {
	vdsm := c.vdsm[c.random.IntN(len(c.vdsm))]
	return call{procedure: findByVdsm, arguments: []any{vdsm}, wrong: func(a answer) string { return a.wrong(c.withVdsm(vdsm)) }}
}

// findAll judges the client's own tasks and those that nobody changes: the others change while the answer is made.
func (c *client) findAll() call {
	return call{procedure: findAll, wrong: func(a answer) string {
		all, wrong := a.tasks()
		if wrong != "" {
			return wrong
		}
		want := c.where(func(*task) bool { return true })
		want = append(want, c.known...)
		judged := map[string]bool{}
		for _, id := range c.slots {
			judged[id] = true
		}
		for _, t := range want {
			judged[t.id()] = true
		}
		return differences(want, slices.DeleteFunc(all, func(t *task) bool { return !judged[t.id()] }))
	}}
}

func (c *client) present(id string) []*task {
	if t := c.tasks[id]; t != nil {
		return []*task{t}
	}
	return nil
}

func (c *client) withVdsm(vdsm string) []*task {
	return c.where(func(t *task) bool { return equal(t.values[vdsmTaskID], &vdsm) })
}

func (c *client) where(condition func(*task) bool) []*task {
	var found []*task
	for _, t := range c.tasks {
		if condition(t) {
			found = append(found, t)
		}
	}
	return found
}

// wrong compares an answer with the tasks that it should hold.
func (a answer) wrong(want []*task) string {
	got, wrong := a.tasks()
	if wrong != "" {
		return wrong
	}
	return differences(want, got)
}

// single is the one value of an answer.
func (a answer) single() string {
	if len(a.rows) != 1 || len(a.rows[0]) != 1 || a.rows[0][0] == nil {
		return strconv.Itoa(len(a.rows)) + " rows instead of a number of"
	}
	return *a.rows[0][0]
}

// nothing is what a procedure that returns void answers.
func nothing(a answer) string {
	if len(a.rows) != 1 || len(a.rows[0]) != 1 || a.rows[0][0] == nil || *a.rows[0][0] != "" {
		return "the answer is not empty"
	}
	return ""
}
