package upgrade

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/ovirt/coco/upgrade/driver"
)

// CheckServer is the server that answers.
type CheckServer struct {
	// Version is as the server calls it. Served says that this program works with it, Tested that it was made for it.
	Version string `json:"version"`
	Served  bool   `json:"served"`
	Tested  bool   `json:"tested"`
	Standby bool   `json:"standby"`
}

// CheckConnection is how this program is connected, and as whom.
type CheckConnection struct {
	User      string `json:"user"`
	Superuser bool   `json:"superuser"`
	// Address is the socket's directory or host and port.
	Address string `json:"address"`
	// Local says that the server is on this machine; TLS is the version of TLS, empty if the connection is not encrypted.
	Local bool   `json:"local"`
	TLS   string `json:"tls,omitempty"`
}

// CheckDatabase is the database.
type CheckDatabase struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding,omitempty"`
	Size     int64  `json:"bytes,omitempty"`
}

// EngineKind is what a database belongs to.
type EngineKind string

// The kinds of databases.
const (
	// EngineKnown: an engine 3.3 or 3.4, upgraded or not.
	EngineKnown EngineKind = "engine"
	// EngineLater: an engine from 3.5 on, which has a table command_entities of its own.
	EngineLater EngineKind = "later_engine"
	// EngineNone: an empty database, which gets an engine's tables.
	EngineNone EngineKind = "empty"
	// EngineOther: something else.
	EngineOther EngineKind = "other"
)

// CheckEngine is what the database belongs to.
type CheckEngine struct {
	Kind EngineKind `json:"kind"`
	// Release is "3.4", for instance; empty if it is not known. SchemaVersion is what schema_version calls current, like 03040810.
	Release       string `json:"release,omitempty"`
	SchemaVersion string `json:"schema_version,omitempty"`
	// Marks is how many of the two marks of a contracted database are in schema_version.
	Marks int `json:"marks"`
}

// CheckClient is another client of the database.
type CheckClient struct {
	Session

	// State is as in pg_stat_activity; "unknown" where it may not be seen.
	State string `json:"state"`
}

// server takes what the server has said by itself.
func (c *check) server() {
	version, major := serverVersion(c.conn)
	c.result.Server = CheckServer{
		Version: version, Served: serverProblem(c.conn) == nil, Tested: major >= oldestServer && major <= newestServer,
		Standby: c.conn.PgConn().ParameterStatus("in_hot_standby") == "on",
	}
	network := c.conn.PgConn().Conn()
	connection := CheckConnection{User: c.conn.Config().User, Address: c.conn.Config().Host}
	if secure, ok := network.(*tls.Conn); ok {
		connection.TLS = tls.VersionName(secure.ConnectionState().Version)
	}
	switch address := network.RemoteAddr().(type) {
	case *net.UnixAddr:
		connection.Local = true
	case *net.TCPAddr:
		connection.Local = address.IP.IsLoopback()
		connection.Address = net.JoinHostPort(c.conn.Config().Host, strconv.Itoa(int(c.conn.Config().Port)))
	}
	c.result.Connection = connection
	c.result.Database.Name = c.conn.Config().Database
}

func (c *check) connection(ctx context.Context) error {
	r := &c.result
	err := c.conn.QueryRow(ctx, `SELECT current_user, rolsuper, pg_catalog.pg_is_in_recovery() FROM pg_catalog.pg_roles WHERE rolname = current_user`).
		Scan(&r.Connection.User, &r.Connection.Superuser, &r.Server.Standby)
	if err != nil {
		return fmt.Errorf("ask who is connected: %w", err)
	}
	return nil
}

func (c *check) database(ctx context.Context) error {
	d := &c.result.Database
	err := c.conn.QueryRow(ctx, `SELECT datname, pg_encoding_to_char(encoding),
			CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END
		FROM pg_catalog.pg_database WHERE datname = current_database()`).Scan(&d.Name, &d.Encoding, &d.Size)
	if err != nil {
		return fmt.Errorf("ask about the database: %w", err)
	}
	return nil
}

