package main

import (
	"fmt"
	"strings"
)

// hugeDisks is how often the disk of S10 is repeated: more than a megabyte of parameters.
const hugeDisks = 800

// S10: parameters of more than a megabyte. The file holds one disk; the server repeats it.
func (s *sampler) huge() {
	const mark, number = "@disks@", "@number@"
	root, command, vm := id("S10 root"), id("S10 command"), id("S10 vm")
	whole := render(call{class: "CreateAllSnapshotsFromVmParameters", command: root, byUser: true,
		own: "CreateAllSnapshotsFromVm", entityType: "VM", entityID: vm}.params(append(vmFields(vm),
		field{"description", "many disks"}, field{"snapshotType", "REGULAR"}, field{"saveMemory", false},
		field{"storagePoolId", guid(pool)}, field{"disks", arrayList(mark)})...))
	head, tail, _ := strings.Cut(whole, `"`+mark+`"`)
	lun := disk("S10", "many_Disk"+number, "LUN "+number+" \u2014 '\"\\", pool, domainA)
	one := strings.ReplaceAll(render(lun), "\n", "\n  ")
	own := text(call{class: "ImagesActionsParametersBase", command: command, parent: "CreateAllSnapshotsFromVm",
		entityType: "VM", entityID: vm}.params(imageFields(domainA, id("S10 image"), "")...))
	s.add(task{label: "S10.action_parameters of more than a megabyte", actionType: 206,
		actionName: "CreateAllSnapshotsFromVm", taskType: 3, command: command, root: root,
		actionSQL: fmt.Sprintf("%s || (SELECT string_agg(replace(%s, %s, n::text), ', ' ORDER BY n)"+
			" FROM generate_series(1, %d) AS n) || %s", quote(head), quote(one), quote(number), hugeDisks, quote(tail)),
		actionClass: class("CreateAllSnapshotsFromVmParameters"), own: own, ownClass: class("ImagesActionsParametersBase"),
		step: id("S10 step"), links: []string{domainA}})
}

// empty are the parameters that the engine makes up when it has none.
func empty() *string {
	return text(call{class: "VdcActionParametersBase"}.params())
}

// S11: tasks that the engine found on the storage pool manager and knows nothing about.
func (s *sampler) unknownTasks() {
	for i, taskType := range []int{2, 0} {
		label := fmt.Sprintf("S11.unknown task found on the SPM %d", i)
		s.add(task{label: label, actionName: "Unknown", taskType: taskType,
			command: id(label), root: id(label + " root"), action: empty(), actionClass: class("VdcActionParametersBase"),
			own: empty(), ownClass: class("VdcActionParametersBase")})
	}
}

// S12: a child whose parent had no id, in a pool that no longer exists.
func (s *sampler) removeDiskWithoutRoot() {
	command, diskID := id("S12 command"), id("S12 disk")
	action := text(call{class: "RemoveDiskParameters", byUser: true, own: "RemoveDisk"}.params(
		field{"diskId", guid(diskID)}, field{"storageDomainId", guid(domainA)}, field{"forceDelete", false}))
	own := text(call{class: "RemoveImageParameters", command: command, parent: "RemoveDisk",
		entityType: "Disk", entityID: diskID}.params(append(imageFields("", id("S12 image"), ""),
		field{"diskImage", nil}, field{"dbOperationScope", "IMAGE"})...))
	s.add(task{label: "S12.root_command_id NULL", actionType: 230, actionName: "RemoveDisk", taskType: 5,
		command: command, pool: id("pool that is gone"), action: action, actionClass: class("RemoveDiskParameters"),
		own: own, ownClass: class("RemoveImageParameters")})
}

// S13: commands that are their own roots.
func (s *sampler) lonelyCommands() {
	add := func(t task, params call, fields ...field) {
		if t.command == "" {
			t.command = id(t.label)
		}
		params.command, params.byUser = t.command, true
		t.root, t.action, t.actionClass = t.command, text(params.params(fields...)), class(params.class)
		t.own, t.ownClass = t.action, t.actionClass
		s.add(t)
	}
	vm := id("S13 vm")
	add(task{label: "S13.ExportVm, its own root", actionType: 23, actionName: "ExportVm", taskType: 1, step: id("S13 step")},
		call{class: "MoveOrCopyParameters", entityType: "VM", entityID: vm},
		field{"storageDomainId", guid(domainB)}, field{"containerId", guid(vm)}, field{"forceOverride", false})
	for i := range 2 {
		volumes := strings.Join([]string{domainA, pool, id("S13 memory"), id("S13 conf")}, ",")
		add(task{label: fmt.Sprintf("S13.RemoveMemoryVolumes task %d", i), actionType: 234,
			actionName: "RemoveMemoryVolumes", taskType: 5, command: id("S13 memory command")},
			call{class: "RemoveMemoryVolumesParameters", entityType: "VM", entityID: vm},
			field{"memoryVolumes", volumes}, field{"vmId", guid(vm)}, field{"removeOnlyIfNotUsedAtAll", false})
	}
	add(task{label: "S13.ExtendImageSize, type 0 although submitted", actionName: "Unknown", taskType: 9},
		call{class: "ExtendImageSizeParameters", entityType: "Disk", entityID: id("S13 disk")},
		append(imageFields("", id("S13 disk"), ""), field{"newSize", number("34359738368")}, field{"newSizeInGB", 32})...)
}

// S14: a command in the middle, which is a child of one root and the root of another command.
func (s *sampler) threeLevels() {
	root, middle, leaf, vm := id("S14 root"), id("S14 middle"), id("S14 leaf"), id("S14 vm")
	remove := append(vmFields(vm), field{"force", true}, field{"removeDisks", true})
	top := text(call{class: "RestoreAllSnapshotsParameters", command: root, byUser: true, own: "RestoreAllSnapshots",
		entityType: "VM", entityID: vm}.params(append(vmFields(vm), field{"snapshotAction", "UNDO"}, field{"snapshotId", nil})...))
	asChild := text(call{class: "RemoveVmParameters", command: middle, parent: "RestoreAllSnapshots",
		entityType: "VM", entityID: vm}.params(remove...))
	asParent := text(call{class: "RemoveVmParameters", command: middle, byUser: true, parent: "RestoreAllSnapshots",
		own: "RemoveVm", entityType: "VM", entityID: vm}.params(remove...))
	image := text(call{class: "RemoveImageParameters", command: leaf, parent: "RemoveVm",
		entityType: "VM", entityID: vm}.params(append(imageFields("", id("S14 image"), ""), field{"diskImage", nil})...))
	s.add(task{label: "S14.task of the middle, whose root is the top", actionType: 224, actionName: "RestoreAllSnapshots",
		taskType: 5, command: middle, root: root, action: top, actionClass: class("RestoreAllSnapshotsParameters"),
		own: asChild, ownClass: class("RemoveVmParameters")})
	s.add(task{label: "S14.task of the leaf, whose root is the middle", actionType: 4, actionName: "RemoveVm",
		taskType: 5, command: leaf, root: middle, action: asParent, actionClass: class("RemoveVmParameters"),
		own: image, ownClass: class("RemoveImageParameters")})
}
