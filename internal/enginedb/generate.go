package enginedb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// GenerateOptions says what Generate makes. The zero value of a field takes its default.
type GenerateOptions struct {
	Tasks           int     // how many rows of async_tasks; none by default
	Seed            uint64  // equal seeds give equal rows, different seeds rows that do not collide
	MinText         int     // length of a parameter text in bytes, at least; 512
	MaxText         int     // at most; 4096
	TasksPerCommand float64 // mean number of tasks of a command, 1 or more; 1.6
	MaxLinks        int     // how many entity links at most; no limit
	WithoutPools    bool    // leave storage_pool alone, which differs from engine to engine
}

// Generate adds made-up tasks to an engine database, together with about half as many entity links and four storage
// pools. It streams, so that memory does not grow with the number of tasks. About one command in three is its own root,
// the others are children of a root that may have no task; about one task in five is a placeholder. All is one
// transaction of its own, so conn must not be in one.
func Generate(ctx context.Context, conn *pgx.Conn, opts GenerateOptions) error {
	opts, err := opts.withDefaults()
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for i := range pools {
			if opts.WithoutPools {
				break
			}
			const insert = `INSERT INTO storage_pool (id, name, description, status, master_domain_version, compatibility_version)
				VALUES ($1, $2, '', 1, 1, '3.4') ON CONFLICT (id) DO NOTHING`
			if _, err := tx.Exec(ctx, insert, poolID(i), fmt.Sprintf("Generated %d", i)); err != nil {
				return fmt.Errorf("add storage pools: %w", err)
			}
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"async_tasks"}, taskColumns, newTaskSource(opts)); err != nil {
			return fmt.Errorf("copy tasks: %w", err)
		}
		links := (opts.Tasks + 1) / 2
		if opts.MaxLinks > 0 {
			links = min(links, opts.MaxLinks)
		}
		linkRows := pgx.CopyFromSlice(links, func(i int) ([]any, error) {
			return []any{derivedID(opts.Seed, kindTask, 2*i), derivedID(opts.Seed, kindEntity, i/3), "Storage"}, nil
		})
		linkColumns := []string{"async_task_id", "entity_id", "entity_type"}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"async_tasks_entities"}, linkColumns, linkRows); err != nil {
			return fmt.Errorf("copy entity links: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("generate %d tasks: %w", opts.Tasks, err)
	}
	return nil
}

func (o GenerateOptions) withDefaults() (GenerateOptions, error) {
	if o.MinText == 0 {
		o.MinText = 512
	}
	if o.MaxText == 0 {
		o.MaxText = max(4096, o.MinText)
	}
	if o.TasksPerCommand == 0 {
		o.TasksPerCommand = 1.6
	}
	switch {
	case o.Tasks < 0:
		return o, errors.New("generate tasks: the number of tasks is negative")
	case o.MinText < 0 || o.MaxText < o.MinText:
		return o, errors.New("generate tasks: MinText and MaxText are no range")
	case o.TasksPerCommand < 1:
		return o, errors.New("generate tasks: TasksPerCommand is less than 1")
	}
	return o, nil
}

const pools = 4

// Kinds of ids that are derived from a seed and a number.
const (
	kindTask = iota + 1
	kindCommand
	kindRoot
	kindVdsm
	kindStep
	kindEntity
	kindPool
)

func poolID(i int) [16]byte { return derivedID(0, kindPool, i) }

