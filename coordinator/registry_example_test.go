package coordinator_test

import (
	"errors"
	"fmt"

	"github.com/ovirt/coco/coordinator"
)

func ExampleRegister() {
	type merge struct {
		Disk      string `json:"disk"`
		Snapshots int    `json:"snapshots"`
	}
	registry := coordinator.NewRegistry()
	key := coordinator.Key{Type: 236, Class: "example.Merge"}
	fmt.Println(coordinator.Register(registry, key, coordinator.JSON[merge]()))

	// A key has one type. The second one is refused, and the first stays.
	err := coordinator.Register(registry, key, coordinator.JSON[map[string]any]())
	fmt.Println(errors.Is(err, coordinator.ErrDuplicate))
	// Output:
	// <nil>
	// true
}

// JSON does not read what it would not write again: here, a field that another version of the program has added.
func ExampleJSON() {
	type merge struct {
		Disk      string `json:"disk"`
		Snapshots int    `json:"snapshots"`
	}
	codec := coordinator.JSON[merge]()
	text, err := codec.Encode(merge{Disk: "web-01", Snapshots: 3})
	fmt.Println(text, err)
	_, err = codec.Decode(`{"disk":"web-01","snapshots":3,"priority":7}`)
	fmt.Println(err)
	// Output:
	// {"disk":"web-01","snapshots":3} <nil>
	// a field is unknown, or a value does not fit its field
}
