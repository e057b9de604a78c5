package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/hangup"
	"github.com/ovirt/coco/internal/play"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/driver"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/render"
)

const (
	demoDatabase = "engine"
	// stopPatience bounds the end of the demo's server.
	stopPatience = 30 * time.Second
	// demoQuiet is how long the engine is played before the upgrade, and after it.
	demoQuiet = 300 * time.Millisecond
)

func (a *app) newDemo() *cobra.Command {
	var (
		tasks int
		page  string
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a whole upgrade, its proof and the way back, on a PostgreSQL of its own",
		Long: `demo starts a PostgreSQL server of its own, makes an engine database with tasks, upgrades it while a played
engine makes 200 calls a second and holds every answer against what it knows, reads every task back and
compares it with what was there before, takes everything back and compares the dumps. It touches no
other database and leaves nothing behind but the page of --review, if that is asked for.

It needs PostgreSQL's server programs: PGBIN names their directory if they are not found.`,
		Example: "  upgrade demo\n  upgrade demo --tasks 100000\n  upgrade demo --review review.html",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.flags.database != "" || a.flags.engineConf != "":
				return &usageError{reason: "demo works on a database of its own", hint: `"upgrade status" looks at yours.`}
			case tasks < 0:
				return &usageError{reason: "--tasks is not negative"}
			}
			return a.demo(cmd.Context(), tasks, page)
		},
	}
	cmd.Flags().IntVar(&tasks, "tasks", 3000, "how many tasks to generate, besides the sample")
	cmd.Flags().StringVar(&page, "review", "", "review the upgrade before it begins, and write the page to this `FILE`")
	return cmd
}

// demo is one rehearsal.
type demo struct {
	*app

	report   *reporter
	server   *ephemeral.Server
	upgrader *upgrade.Upgrader
	before   taskRows
	dump     dump
	played   play.Workload
	page     *replacedFile // nil: no review is asked for
}

func (a *app) demo(ctx context.Context, tasks int, page string) (err error) {
	report := a.newReporter("   ")
	defer report.end()
	d := &demo{app: a, report: report}
	if page != "" {
		if d.page, err = newReplacedFile(page); err != nil {
			return err
		}
	}
	d.say("A whole upgrade, there and back, on a PostgreSQL of its own. No database of yours is touched.")

	report.doing(elapsed("starting PostgreSQL"))
	d.server, err = ephemeral.Start(ctx, ephemeral.Options{})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		err = errors.Join(err, d.server.Stop(ctx))
	}()
	started := time.Now()
	for _, part := range []func(context.Context) error{
		func(ctx context.Context) error { return d.makeEngine(ctx, tasks) }, d.review, d.upToContract, d.upToRetire, d.back,
	} {
		if err := part(ctx); err != nil {
			return interrupted(ctx, err)
		}
	}
	if err := d.server.Stop(ctx); err != nil {
		return err
	}
	d.summary(time.Since(started))
	return nil
}

// interrupted tells an error that Ctrl-C caused from others.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w; the demo's server is gone and nothing is left behind", upgrade.ErrInterrupted)
	}
	return err
}

func (d *demo) makeEngine(ctx context.Context, tasks int) error {
	d.chapter("1. An engine database")
	if err := d.server.CreateDatabase(ctx, demoDatabase, ""); err != nil {
		return err
	}
	config, err := connect.Config(connect.Options{Database: d.server.URL(demoDatabase)})
	if err != nil {
		return err
	}
	d.upgrader, err = upgrade.New(upgrade.Options{Config: config, ToolVersion: toolVersion(), Observe: d.report.observe})
	if err != nil {
		return err
	}
	version := d.server.Version()
	d.tellf("PostgreSQL %d.%d, on a private socket", version/10000, version%10000)

	d.report.doing(elapsed("making tasks"))
	err = d.connected(ctx, func(conn *pgx.Conn) error {
		if err := enginedb.Load(ctx, conn); err != nil {
			return err
		}
		if err := enginedb.Decorate(ctx, conn); err != nil {
			return err
		}
		if err := enginedb.LoadSample(ctx, conn); err != nil {
			return err
		}
		if err := enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: tasks, Seed: 1}); err != nil {
			return err
		}
		d.before, err = readTable(ctx, conn)
		return err
	})
	if err != nil {
		return err
	}
	d.tellf("the tables and procedures of engine 3.4, with grants, comments, and a procedure edited by hand")
	d.tellf("%s in async_tasks: one for every odd case that is known, the rest generated", counted(int64(len(d.before)), "task"))
	if d.dump, err = takeDump(ctx, d.server); err != nil {
		return err
	}
	d.tellf("pg_dump before: %s", d.dump)
	return nil
}

// review writes the page that says what is about to happen.
func (d *demo) review(ctx context.Context) error {
	if d.page == nil {
		return nil
	}
	config, err := connect.Config(connect.Options{Database: d.server.URL(demoDatabase)})
	if err != nil {
		return err
	}
	result, err := review.Run(ctx, review.Options{
		Config: config, ToolVersion: toolVersion(), Doing: func(what string) { d.report.doing(elapsed(what)) },
	})
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := render.HTML(&page, result, render.Options{}); err != nil {
		return fmt.Errorf("write the review: %w", err)
	}
	if err := d.page.write(page.Bytes()); err != nil {
		return err
	}
	d.tellf("the review of what comes, a page for a browser: %s: %s", d.page.path, reviewVerdict(result))
	return nil
}

