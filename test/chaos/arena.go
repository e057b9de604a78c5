package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

const database = "chaos"

// arena is a server with the database that workers work on, and a directory for their journals.
type arena struct {
	dir    string
	server *ephemeral.Server
	pool   *pgxpool.Pool // past all proxies
	plan   map[uuid.UUID]planned
}

// openArena makes everything ready in a directory. Without fencing, coco.fence does nothing in this database.
func openArena(ctx context.Context, dir string, fenced bool) (*arena, error) {
	server, err := ephemeral.Start(ctx, ephemeral.Options{
		BinDir:   os.Getenv(testdb.BinDirVariable),
		Settings: map[string]string{"track_commit_timestamp": "on"}, // the order of commits is what the judge goes by
	})
	if err != nil {
		return nil, err
	}
	a := &arena{dir: dir, server: server, plan: map[uuid.UUID]planned{}}
	if err := a.setUp(ctx, fenced); err != nil {
		return nil, errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	return a, nil
}

func (a *arena) setUp(ctx context.Context, fenced bool) error {
	if err := a.server.CreateDatabase(ctx, database, ""); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, a.server.URL(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := enginedb.Load(ctx, conn); err != nil {
		return err
	}
	if err := upgraded.Upgrade(ctx, a.server.URL(database)); err != nil {
		return err
	}
	if _, err := conn.PgConn().Exec(ctx, ledgerSQL).ReadAll(); err != nil {
		return fmt.Errorf("create the ledger: %w", err)
	}
	if !fenced {
		if err := pullDownFence(ctx, conn); err != nil {
			return err
		}
	}
	a.pool, err = pgxpool.New(ctx, a.server.URL(database))
	return err
}

var functionBody = regexp.MustCompile(`(?s)AS \$function\$.*\$function\$`)

// pullDownFence replaces coco.fence by a function that differs only in that it does nothing.
func pullDownFence(ctx context.Context, conn *pgx.Conn) error {
	var definition string
	if err := conn.QueryRow(ctx, `SELECT pg_get_functiondef('coco.fence'::regproc)`).Scan(&definition); err != nil {
		return fmt.Errorf("read the fence: %w", err)
	}
	idle := functionBody.ReplaceAllLiteralString(definition, "AS $function$ BEGIN END $function$")
	if idle == definition {
		return fmt.Errorf("the fence has no body to replace:\n%s", definition)
	}
	if _, err := conn.Exec(ctx, idle); err != nil {
		return fmt.Errorf("pull down the fence: %w", err)
	}
	return nil
}

func (a *arena) close(ctx context.Context) error {
	if a.pool != nil {
		a.pool.Close()
	}
	return a.server.Stop(ctx)
}

// supply puts commands into the supply.
func (a *arena) supply(ctx context.Context, plans ...planned) error {
	number := len(a.plan)
	rows := make([][]any, 0, len(plans))
	for _, p := range plans {
		number++
		rows = append(rows, []any{number, p.ID, p.Steps, p.Status, p.Children})
		a.plan[p.ID] = p
	}
	_, err := a.pool.CopyFrom(ctx, pgx.Identifier{"chaos", "supply"},
		[]string{"number", "command_id", "steps", "status", "children"}, pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("fill the supply: %w", err)
	}
	return nil
}

// closeSupply takes back what nobody has begun.
func (a *arena) closeSupply(ctx context.Context) error {
	rows, err := a.pool.Query(ctx, `DELETE FROM chaos.supply RETURNING command_id`)
	if err != nil {
		return fmt.Errorf("close the supply: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("close the supply: %w", err)
	}
	for _, id := range ids {
		delete(a.plan, id)
	}
	return nil
}

// randomPlans are commands of several lengths, with and without children, some of which fail.
func randomPlans(random *rand.Rand, count int) []planned {
	plans := make([]planned, count)
	for i := range plans {
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:8], random.Uint64())
		binary.BigEndian.PutUint64(id[8:], random.Uint64())
		plans[i] = planned{ID: id, Steps: 5 + random.IntN(26), Status: "SUCCEEDED", Children: random.IntN(2) == 0}
		if random.IntN(8) == 0 {
			plans[i].Status = "FAILED"
		}
	}
	return plans
}

func (a *arena) socket() string {
	return filepath.Join(a.server.Socket(), fmt.Sprintf(".s.PGSQL.%d", a.server.Port()))
}

// ordersFor are the orders of a worker whose connections go through proxies: the coordinator's own, and those of the steps.
func (a *arena) ordersFor(name string, run int, coordinator, work *proxy) orders {
	return orders{
		Name: name, URL: urlThrough(name, coordinator), WorkURL: urlThrough(name, work), Drives: 3,
		Journal: filepath.Join(a.dir, fmt.Sprintf("%s-%03d.journal", name, run)),
	}
}

func urlThrough(name string, through *proxy) string {
	address := url.URL{
		Scheme: "postgres", User: url.User(ephemeral.Superuser), Host: through.Address(), Path: "/" + database,
		RawQuery: url.Values{"sslmode": {"disable"}, "application_name": {name}}.Encode(),
	}
	return address.String()
}

// progress returns how many commands were begun and how many of them have ended.
func (a *arena) progress(ctx context.Context) (begun, ended int, err error) {
	err = a.pool.QueryRow(ctx, `
		SELECT count(DISTINCT command_id) FILTER (WHERE what = 'begun'), count(DISTINCT command_id) FILTER (WHERE what = 'ended')
		FROM chaos.ledger`).Scan(&begun, &ended)
	if err != nil {
		return 0, 0, fmt.Errorf("count what has ended: %w", err)
	}
	return begun, ended, nil
}

// evidence collects what the judge looks at.
func (a *arena) evidence(ctx context.Context) (evidence, error) {
	e := evidence{Plan: slices.SortedFunc(maps.Values(a.plan), func(p, q planned) int { return slices.Compare(p.ID[:], q.ID[:]) })}
	var err error
	if e.Ledger, err = readLedger(ctx, a.pool); err != nil {
		return e, err
	}
	if e.Kept, err = readKept(ctx, a.pool, slices.Collect(maps.Keys(a.plan))); err != nil {
		return e, err
	}
	e.Journal, err = readJournals(a.dir)
	return e, err
}

// said is what the workers have printed, which is nothing unless something is badly wrong.
func (a *arena) said() string {
	paths, _ := filepath.Glob(filepath.Join(a.dir, "*.output")) // the pattern is right
	var all []byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		all = append(all, text...)
	}
	return string(all)
}

// wait looks again and again until a condition holds, and fails when that takes longer than the patience.
func wait(ctx context.Context, what string, patience time.Duration, holds func() (bool, error)) error {
	limit := time.Now().Add(patience)
	for {
		done, err := holds()
		if err != nil || done {
			return err
		}
		if time.Now().After(limit) {
			return fmt.Errorf("%w: %s, for %s", errPatience, what, patience)
		}
		if !pause(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
}

var errPatience = errors.New("waited in vain")

// dismiss tells a worker to end, and waits until it has.
func dismiss(ctx context.Context, p *process) error {
	if err := p.signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := wait(ctx, "for a worker to end", 30*time.Second, func() (bool, error) { return p.ended(), nil })
	if err != nil {
		p.kill()
		return err
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("a worker that was told to end: exit code %d", code)
	}
	return nil
}
