package main

import (
	"fmt"
	"strings"
)

var (
	pool    = id("pool") // the data centre of the sample
	domainA = id("domain A")
	domainB = id("domain B")
	cluster = id("cluster")
)

// strange holds what parameters may hold and what careless code breaks on: quotes of every kind, backslashes, control
// characters (the first of them makes the JSON no jsonb), right-to-left text, line separators, and characters of all
// Unicode planes that have any.
const strange = "Notiz: \"zitiert\", back\\slash, 'quote', $$, $body$, %s, tab\tnewline\nreturn\rbell\anul\x00unit\x1f del\x7f, " +
	"emoji \U0001F680\U0001F468\u200D\U0001F469, \u200Frtl \u05E2\u05D1\u05E8\u05D9\u05EA, ls\u2028ps\u2029, e\u0301 \u00E9 \uFB01, " +
	"planes \u4E2D \U00010348 \U00020BB7 \U00030000 \U000E0041 \U000F1234 \U0010FFFD, bom\uFEFF"

const strangeName = "B\u00FCro-\u65E5\u672C\u8A9E-\U0001F600"

// sampler writes the cases one after another; each task gets the next start time.
type sampler struct {
	out   strings.Builder
	count int
}

func (s *sampler) next() string {
	s.count++
	return startedAt(s.count)
}

// add writes a task through the engine's procedure. Empty ids get their usual values: the label's own.
func (s *sampler) add(t task) {
	if t.id == "" {
		t.id = id("task " + t.label)
	}
	if t.vdsm == "" {
		t.vdsm = id("vdsm " + t.label)
	}
	if t.pool == "" {
		t.pool = pool
	}
	if t.started == "" {
		t.started = s.next()
	}
	t.status = 2
	s.out.WriteString(t.upsert())
}

func class(name string) *string { return new(actionPackage + name) }

// engineCases writes what a running 3.4 engine writes itself: S1 to S14.
func (s *sampler) engineCases() {
	s.cloneFromTemplate()
	s.hibernate()
	s.removeVM()
	s.addDisk()
	s.snapshots()
	s.removeSnapshot()
	s.importVM()
	s.liveMigrate()
	s.huge()
	s.unknownTasks()
	s.removeDiskWithoutRoot()
	s.lonelyCommands()
	s.threeLevels()
}

// S1: one root, three commands under it, each with a placeholder that the submitted task then takes over.
func (s *sampler) cloneFromTemplate() {
	root, vm := id("S1 root"), id("S1 vm")
	action := text(call{class: "AddVmFromTemplateParameters", command: root, byUser: true, own: "AddVmFromTemplate",
		entityType: "VM", entityID: vm, correlation: "5b0e22d1", job: id("S1 job")}.params(append(vmFields(vm),
		field{"makeCreatorExplicitOwner", false},
		field{"vm", machine(vm, "shop-01", "clone of the golden template", cluster, zeroGUID)},
		field{"storagePoolId", guid(pool)},
	)...))
	for i := range 3 {
		command, vdsm := id(fmt.Sprintf("S1 command %d", i)), id(fmt.Sprintf("S1 vdsm %d", i))
		own := call{class: "CreateCloneOfTemplateParameters", command: command, parent: "AddVmFromTemplate",
			entityType: "VM", entityID: vm}
		fields := append(imageFields(domainA, id("S1 template image"), id(fmt.Sprintf("S1 image %d", i))),
			field{"diskImage", disk(fmt.Sprintf("S1 %d", i), fmt.Sprintf("shop-01_Disk%d", i), "", pool, domainA)},
			field{"vmId", guid(vm)})
		t := task{
			label: fmt.Sprintf("S1.placeholder first, then its task, child %d", i), id: id(fmt.Sprintf("S1 task %d", i)),
			actionType: 2, actionName: "AddVmFromTemplate", taskType: 1, command: command, root: root,
			action: action, actionClass: class("AddVmFromTemplateParameters"),
			own: text(own.params(fields...)), ownClass: class("CreateCloneOfTemplateParameters"),
			vdsm: zeroGUID, pool: zeroGUID,
		}
		s.add(t)
		own.vdsmTasks = []string{vdsm}
		t.vdsm, t.pool, t.step, t.own = vdsm, pool, id(fmt.Sprintf("S1 step %d", i)), text(own.params(fields...))
		t.links = []string{domainA, domainB}
		s.add(t)
	}
}

