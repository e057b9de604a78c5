package commands_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func connect(t *testing.T, db *testdb.DB) *pgx.Conn {
	t.Helper()
	conn := db.Connect(t.Context())
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// number is an id with a number at its end.
func number(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)) }

const insert = `INSERT INTO command_entities (command_id, command_type, parent_command_id, root_command_id, created_at, status, finished_at)
	VALUES ($1, $2, $3, $4, $5::text::timestamptz, $6, $7::text::timestamptz)`

// all reads a list to its end, and calls between after each page but the last one.
func all(t *testing.T, conn *pgx.Conn, options commands.ListOptions, between func()) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for range 10_000 { // more pages than any list here has
		page, err := commands.List(t.Context(), conn, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range page.Commands {
			ids = append(ids, command.ID)
		}
		if page.Next == "" {
			return ids
		}
		if len(page.Commands) != options.Limit {
			t.Fatalf("a page of %d that is not the last one, want %d", len(page.Commands), options.Limit)
		}
		options.After = page.Next
		between()
	}
	t.Fatal("the list has no end")
	return nil
}

// TestEachStandingCommandIsOnExactlyOnePageWhileOthersComeAndGo pages through a list while every kind of change goes on around it.
func TestEachStandingCommandIsOnExactlyOnePageWhileOthersComeAndGo(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	// Standing ones: many at the same time, some with no time, an infinite one, one that no clock of Go's shows, and finished ones.
	times := []any{"2026-01-02 03:04:05.123456+00", "2026-01-02 03:04:05.123456+00", "2026-01-03", nil, "infinity", "-infinity", "4000-01-01 BC", "20000-01-01"}
	var standing []uuid.UUID
	for n := range 160 {
		standing = append(standing, number(n))
		var finished any
		if n%3 == 0 {
			finished = times[(n+1)%3]
		}
		execute(t, conn, insert, number(n), 1, nil, nil, times[n%len(times)], "ACTIVE", finished)
	}
	random := rand.New(rand.NewPCG(1, 2))
	stir := func() {
		for range 10 {
			id := uuid.New()
			execute(t, conn, insert, id, 2, nil, nil, times[random.IntN(len(times))], "ACTIVE", nil)
		}
		execute(t, conn, `DELETE FROM command_entities WHERE command_type = 2 AND random() < 0.4`)
		execute(t, conn, `UPDATE command_entities SET finished_at = now() WHERE command_type = 2 AND random() < 0.2`)
		execute(t, conn, `UPDATE command_entities SET status = 'NOT_STARTED' WHERE random() < 0.1`)
	}
	for _, limit := range []int{1, 7, 50} {
		stir()
		seen := map[uuid.UUID]int{}
		for _, id := range all(t, conn, commands.ListOptions{Limit: limit}, stir) {
			seen[id]++
		}
		for _, id := range standing {
			if seen[id] != 1 {
				t.Errorf("pages of %d: %s was on %d pages", limit, id, seen[id])
			}
		}
		execute(t, conn, `DELETE FROM command_entities WHERE command_type = 2`)
	}
	// And in this order.
	whole := all(t, conn, commands.ListOptions{Limit: commands.MaxLimit}, func() {})
	if paged := all(t, conn, commands.ListOptions{Limit: 3}, func() {}); !slices.Equal(paged, whole) || len(whole) != len(standing) {
		t.Errorf("%d commands in pages, %d at once, %d in all", len(paged), len(whole), len(standing))
	}
	first, err := commands.List(t.Context(), conn, commands.ListOptions{})
	if err != nil || len(first.Commands) != commands.DefaultLimit || first.Next == "" {
		t.Fatalf("%d commands on the first page, %v", len(first.Commands), err)
	}
	newest := first.Commands[0].CreatedAt
	if newest.InfinityModifier != 1 || first.Commands[0].Finished() {
		t.Errorf("the first one: %+v", first.Commands[0])
	}
}

