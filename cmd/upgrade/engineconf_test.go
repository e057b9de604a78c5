package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const confHead = "ENGINE_DB_USER=engine\nENGINE_DB_DATABASE=engine\n"

func TestHostileEngineConfigurationsAreOneError(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	files := map[string]string{
		"binary":        "\x7fELF\x00\x00" + canaryPassword,
		"noequals":      confHead + canaryPassword + "\n",
		"oddkey":        confHead + "ENGINE " + canaryPassword + "=1\n",
		"quote":         confHead + `ENGINE_DB_PASSWORD="` + canaryPassword + "\nENGINE_DB_HOST=\"h\n",
		"single":        confHead + `ENGINE_DB_PASSWORD='` + canaryPassword + "\n",
		"unknown":       confHead + `ENGINE_DB_PASSWORD="${` + strings.ReplaceAll(canaryPassword, "-", "_") + `}"` + "\n",
		"unclosed":      confHead + `ENGINE_DB_PASSWORD="${ENGINE_DB_USER` + canaryPassword + `"` + "\n",
		"behind":        confHead + `ENGINE_DB_PASSWORD="a" ` + canaryPassword + "\n",
		"backslash":     confHead + `ENGINE_DB_PASSWORD=` + canaryPassword + "\\\n",
		"port":          confHead + "ENGINE_DB_PORT=" + canaryPassword + "\n",
		"secured":       confHead + "ENGINE_DB_SECURED=" + canaryPassword + "\n",
		"empty":         "",
		"nouser":        "ENGINE_DB_DATABASE=" + canaryPassword + "\n",
		"nodatabase":    "ENGINE_DB_USER=" + canaryPassword + "\n",
		"longline":      confHead + "ENGINE_DB_PASSWORD=" + strings.Repeat(canaryPassword, 100_000) + "\n",
		"backquotes":    "ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=1\nENGINE_DB_USER=\"`touch ran`\"\nENGINE_DB_DATABASE=engine\n",
		"dollar":        "ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=1\nENGINE_DB_USER=engine\nENGINE_DB_DATABASE=engine\nENGINE_DB_PASSWORD=\"$(touch ran)\"\n",
		"carriage":      "ENGINE_DB_HOST=127.0.0.1\r\nENGINE_DB_PORT=1\r\nENGINE_DB_USER=engine\r\nENGINE_DB_DATABASE=\"engine\"\r\nENGINE_DB_PASSWORD=" + canaryPassword + "\r\n",
		"injectedhost":  "ENGINE_DB_HOST=\"127.0.0.1' port='1' user='intruder\"\nENGINE_DB_PORT=1\n" + confHead,
		"injectedname":  "ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=1\nENGINE_DB_USER=engine\nENGINE_DB_DATABASE=\"engine host=elsewhere\\\\' user=intruder\"\n",
		"injectedslash": "ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=1\nENGINE_DB_USER='engine\\'\nENGINE_DB_DATABASE=' user=intruder '\n",
		"last":          "ENGINE_DB_HOST=elsewhere\nENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=x\nENGINE_DB_PORT=1\n" + confHead,
	}
	for name, text := range files {
		write(t, name, text)
	}
	if err := os.Mkdir("directory", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	large, err := os.Create("large")
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	large.Close()

	const hint = "upgrade help connection"
	refusedAt := func(database, user string) string {
		return fmt.Sprintf("cannot connect to database %q as %q at 127.0.0.1:1: nothing answers there", database, user)
	}
	for name, c := range map[string]struct{ reason, hint string }{
		"missing":       {"read the engine configuration missing: no such file or directory", hint},
		"directory":     {"read the engine configuration directory: it is not a plain file", hint},
		"pipe":          {"read the engine configuration pipe: it is not a plain file", hint},
		"/dev/zero":     {"read the engine configuration /dev/zero: it is not a plain file", hint},
		"large":         {"read the engine configuration large: it is longer than 1024 KB", hint},
		"longline":      {"it is longer than 1024 KB", hint},
		"binary":        {"read the engine configuration binary: it is not a text", hint},
		"noequals":      {"line 3 is not KEY=value", hint},
		"oddkey":        {"line 3 is not KEY=value", hint},
		"quote":         {"line 3 (ENGINE_DB_PASSWORD): a quote is not closed", hint},
		"single":        {"line 3 (ENGINE_DB_PASSWORD): a quote is not closed", hint},
		"unknown":       {"line 3 (ENGINE_DB_PASSWORD): it uses a variable that no line before it sets", hint},
		"unclosed":      {"line 3 (ENGINE_DB_PASSWORD): it uses a variable that no line before it sets", hint},
		"behind":        {"line 3 (ENGINE_DB_PASSWORD): there is something behind the value", hint},
		"backslash":     {"line 3 (ENGINE_DB_PASSWORD): it ends with a backslash", hint},
		"port":          {"ENGINE_DB_PORT is not a port number", hint},
		"secured":       {"ENGINE_DB_SECURED is neither True nor False", hint},
		"empty":         {"ENGINE_DB_USER is not set", hint},
		"nouser":        {"ENGINE_DB_USER is not set", hint},
		"nodatabase":    {"ENGINE_DB_DATABASE is not set", hint},
		"dollar":        {refusedAt("engine", "engine"), "Check host and port"},
		"backquotes":    {refusedAt("engine", "`touch ran`"), "Check host and port"},
		"carriage":      {refusedAt("engine", "engine"), "Check host and port"},
		"injectedname":  {refusedAt(`engine host=elsewhere\' user=intruder`, "engine"), "Check host and port"},
		"injectedslash": {refusedAt(` user=intruder `, `engine\`), "Check host and port"},
		"injectedhost":  {`cannot connect to database "engine" as "engine" at 127.0.0.1' port='1' user='intruder:1: `, "Check"},
		"last":          {refusedAt("engine", "engine"), "Check host and port"},
	} {
		t.Run(strings.TrimPrefix(name, "/dev/"), func(t *testing.T) {
			started, before := time.Now(), allocated()
			for _, more := range [][]string{nil, {"--json", "--verbose"}} {
				want(t, exitFailure, append([]string{"status", "--engine-conf", name}, more...)...).isOneError(t, c.reason, c.hint)
			}
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if after := allocated(); after-before > 50<<20 {
				t.Errorf("it allocated %d MB", (after-before)>>20)
			}
		})
	}
	if _, err := os.Stat("ran"); !os.IsNotExist(err) {
		t.Errorf("a configuration was run: %v", err)
	}
}

func allocated() uint64 {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.TotalAlloc
}

func TestAnEngineConfigurationThatMayNotBeReadIsNamed(t *testing.T) {
	clearEnvironment(t)
	dir, err := os.MkdirTemp("", "closed-") //nolint:usetesting // other users cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	conf := write(t, filepath.Join(dir, "closed"), confHead+"ENGINE_DB_PASSWORD="+canaryPassword+"\n")
	for path, mode := range map[string]os.FileMode{dir: 0o755, conf: 0} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	const reason, hint = "closed: permission denied", "upgrade help connection"
	if os.Geteuid() != 0 {
		want(t, exitFailure, "status", "--engine-conf", conf).isOneError(t, reason, hint)
		return
	}
	const nobody = 65534
	got := asUser(t, nobody, dir, "status", "--engine-conf", conf)
	got.wantCode(t, exitFailure)
	got.isOneError(t, reason, hint)
}

// asUser runs the program as another user of the machine, who can enter a directory.
func asUser(t *testing.T, id uint32, dir string, args ...string) outcome {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "upgrade")
	if err := os.WriteFile(program, text, 0o755); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), runVariable+"=1")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	var failed *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return searched(t, outcome{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}, args)
}

func TestAPasswordThatEverybodyCanReadIsWarnedOf(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	const warning = "warning: every user of this machine can read the password in conf/open"
	head := "ENGINE_DB_HOST=127.0.0.1\nENGINE_DB_PORT=1\n" + confHead
	for _, c := range []struct {
		mode   os.FileMode
		text   string
		warned bool
	}{
		{0o644, head + "ENGINE_DB_PASSWORD=" + canaryPassword + "\n", true},
		{0o640, head + "ENGINE_DB_PASSWORD=" + canaryPassword + "\n", false},
		{0o644, head, false},
	} {
		write(t, "conf/open", c.text)
		if err := os.Chmod("conf/open", c.mode); err != nil {
			t.Fatal(err)
		}
		got := want(t, exitFailure, "status", "--engine-conf", "conf/open", "--quiet")
		if strings.Contains(got.stderr, warning) != c.warned {
			t.Errorf("mode %o, %d bytes:\n%s", c.mode, len(c.text), got.stderr)
		}
	}
}
