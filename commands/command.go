package commands

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/gen"
)

// The statuses that the engine knows. A command without one reads as Unknown.
const (
	Unknown         = "UNKNOWN"
	NotStarted      = "NOT_STARTED"
	Active          = "ACTIVE"
	Succeeded       = "SUCCEEDED"
	Failed          = "FAILED"
	FailedRestarted = "FAILED_RESTARTED"
)

// Statuses returns them all, in the order in which a command may go through them.
func Statuses() []string {
	return []string{Unknown, NotStarted, Active, Succeeded, Failed, FailedRestarted}
}

// Command is all of a command but its parameters.
type Command struct {
	ID       uuid.UUID     `json:"command_id"`
	Type     int32         `json:"command_type"`
	ParentID uuid.NullUUID `json:"parent_command_id"`
	RootID   uuid.NullUUID `json:"root_command_id"`
	// Status is UNKNOWN for a command without one.
	Status string `json:"status"`
	// CreatedAt may be missing or infinite: engines have written such times. A command that has finished has a FinishedAt.
	CreatedAt  pgtype.Timestamptz `json:"created_at"`
	FinishedAt pgtype.Timestamptz `json:"finished_at"`
	// Class is the type of the parameters, ParametersBytes their length; nil without any.
	Class           *string `json:"action_parameters_class"`
	ParametersBytes *int32  `json:"parameters_bytes"`
	// Owner is nil for a command that has finished, and for one that only the engine itself has written.
	Owner *Owner `json:"owner"`
}

// Finished says whether the command has come to its end.
func (c *Command) Finished() bool { return c.FinishedAt.Valid }

// Held says whether the command is not handed out any more, because its owners died too often.
func (c *Command) Held() bool { return c.Owner != nil && c.Owner.HeldAt != nil }

// above is the command that it stands below in a tree, if there is one.
func (c *Command) above() (uuid.UUID, bool) {
	for _, link := range []uuid.NullUUID{c.ParentID, c.RootID} {
		if link.Valid && link.UUID != c.ID {
			return link.UUID, true
		}
	}
	return uuid.Nil, false
}

// Owner is the engine instance that drives a command, or did last.
type Owner struct {
	InstanceID uuid.UUID `json:"instance_id"`
	// Name and State are those of the instance; empty if it has been forgotten.
	Name    string    `json:"name"`
	State   State     `json:"state"`
	TakenAt time.Time `json:"taken_at"`
	// Recoveries is how often an owner has died since the command last made progress.
	Recoveries int32 `json:"recoveries"`
	// HeldAt is when the command was held, nil if it is not.
	HeldAt *time.Time `json:"held_at"`
}

func commandOf(row gen.CommandOverview) Command {
	command := Command{
		ID: row.CommandID, Type: row.CommandType, ParentID: row.ParentCommandID, RootID: row.RootCommandID,
		Status: row.Status, CreatedAt: row.CreatedAt, FinishedAt: row.FinishedAt,
		Class: row.ActionParametersClass, ParametersBytes: row.ParametersBytes,
	}
	if row.OwnerID.Valid {
		command.Owner = &Owner{InstanceID: row.OwnerID.UUID, HeldAt: row.HeldAt}
		if row.OwnerName != nil {
			command.Owner.Name = *row.OwnerName
		}
		if row.OwnerState != nil {
			command.Owner.State = State(*row.OwnerState)
		}
		if row.TakenAt != nil {
			command.Owner.TakenAt = *row.TakenAt
		}
		if row.Recoveries != nil {
			command.Owner.Recoveries = *row.Recoveries
		}
	}
	return command
}

func commandsOf(rows []gen.CommandOverview) []Command {
	list := make([]Command, 0, len(rows))
	for _, row := range rows {
		list = append(list, commandOf(row))
	}
	return list
}