// S2 and S3: a command without a parent, whose two tasks carry its parameters twice.
func (s *sampler) hibernate() {
	hibernate := func(name string) task {
		command, vm := id(name+" command"), id(name+" vm")
		params := text(call{class: "VmOperationParameterBase", command: command, byUser: true,
			entityType: "VM", entityID: vm}.params(vmFields(vm)...))
		return task{actionType: 11, actionName: "HibernateVm", taskType: 3, command: command, root: command,
			action: params, actionClass: class("VmOperationParameterBase"),
			own: params, ownClass: class("VmOperationParameterBase")}
	}
	image := hibernate("S2")
	image.label, image.step, image.links = "S2.hibernate save image (submitted)", id("S2 step"), []string{domainA}
	s.add(image)
	ram := hibernate("S2")
	ram.label, ram.vdsm, ram.pool = "S2.hibernate save RAM (placeholder: type 0, no vdsm task and no pool yet)", zeroGUID, zeroGUID
	ram.actionType, ram.actionName = 0, "Unknown"
	s.add(ram)
	for i := range 2 {
		t := hibernate("S3")
		t.label = fmt.Sprintf("S3.hibernate task %d (one command, equal parameters)", i)
		t.step = id(fmt.Sprintf("S3 step %d", i))
		if i == 0 {
			t.links = []string{domainA}
		}
		s.add(t)
	}
}

// S4: three children of one root that has no task of its own.
func (s *sampler) removeVM() {
	root, vm := id("S4 root"), id("S4 vm")
	action := text(call{class: "RemoveVmParameters", command: root, byUser: true, own: "RemoveVm",
		entityType: "VM", entityID: vm, correlation: "c0ffee42"}.params(append(vmFields(vm),
		field{"force", false}, field{"removeDisks", true}, field{"removePermissions", true})...))
	for i := range 3 {
		label := fmt.Sprintf("S4.remove image %d", i)
		command := id(label)
		own := text(call{class: "RemoveImageParameters", command: command, parent: "RemoveVm",
			entityType: "VM", entityID: vm}.params(append(imageFields(domainA, id("image S4 "+label), ""),
			field{"wipeAfterDelete", false},
			field{"diskImage", disk("S4 "+label, fmt.Sprintf("till-9_Disk%d", i), "", pool, domainA)},
			field{"dbOperationScope", "IMAGE"}, field{"shouldLockImage", true}, field{"containerId", nil})...))
		s.add(task{label: label, actionType: 4, actionName: "RemoveVm", taskType: 5, command: command, root: root,
			action: action, actionClass: class("RemoveVmParameters"), own: own, ownClass: class("RemoveImageParameters"),
			step: id(label + " step"), links: []string{domainA}})
	}
}

// S5: nothing but a placeholder.
func (s *sampler) addDisk() {
	root, command, vm := id("S5 root"), id("S5 command"), id("S5 vm")
	image := disk("S5", "till-3_Disk2", "scratch space", pool, domainA)
	action := text(call{class: "AddDiskParameters", command: root, byUser: true, own: "AddDisk",
		entityType: "Disk", entityID: id("disk S5")}.params(append(vmFields(vm),
		field{"diskInfo", image}, field{"snapshotId", nil}, field{"storageDomainId", guid(domainA)},
		field{"plugDiskToVm", nil})...))
	own := text(call{class: "AddImageFromScratchParameters", command: command, parent: "AddDisk",
		entityType: "Disk", entityID: id("disk S5")}.params(append(imageFields(domainA, zeroGUID, id("image S5")),
		field{"masterVmId", guid(zeroGUID)}, field{"diskInfo", image})...))
	s.add(task{label: "S5.add disk placeholder", actionType: 31, actionName: "AddDisk", taskType: 3,
		command: command, root: root, vdsm: zeroGUID, pool: zeroGUID,
		action: action, actionClass: class("AddDiskParameters"), own: own, ownClass: class("AddImageFromScratchParameters")})
}

// S6: a root with tasks of its own and with children, which hold a later state of its parameters.
func (s *sampler) snapshots() {
	root, vm := id("S6 root"), id("S6 vm")
	params := func(description string) *string {
		return text(call{class: "CreateAllSnapshotsFromVmParameters", command: root, byUser: true,
			own: "CreateAllSnapshotsFromVm", entityType: "VM", entityID: vm, correlation: "7e57ab1e"}.params(append(vmFields(vm),
			field{"description", description}, field{"needsLocking", true}, field{"snapshotType", "REGULAR"},
			field{"saveMemory", true}, field{"disks", nil})...))
	}
	before, after := params(`before "upgrade"`), params(`before "upgrade" D:\images\x`)
	t := task{actionType: 206, actionName: "CreateAllSnapshotsFromVm", taskType: 3, root: root,
		actionClass: class("CreateAllSnapshotsFromVmParameters")}
	for i := range 2 {
		own := t
		own.label = fmt.Sprintf("S6.memory task %d of the root itself", i)
		own.action, own.own, own.ownClass = before, before, t.actionClass
		own.command, own.step, own.links = root, id(own.label+" step"), []string{domainA}
		s.add(own)
	}
	for i := range 2 {
		child := t
		child.label = fmt.Sprintf("S6.snapshot of child %d", i)
		child.command, child.vdsm = id(child.label), id("vdsm "+child.label)
		destination := id("S6 destination " + child.label)
		child.action, child.ownClass = after, class("ImagesActionsParametersBase")
		child.own = text(call{class: "ImagesActionsParametersBase", command: child.command,
			parent: "CreateAllSnapshotsFromVm", entityType: "VM", entityID: vm,
			vdsmTasks: []string{child.vdsm}}.params(imageFields(domainA, id("S6 image "+child.label), destination)...))
		child.step, child.links = id(child.label+" step"), []string{domainA, destination}
		s.add(child)
	}
}