// derivedID makes a version 4 uuid of seed, kind and n. The same three give the same id, which is how a link finds its
// task without a list of tasks.
func derivedID(seed uint64, kind, n int) [16]byte {
	var id [16]byte
	source := rand.NewPCG(seed, uint64(kind)<<56|uint64(n)) //nolint:gosec // neither is negative
	binary.BigEndian.PutUint64(id[:8], source.Uint64())
	binary.BigEndian.PutUint64(id[8:], source.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

var taskColumns = []string{
	"task_id", "action_type", "status", "result", "action_parameters", "action_params_class", "step_id", "command_id",
	"started_at", "storage_pool_id", "task_type", "task_parameters", "task_params_class", "vdsm_task_id", "root_command_id",
}

// kinds of root commands that occur, with the class of their parameters and of their children's.
var rootKinds = []struct {
	actionType, taskType int32
	class, childClass    string
}{
	{2, 1, "AddVmFromTemplateParameters", "CreateCloneOfTemplateParameters"},
	{4, 5, "RemoveVmParameters", "RemoveImageParameters"},
	{11, 3, "VmOperationParameterBase", "VmOperationParameterBase"},
	{31, 3, "AddDiskParameters", "AddImageFromScratchParameters"},
	{206, 3, "CreateAllSnapshotsFromVmParameters", "ImagesActionsParametersBase"},
	{210, 6, "RemoveSnapshotParameters", "ImagesContainterParametersBase"},
}

// taskSource hands out the rows one by one. It remembers the current root and the current command, no more.
type taskSource struct {
	opts  GenerateOptions
	rng   *rand.Rand
	texts *Texts
	first time.Time
	done  int // tasks handed out

	roots    int // roots begun
	kind     int // of the current root, in rootKinds
	root     [16]byte
	rootText string
	pool     [16]byte
	children int // commands that the root will still get

	commands    int // commands begun
	self        bool
	command     [16]byte
	commandText string
	tasks       int // tasks that the command will still get
}

func newTaskSource(opts GenerateOptions) *taskSource {
	rng := rand.New(rand.NewPCG(opts.Seed, 1)) //nolint:gosec // rows must repeat, not be secret
	return &taskSource{
		opts:  opts,
		rng:   rng,
		texts: NewTexts(rng, opts.MinText, opts.MaxText),
		first: time.Date(2014, 6, 3, 8, 15, 42, 0, time.UTC),
	}
}

// Next reports whether a row is left, as pgx.CopyFromSource wants it.
func (s *taskSource) Next() bool { return s.done < s.opts.Tasks }

// Err is nil: rows are made, not read.
func (s *taskSource) Err() error { return nil }

// Values makes the next row.
func (s *taskSource) Values() ([]any, error) {
	if s.tasks == 0 {
		s.nextCommand()
	}
	n := s.done
	s.done++
	s.tasks--

	kind := rootKinds[s.kind]
	actionType, actionText, ownClass := kind.actionType, s.rootText, kind.childClass
	if s.self {
		ownClass = kind.class
	}
	if !s.self && s.chance(0.02) {
		actionText = s.texts.Next(s.rng, kind.class, s.root, s.pool) // a sibling that differs
	}
	var vdsm, pool [16]byte
	var step any
	if s.chance(0.2) {
		if s.self {
			actionType = 0
		}
	} else {
		vdsm, pool, step = derivedID(s.opts.Seed, kindVdsm, n), s.pool, derivedID(s.opts.Seed, kindStep, n)
	}
	return []any{
		derivedID(s.opts.Seed, kindTask, n), actionType, int32(2), int32(0), actionText, classPrefix + kind.class,
		step, s.command, s.first.Add(time.Duration(n) * 137 * time.Millisecond), pool, kind.taskType,
		s.commandText, classPrefix + ownClass, vdsm, s.root,
	}, nil
}

const classPrefix = "org.ovirt.engine.core.common.action."

// nextCommand begins a command: a child of the current root while that wants any, or a new root.
func (s *taskSource) nextCommand() {
	s.tasks = s.repeat(s.opts.TasksPerCommand)
	if s.children == 0 {
		s.nextRoot()
		if s.chance(0.6) { // the root has tasks of its own
			s.self, s.command, s.commandText = true, s.root, s.rootText
			return
		}
		s.children++
	}
	s.children--
	s.self = false
	s.command = derivedID(s.opts.Seed, kindCommand, s.commands)
	s.commands++
	s.commandText = s.texts.Next(s.rng, rootKinds[s.kind].childClass, s.command, s.pool)
}

func (s *taskSource) nextRoot() {
	s.kind = s.rng.IntN(len(rootKinds))
	s.pool = poolID(s.rng.IntN(pools))
	s.root = derivedID(s.opts.Seed, kindRoot, s.roots)
	s.roots++
	s.rootText = s.texts.Next(s.rng, rootKinds[s.kind].class, s.root, s.pool)
	s.children = s.rng.IntN(3)
}

func (s *taskSource) chance(p float64) bool { return s.rng.Float64() < p }

// repeat returns a number from 1 up whose mean is mean.
func (s *taskSource) repeat(mean float64) int {
	n := 1
	for n < 1000 && s.chance(1-1/mean) {
		n++
	}
	return n
}