func TestAListHasWhatWasAskedFor(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	const running, finished = 1, 5
	parent := number(running)
	for _, row := range [][]any{
		{number(1), 10, nil, nil, "2026-01-05", "ACTIVE", nil},
		{number(2), 11, parent, parent, "2026-01-04", "", nil},
		{number(3), 12, nil, nil, "2026-01-03", nil, nil},
		{number(4), 13, nil, number(4), "2026-01-02", "NOT_STARTED", nil},
		{number(finished), 10, nil, nil, "2026-01-01", "FAILED", "2026-01-06"},
		{number(6), 11, number(finished), nil, "2026-01-01", "SUCCEEDED", "2026-01-06"},
	} {
		execute(t, conn, insert, row...)
	}
	owner := number(100)
	execute(t, conn, `INSERT INTO coco.engine_instance (instance_id, name, lease) VALUES ($1, 'one', '1 hour')`, owner)
	execute(t, conn, `INSERT INTO coco.command_owner (command_id, instance_id, held_at) VALUES ($1, $3, NULL), ($2, $3, now())`, number(1), number(2), owner)
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for what, c := range map[string]struct {
		options commands.ListOptions
		want    []int
	}{
		"everything":                    {commands.ListOptions{}, []int{1, 2, 3, 4, 5, 6}},
		"unfinished":                    {commands.ListOptions{Unfinished: true}, []int{1, 2, 3, 4}},
		"a status":                      {commands.ListOptions{Statuses: []string{commands.Failed}}, []int{5}},
		"no status is UNKNOWN":          {commands.ListOptions{Statuses: []string{commands.Unknown}}, []int{2, 3}},
		"two statuses":                  {commands.ListOptions{Statuses: []string{commands.Active, commands.Succeeded}}, []int{1, 6}},
		"a type":                        {commands.ListOptions{Types: []int32{10}}, []int{1, 5}},
		"an owner":                      {commands.ListOptions{Owner: uuid.NullUUID{UUID: owner, Valid: true}}, []int{1, 2}},
		"an owner that is not there":    {commands.ListOptions{Owner: uuid.NullUUID{UUID: parent, Valid: true}}, nil},
		"no owner":                      {commands.ListOptions{NoOwner: true}, []int{3, 4}},
		"held":                          {commands.ListOptions{Held: true}, []int{2}},
		"roots":                         {commands.ListOptions{Roots: true}, []int{1, 3, 4, 5}},
		"since a day":                   {commands.ListOptions{Since: day(4)}, []int{1, 2}},
		"before a day":                  {commands.ListOptions{Before: day(2)}, []int{5, 6}},
		"between two days":              {commands.ListOptions{Since: day(2), Before: day(4)}, []int{3, 4}},
		"empty lists leave nothing out": {commands.ListOptions{Statuses: []string{}, Types: []int32{}}, []int{1, 2, 3, 4, 5, 6}},
		"all of it at once":             {commands.ListOptions{Unfinished: true, Types: []int32{11, 12}, Statuses: []string{commands.Unknown}, Held: true}, []int{2}},
	} {
		t.Run(what, func(t *testing.T) {
			c.options.Limit = 2
			got := all(t, conn, c.options, func() {})
			var want []uuid.UUID
			for _, n := range c.want {
				want = append(want, number(n))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestATextThatIsNoCursorIsRefused(t *testing.T) {
	conn := connect(t, upgraded.New(t))
	execute(t, conn, insert, number(1), 1, nil, nil, "2026-01-01", "ACTIVE", nil)
	execute(t, conn, insert, number(2), 1, nil, nil, "2026-01-01", "ACTIVE", nil)
	page, err := commands.List(t.Context(), conn, commands.ListOptions{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatal(page, err)
	}
	for _, text := range []commands.Cursor{"x", "!", page.Next[1:], page.Next + "AAAA", "E" + page.Next[1:], "AAAA" + page.Next[4:]} {
		if _, err := commands.List(t.Context(), conn, commands.ListOptions{After: text}); !errors.Is(err, commands.ErrCursor) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