// S7: two children, one of them a merge that waits for the other.
func (s *sampler) removeSnapshot() {
	root, vm := id("S7 root"), id("S7 vm")
	action := text(call{class: "RemoveSnapshotParameters", command: root, byUser: true, own: "RemoveSnapshot",
		entityType: "VM", entityID: vm}.params(append(vmFields(vm), field{"snapshotId", guid(id("S7 snapshot"))})...))
	for i := range 2 {
		label := fmt.Sprintf("S7.merge %d", i)
		own := text(call{class: "ImagesContainterParametersBase", command: id(label), parent: "RemoveSnapshot",
			entityType: "VM", entityID: vm}.params(append(imageFields(domainB, id("S7 image "+label), ""),
			field{"wipeAfterDelete", false}, field{"containerId", guid(vm)})...))
		s.add(task{label: label, actionType: 210, actionName: "RemoveSnapshot", taskType: 6,
			command: id(label), root: root, action: action, actionClass: class("RemoveSnapshotParameters"),
			own: own, ownClass: class("ImagesContainterParametersBase"),
			step: id(label + " step"), links: []string{domainB}})
	}
}

// S8: texts with every kind of character; the siblings' copies of the root's parameters differ.
func (s *sampler) importVM() {
	root, vm := id("S8 root"), id("S8 vm")
	for i := range 2 {
		label := fmt.Sprintf("S8.import copy %d (Unicode, control characters, more than 2 KB)", i)
		action := text(call{class: "ImportVmParameters", command: root, byUser: true, own: "ImportVm",
			entityType: "VM", entityID: vm, correlation: "0ddba11"}.params(
			field{"vdsId", nil}, field{"storagePoolId", guid(pool)}, field{"storageDomainId", guid(domainB)},
			field{"importAsNewEntity", i > 0}, field{"vm", machine(vm, strangeName, strange, cluster, pool)},
			field{"clusterId", guid(cluster)}))
		own := text(call{class: "MoveOrCopyImageGroupParameters", command: id(label), parent: "ImportVm",
			entityType: "VM", entityID: vm}.params(append(imageFields(domainB, id("S8 image "+label), ""),
			field{"operation", "Copy"}, field{"volumeFormat", "COW"}, field{"volumeType", "Sparse"},
			field{"sourceDomainId", guid(domainA)}, field{"containerId", guid(vm)})...))
		s.add(task{label: label, actionType: 36, actionName: "ImportVm", taskType: 1, command: id(label), root: root,
			action: action, actionClass: class("ImportVmParameters"), own: own, ownClass: class("MoveOrCopyImageGroupParameters"),
			step: id(label + " step"), links: []string{domainA, domainB}})
	}
}

// S9: one command whose parameters changed between its first and its second task.
func (s *sampler) liveMigrate() {
	command, vm := id("S9 command"), id("S9 vm")
	for i := range 2 {
		label := fmt.Sprintf("S9.live migration, step %d of the same command", i)
		params := text(call{class: "LiveMigrateDiskParameters", command: command, byUser: true, own: "LiveMigrateDisk",
			entityType: "Disk", entityID: id("S9 disk"), execution: i}.params(append(
			imageFields(domainB, id("S9 disk"), ""),
			field{"operation", "Move"}, field{"sourceDomainId", guid(domainA)}, field{"vmId", guid(vm)},
			field{"targetStorageDomainId", guid(domainB)})...))
		s.add(task{label: label, actionType: 1010, actionName: "LiveMigrateDisk", taskType: 7 + i,
			command: command, root: command, action: params, actionClass: class("LiveMigrateDiskParameters"),
			own: params, ownClass: class("LiveMigrateDiskParameters"), step: id(label + " step")})
	}
}
