package upgrade_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/sql"
)

// checkText returns a file of sql/checks.
func checkText(t *testing.T, name string) string {
	t.Helper()
	text, err := sql.Checks.ReadFile("checks/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// migrationsText returns all migrations that go up.
func migrationsText(t *testing.T) string {
	t.Helper()
	files, err := sql.Schema.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := sql.Schema.ReadFile("schema/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file.Name(), ".up.sql") {
			all.Write(text)
		}
	}
	return all.String()
}

var (
	parkCall  = regexp.MustCompile(`SELECT coco\.park\(\d+, '(\w+)',\s*((?:'[^']*'\s*)+)\);`)
	inCheck   = regexp.MustCompile(`\('(\w+)', (?:true|false), ((?:'[^']*'\s*)+)\)`)
	publicNew = regexp.MustCompile(`CREATE FUNCTION public\.(\w+)\(`)
)

// procedureList reads pairs of name and arguments.
func procedureList(text string, pattern *regexp.Regexp) []string {
	var list []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		arguments := regexp.MustCompile(`'\s*'`).ReplaceAllString(match[2], "")
		list = append(list, match[1]+"("+strings.Trim(strings.TrimSpace(arguments), "'")+")")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestTheChecksKnowEveryProcedureThatIsReplaced(t *testing.T) {
	t.Parallel()
	parked := procedureList(migrationsText(t), parkCall)
	known := procedureList(checkText(t, "procedures.sql"), inCheck)
	if len(parked) != 8 || !slices.Equal(parked, known) {
		t.Errorf("the migrations replace\n%q\nprocedures.sql knows\n%q", parked, known)
	}
	for _, name := range []string{"columns.sql", "bodies.sql", "privileges.sql"} {
		for _, procedure := range parked {
			procedure, _, _ = strings.Cut(procedure, "(")
			if !strings.Contains(checkText(t, name), "'"+procedure+"'") {
				t.Errorf("%s does not know %s", name, procedure)
			}
		}
	}
}

func TestTheChecksKnowEveryNameThatCocoCreates(t *testing.T) {
	t.Parallel()
	migrations, objects := migrationsText(t), checkText(t, "names.sql")+checkText(t, "objects.sql")
	names := map[string]bool{}
	for _, pattern := range []*regexp.Regexp{
		publicNew, regexp.MustCompile(`CREATE (?:UNIQUE )?INDEX (\w+) ON public\.command_entities`), regexp.MustCompile(`CONSTRAINT (pk_command_entities)`),
		regexp.MustCompile(`CREATE TRIGGER (\w+) AFTER .* ON public\.async_tasks`), regexp.MustCompile(`CREATE TYPE public\.(\w+)`),
	} {
		for _, match := range pattern.FindAllStringSubmatch(migrations, -1) {
			names[strings.ToLower(match[1])] = true
		}
	}
	if len(names) < 30 {
		t.Errorf("only %d names were found", len(names))
	}
	for name := range names {
		if !strings.Contains(objects, "'"+name+"'") {
			t.Errorf("names.sql and objects.sql do not know %s", name)
		}
	}
}

func TestEveryBodyOfTheDemoIsKnownAndNoMore(t *testing.T) {
	t.Parallel()
	db := engine(t)
	var listed []string
	for line := range strings.Lines(checkText(t, "bodies.txt")) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[2] == "demo" {
			listed = append(listed, fields[0]+" "+fields[1])
		}
	}
	slices.Sort(listed)
	installed := strings.Split(get[string](t, db, fmt.Sprintf(`SELECT string_agg(name || ' ' || md5, E'\n' ORDER BY name) FROM (%s) AS b`,
		strings.TrimSuffix(strings.TrimSpace(checkText(t, "bodies.sql")), ";"))), "\n")
	slices.Sort(installed)
	if !slices.Equal(listed, installed) {
		t.Errorf("bodies.txt lists for the demo\n%s\nits database has\n%s", strings.Join(listed, "\n"), strings.Join(installed, "\n"))
	}
}
