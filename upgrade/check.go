package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// CheckOptions say what a check looks ahead to.
type CheckOptions struct {
	// To is the phase to go up to; empty for the last one.
	To Phase
	// LongTransaction is the age from which on a transaction is named; 0 is DefaultLongTransaction.
	LongTransaction time.Duration
}

// Severity is how much a finding weighs.
type Severity string

// The severities, the heaviest first.
const (
	// Refusal: Up takes no step, or not the one before which it looks for others.
	Refusal Severity = "refusal"
	// Decision: somebody has to look first. Up replaces a procedure of the engine that was edited, and stops at one of coco's.
	Decision Severity = "decision"
	// Caution: something takes longer, or works differently afterwards.
	Caution Severity = "warning"
	// Remark: good to know.
	Remark Severity = "note"
)

// CheckFinding is one thing that somebody should know before going up.
type CheckFinding struct {
	Severity Severity `json:"severity"`
	// Subject is what it is about, Reason one sentence, Hint what to do.
	Subject  string    `json:"subject"`
	Reason   string    `json:"reason"`
	Hint     string    `json:"hint,omitempty"`
	Sessions []Session `json:"sessions,omitempty"`
	// Kind is the error that Up would return for a Refusal, one of the Err variables.
	Kind error `json:"-"`
}

// Verdict is what a call of Up would come to now.
type Verdict string

// The verdicts.
const (
	// VerdictGo: it would go.
	VerdictGo Verdict = "go"
	// VerdictDecide: there is something to decide first.
	VerdictDecide Verdict = "decide"
	// VerdictConnected: it would stop before the retire phase, as others are connected.
	VerdictConnected Verdict = "others_connected"
	// VerdictBusy: somebody else is upgrading.
	VerdictBusy Verdict = "busy"
	// VerdictRefused: it would refuse.
	VerdictRefused Verdict = "refused"
)

// CheckResult is what there is to know before going up. A part that could not be asked is nil.
type CheckResult struct {
	Verdict Verdict `json:"verdict"`
	// To is the phase that was looked ahead to.
	To         Phase           `json:"to"`
	Server     CheckServer     `json:"server"`
	Connection CheckConnection `json:"connection"`
	Database   CheckDatabase   `json:"database"`
	Engine     *CheckEngine    `json:"engine"`
	Chain      *CheckChain     `json:"chain"`
	// Clients are all others that are connected to the database; Transactions those, and prepared transactions, that have been open for
	// longer than LongTransaction.
	Clients         []CheckClient `json:"clients"`
	Transactions    []Session     `json:"long_transactions"`
	LongTransaction time.Duration `json:"long_transaction_ns"`
	Tasks           *CheckTasks   `json:"tasks"`
	Sizes           *CheckSizes   `json:"sizes"`
	Disks           []CheckDisk   `json:"disks"`
	// Plan is what Up would do, with its estimates, without the steps themselves.
	Plan     *CheckPlan     `json:"plan"`
	Findings []CheckFinding `json:"findings"`
}

// DefaultLongTransaction is the age from which on a transaction is worth a warning: the upgrade waits for such ones.
const DefaultLongTransaction = time.Minute

// CheckChain is where the database stands in the chain of migrations.
type CheckChain struct {
	// Version is 0 and Phase empty before the first migration.
	Version int64 `json:"version"`
	Phase   Phase `json:"phase,omitempty"`
	// Dirty says that a run of the stock migrate program broke off.
	Dirty bool `json:"dirty"`
	// Pending is how many migrations are left up to the phase that was asked for.
	Pending int `json:"pending"`
	// Repairs is how many things a run puts right before its first step: procedures of coco, and a mark of the stock migrate program.
	Repairs int `json:"repairs"`
}

// Idle says whether Up would find nothing to do.
func (c *CheckChain) Idle() bool { return c != nil && c.Pending == 0 && c.Repairs == 0 }

// CheckPlan is a Plan without its steps.
type CheckPlan struct {
	Migrations int           `json:"migrations"`
	Estimate   time.Duration `json:"estimate_ns"`
	WAL        int64         `json:"wal_bytes"`
	Space      int64         `json:"space_bytes"`
}

// Check looks at everything that Up depends on, and at what somebody wants to know beforehand. It changes nothing, keeps nobody
// waiting, and works on a standby and on a database that is no engine's. An error means that it could not look; what is wrong with the
// database stands in the findings.
func (u *Upgrader) Check(ctx context.Context, options CheckOptions) (CheckResult, error) {
	target, err := u.chain.upTarget(options.To)
	if err != nil {
		return CheckResult{}, err
	}
	conn, err := u.open(ctx, u.config.ConnectTimeout)
	if err != nil {
		return CheckResult{}, err
	}
	c := &check{run: &run{Upgrader: u, conn: conn}, target: target}
	defer c.end(ctx)
	c.result.To = options.To
	c.result.LongTransaction = cmp.Or(options.LongTransaction, DefaultLongTransaction)
	if c.result.To == "" {
		c.result.To = u.chain.ups[len(u.chain.ups)-1].Phase
	}
	if err := c.all(ctx); err != nil {
		return CheckResult{}, c.explain(ctx, err, nil)
	}
	return c.result, nil
}

