package ephemeral

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

func TestServerDiesWithAKilledParentAndIsSwept(t *testing.T) {
	parent, _, dir, pid := startChild(t, os.Args[0], nil)
	if !isAlive(pid) {
		t.Fatalf("postmaster %d is not running", pid)
	}
	start(t, Options{})
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("a start swept away the directory of a living process: %v", err)
	}

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, fmt.Sprintf("postmaster %d is gone", pid), func() bool { return !isAlive(pid) })

	_ = parent.Wait()
	start(t, Options{})
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of a dead process is still there: %v", err)
	}
}

func TestOrdinaryUserStartsAServer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else; as an ordinary user every test shows this")
	}
	nobody := lookup(t, "nobody")
	dir, err := os.MkdirTemp("/tmp", "coco-test-") //nolint:usetesting // another user has to get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary := filepath.Join(dir, "test")
	if _, err := copyFile(os.Args[0], binary); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, binary} {
		if err := errors.Join(os.Chown(path, nobody.uid, nobody.gid), os.Chmod(path, 0o700)); err != nil {
			t.Fatal(err)
		}
	}

	parent, stdin, serverDir, pid := startChild(t, binary, func(cmd *exec.Cmd) {
		cmd.Dir = dir
		cmd.Env = append(cmd.Env, "HOME=/nonexistent", "TMPDIR="+dir)
		cmd.SysProcAttr = nobody.attr()
	})
	if got := processOwner(t, pid); got != nobody.uid {
		t.Errorf("postmaster runs as user %d", got)
	}
	stdin.Close()
	if err := parent.Wait(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := os.Stat(serverDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server's directory is still there: %v", err)
	}
}

func TestRootHandsOverToAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root hands over")
	}
	s := start(t, Options{})
	pid, err := postmasterPID(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := processOwner(t, pid); got == 0 || got != s.account.uid {
		t.Errorf("postmaster runs as user %d, the account is %d", got, s.account.uid)
	}

	private, err := os.MkdirTemp("", "coco-test-") //nolint:usetesting // its parent has to be open to others
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(private)
	if s.account.canEnter(private) {
		t.Errorf("%s, closed to others, was taken for open", private)
	}
	if !s.account.canEnter("/tmp") || !s.account.canEnter(s.dir) {
		t.Error("an open directory was taken for closed")
	}
}

func TestRootCanRunTheServerAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root hands over")
	}
	binDir, err := FindBinDir()
	if err != nil {
		t.Fatal(err)
	}
	nobody := lookup(t, "nobody")
	dir, err := makeDir(nobody, false)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{binDir: binDir, dir: dir, account: nobody, port: 5432}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	settings, err := Options{}.settings()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.start(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	pid, err := postmasterPID(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := processOwner(t, pid); got != nobody.uid {
		t.Errorf("postmaster runs as user %d", got)
	}
}

// startChild runs a test binary as a process that starts a server, and returns where that server is.
func startChild(t *testing.T, binary string, prepare func(*exec.Cmd)) (cmd *exec.Cmd, stdin io.Closer, dir string, pid int) {
	t.Helper()
	cmd = exec.Command(binary)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	cmd.Stderr = os.Stderr
	if prepare != nil {
		prepare(cmd)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := fmt.Fscan(bufio.NewReader(stdout), &dir, &pid); err != nil {
		t.Fatalf("the child did not start a server: %v", err)
	}
	return cmd, stdin, dir, pid
}

func lookup(t *testing.T, name string) account {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return account{drop: true, uid: uid, gid: gid}
}

func processOwner(t *testing.T, pid int) int {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(fmt.Sprintf("/proc/%d", pid), &st); err != nil {
		t.Fatal(err)
	}
	return int(st.Uid)
}
