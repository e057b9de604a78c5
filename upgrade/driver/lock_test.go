package driver_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	stock "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/driver"
)

// stockDrivers are golang-migrate's own driver, opened in both ways that it knows.
func stockDrivers(t *testing.T, db *testdb.DB) map[string]func() (database.Driver, error) {
	t.Helper()
	open := func() *sql.DB {
		config, err := pgx.ParseConfig(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		pool := stdlib.OpenDB(*config)
		t.Cleanup(func() { _ = pool.Close() })
		return pool
	}
	return map[string]func() (database.Driver, error){
		"by URL": func() (database.Driver, error) { return (&stock.Postgres{}).Open(db.URL) },
		"with a connection": func() (database.Driver, error) {
			return stock.WithInstance(open(), &stock.Config{})
		},
	}
}

func TestStockDriversWaitForUs(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	for name, open := range stockDrivers(t, db) {
		t.Run(name, func(t *testing.T) {
			ours := driver.New(t.Context(), db.Connect(t.Context()), driver.Config{})
			if err := ours.Lock(); err != nil {
				t.Fatal(err)
			}
			opened := make(chan error, 1)
			go func() { // to open one takes the lock already
				theirs, err := open()
				if err == nil {
					err = theirs.Close()
				}
				opened <- err
			}()
			select {
			case err := <-opened:
				t.Errorf("it did not wait (%v)", err)
			case <-time.After(300 * time.Millisecond):
			}
			if err := ours.Unlock(); err != nil {
				t.Fatal(err)
			}
			if err := <-opened; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWeAreToldWhichStockDriverHoldsTheLock(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	for name, open := range stockDrivers(t, db) {
		t.Run(name, func(t *testing.T) {
			theirs, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = theirs.Close() }()
			if err := theirs.Lock(); err != nil {
				t.Fatal(err)
			}
			waits := 0
			ours := driver.New(t.Context(), db.Connect(t.Context()), driver.Config{
				RunLockBudget: 300 * time.Millisecond, Waiting: func(driver.Wait) { waits++ },
			})
			var held *driver.HeldError
			if err := ours.Lock(); !errors.As(err, &held) || !errors.Is(err, database.ErrLocked) {
				t.Fatalf("got %v, want a HeldError", err)
			}
			if len(held.Holders) != 1 || held.Holders[0].PID == 0 || held.Holders[0].User == "" {
				t.Errorf("holders %v", held.Holders)
			}
			if waits == 0 {
				t.Error("nobody was told of the wait")
			}
			if err := theirs.Unlock(); err != nil {
				t.Fatal(err)
			}
			if err := ours.Lock(); err != nil {
				t.Errorf("with the lock free: %v", err)
			}
			if err := ours.Unlock(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTwoOfOursExcludeEachOther(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	first := driver.New(t.Context(), db.Connect(t.Context()), driver.Config{})
	second := driver.New(t.Context(), db.Connect(t.Context()), driver.Config{})
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); !errors.Is(err, database.ErrLocked) {
		t.Errorf("the second got %v, want ErrLocked", err)
	}
	if err := second.Unlock(); !errors.Is(err, database.ErrNotLocked) {
		t.Errorf("unlocking what is not locked: %v", err)
	}
}

func TestLockCountsAndTheLastUnlockGivesBack(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn, look := db.Connect(t.Context()), db.Connect(t.Context())
	m, d := newMigrate(t, conn, toy, driver.Config{})
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	held := func() int {
		holders, err := driver.Holders(t.Context(), look)
		if err != nil {
			t.Fatal(err)
		}
		return len(holders)
	}
	if held() != 1 {
		t.Error("golang-migrate gave the lock back in the middle of the run")
	}
	if err := d.Unlock(); err != nil {
		t.Fatal(err)
	}
	if held() != 0 {
		t.Error("the lock is still held")
	}
}

func TestVersionTableIsThatOfTheStockDrivers(t *testing.T) {
	ours, theirs := testdb.New(t, testdb.Options{}), testdb.New(t, testdb.Options{})
	m, _ := newMigrate(t, ours.Connect(t.Context()), toy, driver.Config{})
	if err := m.Force(1); err != nil {
		t.Fatal(err)
	}
	d, err := (&stock.Postgres{}).Open(theirs.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.SetVersion(1, false), d.Close()); err != nil {
		t.Fatal(err)
	}
	if a, b := ours.Dump(t), theirs.Dump(t); a != b || !strings.Contains(a, "schema_migrations") {
		t.Errorf("the tables differ:\n%s\n%s", a, b)
	}
}

func TestStockDriverGoesOnWhereWeStopped(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	m, _ := newMigrate(t, conn, toy, driver.Config{})
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	theirs, err := (&stock.Postgres{}).Open(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Close() }()
	if version, dirty, err := theirs.Version(); version != 1 || dirty || err != nil {
		t.Errorf("it reads version %d, dirty %t, %v", version, dirty, err)
	}
	if err := theirs.SetVersion(0, false); err != nil {
		t.Fatal(err)
	}
	_, d := newMigrate(t, conn, toy, driver.Config{})
	if version, _, err := d.Version(); version != 0 || err != nil {
		t.Errorf("we read version %d, %v", version, err)
	}
}