// check is one call of Check.
type check struct {
	*run
	target  int64
	version int64
	result  CheckResult
}

func (c *check) all(ctx context.Context) error {
	r := &c.result
	r.Clients, r.Transactions, r.Disks, r.Findings = []CheckClient{}, []Session{}, []CheckDisk{}, []CheckFinding{}
	c.server()
	if c.problem("server", serverProblem(c.conn)) {
		c.conclude()
		return nil
	}
	if err := refuseProxy(ctx, c.conn); err != nil {
		if !c.problem("server", err) {
			return err
		}
		c.conclude()
		return nil
	}
	if newer := newerServer(c.conn); newer != nil {
		c.find(Caution, "server", newer.Message, newer.Hint)
	}
	if seen, err := c.seesPublic(ctx); err != nil || !seen {
		c.conclude()
		return err
	}
	if err := c.giveWay(ctx); err != nil {
		return err
	}
	err := pgx.BeginTxFunc(ctx, c.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(pgx.Tx) error {
		return c.catalog(ctx)
	})
	if err != nil {
		return err
	}
	if err := c.tasks(ctx); err != nil {
		return err
	}
	if err := c.plan(ctx); err != nil {
		return err
	}
	c.disk()
	c.conclude()
	return nil
}

// seesPublic says whether anything can be looked up in schema public.
func (c *check) seesPublic(ctx context.Context) (bool, error) {
	var (
		role string
		sees bool
	)
	err := c.conn.QueryRow(ctx, `SELECT quote_ident(current_user),
		coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = 'public'), true)`).Scan(&role, &sees)
	if err != nil {
		return false, fmt.Errorf("look at schema public: %w", err)
	}
	if !sees {
		c.find(Refusal, "schema public", fmt.Sprintf("role %s lacks USAGE on schema public: nothing in it can be seen", role),
			"GRANT USAGE ON SCHEMA public TO "+role)
	}
	return sees, nil
}

// catalog asks everything that the catalog knows, in one snapshot.
func (c *check) catalog(ctx context.Context) error {
	for _, ask := range []func(context.Context) error{
		c.connection, c.database, c.writable, c.engine, c.upgrading, c.chainState, c.clients, c.refusals, c.bodies, c.advice, c.disks,
	} {
		if err := ask(ctx); err != nil {
			return err
		}
	}
	return nil
}

// find adds a finding.
func (c *check) find(severity Severity, subject, reason, hint string) {
	finding := CheckFinding{Severity: severity, Subject: subject, Reason: reason, Hint: hint}
	if severity == Refusal {
		finding.Kind = ErrRefused
	}
	c.result.Findings = append(c.result.Findings, finding)
}

// problem adds what Up would return as an error, if it is one that was expected.
func (c *check) problem(subject string, err error) bool {
	known, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	c.result.Findings = append(c.result.Findings, CheckFinding{
		Severity: Refusal, Kind: known.Kind, Subject: subject, Reason: known.Reason, Hint: known.Hint, Sessions: known.Sessions,
	})
	return true
}

// writable looks for what keeps this connection from changing anything.
func (c *check) writable(ctx context.Context) error {
	if err := readOnlyProblem(ctx, c.conn); err != nil && !c.problem("server", err) {
		return err
	}
	return nil
}

// upgrading looks for somebody else who is upgrading this database.
func (c *check) upgrading(ctx context.Context) error {
	holders, err := driver.Holders(ctx, c.conn)
	if err != nil || len(holders) == 0 {
		return err
	}
	held := &driver.HeldError{Wait: driver.Wait{Holders: holders}}
	c.problem("database "+c.result.Database.Name, explain(ctx, held, nil, false))
	return nil
}

// chainState reads where the database stands. Without the right to read the version it is not known; privileges are looked at later.
func (c *check) chainState(ctx context.Context) error {
	readable, err := exists(ctx, c.conn, `SELECT to_regclass('public.schema_migrations') IS NULL
		OR has_table_privilege(to_regclass('public.schema_migrations')::oid, 'SELECT')`)
	if err != nil || !readable {
		c.version = -1
		return err
	}
	now, err := inspect(ctx, c.conn, c.chain)
	if err != nil {
		return err
	}
	c.version = now.version
	state := &CheckChain{Version: now.version, Dirty: now.dirty != nil || errors.Is(now.problem, ErrDirty)}
	if step, ok := c.chain.at(now.version); ok {
		state.Phase = step.Phase
	}
	if now.version < c.target && !now.takenOver {
		state.Pending = len(c.chain.between(now.version, c.target))
	}
	c.result.Chain = state
	if now.problem != nil {
		c.version = c.target // nothing else can be told while this is so
		if !c.problem("table schema_migrations", now.problem) {
			return now.problem
		}
		return nil
	}
	if now.takenOver {
		c.version = c.target
		c.find(Remark, "engine", "an engine of version 3.5 or later has taken this database over", "Nothing is left to do here.")
		return nil
	}
	c.repairs(now)
	return nil
}

