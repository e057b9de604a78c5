package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade"
)

func TestACommandThatSomebodyWritesIsNamedAsTheReason(t *testing.T) {
	t.Parallel()
	busy := fmt.Errorf("remove: %w", &pgconn.PgError{Code: lockNotAvailable, Message: "canceling statement due to lock timeout"})
	if err := commandsError(busy); !errors.Is(err, upgrade.ErrBusy) || !strings.Contains(err.Error(), "writing the command") {
		t.Errorf("%v", err)
	}
}
