package ephemeral

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestMissingBinariesNameTheRemedy(t *testing.T) {
	_, errOption := Start(t.Context(), Options{BinDir: t.TempDir()})
	t.Setenv("PGBIN", t.TempDir())
	_, errEnv := FindBinDir()
	for _, err := range []error{errOption, errEnv} {
		if !errors.Is(err, ErrNoBinaries) {
			t.Fatalf("not ErrNoBinaries: %v", err)
		}
		mustContain(t, err.Error(), "apt-get install postgresql")
	}
}

func TestBinDirIsFoundInThisOrder(t *testing.T) {
	root := t.TempDir()
	env, inPath, ofConfig, config := filepath.Join(root, "env"), filepath.Join(root, "path"), filepath.Join(root, "cfg"),
		filepath.Join(root, "config")
	for _, dir := range []string{env, inPath, ofConfig} {
		fakeServer(t, dir)
	}
	fakeProgram(t, filepath.Join(config, "pg_config"), "#!/bin/sh\necho "+ofConfig+"\n")
	links := filepath.Join(root, "links")
	if err := errors.Join(os.Mkdir(links, 0o755),
		os.Symlink(filepath.Join(inPath, "postgres"), filepath.Join(links, "postgres"))); err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct{ name, pgbin, path, want string }{
		{"PGBIN first", env, inPath, env},
		{"then PATH", "", inPath + ":" + config, inPath},
		{"through a link in PATH", "", links, inPath},
		{"then pg_config", "", config, ofConfig},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("PGBIN", c.pgbin)
			t.Setenv("PATH", c.path)
			if got, err := FindBinDir(); err != nil || got != c.want {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestVersionsAreComparedAsNumbers(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9.6", "10", "15", "odd"} {
		fakeServer(t, filepath.Join(root, version, "bin"))
	}
	if err := os.MkdirAll(filepath.Join(root, "17", "bin"), 0o755); err != nil { // clients only
		t.Fatal(err)
	}
	if got, want := newest(filepath.Join(root, "*", "bin"), hasServer), filepath.Join(root, "15", "bin"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func fakeServer(t *testing.T, dir string) {
	t.Helper()
	for _, program := range []string{"postgres", "initdb"} {
		fakeProgram(t, filepath.Join(dir, program), "")
	}
}

func fakeProgram(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		t.Fatal(err)
	}
}