func (d *demo) upToContract(ctx context.Context) error {
	d.chapter("2. Upgrade while the old engine runs: upgrade up --to contract")
	err := d.beneathEngine(ctx, func(ctx context.Context) error {
		_, err := d.upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Contract})
		return err
	})
	if err != nil {
		return err
	}
	gone, err := d.columnsGone(ctx)
	if err != nil {
		return err
	}
	d.tellf("async_tasks has lost %s", gone)
	return d.readBack(ctx, "the engine's own procedures, old signatures")
}

// beneathEngine does something while an engine is played, and says what the engine noticed. It deletes its tasks at the end.
func (d *demo) beneathEngine(ctx context.Context, do func(context.Context) error) error {
	engine, err := play.Start(ctx, play.Options{
		URL: d.server.URL(demoDatabase), Seed: 1, Tasks: 80, AllEvery: -1, WithoutControl: true,
	})
	if err != nil {
		return err
	}
	err = driver.Pause(ctx, demoQuiet)
	if err == nil {
		err = do(ctx)
	}
	if err == nil {
		err = driver.Pause(ctx, demoQuiet)
	}
	report, stopErr := engine.Stop(ctx)
	if err := errors.Join(err, stopErr); err != nil {
		return err
	}
	d.played = report.Total()
	d.tellf("a played engine made %s meanwhile, with the old signatures: %d failed, %d wrong answers; the longest took %s",
		counted(int64(d.played.Calls), "call"), d.played.Failed, d.played.Wrong, took(d.played.Latency.Max))
	if told := slices.Concat(d.played.Failures, d.played.WrongAnswers); len(told) > 0 {
		return fmt.Errorf("%w: the played engine noticed the upgrade, first: %s", upgrade.ErrDrift, told[0])
	}
	return nil
}

func (d *demo) upToRetire(ctx context.Context) error {
	d.chapter("3. Make way for the new engine: upgrade up")
	if _, err := d.upgrader.Up(ctx, upgrade.UpOptions{}); err != nil {
		return err
	}
	result, err := d.upgrader.Verify(ctx, upgrade.VerifyOptions{})
	if err != nil {
		return err
	}
	if n := len(result.Findings); n > 0 {
		first := result.Findings[0]
		return fmt.Errorf("%w: verify found %s, the first: %s %s %s",
			upgrade.ErrDrift, counted(int64(n), "difference"), first.Check, first.Object, first.Detail)
	}
	d.tellf("verify: %s, all hold", counted(int64(len(checks)), "check"))
	return d.readBack(ctx, "the procedures of the new engine")
}

func (d *demo) back(ctx context.Context) error {
	d.chapter("4. Take everything back: upgrade down")
	if _, err := d.upgrader.Down(ctx, upgrade.DownOptions{}); err != nil {
		return err
	}
	after, err := takeDump(ctx, d.server)
	if err != nil {
		return err
	}
	d.tellf("pg_dump after:  %s", after)
	if difference := d.dump.difference(after); difference != "" {
		return fmt.Errorf("%w: the dumps before and after differ: %s", upgrade.ErrDrift, difference)
	}
	d.tellf("the two dumps are equal, byte for byte")
	return nil
}

// readBack compares every task with what was there before.
func (d *demo) readBack(ctx context.Context, through string) error {
	return d.connected(ctx, func(conn *pgx.Conn) error {
		d.report.doing(elapsed("reading every task back"))
		after, err := readProcedure(ctx, conn)
		d.report.progress.idle()
		if err != nil {
			return err
		}
		values, err := d.before.compare(after)
		if err != nil {
			return err
		}
		d.tellf("read back through %s: %s of %s, all equal", through, counted(int64(values), "moved value"),
			counted(int64(len(after)), "task"))
		return nil
	})
}

// columnsGone names the moved columns, having looked that they are gone.
func (d *demo) columnsGone(ctx context.Context) (string, error) {
	left := -1
	err := d.connected(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*) FROM information_schema.columns
			WHERE table_name = 'async_tasks' AND table_schema = 'public' AND column_name = ANY ($1)`, movedColumns).Scan(&left)
	})
	if err == nil && left > 0 {
		err = fmt.Errorf("%d of the moved columns are still there", left)
	}
	return strings.Join(movedColumns, ", "), err
}

// connected works on a connection that is gone when it returns: the upgrade does not retire anything while others are connected.
func (d *demo) connected(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, d.server.URL(demoDatabase))
	if err != nil {
		return fmt.Errorf("connect to the demo's database: %w", err)
	}
	return errors.Join(do(conn), hangup.Wait(context.WithoutCancel(ctx), conn))
}

func (d *demo) summary(duration time.Duration) {
	d.chapter("What you have seen, in " + took(duration))
	d.tellf("- %s lost nothing on the way: every moved value was read back and compared, twice", counted(int64(len(d.before)), "task"))
	d.tellf("- an engine that called the old procedures all the while: %s, %d failed, %d wrong answers",
		counted(int64(d.played.Calls), "call"), d.played.Failed, d.played.Wrong)
	d.tellf("- after contract the old procedures still gave every value, under their old names and arguments")
	d.tellf("- the way back gave the old database, to the byte")
	d.tellf("The server is gone, and its files. For a database of yours, begin with: upgrade check --database URL")
}

func (d *demo) chapter(title string) {
	d.report.progress.idle()
	d.say("")
	d.say(title)
}

func (d *demo) tellf(format string, args ...any) {
	d.report.progress.idle()
	d.say(d.report.indent + fmt.Sprintf(format, args...))
}

func (d *demo) say(text string) {
	if !d.flags.json {
		d.console.resultf("%s", text)
		return
	}
	if text = strings.TrimSpace(text); text != "" {
		d.console.emit("told", struct {
			Text string `json:"text"`
		}{text})
	}
}
