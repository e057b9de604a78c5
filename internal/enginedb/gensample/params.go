package main

import (
	"github.com/google/uuid"
)

// Packages and classes of engine 3.4 that occur in task parameters.
const (
	actionPackage = "org.ovirt.engine.core.common.action."
	entityPackage = "org.ovirt.engine.core.common.businessentities."
	guidClass     = "org.ovirt.engine.core.compat.Guid"
	zeroGUID      = "00000000-0000-0000-0000-000000000000"
)

// id derives a uuid from a label, so that every run writes the same sample.
func id(label string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://coco.invalid/sample/"+label)).String()
}

// guid is the typed two-element array in which the engine writes an id.
func guid(value string) array {
	return array{guidClass, object{{"uuid", value}}}
}

// optionalGUID is guid, or null for the empty string.
func optionalGUID(value string) any {
	if value == "" {
		return nil
	}
	return guid(value)
}

func arrayList(items ...any) array {
	return array{"java.util.ArrayList", array(items)}
}

func dbUser() object {
	return object{
		{"@class", entityPackage + "DbUser"},
		{"id", guid(id("user operator"))},
		{"externalId", nil},
		{"domain", "example.org"},
		{"loginName", "operator"},
		{"firstName", "Olga"},
		{"lastName", "Operator"},
		{"department", ""},
		{"role", ""},
		{"email", "operator@example.org"},
		{"note", ""},
		{"active", true},
		{"groupNames", ""},
		{"groupIds", ""},
		{"admin", true},
		{"group", false},
	}
}

// call holds what every parameter object of a command has in common.
type call struct {
	class       string // without its package
	command     string // commandId; empty is null
	byUser      bool   // started by a user, not by another command
	parent      string // parentCommand; empty is Unknown
	own         string // commandType; empty is Unknown
	entityType  string // empty: no entityInfo
	entityID    string
	vdsmTasks   []string
	execution   int
	correlation string
	job         string
}

func known(commandType string) string {
	if commandType == "" {
		return "Unknown"
	}
	return commandType
}

// params builds the whole object: the common part, the class's own fields, and the four fields at the end.
func (c call) params(fields ...field) object {
	var user, entity, vdsmTasks, correlation any
	if c.byUser {
		user = dbUser()
	}
	if c.entityType != "" {
		entity = object{{"type", c.entityType}, {"id", guid(c.entityID)}}
	}
	if len(c.vdsmTasks) > 0 {
		var ids array
		for _, t := range c.vdsmTasks {
			ids = append(ids, guid(t))
		}
		vdsmTasks = arrayList(ids...)
	}
	if c.correlation != "" {
		correlation = c.correlation
	}
	return object{
		{"@class", actionPackage + c.class},
		{"commandId", optionalGUID(c.command)},
		{"parametersCurrentUser", user},
		{"compensationEnabled", false},
		{"parentCommand", known(c.parent)},
		{"commandType", known(c.own)},
		{"multipleAction", false},
		{"entityInfo", entity},
		{"taskGroupSuccess", true},
		{"vdsmTaskIds", vdsmTasks},
		{"executionIndex", c.execution},
		{"correlationId", correlation},
		{"jobId", optionalGUID(c.job)},
		{"stepId", nil},
	}.with(fields...).with(
		field{"sessionId", ""},
		field{"shouldBeLogged", true},
		field{"transactionScopeOption", "Required"},
		field{"executionReason", "REGULAR_FLOW"},
	)
}

func text(o object) *string {
	s := render(o)
	return &s
}

// vmFields are the fields of parameters that are about one virtual machine.
func vmFields(vm string) []field {
	return []field{{"quotaId", nil}, {"vmId", guid(vm)}}
}

// imageFields are the fields of parameters that are about one image.
func imageFields(domain, image, destination string) []field {
	if destination == "" {
		destination = zeroGUID
	}
	if domain == "" {
		domain = zeroGUID
	}
	return []field{
		{"vdsId", nil},
		{"storagePoolId", guid(zeroGUID)},
		{"forceDelete", false},
		{"storageDomainId", guid(domain)},
		{"isInternal", false},
		{"quotaId", nil},
		{"imageId", guid(image)},
		{"destinationImageId", guid(destination)},
		{"diskAlias", nil},
		{"description", nil},
		{"oldLastModifiedValue", nil},
		{"vmSnapshotId", nil},
		{"imageGroupID", guid(zeroGUID)},
		{"importEntity", false},
		{"leaveLocked", false},
	}
}

// disk is a disk image as the engine writes it inside parameters.
func disk(label, alias, description, pool, domain string) object {
	diskID, imageID := guid(id("disk "+label)), guid(id("image "+label))
	return object{
		{"@class", entityPackage + "DiskImage"},
		{"id", diskID},
		{"diskAlias", alias},
		{"diskDescription", description},
		{"shareable", false},
		{"diskInterface", "VirtIO"},
		{"wipeAfterDelete", false},
		{"propagateErrors", "Off"},
		{"boot", true},
		{"sgio", nil},
		{"image", object{
			{"id", imageID},
			{"active", true},
			{"creationDate", number("1398000000000")},
			{"lastModified", number("1398000360000")},
			{"parentId", guid(zeroGUID)},
			{"templateImageId", guid(zeroGUID)},
			{"snapshotId", nil},
			{"diskId", diskID},
			{"status", "OK"},
			{"volumeType", "Sparse"},
			{"size", number("4294967296")},
			{"volumeFormat", "COW"},
		}},
		{"actualSizeInBytes", number("536870912")},
		{"snapshots", array{}},
		{"storagePoolId", guid(pool)},
		{"storageIds", array{guid(domain)}},
		{"actualSize", number("0.5")},
		{"imageStatus", "OK"},
		{"readRate", 0},
		{"writeRate", 0},
		{"size", number("4294967296")},
		{"sizeInGigabytes", 4},
		{"diskStorageType", "IMAGE"},
	}
}

// machine is a virtual machine as the engine writes it inside parameters.
func machine(vm, name, description, cluster, pool string) object {
	return object{
		{"@class", entityPackage + "VM"},
		{"vmPayload", nil},
		{"balloonEnabled", true},
		{"snapshots", arrayList()},
		{"initializationType", "None"},
		{"storagePoolId", guid(pool)},
		{"diskMap", array{"java.util.HashMap", object{}}},
		{"cdPath", ""},
		{"diskSize", number("0.0")},
		{"name", name},
		{"id", guid(vm)},
		{"staticData", object{
			{"@class", entityPackage + "VmStatic"},
			{"name", name},
			{"interfaces", arrayList()},
			{"id", guid(vm)},
			{"vdsGroupId", guid(cluster)},
			{"osId", 5},
			{"creationDate", number("1398000000000")},
			{"description", description},
			{"memSizeMb", 2048},
		}},
		{"dynamicData", object{
			{"id", guid(vm)},
			{"status", "ImageLocked"},
			{"exitStatus", "Normal"},
			{"vmHost", name},
			{"guestCurrentUserName", nil},
		}},
		{"statisticsData", object{{"id", guid(vm)}, {"cpu_user", number("0.0")}}},
		{"vmDescription", description},
		{"vmInit", object{
			{"@class", entityPackage + "VmInit"},
			{"hostname", name},
			{"rootPassword", "not-a-real-password"},
			{"sshKey", "ssh-rsa AAAAB3-not-a-real-key"},
		}},
	}
}
