package ephemeral

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// settings renders what is added to postgresql.conf.
func (o Options) settings() (string, error) {
	onOff := "off"
	if o.Durable {
		onOff = "on"
	}
	all := map[string]string{
		"fsync":              onOff,
		"synchronous_commit": onOff,
		"full_page_writes":   onOff,

		"max_connections": "100",
		"shared_buffers":  "64MB",
		"huge_pages":      "off",
		"min_wal_size":    "32MB",
		"max_wal_size":    "256MB",
		"timezone":        "UTC",
		"log_timezone":    "UTC",
		"log_checkpoints": "off",

		// In files below the data directory, so that nothing stays behind in memory after a hard death.
		"dynamic_shared_memory_type": "mmap",
	}
	for name, value := range o.Settings {
		switch {
		case !settingName.MatchString(name):
			return "", fmt.Errorf("setting %q: not the name of a setting", name)
		case slices.Contains([]string{"port", "listen_addresses", "unix_socket_directories"}, strings.ToLower(name)):
			return "", fmt.Errorf("setting %s: the ephemeral server chooses it itself", name)
		case strings.ContainsAny(value, "\n\r\x00"):
			return "", fmt.Errorf("setting %s: the value is more than one line", name)
		}
		all[strings.ToLower(name)] = value
	}

	var b strings.Builder
	quote := strings.NewReplacer(`'`, `''`, `\`, `\\`)
	b.WriteString("\n# Settings of the ephemeral server\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, quote.Replace(all[name]))
	}
	return b.String(), nil
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}
