package directory_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/ovirt/coco/upgrade/review/directory"
)

// holding is a directory with files of these names.
func holding(names ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, name := range names {
		files[name] = &fstest.MapFile{Data: []byte("-- " + name)}
	}
	return files
}

func TestADirectoryThatCannotBeRunIsRefusedByItsKind(t *testing.T) {
	good := holding("1_a.up.sql", "1_a.down.sql")
	for name, test := range map[string]struct {
		migrations, procedures fs.FS
		want                   error
	}{
		"none":                       {os.DirFS(filepath.Join(t.TempDir(), "none")), nil, directory.ErrMissing},
		"no procedures":              {good, os.DirFS(filepath.Join(t.TempDir(), "none")), directory.ErrMissing},
		"nothing in it":              {holding("README.md", "v1/1_a.up.sql"), nil, directory.ErrEmpty},
		"nothing that goes up":       {holding("1_a.down.sql"), nil, directory.ErrEmpty},
		"no files of procedures":     {good, holding("README.md"), directory.ErrEmpty},
		"without a number":           {holding("1_a.up.sql", "b.up.sql"), nil, directory.ErrName},
		"without a direction":        {holding("1_a.sql"), nil, directory.ErrName},
		"what would be taken for it": {holding("1_a.up.sql", "2_b.up.sql.orig"), nil, directory.ErrName},
		"twice":                      {holding("1_a.up.sql", "01_b.up.sql"), nil, directory.ErrTwice},
		"twice down":                 {holding("1_a.up.sql", "1_a.down.sql", "1_b.down.sql"), nil, directory.ErrTwice},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := directory.Read(test.migrations, test.procedures); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

func TestPendingFilesAreThoseAboveTheDatabaseInTheOrderOfTheirNumbers(t *testing.T) {
	d, err := directory.Read(holding("10_c.up.sql", "2_b.up.sql", "2_b.down.sql", "1_a.up.sql", "notes.md"), holding("b_sp.sql", "a/x_sp.sql", "notes.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to, last int64
		paths          []string
	}{
		{0, 0, 10, []string{"1_a.up.sql", "2_b.up.sql", "10_c.up.sql", "a/x_sp.sql", "b_sp.sql"}},
		{1, 2, 2, []string{"2_b.up.sql", "a/x_sp.sql", "b_sp.sql"}},
		{10, 0, 10, []string{"a/x_sp.sql", "b_sp.sql"}},
	} {
		files, last, err := d.Pending(test.from, test.to)
		var paths []string
		for _, file := range files {
			paths = append(paths, file.Path)
		}
		if err != nil || last != test.last || !slices.Equal(paths, test.paths) {
			t.Errorf("from %d to %d: %v up to %d: %v", test.from, test.to, paths, last, err)
		}
	}
	for _, versions := range [][2]int64{{3, 0}, {1, 3}} {
		if _, _, err := d.Pending(versions[0], versions[1]); !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("from %d to %d: %v", versions[0], versions[1], err)
		}
	}
}
