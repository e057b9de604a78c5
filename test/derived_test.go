package test

import (
	"testing"
)

// TestWhatOnlyTheBackfillWritesIsGuardedUntilTheSwitch changes columns that no task can be compared with.
func TestWhatOnlyTheBackfillWritesIsGuardedUntilTheSwitch(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"type":        `command_type = 77`,
		"created_at":  `created_at = now()`,
		"status":      `status = 'SUCCEEDED'`,
		"finished_at": `finished_at = now()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := upgraded(t, versionProve).Connect(t.Context())
			changed := query(t, conn, `UPDATE command_entities SET `+change+`
				WHERE command_id = (SELECT min(command_id::text)::uuid FROM command_entities WHERE command_type > 0)
				RETURNING command_id::text`)
			refuses(t, conn, versionMirror, changed)

			down(t, conn, versionProve, versionExpand)
			up(t, conn, versionExpand, versionContract)
			holds(t, conn)
		})
	}
}
