package wire_test

import (
	"testing"

	"github.com/ovirt/coco/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }
