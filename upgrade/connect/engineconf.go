package connect

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// EngineConf is what the engine keeps about its database, in files like 10-setup-database.conf.
type EngineConf struct {
	Host, Port, User, Password, Database string
	// Secured asks for TLS, Validated also for a certificate that is valid for the host.
	Secured, Validated bool
}

// maxEngineConf is far more than any engine's configuration has, in bytes.
const maxEngineConf = 1 << 20

// readEngineConfFile reads a plain file: opening a pipe could wait for ever, and a device has no end.
func readEngineConfFile(path string) (EngineConf, error) {
	info, err := os.Stat(path)
	if err != nil {
		return EngineConf{}, plainly(err)
	}
	if !info.Mode().IsRegular() {
		return EngineConf{}, errors.New("it is not a plain file")
	}
	file, err := os.Open(path)
	if err != nil {
		return EngineConf{}, plainly(err)
	}
	defer func() { _ = file.Close() }()
	return ReadEngineConf(file)
}

// plainly takes an error's path away, which stands beside it already.
func plainly(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return file.Err
	}
	return err
}

// ReadableByAll says whether every user of the machine can read a file.
func ReadableByAll(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// ReadEngineConf reads lines KEY=value as a shell would: quotes, backslashes, comments and ${KEY} of earlier lines, the last of several
// values. It never runs anything. Keys that do not matter here are skipped. Errors name the line, never its value.
func ReadEngineConf(r io.Reader) (EngineConf, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxEngineConf+1))
	switch {
	case err != nil:
		return EngineConf{}, plainly(err)
	case len(text) > maxEngineConf:
		return EngineConf{}, fmt.Errorf("it is longer than %d KB", maxEngineConf>>10)
	case bytes.IndexByte(text, 0) >= 0:
		return EngineConf{}, errors.New("it is not a text")
	}
	values, number := map[string]string{}, 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, rest, ok := strings.Cut(line, "=")
		key = strings.TrimSpace(strings.TrimPrefix(key, "export "))
		if !ok || !keyName.MatchString(key) {
			return EngineConf{}, fmt.Errorf("line %d is not KEY=value", number)
		}
		value, err := unquote(rest, values)
		if err != nil {
			return EngineConf{}, fmt.Errorf("line %d (%s): %w", number, key, err)
		}
		values[key] = value
	}
	return engineConf(values)
}

// keyName is how keys are called. Anything else may be part of a secret and is not repeated.
var keyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}$`)

func engineConf(values map[string]string) (EngineConf, error) {
	conf := EngineConf{
		Host: cmp.Or(values["ENGINE_DB_HOST"], "localhost"), Port: cmp.Or(values["ENGINE_DB_PORT"], "5432"),
		User: values["ENGINE_DB_USER"], Password: values["ENGINE_DB_PASSWORD"], Database: values["ENGINE_DB_DATABASE"],
	}
	for _, key := range []string{"ENGINE_DB_USER", "ENGINE_DB_DATABASE"} {
		if values[key] == "" {
			return EngineConf{}, fmt.Errorf("%s is not set", key)
		}
	}
	var err error
	if conf.Secured, err = flag(values, "ENGINE_DB_SECURED"); err != nil {
		return EngineConf{}, err
	}
	if conf.Validated, err = flag(values, "ENGINE_DB_SECURED_VALIDATION"); err != nil {
		return EngineConf{}, err
	}
	if _, err := strconv.ParseUint(conf.Port, 10, 16); err != nil {
		return EngineConf{}, errors.New("ENGINE_DB_PORT is not a port number")
	}
	return conf, nil
}

// flag reads a boolean as the engine writes it; nothing is false.
func flag(values map[string]string, key string) (bool, error) {
	switch strings.ToLower(values[key]) {
	case "true", "t", "yes", "y", "1":
		return true, nil
	case "false", "f", "no", "n", "0", "":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither True nor False", key)
}

// unquote reads one shell word; behind it only a comment may follow.
func unquote(text string, values map[string]string) (string, error) {
	var word strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'':
			i++
			if i == len(text) {
				return "", errors.New("it ends with a backslash")
			}
			if quote == '"' && !strings.ContainsRune("\"\\$`", rune(text[i])) {
				word.WriteByte(c)
			}
			word.WriteByte(text[i])
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == '$' && quote != '\'' && strings.HasPrefix(text[i:], "${"):
			name, _, ok := strings.Cut(text[i+2:], "}")
			value, known := values[name]
			if !ok || !known {
				return "", errors.New("it uses a variable that no line before it sets")
			}
			word.WriteString(value)
			i += len("${") + len(name)
		case quote == 0 && (c == ' ' || c == '\t'):
			if rest := strings.TrimSpace(text[i:]); rest != "" && !strings.HasPrefix(rest, "#") {
				return "", errors.New("there is something behind the value")
			}
			return word.String(), nil
		default:
			word.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", errors.New("a quote is not closed")
	}
	return word.String(), nil
}

// keywords writes the configuration as a connection string of key=value pairs.
func (c EngineConf) keywords() string {
	mode := "disable"
	switch {
	case c.Secured && c.Validated:
		mode = "verify-full"
	case c.Secured:
		mode = "require"
	}
	pairs := []string{
		"host=" + escape(c.Host), "port=" + escape(c.Port), "user=" + escape(c.User),
		"dbname=" + escape(c.Database), "sslmode=" + mode,
	}
	if c.Password != "" {
		pairs = append(pairs, "password="+escape(c.Password))
	}
	return strings.Join(pairs, " ")
}

func escape(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
