package page

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	protocol "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

var picture = flag.String("picture", "", "write a screenshot of the report on the chart to this file")

// The tested pages by name, as files.
var (
	browser context.Context
	pages   = map[string]string{}
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	holdfast, err := cases.BuildHoldfast()
	if err != nil {
		return 1, err
	}
	repository, err := cases.Repository()
	if err != nil {
		return 1, err
	}
	for name, args := range map[string][]string{
		"chart":   {"--profile", "multi-zone", "--values", filepath.Join(repository, "values", "webhook.yaml"), "--nodes", "6", "--survives", "zone"},
		"web":     {"-f", filepath.Join(repository, "golden", "web-multi-zone", "objects"), "--nodes", "6", "--survives", "zone"},
		"crowded": {"-f", "testdata/crowded.yaml", "--nodes", "200"},
	} {
		pages[name] = filepath.Join(dir, name+".html")
		if err := write(pages[name], string(holdfast), args); err != nil {
			return 1, err
		}
	}
	ctx, stop, err := start()
	if err != nil {
		return 1, err
	}
	defer stop()
	browser = ctx
	return m.Run(), nil
}

// write writes a page with holdfast. Exit code 1, findings, is expected.
func write(file, holdfast string, args []string) error {
	cmd := exec.Command(holdfast, append([]string{"verify", "-o", "html"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	return os.WriteFile(file, out, 0o644)
}

type step = chromedp.Action[chromedp.Void]

// call returns a step that sends a command of the browser's protocol.
func call[P, R any](c protocol.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := protocol.Call(ctx, t, c, params)
		return err
	})
}

// open opens a page in a new tab. The test fails if the page reports an error or sends a request.
func open(t *testing.T, name string, before ...step) context.Context {
	t.Helper()
	url := "file://" + pages[name]
	tab, end := chromedp.NewContext(browser)
	t.Cleanup(end)
	do(t, tab)
	ctx, cancel := context.WithTimeout(tab, patience)
	var found problems
	if err := found.listen(ctx, url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, problem := range found.list() {
			t.Error(problem)
		}
		cancel()
	})
	do(t, ctx, call(network.Enable, network.EnableParams{}), call(log.Enable, protocol.Empty{}), chromedp.EmulateViewport(1440, 900))
	do(t, ctx, before...)
	do(t, ctx, chromedp.Navigate(url))
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...step) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, ctx context.Context, what chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// value returns the value of a JavaScript expression in the page.
func value[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	return get(t, ctx, chromedp.Evaluate[T](expression))
}

// finishAnimations is a script for screenshots of the final state.
const finishAnimations = `document.getAnimations().forEach((a) => a.finish())`

// screenshot returns a screenshot of an element.
func screenshot(t *testing.T, ctx context.Context, selector string) image.Image {
	t.Helper()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](finishAnimations))
	text := get(t, ctx, chromedp.Screenshot(chromedp.CSS(selector)))
	img, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// difference returns the share of pixels in which two images differ, 1 for different sizes.
func difference(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 1
	}
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(a.Bounds().Dx()*a.Bounds().Dy())
}

// colorScheme emulates a preferred color scheme.
func colorScheme(scheme string) step {
	return call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
