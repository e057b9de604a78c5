package enginejson_test

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/coordinator/enginejson"
)

// What the engine wrote is read, a value changes, and everything else is written as it was.
func ExampleFor() {
	type removeSnapshot struct {
		enginejson.Fields `engine:"org.ovirt.engine.core.common.action.RemoveSnapshotParameters"`

		Snapshot    uuid.UUID   `engine:"snapshotId"`
		VDSMTaskIDs []uuid.UUID `engine:"vdsmTaskIds"`
		Step        int         `engine:"executionIndex"`
	}
	codec := enginejson.For[removeSnapshot]()
	parameters, err := codec.Decode(`{
  "@class" : "org.ovirt.engine.core.common.action.RemoveSnapshotParameters",
  "parametersCurrentUser" : {
    "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
    "loginName" : "admin"
  },
  "vdsmTaskIds" : null,
  "executionIndex" : 0,
  "snapshotId" : [ "org.ovirt.engine.core.compat.Guid", {
    "uuid" : "0b1c2d3e-4f50-4a6b-8c7d-9e8f7a6b5c4d"
  } ]
}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	parameters.Step++
	parameters.VDSMTaskIDs = []uuid.UUID{uuid.MustParse("11111111-2222-4333-8444-555555555555")}
	text, err := codec.Encode(parameters)
	fmt.Println(text, err)
	// Output:
	// {
	//   "@class" : "org.ovirt.engine.core.common.action.RemoveSnapshotParameters",
	//   "parametersCurrentUser" : {
	//     "@class" : "org.ovirt.engine.core.common.businessentities.DbUser",
	//     "loginName" : "admin"
	//   },
	//   "vdsmTaskIds" : [ "java.util.ArrayList", [ [ "org.ovirt.engine.core.compat.Guid", {
	//     "uuid" : "11111111-2222-4333-8444-555555555555"
	//   } ] ] ],
	//   "executionIndex" : 1,
	//   "snapshotId" : [ "org.ovirt.engine.core.compat.Guid", {
	//     "uuid" : "0b1c2d3e-4f50-4a6b-8c7d-9e8f7a6b5c4d"
	//   } ]
	// } <nil>
}

// A coordinator reads the engine's commands with such codecs. The class alone is the key here: after an upgrade, commands that were
// tasks may have type 0.
func ExampleCodec() {
	type addDisk struct {
		enginejson.Fields `engine:"org.ovirt.engine.core.common.action.AddDiskParameters"`

		VM uuid.UUID `engine:"vmId"`
	}
	registry := coordinator.NewRegistry()
	err := coordinator.Register(registry, coordinator.Key{
		Type: coordinator.AnyType, Class: "org.ovirt.engine.core.common.action.AddDiskParameters",
	}, enginejson.For[addDisk]())
	fmt.Println(err)
	// Output: <nil>
}

// A value is JSON of any form.
func ExampleParse() {
	value, err := enginejson.Parse(`{"vmId":["org.ovirt.engine.core.compat.Guid",{"uuid":"6fdb5e6f-3f2d-4a3c-9f8e-8d6f0a1b2c3d"}],"size":1.50}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	vm, _ := value.Get("vmId")
	size, _ := value.Get("size")
	fmt.Println(vm.Class(), size.JSON())
	// Output: org.ovirt.engine.core.compat.Guid 1.50
}
