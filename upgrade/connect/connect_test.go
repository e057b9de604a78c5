package connect_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/connect"
)

const engineConf = `# Written by engine-setup
ENGINE_DB_HOST="db.example.com"
ENGINE_DB_PORT="5433"
ENGINE_DB_USER="engine"
ENGINE_DB_PASSWORD="a\"b\\c\$d 'e' #f=g"
ENGINE_DB_DATABASE="engine db"
ENGINE_DB_SECURED="False"
ENGINE_DB_SECURED_VALIDATION="False"
ENGINE_DB_DRIVER="org.postgresql.Driver"
ENGINE_DB_URL="jdbc:postgresql://${ENGINE_DB_HOST}:${ENGINE_DB_PORT}/${ENGINE_DB_DATABASE}?sslfactory=org.postgresql.ssl.NonValidatingFactory"
`

// clean takes the environment's own settings away.
func clean(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "PG") || name == "DATABASE_URL" {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "10-setup-database.conf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestEngineConfigurationIsUnderstood(t *testing.T) {
	clean(t)
	config, err := connect.Config(connect.Options{EngineConf: file(t, engineConf)})
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "db.example.com" || config.Port != 5433 || config.User != "engine" || config.Database != "engine db" {
		t.Errorf("%s:%d %s %q", config.Host, config.Port, config.User, config.Database)
	}
	if config.Password != `a"b\c$d 'e' #f=g` {
		t.Errorf("password %q", config.Password)
	}
	if config.TLSConfig != nil || len(config.Fallbacks) > 0 {
		t.Error("it would use TLS")
	}
	if config.RuntimeParams["application_name"] != connect.ApplicationName {
		t.Error("no application name")
	}
}

func TestEngineConfigurationAsksForTLS(t *testing.T) {
	clean(t)
	for name, test := range map[string]struct {
		secured, validation string
		tls, verify         bool
	}{
		"not secured":           {"False", "True", false, false},
		"secured":               {"True", "False", true, false},
		"secured and validated": {"true", "yes", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := connect.Config(connect.Options{EngineConf: file(t, "ENGINE_DB_USER=a\nENGINE_DB_DATABASE=b\nENGINE_DB_SECURED="+
				test.secured+"\nENGINE_DB_SECURED_VALIDATION="+test.validation+"\n")})
			if err != nil {
				t.Fatal(err)
			}
			if (config.TLSConfig != nil) != test.tls || len(config.Fallbacks) > 0 {
				t.Fatalf("TLS: %v, %d fallbacks", config.TLSConfig != nil, len(config.Fallbacks))
			}
			if test.tls && config.TLSConfig.InsecureSkipVerify == test.verify {
				t.Error("the certificate is checked, or not, against what was asked")
			}
			if config.Host != "localhost" || config.Port != 5432 {
				t.Errorf("defaults: %s:%d", config.Host, config.Port)
			}
		})
	}
}

func TestValuesAreReadAsAShellWould(t *testing.T) {
	for line, want := range map[string]string{
		`plain`:                       "plain",
		`"two words"`:                 "two words",
		`'single $x \n "quoted"'`:     `single $x \n "quoted"`,
		`"a\"b\\c\$d\e"`:              `a"b\c$d\e`,
		`a\ b`:                        "a b",
		`"joined"'together'now`:       "joinedtogethernow",
		`value # a comment`:           "value",
		`"a#b"`:                       "a#b",
		`""`:                          "",
		`"$(touch /tmp/x)` + "`id`\"": "$(touch /tmp/x)`id`",
		`"${ENGINE_DB_USER}!"`:        "engine!",
		`'${ENGINE_DB_USER}'`:         "${ENGINE_DB_USER}",
	} {
		conf, err := connect.ReadEngineConf(strings.NewReader("ENGINE_DB_USER=engine\nENGINE_DB_DATABASE=x\nexport ENGINE_DB_PASSWORD=" + line))
		if err != nil || conf.Password != want {
			t.Errorf("%s: %q, %v, want %q", line, conf.Password, err, want)
		}
	}
}

