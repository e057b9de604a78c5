package rule

import "github.com/ovirt/coco/upgrade/review/finding"

// What package judge finds when it compares a database before and after.
const (
	RoutineFails      = "routine-fails"
	RoutineUnchecked  = "routine-unchecked"
	ObjectLost        = "object-lost"
	ObjectRemoved     = "object-removed"
	ColumnDropped     = "column-dropped"
	ColumnMoved       = "column-moved"
	ColumnAdded       = "column-added"
	ColumnRequired    = "column-required"
	ColumnChanged     = "column-changed"
	ConstraintChanged = "constraint-changed"
	IndexInvalid      = "index-invalid"
	TriggerChanged    = "trigger-changed"
	ViewChanged       = "view-changed"
	TypeChanged       = "type-changed"
	TableChanged      = "table-changed"
	AccessWidened     = "access-widened"
	AccessLost        = "access-lost"
	OwnerChanged      = "owner-changed"
	CommentLost       = "comment-lost"
	SecurityChanged   = "security-changed"
	SettingChanged    = "setting-changed"
	VolatilityChanged = "volatility-changed"
	StrictChanged     = "strict-changed"
	PlanningChanged   = "planning-changed"
	StaleOverload     = "stale-overload"
	SignatureChanged  = "signature-changed"
	ResultChanged     = "result-changed"
	LockUndeclared    = "lock-undeclared"
	LockLong          = "lock-long"
	TableRewritten    = "table-rewritten"
	LocalEdit         = "local-edit"
	DataArchived      = "data-archived"
	DataLarge         = "data-large"
	TasksInFlight     = "tasks-in-flight"
	PlanFails         = "plan-fails"
	PlanNotRun        = "plan-not-run"
	PlanSequential    = "plan-sequential"
	UpgradeRefused    = "upgrade-refused"
	UpgradeDecision   = "upgrade-decision"
	UpgradeCaution    = "upgrade-caution"
)

// upgradeRules are those of package judge. The severity is the gravest that a finding of the rule can have: what is known about the object
// decides.
func upgradeRules() []Rule {
	const (
		must   = finding.MustFix
		decide = finding.Decide
		note   = finding.Note
	)
	return []Rule{
		{RoutineFails, must, "a procedure that worked before fails when it is called"},
		{RoutineUnchecked, decide, "a procedure that cannot be checked names something that goes"},
		{ObjectLost, must, "something goes that no step of the plan names: it goes with something else"},
		{ObjectRemoved, decide, "the plan removes something that may still be used"},
		{ColumnDropped, decide, "a column goes, and its values with it"},
		{ColumnMoved, note, "a column goes, and its values are elsewhere, compared row by row"},
		{ColumnAdded, note, "whoever selects all columns gets one more"},
		{ColumnRequired, must, "rows without a value for a column are refused that were taken before"},
		{ColumnChanged, decide, "values are stored, compared or filled in differently"},
		{ConstraintChanged, decide, "rows are taken that were refused before, or the other way round"},
		{IndexInvalid, must, "an index that is not valid costs its upkeep and serves nobody"},
		{TriggerChanged, must, "writing a table does more, or less, than before"},
		{ViewChanged, decide, "whoever reads the view gets other columns, or other rows"},
		{TypeChanged, decide, "values of the type are others than before"},
		{TableChanged, must, "how a table keeps or shows its rows is different"},
		{AccessWidened, must, "somebody may do what was forbidden"},
		{AccessLost, must, "somebody may no longer do what was allowed"},
		{OwnerChanged, must, "its old owner can no longer change it, and what runs with its owner's rights has other ones"},
		{CommentLost, decide, "what somebody wrote down about it is gone"},
		{SecurityChanged, must, "a procedure runs with the rights of somebody else"},
		{SettingChanged, must, "a procedure or database runs with other settings"},
		{VolatilityChanged, must, "the server may call a procedure more or less often, or refuses what it does"},
		{StrictChanged, decide, "a procedure that gets a null does something else"},
		{PlanningChanged, decide, "the server plans calls of a procedure differently"},
		{StaleOverload, must, "two procedures of one name: callers cannot tell them apart"},
		{SignatureChanged, decide, "callers have to pass other arguments from that moment on"},
		{ResultChanged, decide, "callers get other columns back"},
		{LockUndeclared, must, "a step locks more than the plan says"},
		{LockLong, decide, "clients wait while a step holds its lock"},
		{TableRewritten, decide, "a table is written anew: it takes its time and its space once more"},
		{LocalEdit, decide, "a procedure is none of any known release: somebody edited it, and meant something by it"},
		{DataArchived, note, "values that the new tables cannot give back exactly are kept apart"},
		{DataLarge, note, "long values take longer to copy and to compare"},
		{TasksInFlight, note, "commands are under way while their rows move"},
		{PlanFails, must, "the plan cannot be carried out: a step fails, and the upgrade stops in front of it"},
		{PlanNotRun, decide, "the plan was not run on a copy: what stops working, and what waits for locks, is not known"},
		{PlanSequential, note, "a statement goes by no index any more: it takes longer the more rows there are"},
		{UpgradeRefused, must, "the upgrade does not begin, or stops, until this is put right"},
		{UpgradeDecision, decide, "somebody has to look before the upgrade begins"},
		{UpgradeCaution, note, "something takes longer, or works differently, while the upgrade runs"},
	}
}
