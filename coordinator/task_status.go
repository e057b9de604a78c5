package coordinator

import "strconv"

// TaskStatus is how far a task is on its host: the engine's number.
type TaskStatus int32

// What a host says of a task.
const (
	TaskUnknown  TaskStatus = 0
	TaskInit     TaskStatus = 1
	TaskRunning  TaskStatus = 2
	TaskFinished TaskStatus = 3
	TaskAborting TaskStatus = 4
	TaskCleaning TaskStatus = 5
)

// String is the engine's word for it, or the number where it has none.
func (s TaskStatus) String() string {
	return wordOf(int32(s), "unknown", "init", "running", "finished", "aborting", "cleaning")
}

// TaskResult is how a task has ended, or would end if it did now: the engine's number.
type TaskResult int32

// What a host says of a task's end.
const (
	TaskSuccess      TaskResult = 0
	TaskFailure      TaskResult = 1
	TaskCleanSuccess TaskResult = 2
	TaskCleanFailure TaskResult = 3
)

// String is the engine's word for it, or the number where it has none.
func (r TaskResult) String() string {
	return wordOf(int32(r), "success", "failure", "cleanSuccess", "cleanFailure")
}

func wordOf(number int32, words ...string) string {
	if number < 0 || int(number) >= len(words) {
		return strconv.Itoa(int(number))
	}
	return words[number]
}
