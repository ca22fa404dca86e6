// Package page tests the HTML report of holdfast verify in a browser.
package page

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience limits the work on one page, which loads in less than a second on a fast machine.
const patience = 3 * time.Minute

// chromium returns the browser's program.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if file, err := exec.LookPath(name); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("chromium not found: run e2e/page/packages.sh, or apt-get install chromium")
}

// start starts a browser. The caller stops it with the returned function.
func start() (context.Context, context.CancelFunc, error) {
	file, err := chromium()
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(file), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	browser, stop := chromedp.NewContext(allocator)
	return browser, func() { stop(); end() }, chromedp.Do(browser)
}

// problems are the errors and requests of a page.
type problems struct {
	mu  sync.Mutex
	all []string
}

func (p *problems) add(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, fmt.Sprintf(format, args...))
}

func (p *problems) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// listen collects errors, warnings, and requests for anything but the page itself.
func (p *problems) listen(tab context.Context, page string) error {
	return chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			p.add("error: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			p.add("console.%s", e.Type)
		case *log.EventEntryAdded:
			p.add("%s: %s", e.Entry.Level, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if url, _, _ := strings.Cut(e.Request.URL, "#"); url != page && !strings.HasPrefix(url, "data:") {
				p.add("request: %s", e.Request.URL)
			}
		}
	})
}
