//go:build !linux

package ephemeral

import (
	"errors"
	"os"
	"syscall"
)

// account is the user a server runs as: away from Linux always the one we are.
type account struct{}

func serverAccount() (account, error) {
	if os.Geteuid() == 0 {
		return account{}, errors.New("PostgreSQL refuses to run as root: run this as an ordinary user")
	}
	return account{}, nil
}

func (account) attr() *syscall.SysProcAttr       { return nil }
func (account) serverAttr() *syscall.SysProcAttr { return nil }
func (account) own(string) error                 { return nil }
func (account) canEnter(string) bool             { return true }

func freeBytes(string) uint64 { return 0 }

// isOurs trusts nothing it cannot check, so there is no cache in a shared directory.
func isOurs(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o022 == 0
}

// pidNamespace is not known, so the directories of dead processes stay.
func pidNamespace() string { return "" }

func processStart(int) (string, bool) { return "", false }
