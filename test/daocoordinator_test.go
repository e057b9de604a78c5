package test

import (
	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// coordinator lets one instance store a parent and a child, another one take them over, and removes them.
func (d *daoCalls) coordinator() {
	d.t.Helper()
	ctx := d.t.Context()
	id := func(name string) uuid.UUID { return uuid.NewSHA1(d.root, []byte(name)) }
	first, second, parent, child := id("first instance"), id("second instance"), id("owned parent"), id("owned child")
	for _, instance := range []uuid.UUID{first, second} {
		registered := must(d.RegisterInstance(ctx, gen.RegisterInstanceParams{InstanceID: instance, Name: "a test", LeaseMs: 60_000}))
		d.check("the instance", instance, registered.InstanceID)
		d.check("whether it is alive", true, must(d.RenewLease(ctx, instance)))
	}
	stored := must(d.PersistCommands(ctx, gen.PersistCommandsParams{
		InstanceID: first, CommandIds: []uuid.UUID{child, parent}, CommandTypes: []int32{7, 4}, ParentIds: []uuid.UUID{parent, uuid.Nil},
		Parameters: []string{d.childText, ""}, Classes: []string{d.class, ""}, Statuses: []string{"ACTIVE", "ACTIVE"}, Nulls: []int32{0, 3},
	}))
	d.check("the number of commands stored", 2, len(stored))
	for _, command := range must(d.CommandTree(ctx, parent)) {
		d.check("the owner", null(first), command.OwnerID)
		d.check("the parameters", command.CommandID == parent, command.ActionParameters == nil)
		d.check("the root", command.CommandID == child, command.RootCommandID == null(parent))
	}
	d.check("the number of commands from the child up", 2, len(must(d.CommandChains(ctx, []uuid.UUID{child}))))
	d.check("the number of commands of the instance", 2,
		len(must(d.UnfinishedCommands(ctx, gen.UnfinishedCommandsParams{InstanceID: null(first), MaxCommands: 10}))))

	take := gen.RecoverCommandsParams{InstanceID: second, MaxCommands: 10, HoldAfter: 5}
	d.check("commands taken from a live instance", 0, len(must(d.RecoverCommands(ctx, take))))
	d.done("stop an instance", d.StopInstance(ctx, first))
	d.check("commands taken from a stopped instance", 2, len(must(d.RecoverCommands(ctx, take))))
	d.refused("finish a command that is another's", "CO016", func(q *gen.Queries) error {
		_, err := q.ChangeStatus(ctx, gen.ChangeStatusParams{
			InstanceID: first, CommandID: child, FromStatuses: []string{"ACTIVE"}, ToStatus: "FAILED",
		})
		return err
	})
	finished := must(d.ChangeStatus(ctx, gen.ChangeStatusParams{
		InstanceID: second, CommandID: child, FromStatuses: []string{"ACTIVE"}, ToStatus: "SUCCEEDED",
	}))
	d.check("whether the child has finished", true, finished.FinishedAt != nil)
	d.check("whether anything was held", false, must(d.ResumeCommand(ctx, parent)))
	d.check("what is in the way", []gen.RemovalBlocker{{CommandID: parent, Reason: "owned"}}, must(d.RemovalBlockers(ctx, parent)))
	for _, instance := range must(d.Instances(ctx)) {
		d.check("the number of commands of "+instance.State, instance.State == "alive", instance.Commands == 1)
	}
	d.done("see whether there are commands", d.RequireSwitch(ctx))
	page := must(d.ListCommands(ctx, gen.ListCommandsParams{OwnerID: null(second), Statuses: []string{"ACTIVE"}, MaxCommands: 10}))
	d.check("the commands of the instance that an operator sees", parent, page[0].CommandID)
	d.check("the name of its owner", "a test", *page[0].OwnerName)
	tree := must(d.TreeOverview(ctx, gen.TreeOverviewParams{CommandID: child, Whole: true}))
	d.check("the root of the tree that an operator sees", parent, tree[0].CommandID)
	d.check("how long the child's parameters are", int32(len(d.childText)), *tree[1].ParametersBytes)
	d.refused("take out a command that an instance drives", "CO010", func(q *gen.Queries) error {
		_, err := q.TakeOut(ctx, gen.TakeOutParams{CommandID: parent, Unfinished: true})
		return err
	})
	removed := must(d.RemoveCommand(ctx, gen.RemoveCommandParams{InstanceID: null(second), CommandID: parent}))
	d.check("the number of commands removed", 2, len(removed))

	saved := gen.SaveAllCommandEntitiesParams{
		CommandIds: []uuid.UUID{child, parent}, CommandTypes: []int32{7, 4}, ParentIds: []uuid.UUID{parent, uuid.Nil},
		RootIds: []uuid.UUID{parent, uuid.Nil}, Parameters: []string{"", ""}, Classes: []string{"", ""}, Statuses: []string{"", ""},
		Nulls: []int32{0, 7},
	}
	for range 2 {
		d.check("the number of commands saved", int32(2), must(d.SaveAllCommandEntities(ctx, saved)))
	}
	d.check("whether '' was kept", true, must(d.GetCommandEntity(ctx, child)).Status != nil)
	d.check("whether NULL was kept", true, must(d.GetCommandEntity(ctx, parent)).Status == nil)
	owned := must(d.OwnCommands(ctx, gen.OwnCommandsParams{InstanceID: second, CommandIds: []uuid.UUID{parent}}))
	d.check("the new owner", null(second), owned[0].OwnerID)
	d.check("commands deleted", int32(1), must(d.RemoveCommandEntity(ctx, parent)))
}
