package coordinator_test

import (
	"fmt"
	"testing"

	"github.com/ovirt/coco/coordinator"
)

func TestTasksHaveTheEnginesNumbersAndWords(t *testing.T) {
	t.Parallel()
	for status, want := range map[coordinator.TaskStatus]string{
		coordinator.TaskUnknown: "0 unknown", coordinator.TaskInit: "1 init", coordinator.TaskRunning: "2 running",
		coordinator.TaskFinished: "3 finished", coordinator.TaskAborting: "4 aborting", coordinator.TaskCleaning: "5 cleaning",
		6: "6 6", -1: "-1 -1",
	} {
		if got := fmt.Sprintf("%d %v", status, status); got != want {
			t.Errorf("status %q, want %q", got, want)
		}
	}
	for result, want := range map[coordinator.TaskResult]string{
		coordinator.TaskSuccess: "0 success", coordinator.TaskFailure: "1 failure", coordinator.TaskCleanSuccess: "2 cleanSuccess",
		coordinator.TaskCleanFailure: "3 cleanFailure", 4: "4 4",
	} {
		if got := fmt.Sprintf("%d %v", result, result); got != want {
			t.Errorf("result %q, want %q", got, want)
		}
	}
}
