package ephemeral

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// treeSize sums up a tree well enough to notice that part of it is missing.
type treeSize struct {
	files int
	bytes int64
}

func (s treeSize) String() string { return fmt.Sprintf("%d files, %d bytes", s.files, s.bytes) }

// copyTree copies directories and plain files, readable for their owner alone, and calls own for each of them.
func copyTree(from, to string, own func(path string) error) (treeSize, error) {
	var size treeSize
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case e.IsDir():
			err = os.Mkdir(target, 0o700)
		case e.Type().IsRegular():
			var n int64
			n, err = copyFile(path, target)
			size.files++
			size.bytes += n
		default:
			err = fmt.Errorf("%s is neither a directory nor a plain file", path)
		}
		if err != nil {
			return err
		}
		return own(target)
	})
	if err != nil {
		return size, fmt.Errorf("copy a data directory: %w", err)
	}
	return size, nil
}

func copyFile(from, to string) (int64, error) {
	src, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(dst, src)
	return n, errors.Join(err, dst.Close())
}