// repairs says what a run puts right before its first step, and which procedures it leaves to a person.
func (c *check) repairs(now state) {
	if now.dirty != nil {
		c.result.Chain.Repairs++
		c.find(Caution, "table schema_migrations", fmt.Sprintf("version %d is marked dirty, and the database itself is at version %d",
			now.dirty.Marked, now.dirty.Proven), "up takes the mark away and goes on from there.")
	}
	if now.copied {
		c.find(Remark, "database "+c.result.Database.Name, "this is a copy of the database that was upgraded", "up takes notice and goes on.")
	}
	for _, p := range now.procedures {
		switch p.What {
		case ProcedureMissing:
			c.result.Chain.Repairs++
			c.find(Caution, "procedure "+p.Signature, "a procedure of coco is missing: "+p.Signature, "up puts it back first.")
		case ProcedureReinstalled:
			c.result.Chain.Repairs++
			c.find(Caution, "procedure "+p.Signature, "the engine's own procedure stands where coco's has to be: "+p.Signature,
				"up puts coco's back first, and takes over what was written through the other.")
		case ProcedureEdited:
			c.find(Decision, "procedure "+p.Signature, "a procedure of coco was edited by hand: "+p.Signature,
				"Save what was edited and drop it: up, which stops here until then, puts coco's back.")
		case ProcedureOverload:
			c.find(Decision, "procedure "+p.Signature, "a procedure has the name of one of coco's: "+p.Signature,
				"Save it and drop it: the engine could not tell the two apart, and up stops here until then.")
		}
	}
}

// refusals asks for every reason that Up, and the first migration, would refuse by.
func (c *check) refusals(ctx context.Context) error {
	if c.version >= c.target {
		return nil
	}
	found, err := c.run.refusals(ctx, c.version)
	if err != nil {
		return err
	}
	for _, f := range found {
		c.find(Refusal, f.Subject, f.Reason, f.Hint)
	}
	return nil
}

// bodies looks for procedures that were edited by hand before they are replaced.
func (c *check) bodies(ctx context.Context) error {
	if c.version > c.chain.End(Prove) || c.target <= c.chain.End(Prove) || c.result.Engine.Kind != EngineKnown {
		return nil
	}
	known, err := knownBodies()
	if err != nil {
		return err
	}
	results, err := runChecks(ctx, c.conn, "bodies")
	if err != nil {
		return err
	}
	for _, row := range results[0] {
		name, signature, md5 := row[0], row[1], row[2]
		if known[name+" "+md5] {
			continue
		}
		c.find(Decision, "procedure "+signature,
			fmt.Sprintf("procedure %s was edited by hand, or is that of another release than 3.3 and 3.4 of the engine", signature),
			"Find out what was edited. It waits in schema coco and comes back with \"upgrade down\", but does nothing while it is replaced.")
	}
	return nil
}

func (c *check) advice(ctx context.Context) error {
	results, err := runChecks(ctx, c.conn, "advice")
	if err != nil {
		return err
	}
	for _, row := range results[0] {
		c.find(Severity(row[0]), row[1], row[2], row[3])
	}
	return nil
}

// plan takes the estimates from what Up would do. Where nothing would be done, or the tasks could not be read, there are none.
func (c *check) plan(ctx context.Context) error {
	known := c.result.Engine.Kind == EngineKnown || c.result.Engine.Kind == EngineNone
	unread := c.result.Engine.Kind == EngineKnown && c.result.Tasks == nil
	if !known || unread || c.version < 0 || c.version >= c.target {
		return nil
	}
	plan, err := c.run.plan(ctx, c.target, DirectionUp)
	if err == nil {
		c.result.Plan = &CheckPlan{Migrations: plan.Migrations(), Estimate: plan.Estimate, WAL: plan.WAL, Space: plan.Space}
	}
	return ctx.Err() // a plan that cannot be made has its reason among the findings
}

// conclude puts the findings in order and says what they come to.
func (c *check) conclude() {
	order := []Severity{Refusal, Decision, Caution, Remark}
	slices.SortStableFunc(c.result.Findings, func(a, b CheckFinding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	c.result.Verdict = VerdictGo
	for _, f := range c.result.Findings {
		verdict := VerdictRefused
		switch {
		case f.Severity == Decision:
			verdict = VerdictDecide
		case f.Severity != Refusal:
			continue
		case errors.Is(f.Kind, ErrBusy):
			verdict = VerdictBusy
		case errors.Is(f.Kind, ErrConnected):
			verdict = VerdictConnected
		}
		if verdict.weight() > c.result.Verdict.weight() {
			c.result.Verdict = verdict
		}
	}
}

// weight orders the verdicts: the heaviest decides. While somebody else is upgrading, nothing else that was found is certain.
func (v Verdict) weight() int {
	return slices.Index([]Verdict{VerdictGo, VerdictDecide, VerdictConnected, VerdictRefused, VerdictBusy}, v)
}
