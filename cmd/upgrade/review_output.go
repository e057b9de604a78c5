package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replacedMode is that of a file that was not there before: it holds nothing that only one may see.
const replacedMode = 0o644

// replacedFile is a file that is written as a whole or not at all: until then, and after a failure, it is what it was.
type replacedFile struct {
	path string // without symbolic links
	mode os.FileMode
}

// newReplacedFile looks whether a file can be written, and leaves nothing behind.
func newReplacedFile(path string) (*replacedFile, error) {
	f := &replacedFile{path: path, mode: replacedMode}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("write the review: %w", err)
	case info.IsDir():
		return nil, &hintedError{error: fmt.Errorf("%s is a directory", path), hint: "Give the name of a file in it."}
	case !info.Mode().IsRegular():
		return nil, &hintedError{error: fmt.Errorf("%s is no ordinary file", path), hint: "Give the name of another file, or - for the standard output."}
	default:
		f.mode = info.Mode().Perm()
		if f.path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, fmt.Errorf("write the review: %w", err)
		}
		existing, err := os.OpenFile(f.path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write the review: %w", err)
		}
		if err := existing.Close(); err != nil {
			return nil, fmt.Errorf("write the review: %w", err)
		}
	}
	if _, err := os.Stat(filepath.Dir(f.path)); errors.Is(err, os.ErrNotExist) {
		return nil, &hintedError{error: fmt.Errorf("there is no directory %s", filepath.Dir(f.path)), hint: "Make it, or name a file elsewhere."}
	}
	beside, err := f.beside()
	if err != nil {
		return nil, fmt.Errorf("write the review: %w", err)
	}
	return f, errors.Join(beside.Close(), os.Remove(beside.Name()))
}

// beside makes a file in the same directory, and so on the same file system.
func (f *replacedFile) beside() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+"-")
}

// write replaces the file.
func (f *replacedFile) write(text []byte) (err error) {
	beside, err := f.beside()
	if err != nil {
		return fmt.Errorf("write the review: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write the review: %w", err), os.Remove(beside.Name()))
		}
	}()
	_, err = beside.Write(text)
	if err == nil {
		err = beside.Chmod(f.mode)
	}
	if err == nil {
		err = beside.Sync()
	}
	if err = errors.Join(err, beside.Close()); err != nil {
		return err
	}
	return os.Rename(beside.Name(), f.path)
}
