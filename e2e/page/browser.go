// Package page looks at the page of holdfast verify in a real browser.
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

// patience is for one page: to load it takes less than a second where the machine has nothing else to do.
const patience = 3 * time.Minute

// chromium is the browser's program.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if file, err := exec.LookPath(name); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("there is no Chromium: run e2e/page/packages.sh, or apt-get install chromium")
}

// start runs a browser until the function that it returns is called.
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

// heard is what a page complains of and asks for.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf(format, args...))
}

func (h *heard) said() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all
}

// listen notes errors, warnings, and requests for anything but the page itself.
func (h *heard) listen(tab context.Context, page string) error {
	return chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			h.note("error: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			h.note("console.%s", e.Type)
		case *log.EventEntryAdded:
			h.note("%s: %s", e.Entry.Level, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if url, _, _ := strings.Cut(e.Request.URL, "#"); url != page && !strings.HasPrefix(url, "data:") {
				h.note("request: %s", e.Request.URL)
			}
		}
	})
}
