package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrNoBinaries says that there is no PostgreSQL server to run. Its text says how to install one.
var ErrNoBinaries = errors.New("no PostgreSQL server binaries found; install them (Debian, Ubuntu: apt-get install " +
	"postgresql; Fedora, RHEL: dnf install postgresql-server) or set PGBIN to the directory that holds postgres and initdb")

const debianBinDirs = "/usr/lib/postgresql/*/bin"

func (o Options) binDir() (string, error) {
	if o.BinDir == "" {
		return FindBinDir()
	}
	if !hasServer(o.BinDir) {
		return "", fmt.Errorf("%s does not hold postgres and initdb: %w", o.BinDir, ErrNoBinaries)
	}
	return filepath.Abs(o.BinDir)
}

// FindBinDir returns the directory of the PostgreSQL server programs: $PGBIN, else where PATH finds postgres, else what
// pg_config says, else the newest of Debian's version directories. The error is ErrNoBinaries.
func FindBinDir() (string, error) {
	if dir := os.Getenv("PGBIN"); dir != "" {
		if !hasServer(dir) {
			return "", fmt.Errorf("PGBIN=%s does not hold postgres and initdb: %w", dir, ErrNoBinaries)
		}
		return filepath.Abs(dir)
	}
	for _, find := range []func() string{binDirInPath, binDirOfPgConfig, binDirOfDebian} {
		if dir := find(); dir != "" && hasServer(dir) {
			return dir, nil
		}
	}
	return "", ErrNoBinaries
}

// FindBinDirOf is FindBinDir, but prefers the programs of one major version where $PGBIN names none and Debian has installed several.
func FindBinDirOf(major int) (string, error) {
	if dir := filepath.Join(filepath.Dir(filepath.Dir(debianBinDirs)), strconv.Itoa(major), "bin"); os.Getenv("PGBIN") == "" && hasServer(dir) {
		return dir, nil
	}
	return FindBinDir()
}

func binDirInPath() string {
	path, err := exec.LookPath("postgres")
	if err != nil {
		return ""
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	return filepath.Dir(path)
}

func binDirOfPgConfig() string {
	out, err := exec.Command("pg_config", "--bindir").Output() //nolint:noctx // it answers at once
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func binDirOfDebian() string { return newest(debianBinDirs, hasServer) }

// clientProgram returns the path of a program like psql: the one beside the server, else the newest of the machine. Some packages
// of servers come without.
func clientProgram(binDir, name string) string {
	has := func(dir string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && !info.IsDir()
	}
	if has(binDir) {
		return filepath.Join(binDir, name)
	}
	if dir := newest(debianBinDirs, has); dir != "" {
		return filepath.Join(dir, name)
	}
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return filepath.Join(binDir, name)
}

// newest returns the match whose parent directory is named after the highest version and that fits.
func newest(pattern string, fits func(dir string) bool) string {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return ""
	}
	best, bestVersion := "", -1.0
	for _, dir := range dirs {
		version, err := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64)
		if err == nil && version > bestVersion && fits(dir) {
			best, bestVersion = dir, version
		}
	}
	return best
}

func hasServer(dir string) bool {
	for _, program := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(dir, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}
