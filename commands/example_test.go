package commands_test

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/upgraded"
)

func ExampleList() {
	defer upgraded.ExampleWithSample()()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()

	options := commands.ListOptions{Unfinished: true, Statuses: []string{commands.Active}, Limit: 20}
	active, pages := 0, 0
	for more := true; more; pages++ {
		page, err := commands.List(ctx, conn, options)
		if err != nil {
			fmt.Println(err)
			return
		}
		active += len(page.Commands)
		options.After, more = page.Next, page.Next != ""
	}
	fmt.Println(active, "active commands on", pages, "pages")
	// Output: 50 active commands on 3 pages
}
