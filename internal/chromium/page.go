package chromium

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Page is an open page.
type Page struct {
	browser *Browser
	session string
	loaded  chan struct{}

	mu       sync.Mutex
	requests []string
	messages []string
}

// View is how a page is looked at.
type View struct {
	Width, Height int // in pixels
	Dark          bool
	Print         bool
}

// Open opens a page and waits until it is loaded.
func (b *Browser) Open(ctx context.Context, url string, view View) (*Page, error) {
	var target struct {
		ID string `json:"targetId"`
	}
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var attached struct {
		Session string `json:"sessionId"`
	}
	if err := b.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached); err != nil {
		return nil, err
	}
	p := &Page{browser: b, session: attached.Session, loaded: make(chan struct{}, 1)}
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"} {
		if err := p.Call(ctx, domain, nil, nil); err != nil {
			return nil, err
		}
	}
	if err := p.Look(ctx, view); err != nil {
		return nil, err
	}
	if err := p.Call(ctx, "Page.navigate", map[string]any{"url": url}, nil); err != nil {
		return nil, err
	}
	select {
	case <-p.loaded:
		return p, nil
	case <-b.done:
		return nil, fmt.Errorf("open %s: %w", url, ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("open %s: %w", url, ctx.Err())
	}
}

// Look changes how the page is looked at.
func (p *Page) Look(ctx context.Context, view View) error {
	scheme, media := "light", "screen"
	if view.Dark {
		scheme = "dark"
	}
	if view.Print {
		media = "print"
	}
	if err := p.Call(ctx, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": view.Width, "height": view.Height, "deviceScaleFactor": 1, "mobile": false,
	}, nil); err != nil {
		return err
	}
	return p.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{
		"media": media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// Call calls a method of the DevTools protocol.
func (p *Page) Call(ctx context.Context, method string, params, result any) error {
	return p.browser.call(ctx, p.session, method, params, result)
}

// Eval reads the value of a JavaScript expression.
func (p *Page) Eval(ctx context.Context, expression string, result any) error {
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := p.Call(ctx, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if err != nil {
		return err
	}
	if answer.Exception != nil {
		return fmt.Errorf("evaluate: %s %s", answer.Exception.Text, answer.Exception.Exception.Description)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		return fmt.Errorf("read what was evaluated: %w", err)
	}
	return nil
}

// Press presses and releases a key: Tab, Enter, Space.
func (p *Page) Press(ctx context.Context, key string) error {
	codes := map[string]int{"Tab": 9, "Enter": 13, "Space": 32}
	event := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	switch key {
	case "Enter":
		event["text"] = "\r"
	case "Space":
		event["key"], event["text"] = " ", " "
	}
	if err := p.Call(ctx, "Input.dispatchKeyEvent", event, nil); err != nil {
		return err
	}
	event["type"] = "keyUp"
	delete(event, "text")
	return p.Call(ctx, "Input.dispatchKeyEvent", event, nil)
}

// Screenshot takes a picture, as PNG: of the whole page, or of what is seen of it without scrolling.
func (p *Page) Screenshot(ctx context.Context, whole bool) ([]byte, error) {
	return p.data(ctx, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole})
}

// PDF prints the page, on A4.
func (p *Page) PDF(ctx context.Context) ([]byte, error) {
	return p.data(ctx, "Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true, "paperWidth": 8.27, "paperHeight": 11.69})
}

func (p *Page) data(ctx context.Context, method string, params any) ([]byte, error) {
	var answer struct {
		Data string `json:"data"`
	}
	if err := p.Call(ctx, method, params, &answer); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(answer.Data)
	if err != nil {
		return nil, fmt.Errorf("read what came of %s: %w", method, err)
	}
	return data, nil
}

// Requests are the URLs that the page has asked for, its own first. Messages are what went to the console: errors, refusals of the
// page's own policy, what scripts wrote.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Messages is described at Requests.
func (p *Page) Messages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// happened writes down what the browser tells.
func (p *Page) happened(method string, params json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		var event struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if json.Unmarshal(params, &event) == nil {
			p.requests = append(p.requests, event.Request.URL)
		}
	case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown":
		p.messages = append(p.messages, string(params))
	}
}
