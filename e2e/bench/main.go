// Command bench compares the times of holdfast render with helm template, of holdfast kustomize with kustomize build, and of the scheduler of
// holdfast verify with kube-scheduler, and of the rules of holdfast verify with kube-score.
//
// It prints a table and exits 1 when a target is missed. Ratios are from one run, so that a slow machine affects both sides.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
)

const rounds = 5

func main() {
	missed, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(3)
	}
	if missed {
		os.Exit(1)
	}
}

func run() (missed bool, err error) {
	holdfast, err := binaries.Holdfast()
	if err != nil {
		return false, err
	}
	helm, err := binaries.Path("helm3")
	if err != nil {
		return false, err
	}
	kustomize, err := binaries.Path("kustomize")
	if err != nil {
		return false, err
	}
	kubeScore, err := binaries.Path("kube-score")
	if err != nil {
		return false, err
	}
	root, err := binaries.Root()
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	b := bench{holdfast: holdfast, helm: helm, kustomize: kustomize, kubeScore: kubeScore, chart: filepath.Join(root, "..", "charts", "argo-events"), dir: dir}
	rows, err := b.rows()
	if err != nil {
		return false, err
	}
	return printRows(rows), nil
}

// row is a measured value and its target in the same unit.
type row struct {
	name        string
	got, target float64
	unit        string
	detail      string
}

type bench struct{ holdfast, helm, kustomize, kubeScore, chart, dir string }

func (b bench) rows() ([]row, error) {
	small, err := b.pair(100)
	if err != nil {
		return nil, err
	}
	large, err := b.pair(1000)
	if err != nil {
		return nil, err
	}
	overlays, err := b.overlays(1000)
	if err != nil {
		return nil, err
	}
	start, err := repeat(func() (usage, error) { return measure(b.holdfast, "version") })
	if err != nil {
		return nil, err
	}
	linted, err := b.lint(500)
	if err != nil {
		return nil, err
	}
	lintedFew, err := b.lint(100)
	if err != nil {
		return nil, err
	}
	oneApp, err := b.lint(1)
	if err != nil {
		return nil, err
	}
	placement, err := b.placementRow()
	if err != nil {
		return nil, err
	}
	growth := large.holdfast.wall.Seconds() / float64(large.holdfast.objects) / (small.holdfast.wall.Seconds() / float64(small.holdfast.objects))
	return []row{
		{"wall time, 1,000 + 1,000 objects, holdfast / helm", large.wallRatio, 0.6, "x", fmt.Sprintf("%.2f s / %.2f s", large.holdfast.wall.Seconds(), large.other.wall.Seconds())},
		{"peak anonymous memory, 1,000 + 1,000 objects, holdfast / helm", large.holdfast.peak / large.other.peak, 1, "x", fmt.Sprintf("%.0f MiB / %.0f MiB", large.holdfast.peak, large.other.peak)},
		{"time per object, 1,000 + 1,000 over 100 + 100", growth, 1.2, "x", fmt.Sprintf("%d objects / %d objects", large.holdfast.objects, small.holdfast.objects)},
		{"wall time, base and two overlays, 1,000 + 1,000 objects, holdfast / kustomize", overlays.wallRatio, 0.5, "x", fmt.Sprintf("%.2f s / %.2f s", overlays.holdfast.wall.Seconds(), overlays.other.wall.Seconds())},
		{"wall time, rules on 1,500 objects, holdfast / kube-score", linted.wallRatio, 1.2, "x", fmt.Sprintf("%.2f s / %.2f s", linted.holdfast.wall.Seconds(), linted.other.wall.Seconds())},
		{"wall time, rules on 300 objects, holdfast / kube-score", lintedFew.wallRatio, 1.2, "x", fmt.Sprintf("%.0f ms / %.0f ms", lintedFew.holdfast.wall.Seconds()*1000, lintedFew.other.wall.Seconds()*1000)},
		// Two thirds of this is the initialization of linked packages. A program that links nothing but the API server's validation takes
		// twice as long to start as kube-score for all its work.
		{"wall time, rules on 3 objects, mostly start-up", oneApp.holdfast.wall.Seconds() * 1000, 50, "ms", fmt.Sprintf("%.1f x kube-score: %.0f ms", oneApp.wallRatio, oneApp.other.wall.Seconds()*1000)},
		{"start-up, holdfast version", start.wall.Seconds() * 1000, 50, "ms", ""},
		placement,
	}, nil
}

func printRows(rows []row) (missed bool) {
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "MEASUREMENT\tGOT\tTARGET\t\tMEDIANS")
	for _, r := range rows {
		verdict := "ok"
		if r.got > r.target {
			verdict, missed = "MISSED", true
		}
		fmt.Fprintf(t, "%s\t%.2f %s\t<= %.2f %s\t%s\t%s\n", r.name, r.got, r.unit, r.target, r.unit, verdict, r.detail)
	}
	_ = t.Flush()
	fmt.Printf("median of %d rounds after a warm-up, kustomize and kube-scheduler once, %s\n", rounds, time.Now().UTC().Format(time.DateOnly))
	return missed
}
