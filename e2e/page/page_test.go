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

// TestDrawn: each pod is a mark of some size, and there is more to see than paper, by day and by night.
func TestDrawn(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			ctx := open(t, "web", schemed(scheme))
			do(t, ctx, chromedp.Click(chromedp.CSS(`label[for="before"]`)))
			pods := value[int](t, ctx, `JSON.parse(document.getElementById("data").textContent).pods.length`)
			marks := value[int](t, ctx, `[...document.querySelectorAll("#cluster .pod .mark")].filter((m) => m.getBoundingClientRect().width >= 20).length`)
			if pods == 0 || marks != pods {
				t.Errorf("%d marks for %d pods", marks, pods)
			}
			drawn := shot(t, ctx, "#cluster")
			if part := differ(drawn, image.NewUniform(drawn.At(0, 0))); part != 1 {
				t.Error("the sizes of a picture and of paper are the same")
			}
			seen := map[color.Color]int{}
			for y := range drawn.Bounds().Dy() {
				for x := range drawn.Bounds().Dx() {
					seen[drawn.At(x, y)]++
				}
			}
			paper := 0
			for _, n := range seen {
				paper = max(paper, n)
			}
			if part := float64(paper) / float64(drawn.Bounds().Dx()*drawn.Bounds().Dy()); len(seen) < 50 || part > .95 {
				t.Errorf("%d colours, %.0f %% of one: nothing is drawn", len(seen), part*100)
			}
		})
	}
}

// TestFits: at no width anything reaches beyond the window but what can be scrolled.
func TestFits(t *testing.T) {
	const beyond = `[...document.body.querySelectorAll("*")].filter((e) => !e.closest(".wide, .shapes, .spoken, thead, script, style") &&
		e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80)).slice(0, 3)`
	for name := range pages {
		for _, width := range []int64{360, 800, 1440} {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				ctx := open(t, name, chromedp.EmulateViewport(width, 900))
				if wide := value[int64](t, ctx, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("it is %d wide", wide)
				}
				for _, e := range value[[]string](t, ctx, beyond) {
					t.Errorf("this reaches beyond: %s", e)
				}
			})
		}
	}
}

// TestKeyboard: who has no mouse gets to the scenarios, sees where he is, chooses one and a moment, and the drawing and
// what is said of it change.
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
		t.Fatalf("a hundred times Tab does not reach a %s", name)
	}
	now := func() (string, image.Image) {
		return value[string](t, ctx, `document.getElementById("when").textContent + document.getElementById("said").textContent`), shot(t, ctx, "#cluster")
	}
	for _, name := range []string{"scenario", "moment"} {
		reach(name)
		if style := value[string](t, ctx, `getComputedStyle(document.activeElement.labels[0]).outlineStyle`); style != "solid" {
			t.Errorf("focus on a %s cannot be seen: its outline is %s", name, style)
		}
		said, drawn := now()
		do(t, ctx, chromedp.KeyEvent(kb.ArrowDown))
		after, changed := now()
		if said == after {
			t.Errorf("another %s is said to be the same: %s", name, said)
		}
		if part := differ(drawn, changed); part < .001 {
			t.Errorf("another %s looks the same", name)
		}
	}
	if live := value[string](t, ctx, `document.getElementById("said").ariaLive`); live != "polite" {
		t.Errorf("what changes is not read out: %q", live)
	}
}

// TestContrast: text stands out from what is behind it as WCAG's level AA asks, 4.5 to 1, by day and by night.
func TestContrast(t *testing.T) {
	script, err := os.ReadFile("testdata/contrast.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		for name := range pages {
			t.Run(name+" "+scheme, func(t *testing.T) {
				ctx := open(t, name, schemed(scheme))
				found := value[struct {
					Looked int
					Low    []string
				}](t, ctx, still+";"+string(script))
				if found.Looked < 50 {
					t.Errorf("only %d texts were found", found.Looked)
				}
				for _, low := range found.Low {
					t.Error(low)
				}
			})
		}
	}
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

// TestPrint: on paper there are no controls, everything is there, and it is one to five pages.
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
			t.Errorf("%s on paper: %v", selector, seen)
		}
	}
}

// TestWithoutScripts: what is drawn is a table then.
func TestWithoutScripts(t *testing.T) {
	ctx := open(t, "web", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	for selector, want := range map[string]bool{"#places table": true, "#survives table": true, ".scenario:last-child": true, "#cluster": false, ".moments": false, "input": false} {
		if seen := value[bool](t, ctx, fmt.Sprintf(`document.querySelector(%q).checkVisibility()`, selector)); seen != want {
			t.Errorf("%s without scripts: %v", selector, seen)
		}
	}
	if text := value[string](t, ctx, `document.querySelector("#places").innerText`); !strings.Contains(text, "node-6") || !strings.Contains(text, "zone-3") {
		t.Errorf("where the pods are is not said: %s", text)
	}
}

// TestLinks: a verdict in the table leads to the scenario that shows it.
func TestLinks(t *testing.T) {
	ctx := open(t, "web")
	const checked = `document.querySelector("[name=scenario]:checked").value`
	other := value[string](t, ctx, `[...document.querySelectorAll("#survives a")].find((a) => a.dataset.scenario !== `+checked+`).dataset.scenario`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`#survives a[data-scenario="`+other+`"]`)))
	if now := value[string](t, ctx, checked); now != other {
		t.Errorf("the link to scenario %s shows %s", other, now)
	}
	if when := value[string](t, ctx, `document.getElementById("when").textContent`); when != value[string](t, ctx, `JSON.parse(document.getElementById("data").textContent).scenarios[`+other+`].when`) {
		t.Errorf("what is drawn is %q", when)
	}
}

// TestPicture writes the picture that the documents show, if it is asked to; what is in it is tested above.
func TestPicture(t *testing.T) {
	ctx := open(t, "flagship", chromedp.EmulateViewport(1280, 1180))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](still))
	text := get(t, ctx, chromedp.CaptureScreenshot())
	if len(text) == 0 {
		t.Fatal("there is no picture")
	}
	if *picture != "" {
		if err := os.WriteFile(*picture, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
