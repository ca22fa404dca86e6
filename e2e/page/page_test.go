package page

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"os"
	"regexp"
	"strings"
	"testing"

	protocol "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestDrawing: each pod is a visible mark, and the drawing is not empty, in the light and the dark color scheme.
func TestDrawing(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			ctx := open(t, "web", colorScheme(scheme))
			do(t, ctx, chromedp.Click(chromedp.CSS(`label[for="before"]`)))
			pods := value[int](t, ctx, `JSON.parse(document.getElementById("data").textContent).pods.length`)
			marks := value[int](t, ctx, `[...document.querySelectorAll("#cluster .pod .mark")].filter((m) => m.getBoundingClientRect().width >= 20).length`)
			if pods == 0 || marks != pods {
				t.Errorf("%d marks for %d pods", marks, pods)
			}
			drawn := screenshot(t, ctx, "#cluster")
			seen := map[color.Color]int{}
			for y := range drawn.Bounds().Dy() {
				for x := range drawn.Bounds().Dx() {
					seen[drawn.At(x, y)]++
				}
			}
			most := 0
			for _, n := range seen {
				most = max(most, n)
			}
			if part := float64(most) / float64(drawn.Bounds().Dx()*drawn.Bounds().Dy()); len(seen) < 50 || part > .95 {
				t.Errorf("%d colors, %.0f %% of the pixels have the same one: the drawing is empty", len(seen), part*100)
			}
		})
	}
}

// TestWidths: at every width, only scrollable elements are wider than the window.
func TestWidths(t *testing.T) {
	const beyond = `[...document.body.querySelectorAll("*")].filter((e) => !e.closest(".wide, .shapes, .spoken, thead, script, style") &&
		e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80)).slice(0, 3)`
	for name := range pages {
		for _, width := range []int64{360, 800, 1440} {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				ctx := open(t, name, chromedp.EmulateViewport(width, 900))
				if wide := value[int64](t, ctx, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("the page is %d pixels wide", wide)
				}
				for _, e := range value[[]string](t, ctx, beyond) {
					t.Errorf("wider than the window: %s", e)
				}
			})
		}
	}
}

// TestKeyboard: Tab reaches the scenarios with a visible focus; arrow keys select a scenario and a moment; drawing and description change.
func TestKeyboard(t *testing.T) {
	ctx := open(t, "web")
	reach := func(name string) {
		t.Helper()
		for range 100 {
			if value[string](t, ctx, `document.activeElement.name ?? ""`) == name {
				return
			}
			do(t, ctx, chromedp.KeyEvent(kb.Tab))
		}
		t.Fatalf("pressing Tab a hundred times does not reach a %s", name)
	}
	now := func() (string, image.Image) {
		return value[string](t, ctx, `document.getElementById("when").textContent + document.getElementById("description").textContent`), screenshot(t, ctx, "#cluster")
	}
	for _, name := range []string{"scenario", "moment"} {
		reach(name)
		if style := value[string](t, ctx, `getComputedStyle(document.activeElement.labels[0]).outlineStyle`); style != "solid" {
			t.Errorf("the focus on a %s is invisible: its outline is %s", name, style)
		}
		text, drawn := now()
		do(t, ctx, chromedp.KeyEvent(kb.ArrowDown))
		after, changed := now()
		if text == after {
			t.Errorf("another %s has the same description: %s", name, text)
		}
		if part := difference(drawn, changed); part < .001 {
			t.Errorf("another %s has the same drawing", name)
		}
	}
	if live := value[string](t, ctx, `document.getElementById("description").ariaLive`); live != "polite" {
		t.Errorf("ariaLive of the description: got %q, want polite", live)
	}
}

// TestContrast: text has the contrast of WCAG level AA, 4.5 to 1, in the light and the dark color scheme.
func TestContrast(t *testing.T) {
	script, err := os.ReadFile("testdata/contrast.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		for name := range pages {
			t.Run(name+" "+scheme, func(t *testing.T) {
				ctx := open(t, name, colorScheme(scheme))
				found := value[struct {
					Looked int
					Low    []string
				}](t, ctx, finishAnimations+";"+string(script))
				if found.Looked < 50 {
					t.Errorf("found only %d texts", found.Looked)
				}
				for _, low := range found.Low {
					t.Error(low)
				}
			})
		}
	}
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

// TestPrint: in print there are no controls, everything else is visible, and there are one to five pages.
func TestPrint(t *testing.T) {
	ctx := open(t, "web")
	pdf := get(t, ctx, func(ctx context.Context, tab *chromedp.Target) ([]byte, error) {
		printed, err := protocol.Call(ctx, tab, page.PrintToPDF, page.PrintToPDFParams{})
		return printed.Data, err
	})
	if pages := len(pdfPage.FindAll(pdf, -1)); !bytes.HasPrefix(pdf, []byte("%PDF-")) || pages < 1 || pages > 5 {
		t.Errorf("%d pages in %d bytes", pages, len(pdf))
	}
	do(t, ctx, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	for selector, want := range map[string]bool{"nav": false, ".filter": false, "label[for=before]": false, "h1": true, "#survives table": true, "#cluster": true, "#outcomes": true, "#broken": true, ".scenario:last-child": true} {
		if seen := value[bool](t, ctx, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector)); seen != want {
			t.Errorf("%s in print: visible: %v", selector, seen)
		}
	}
}

// TestWithoutScripts: without JavaScript, a table replaces the drawing.
func TestWithoutScripts(t *testing.T) {
	ctx := open(t, "web", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	for selector, want := range map[string]bool{"#places table": true, "#survives table": true, ".scenario:last-child": true, "#cluster": false, ".moments": false, "input": false} {
		if seen := value[bool](t, ctx, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector)); seen != want {
			t.Errorf("%s without scripts: visible: %v", selector, seen)
		}
	}
	if text := value[string](t, ctx, `document.querySelector("#places").innerText`); !strings.Contains(text, "node-6") || !strings.Contains(text, "zone-3") {
		t.Errorf("the table lacks nodes or zones: %s", text)
	}
}

// TestLinks: a verdict in the table links to its scenario.
func TestLinks(t *testing.T) {
	ctx := open(t, "web")
	const checked = `document.querySelector("[name=scenario]:checked").value`
	other := value[string](t, ctx, `[...document.querySelectorAll("#survives a")].find((a) => a.dataset.scenario !== `+checked+`).dataset.scenario`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`#survives a[data-scenario="`+other+`"]`)))
	if now := value[string](t, ctx, checked); now != other {
		t.Errorf("the link to scenario %s selects %s", other, now)
	}
	if when := value[string](t, ctx, `document.getElementById("when").textContent`); when != value[string](t, ctx, `JSON.parse(document.getElementById("data").textContent).scenarios[`+other+`].when`) {
		t.Errorf("the drawing shows %q", when)
	}
}

// TestPicture writes the screenshot for docs with -picture. The other tests check its content.
func TestPicture(t *testing.T) {
	ctx := open(t, "chart", chromedp.EmulateViewport(1280, 1180))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](finishAnimations))
	text := get(t, ctx, chromedp.CaptureScreenshot())
	if len(text) == 0 {
		t.Fatal("the screenshot is empty")
	}
	if *picture != "" {
		if err := os.WriteFile(*picture, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
