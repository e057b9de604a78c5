package routine

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// query notes what a SELECT, VALUES or set operation names.
func (w *walker) query(s *pg.SelectStmt) {
	w.within(func() {
		w.with(s.GetWithClause())
		w.from(s.GetFromClause())
		w.any(s.GetLarg(), s.GetRarg())
		w.any(s.GetDistinctClause(), s.GetTargetList(), s.GetWhereClause(), s.GetGroupClause(), s.GetHavingClause(), s.GetWindowClause(),
			s.GetValuesLists(), s.GetSortClause(), s.GetLimitOffset(), s.GetLimitCount())
	})
}

func (w *walker) insert(s *pg.InsertStmt) {
	w.within(func() {
		w.with(s.GetWithClause())
		use := w.table(nameOf(s.GetRelation()))
		use.Insert = true
		w.writes(use, s.GetCols())
		if len(s.GetCols()) == 0 && s.GetSelectStmt() != nil {
			use.Writes = append(use.Writes, "*")
		}
		w.any(s.GetSelectStmt())
		w.bring(s.GetRelation().GetAlias(), s.GetRelation().GetRelname(), use)
		w.any(s.GetReturningClause())
		if conflict := s.GetOnConflictClause(); conflict != nil {
			w.within(func() { w.any(conflict.GetInfer()) })
			w.bring(nil, "excluded", nil)
			use.Update = use.Update || conflict.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE
			w.writes(use, conflict.GetTargetList())
			w.any(values(conflict.GetTargetList()), conflict.GetWhereClause())
		}
	})
}

func (w *walker) update(s *pg.UpdateStmt) {
	w.changing(s.GetWithClause(), s.GetRelation(), s.GetFromClause(), func(use *TableUse) {
		use.Update = true
		w.writes(use, s.GetTargetList())
		w.any(values(s.GetTargetList()), s.GetWhereClause(), s.GetReturningClause())
	})
}

func (w *walker) delete(s *pg.DeleteStmt) {
	w.changing(s.GetWithClause(), s.GetRelation(), s.GetUsingClause(), func(use *TableUse) {
		use.Delete = true
		w.any(s.GetWhereClause(), s.GetReturningClause())
	})
}

func (w *walker) mergeInto(s *pg.MergeStmt) {
	w.changing(s.GetWithClause(), s.GetRelation(), []*pg.Node{s.GetSourceRelation()}, func(use *TableUse) {
		w.any(s.GetJoinCondition(), s.GetReturningClause())
		for _, node := range s.GetMergeWhenClauses() {
			clause := node.GetMergeWhenClause()
			switch clause.GetCommandType() {
			case pg.CmdType_CMD_INSERT:
				use.Insert = true
				if len(clause.GetTargetList()) == 0 && len(clause.GetValues()) > 0 {
					use.Writes = append(use.Writes, "*")
				}
			case pg.CmdType_CMD_UPDATE:
				use.Update = true
			case pg.CmdType_CMD_DELETE:
				use.Delete = true
			default:
			}
			w.writes(use, clause.GetTargetList())
			w.any(clause.GetCondition(), values(clause.GetTargetList()), clause.GetValues())
		}
	})
}

// changing goes through a statement that changes the rows of a table.
func (w *walker) changing(with *pg.WithClause, table *pg.RangeVar, from []*pg.Node, do func(*TableUse)) {
	w.within(func() {
		w.with(with)
		use := w.table(nameOf(table))
		w.bring(table.GetAlias(), table.GetRelname(), use)
		w.from(from)
		do(use)
	})
}

// writes notes the columns that get a value.
func (w *walker) writes(use *TableUse, targets []*pg.Node) {
	for _, t := range targets {
		if name := t.GetResTarget().GetName(); name != "" && !slices.Contains(use.Writes, name) {
			use.Writes = append(use.Writes, name)
		}
	}
}

// values are what columns get, without their names.
func values(targets []*pg.Node) []*pg.Node {
	var all []*pg.Node
	for _, t := range targets {
		all = append(append(all, t.GetResTarget().GetVal()), t.GetResTarget().GetIndirection()...)
	}
	return all
}
