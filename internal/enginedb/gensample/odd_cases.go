package main

// oddCases writes what 3.4 does not write itself: rows left by earlier versions, rows of the engine's own test data,
// and damage. They go past the procedures: X1 to X15.
func (s *sampler) oddCases() {
	const later = "2014-06-03 08:20:00.00"
	base := class("VdcActionParametersBase")
	add := func(t task) {
		t.id = id("task " + t.label)
		if t.status == 0 {
			t.status = 2
		}
		s.out.WriteString(t.insert())
	}
	// both is a task that carries the made-up parameters in both places.
	both := func(t task) task {
		t.action, t.actionClass, t.own, t.ownClass = empty(), base, empty(), base
		t.vdsm, t.pool = id("vdsm "+t.label), pool
		return t
	}

	oldVM := id("X1 command")
	add(task{label: "X1.before 3.3: no task parameters, vdsm_task_id and root_command_id NULL", actionType: 4, taskType: 5,
		command: oldVM, pool: pool, started: "2013-03-17 09:26:53.589Z", actionClass: class("RemoveVmParameters"),
		action: text(call{class: "RemoveVmParameters", command: oldVM}.params(append(vmFields(id("X1 vm")), field{"force", true})...))})
	add(task{label: "X2.before 3.1: command_id all zero, parameters without a class, never started", actionType: 211,
		command: zeroGUID, action: new("{what the bytea column held}")})
	add(task{label: "X3.test data 1: no parameters at all, a root that is nowhere and shared", actionType: 1, taskType: 3,
		command: id("X3 command"), root: id("X3 root"), vdsm: id("X3 vdsm"), pool: id("pool that is gone"),
		started: "2010-11-30 23:59:59+00"})
	add(task{label: "X4.test data 2", actionType: 1, taskType: 3,
		command: id("X4 command"), root: id("X3 root"), vdsm: id("X4 vdsm"), pool: id("pool that is gone"),
		started: "2010-11-30 23:59:59+00"})
	add(both(task{label: "X5.command and root all zero, with parameters", actionType: 12,
		command: zeroGUID, root: zeroGUID, started: later + "0Z"}))
	add(both(task{label: "X6.root all zero", actionType: 31, taskType: 3,
		command: id("X6 command"), root: zeroGUID, started: later + "1Z"}))
	add(both(task{label: "X7.cycle A: its root is B", actionType: 4, taskType: 5,
		command: id("X7 command"), root: id("X8 command"), started: later + "2Z"}))
	add(both(task{label: "X8.cycle B: its root is A", actionType: 211, taskType: 5,
		command: id("X8 command"), root: id("X7 command"), started: later + "3Z"}))
	add(both(task{label: "X9.conflict: one command with two roots (1)", actionType: 226, taskType: 2,
		command: id("X9 command"), root: id("X9 root 1"), started: later + "4Z"}))
	add(both(task{label: "X10.conflict: one command with two roots (2)", actionType: 226, taskType: 2,
		command: id("X9 command"), root: id("X9 root 2"), started: later + "5Z"}))

	x11 := both(task{label: "X11.conflict: one root with two types, classes and texts (1), space at the end", actionType: 2,
		taskType: 3, command: id("X11 command"), root: id("X11 root"), started: later + "6Z"})
	x11.action, x11.actionClass = new("{\n  \"@class\" : \"a\"\n} \n\t"), class("AddVmFromTemplateParameters")
	add(x11)
	x12 := both(task{label: "X12.conflict (2): same start; doubled key, NUL and half a surrogate pair: JSON but not jsonb",
		actionType: 1, taskType: 3, command: id("X12 command"), root: id("X11 root"), started: later + "6Z"})
	x12.action = new(`{"@class":"b","n":1,"n":2,"d":2.50,"t":"\u0000\udc00"}`)
	x12.actionClass = class("VmManagementParametersBase")
	add(x12)

	duplicate := id("X13 vdsm")
	add(task{label: "X13.empty strings, class without text, root NULL", actionType: 207, taskType: 3,
		command: id("X13 command"), vdsm: duplicate, started: later + "7Z",
		action: new(""), actionClass: new(""), ownClass: base})
	x14 := both(task{label: "X14.a type that no engine knows, a class that is gone, a step without a job, vdsm id of X13",
		actionType: 2147483647, taskType: 9, command: id("X14 command"), root: id("X14 command"),
		step: id("X14 step"), started: "infinity"})
	x14.vdsm, x14.actionClass = duplicate, new("org.example.plugin.Parameters")
	add(x14)
	add(both(task{label: "X15.aborting and failed long ago: a zombie", actionType: 4, taskType: 5, status: 4, result: 3,
		command: id("X15 command"), root: id("X15 command"), started: "2012-02-29 12:34:56.789012-03:30"}))
}
