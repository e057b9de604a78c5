package testdb_test

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
)

func Example() {
	defer testdb.Example(testdb.Template{Name: "example", Hash: "1", Build: func(ctx context.Context, url string) error {
		return exec1(ctx, url, "CREATE TABLE content AS SELECT 'made by the template' AS text")
	}})()

	conn, err := pgx.Connect(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(context.Background())
	var text string
	err = conn.QueryRow(context.Background(), "SELECT text FROM content").Scan(&text)
	fmt.Println(text, err)
	// Output: made by the template <nil>
}
