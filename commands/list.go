package commands

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/gen"
)

// DefaultLimit is how many commands a page has unless something else is asked for, MaxLimit how many it can have.
const (
	DefaultLimit = 50
	MaxLimit     = 10_000
)

// ListOptions say which commands are listed. Without any, all are.
type ListOptions struct {
	// Unfinished leaves finished commands out: an index has the others.
	Unfinished bool
	// Statuses and Types, where given, are those to list. UNKNOWN stands for commands without a status, too.
	Statuses []string
	Types    []int32
	// Owner lists unfinished commands of this instance, NoOwner those that only the engine itself has written, Held those that are not
	// handed out any more.
	Owner   uuid.NullUUID
	NoOwner bool
	Held    bool
	// Roots leaves out commands that have another one above them.
	Roots bool
	// Since and Before bound the time of creation where they are set: not before Since, before Before.
	Since, Before time.Time
	// Limit is how many commands a page has at most: DefaultLimit if 0, and never more than MaxLimit.
	Limit int
	// After is where the page begins: the Next of the one before.
	After Cursor
}

// Cursor is a place in a list, as a text without blanks. The empty one is its beginning.
type Cursor string

// Page is a part of a list.
type Page struct {
	Commands []Command `json:"commands"`
	// Next is where the next page begins, empty if there is none.
	Next Cursor `json:"next,omitempty"`
}

// List returns a page of commands: those that have not finished first, the newest of them first, then the others in the order of their
// ids. A command that stays as it is while pages are read is on exactly one of them, whatever comes and goes. One that finishes
// meanwhile may be on two.
func List(ctx context.Context, db gen.DBTX, options ListOptions) (Page, error) {
	limit := DefaultLimit
	if options.Limit > 0 {
		limit = min(options.Limit, MaxLimit)
	}
	after, err := options.After.place()
	if err != nil {
		return Page{}, err
	}
	params := gen.ListCommandsParams{
		Unfinished: options.Unfinished || options.Owner.Valid || options.NoOwner || options.Held,
		OwnerID:    options.Owner, NoOwner: options.NoOwner, Held: options.Held, Roots: options.Roots,
		Since: orNil(options.Since), Before: orNil(options.Before),
		AfterPart: int32(after.part), AfterTime: after.time, AfterID: after.id,
		MaxCommands: int32(limit) + 1,
	}
	if len(options.Statuses) > 0 { // an empty list would mean none
		params.Statuses = options.Statuses
	}
	if len(options.Types) > 0 {
		params.Types = options.Types
	}
	rows, err := gen.New(db).ListCommands(ctx, params)
	if err != nil {
		return Page{}, explain(fmt.Errorf("list the commands: %w", err))
	}
	page := Page{Commands: commandsOf(rows[:min(limit, len(rows))])}
	if len(rows) > limit {
		page.Next = cursorBehind(page.Commands[limit-1])
	}
	return page, nil
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// part is one of the three parts of a list; each has an index for its order.
type part byte

const (
	partNewest   part = 1 // unfinished commands with a time, the newest first
	partTimeless part = 2 // unfinished commands without one, by id
	partFinished part = 3 // finished commands, by id
)

// place is a place in a list: behind this command. The part is 0 at its beginning.
type place struct {
	part part
	time *string // as PostgreSQL reads it: it may be infinite
	id   uuid.NullUUID
}

// cursorLength is one byte for the part, eight for the time in microseconds, sixteen for the id.
const cursorLength = 1 + 8 + 16

func cursorBehind(command Command) Cursor {
	at := partNewest
	switch {
	case command.Finished():
		at = partFinished
	case !command.CreatedAt.Valid:
		at = partTimeless
	}
	text := make([]byte, 0, cursorLength)
	text = append(text, byte(at))
	text = binary.BigEndian.AppendUint64(text, uint64(micros(command.CreatedAt))) //nolint:gosec // all bits are kept
	text = append(text, command.ID[:]...)
	return Cursor(base64.RawURLEncoding.EncodeToString(text))
}

// Check returns ErrCursor for a text that no list has given as a Cursor.
func (c Cursor) Check() error {
	_, err := c.place()
	return err
}

func (c Cursor) place() (place, error) {
	if c == "" {
		return place{}, nil
	}
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || len(bytes) != cursorLength || part(bytes[0]) < partNewest || part(bytes[0]) > partFinished {
		return place{}, ErrCursor
	}
	at := timestamp(int64(binary.BigEndian.Uint64(bytes[1:9]))) //nolint:gosec // all bits are kept
	text, err := pgtype.NewMap().Encode(pgtype.TimestamptzOID, pgtype.TextFormatCode, at, nil)
	if err != nil {
		return place{}, ErrCursor
	}
	behind := string(text)
	return place{part: part(bytes[0]), time: &behind, id: uuid.NullUUID{UUID: uuid.UUID(bytes[9:]), Valid: true}}, nil
}

// infinite is further away than any time of PostgreSQL's.
const infinite = math.MaxInt64

// micros is a time in microseconds since 1970: PostgreSQL's own are no finer.
func micros(t pgtype.Timestamptz) int64 {
	switch {
	case !t.Valid:
		return 0
	case t.InfinityModifier != pgtype.Finite:
		return int64(t.InfinityModifier) * infinite
	}
	return t.Time.UnixMicro()
}

func timestamp(micros int64) pgtype.Timestamptz {
	switch micros {
	case infinite:
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	case -infinite:
		return pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	}
	return pgtype.Timestamptz{Time: time.UnixMicro(micros).UTC(), Valid: true}
}
