package render_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/chromium"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/render"
)

// inspect.js looks through a page for what makes it hard to use.
//
//go:embed testdata/inspect.js
var inspection string

// browser starts Chromium, which the continuous integration installs. COCO_SCREENSHOTS is a directory to keep pictures in.
func browser(t *testing.T) (context.Context, *chromium.Browser) {
	t.Helper()
	path := ""
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" && os.Getenv("CI") == "true" {
		out, err := exec.CommandContext(t.Context(), filepath.Join("..", "..", "..", "scripts", "need-chromium")).Output()
		if err != nil {
			t.Fatalf("Chromium is neither there nor to be had, and the continuous integration tests with it: %v", err)
		}
		path = strings.TrimSpace(string(out))
	}
	if path == "" {
		t.Skip("there is no Chromium: scripts/need-chromium installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	b, err := chromium.Start(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.WithoutCancel(ctx)); err != nil {
			t.Log(err)
		}
	})
	return ctx, b
}

func open(ctx context.Context, t *testing.T, b *chromium.Browser, report review.Report, view chromium.View) *chromium.Page {
	t.Helper()
	return openText(ctx, t, b, written(t, render.HTML, report, render.Options{}), view)
}

func openText(ctx context.Context, t *testing.T, b *chromium.Browser, text string, view chromium.View) *chromium.Page {
	t.Helper()
	path := filepath.Join(t.TempDir(), "review.html")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	page, err := b.Open(ctx, "file://"+path, view)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// keep keeps a picture where somebody wants to look at it.
func keep(t *testing.T, name string, take func() ([]byte, error)) {
	t.Helper()
	dir := os.Getenv("COCO_SCREENSHOTS")
	if dir == "" {
		return
	}
	data, err := take()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestThePageIsFitForEveryScreen(t *testing.T) {
	ctx, b := browser(t)
	reports := map[string]review.Report{
		"rich": rich(), "clean": clean(), "half": half(), "hostile": hostile(func(text string) string { return text + attack }),
	}
	for name, report := range reports {
		page := open(ctx, t, b, report, chromium.View{Width: 1600, Height: 1000})
		views := []chromium.View{{Width: 380, Dark: true}, {Width: 1600}}
		if name == "rich" {
			views = append(views, chromium.View{Width: 380}, chromium.View{Width: 768}, chromium.View{Width: 1024, Dark: true}, chromium.View{Width: 1600, Dark: true})
		}
		for _, view := range views {
			picture := fmt.Sprintf("%s-%d-%s", name, view.Width, map[bool]string{false: "light", true: "dark"}[view.Dark])
			t.Run(picture, func(t *testing.T) {
				view.Height = 1000
				if err := page.Look(ctx, view); err != nil {
					t.Fatal(err)
				}
				inspect(ctx, t, page)
				if name == "rich" {
					keep(t, picture+".png", func() ([]byte, error) { return page.Screenshot(ctx, true) })
				}
			})
		}
		if name == "rich" {
			if err := page.Look(ctx, chromium.View{Width: 1180, Height: 860}); err != nil {
				t.Fatal(err)
			}
			keep(t, "review.png", func() ([]byte, error) { return page.Screenshot(ctx, false) }) // docs/review.png is this one
		}
		t.Run(name+"-asks-nobody", func(t *testing.T) {
			if requests := page.Requests(); len(requests) != 1 || !strings.HasPrefix(requests[0], "file://") {
				t.Errorf("the page asked for %q", requests)
			}
			if messages := page.Messages(); len(messages) > 0 {
				t.Errorf("the console says %s", strings.Join(messages, "\n"))
			}
		})
	}
}

// inspect opens every fold and lists what is wrong.
func inspect(ctx context.Context, t *testing.T, page *chromium.Page) {
	t.Helper()
	for _, folds := range []string{"open", "as they are"} {
		var found []string
		if err := page.Eval(ctx, "("+inspection+")("+fmt.Sprint(folds == "open")+")", &found); err != nil {
			t.Fatal(err)
		}
		for _, problem := range found {
			t.Errorf("folds %s: %s", folds, problem)
		}
	}
}

// A check that finds nothing wrong with anything would pass every page.
func TestTheInspectionFindsWhatIsWrongWithAPage(t *testing.T) {
	ctx, b := browser(t)
	for name, change := range map[string]string{
		"faint text":              `document.querySelector('.lead').setAttribute('class', 'faint'); const s = new CSSStyleSheet(); s.replaceSync('.faint { color: #bbb }'); document.adoptedStyleSheets = [s]`,
		"a page that is too wide": `const s = new CSSStyleSheet(); s.replaceSync('main { width: 3000px }'); document.adoptedStyleSheets = [s]`,
		"a link to nowhere":       `document.querySelector('main a').setAttribute('href', '#nowhere')`,
		"an id that is twice":     `document.querySelector('main section').id = 'checks'`,
		"no main":                 `const m = document.querySelector('main'); m.replaceWith(...m.childNodes)`,
		"a heading left out":      `document.querySelectorAll('main h2').forEach(h => { const n = document.createElement('h4'); n.textContent = h.textContent; h.replaceWith(n) })`,
		"a scroller off the keys": `document.querySelector('.scroll').removeAttribute('tabindex')`,
	} {
		t.Run(name, func(t *testing.T) {
			page := open(ctx, t, b, rich(), chromium.View{Width: 380, Height: 900})
			if err := page.Eval(ctx, "(() => { "+change+" })()", nil); err != nil {
				t.Fatal(err)
			}
			var found []string
			if err := page.Eval(ctx, "("+inspection+")(false)", &found); err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				t.Error("it found nothing")
			}
		})
	}
}

// The page's own policy is what keeps a mistake in it from doing harm.
func TestThePageRefusesWhatIsNotItsOwn(t *testing.T) {
	ctx, b := browser(t)
	text := written(t, render.HTML, clean(), render.Options{})
	for name, foreign := range map[string]string{
		"a script": `<script>document.title = 'taken over'</script>`,
		"an image": `<img src="https://example.org/x.png" alt="">`,
		"a style":  `<p style="color: red">red</p>`,
		"a frame":  `<iframe src="https://example.org/"></iframe>`,
		"a form":   `<form action="https://example.org/"><button id="send">send</button></form>`,
	} {
		t.Run(name, func(t *testing.T) {
			page := openText(ctx, t, b, strings.Replace(text, "<main>", "<main>"+foreign, 1), chromium.View{Width: 1200, Height: 900})
			if err := page.Eval(ctx, "document.getElementById('send')?.click()", nil); err != nil {
				t.Fatal(err)
			}
			var title string
			if err := page.Eval(ctx, "new Promise(done => setTimeout(() => done(document.title), 200))", &title); err != nil {
				t.Fatal(err)
			}
			if title == "taken over" || !strings.Contains(strings.Join(page.Messages(), ""), "Content Security Policy") {
				t.Errorf("nobody refused it: %q", page.Messages())
			}
		})
	}
}

func TestThePageIsReadWithTheKeyboard(t *testing.T) {
	ctx, b := browser(t)
	page := open(ctx, t, b, rich(), chromium.View{Width: 1200, Height: 900})
	press := func(key string) (focused string) {
		t.Helper()
		if err := page.Press(ctx, key); err != nil {
			t.Fatal(err)
		}
		const where = `(() => { const e = document.activeElement; if (!e || e === document.body) return '';
			const s = getComputedStyle(e), r = e.getBoundingClientRect();
			if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2) return 'UNSEEN ' + e.outerHTML.slice(0, 80);
			if (r.bottom < 0 || r.top > innerHeight || r.width === 0) return 'AWAY ' + e.outerHTML.slice(0, 80);
			return e.tagName + ' ' + (e.getAttribute('href') || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 40)); })()`
		if err := page.Eval(ctx, where, &focused); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(focused, "UNSEEN") || strings.HasPrefix(focused, "AWAY") {
			t.Errorf("after %s: %s", key, focused)
		}
		return focused
	}
	if first := press("Tab"); first != "A #verdict" {
		t.Errorf("the first that Tab comes to is %q, not the way to the verdict", first)
	}
	press("Enter")
	var seen []string
	for range 400 {
		focused := press("Tab")
		if focused == "" || len(seen) > 0 && focused == seen[0] && len(seen) > 30 {
			break
		}
		seen = append(seen, focused)
	}
	for _, want := range []string{"A #finding-1", "DIV Steps with their locks", "DIV Drawing of procedures and tables"} {
		if !slices.Contains(seen, want) {
			t.Errorf("Tab never comes to %q, but to\n%s", want, strings.Join(seen, "\n"))
		}
	}
	const shut = `(() => { const d = [...document.querySelectorAll('details.change')].find(d => !d.open); d.querySelector('summary').focus(); window.fold = d; return d.open; })()`
	var isOpen bool
	if err := page.Eval(ctx, shut, &isOpen); err != nil || isOpen {
		t.Fatal(isOpen, err)
	}
	for _, key := range []string{"Enter", "Space"} {
		press(key)
		var now bool
		if err := page.Eval(ctx, "window.fold.open", &now); err != nil {
			t.Fatal(err)
		}
		if now == isOpen {
			t.Errorf("%s does not open or shut a fold", key)
		}
		isOpen = now
	}
}

func TestOnPaperNothingIsFolded(t *testing.T) {
	ctx, b := browser(t)
	page := open(ctx, t, b, rich(), chromium.View{Width: 800, Height: 1100, Print: true})
	var hidden []string
	const unseen = `[...document.querySelectorAll('details .finding, details td, details li, .signed')]
		.filter(e => e.textContent.trim() && !e.checkVisibility({contentVisibilityAuto: true}) && !e.closest('.void, tr.equal'))
		.map(e => e.textContent.trim().slice(0, 60))`
	if err := page.Eval(ctx, unseen, &hidden); err != nil {
		t.Fatal(err)
	}
	if len(hidden) > 0 {
		t.Errorf("not to be seen: %q", hidden)
	}
	keep(t, "rich-print.png", func() ([]byte, error) { return page.Screenshot(ctx, true) })
	keep(t, "rich.pdf", func() ([]byte, error) { return page.PDF(ctx) })
}