// engine tells what the database belongs to, by its tables and by the engine's own record of its version.
func (c *check) engine(ctx context.Context) error {
	e := &CheckEngine{}
	c.result.Engine = e
	var tasks, entities, coco, anything, since34, versions bool
	err := c.conn.QueryRow(ctx, `SELECT to_regclass('public.async_tasks') IS NOT NULL, to_regclass('public.command_entities') IS NOT NULL,
			to_regnamespace('coco') IS NOT NULL,
			EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.relnamespace = to_regnamespace('public')
				AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'schema_migrations'
				AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
					WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
			EXISTS (SELECT 1 FROM pg_catalog.pg_proc
				WHERE pronamespace = to_regnamespace('public') AND proname = 'deleterunningjobsoftasklesscommands'),
			coalesce(has_table_privilege(to_regclass('public.schema_version')::oid, 'SELECT'), false) AND (
				SELECT count(*) = 4 FROM pg_catalog.pg_attribute a
				WHERE a.attrelid = to_regclass('public.schema_version') AND NOT a.attisdropped AND a.attnum > 0 AND (
					a.attname IN ('version', 'installed_by', 'current') OR a.attname = 'id' AND a.atttypid = 'integer'::regtype))`).
		Scan(&tasks, &entities, &coco, &anything, &since34, &versions)
	if err != nil {
		return fmt.Errorf("look what the database belongs to: %w", err)
	}
	switch {
	case tasks && entities && !coco:
		e.Kind, e.Release = EngineLater, "3.5 or later"
	case tasks:
		e.Kind, e.Release = EngineKnown, "3.3"
		if since34 {
			e.Release = "3.4"
		}
	case anything:
		e.Kind = EngineOther
	default:
		e.Kind = EngineNone
		c.result.Tasks, c.result.Sizes = &CheckTasks{ByStatus: map[string]int64{}}, &CheckSizes{}
		c.find(Remark, "database "+c.result.Database.Name, "the database is empty: a fresh installation",
			"up creates the tables and procedures of a new engine.")
	}
	if !versions || !tasks {
		return nil
	}
	err = c.conn.QueryRow(ctx, `SELECT coalesce((SELECT version FROM public.schema_version WHERE "current" ORDER BY id DESC LIMIT 1), ''),
		(SELECT count(*) FROM public.schema_version WHERE id IN (-3050610, -3050660) AND installed_by = 'coco')`).
		Scan(&e.SchemaVersion, &e.Marks)
	if err != nil {
		return fmt.Errorf("read the engine's version: %w", err)
	}
	if release := releaseOf(e.SchemaVersion); release != "" {
		other, upgraded := release != "3.3" && release != "3.4", coco && entities
		if e.Kind == EngineKnown && other && !upgraded {
			c.find(Decision, "table schema_version", fmt.Sprintf("schema_version says engine %s, the tables are those of %s", release, e.Release),
				"Find out which engine uses this database: coco upgrades databases of engine 3.3 and 3.4.")
		}
		e.Release = release
	}
	return nil
}

// releaseOf reads MMmmnnnn: 03040810 is release 3.4.
func releaseOf(schemaVersion string) string {
	if len(schemaVersion) != len("03040810") || strings.Trim(schemaVersion, "0123456789") != "" {
		return ""
	}
	major, _ := strconv.Atoi(schemaVersion[:2]) // digits
	minor, _ := strconv.Atoi(schemaVersion[2:4])
	return fmt.Sprintf("%d.%d", major, minor)
}

// clients looks who is connected, and whose transactions the upgrade would wait for.
func (c *check) clients(ctx context.Context) error {
	others, err := c.others(ctx)
	if err != nil {
		return err
	}
	rows, err := c.conn.Query(ctx, `SELECT pid, CASE WHEN query = '<insufficient privilege>' THEN 'unknown' ELSE coalesce(state, 'unknown') END,
			coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::double precision
		FROM pg_catalog.pg_stat_activity WHERE datname = current_database()`)
	if err != nil {
		return fmt.Errorf("look what others do: %w", err)
	}
	type activity struct {
		state string
		age   time.Duration
	}
	doing := map[int32]activity{}
	var (
		pid   int32
		state string
		age   float64
	)
	for rows.Next() {
		if err := rows.Scan(&pid, &state, &age); err != nil {
			return fmt.Errorf("look what others do: %w", err)
		}
		doing[pid] = activity{state, time.Duration(age * float64(time.Second))}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look what others do: %w", err)
	}
	r := &c.result
	for _, session := range others {
		client := CheckClient{Session: session, State: "unknown"}
		if now, ok := doing[session.PID]; ok {
			client.State, client.Age = now.state, now.age
		}
		r.Clients = append(r.Clients, client)
		if client.Age >= r.LongTransaction {
			r.Transactions = append(r.Transactions, client.Session)
		}
	}
	prepared, err := driver.Sessions(ctx, c.conn, `SELECT NULL::integer, owner::text, NULL::text,
			extract(epoch FROM clock_timestamp() - prepared)::double precision, gid
		FROM pg_catalog.pg_prepared_xacts
		WHERE database = current_database() AND clock_timestamp() - prepared >= $1 * interval '1 second' ORDER BY prepared`,
		r.LongTransaction.Seconds())
	if err != nil {
		return fmt.Errorf("look for prepared transactions: %w", err)
	}
	r.Transactions = append(r.Transactions, prepared...)
	c.waits(others)
	return nil
}

// waits says what the clients mean for the steps that are left.
func (c *check) waits(others []Session) {
	if len(c.result.Transactions) > 0 && c.version < c.chain.End(Switch) && c.target > c.chain.End(Prove) {
		c.result.Findings = append(c.result.Findings, CheckFinding{
			Severity: Caution, Subject: "transactions", Sessions: c.result.Transactions,
			Reason: fmt.Sprintf("transactions have been open for more than %s (%d); the switch phase waits for the end of such ones",
				c.result.LongTransaction, len(c.result.Transactions)),
			Hint: "End them first. A prepared one ends with COMMIT PREPARED or ROLLBACK PREPARED.",
		})
	}
	first, ok := c.chain.first(Retire)
	if !ok || c.target < first.Version || c.version < 0 || c.version >= first.Version || len(others) == 0 {
		return
	}
	c.result.Findings = append(c.result.Findings, CheckFinding{
		Severity: Refusal, Kind: ErrConnected, Subject: "clients", Sessions: others,
		Reason: fmt.Sprintf("other connections to the database are open (%d), and an old engine cannot go on after the retire phase", len(others)),
		Hint:   "Until contract it may run: \"upgrade up --to contract\". Stop it before the rest.",
	})
}