func TestBrokenEngineConfigurationNamesTheLineNotTheValue(t *testing.T) {
	head := "ENGINE_DB_USER=engine\nENGINE_DB_DATABASE=x\n"
	for text, want := range map[string]string{
		head + `ENGINE_DB_PASSWORD="topsecret`:           "line 3 (ENGINE_DB_PASSWORD): a quote is not closed",
		head + `ENGINE_DB_PASSWORD="top" secret`:         "line 3 (ENGINE_DB_PASSWORD): there is something behind the value",
		head + `ENGINE_DB_PASSWORD=topsecret\`:           "line 3 (ENGINE_DB_PASSWORD): it ends with a backslash",
		head + `ENGINE_DB_PASSWORD="${topsecret}"`:       "line 3 (ENGINE_DB_PASSWORD): it uses a variable that no line before it sets",
		head + `topsecret`:                               "line 3 is not KEY=value",
		head + `ENGINE_DB_PORT=topsecret`:                "ENGINE_DB_PORT is not a port number",
		head + `ENGINE_DB_SECURED=topsecret`:             "ENGINE_DB_SECURED is neither True nor False",
		`ENGINE_DB_USER=engine`:                          "ENGINE_DB_DATABASE is not set",
		"ENGINE_DB_DATABASE=x\nENGINE_DB_PASSWORD=abc\n": "ENGINE_DB_USER is not set",
	} {
		_, err := connect.ReadEngineConf(strings.NewReader(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := connect.Config(connect.Options{EngineConf: "/nowhere/at.all"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestFirstSourceThatIsSetCounts(t *testing.T) {
	clean(t)
	conf := file(t, "ENGINE_DB_USER=a\nENGINE_DB_DATABASE=from_conf\n")
	check := func(name, want string, options connect.Options) {
		t.Helper()
		config, err := connect.Config(options)
		if err != nil || config.Database != want {
			t.Errorf("%s: %v, %v, want %s", name, config, err, want)
		}
	}
	t.Setenv("PGDATABASE", "from_pg")
	check("PG*", "from_pg", connect.Options{})
	t.Setenv("DATABASE_URL", "postgres://a@localhost/from_url")
	check("DATABASE_URL", "from_url", connect.Options{})
	check("an engine configuration", "from_conf", connect.Options{EngineConf: conf})
	check("a URL", "from_option", connect.Options{Database: "postgres://a@localhost/from_option"})
	check("keywords", "from_option", connect.Options{Database: "host=localhost dbname=from_option"})
	if _, err := connect.Config(connect.Options{Database: "host=a", EngineConf: conf}); !errors.Is(err, connect.ErrConflict) {
		t.Errorf("both: %v, want ErrConflict", err)
	}
}

func TestUnreadableConnectionStringIsNotRepeated(t *testing.T) {
	clean(t)
	for _, text := range []string{
		"postgres://me:topsecret@host:port/db", "postgres://me:top secret@ho st/db", "password=topsecret host",
		"postgres://me:topsecret@host/db?sslmode=topsecret", "host=a password='topsecret", "::topsecret",
	} {
		_, err := connect.Config(connect.Options{Database: text})
		if err == nil {
			continue // understood after all
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("%s: %v", text, e)
			}
		}
		if !errors.Is(err, connect.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", text, err)
		}
	}
}

func TestPasswordInAConnectionStringIsSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"postgres://me:secret@host/db":           true,
		"postgres://host/db?password=secret":     true,
		"host=a user=b password=secret":          true,
		"postgres://me:se cret@ho st/db":         true,
		"postgres://me@host/db":                  false,
		"postgres://host/db?sslmode=verify-full": false,
		"host=a user=b":                          false,
		"":                                       false,
	} {
		if got := connect.HasPassword(text); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}
