package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// usage is the resource usage of one process.
type usage struct {
	wall time.Duration
	// peak is the peak of its anonymous memory in MiB. Pages of its program file are excluded: they are in the page cache, and the kernel
	// counts a varying part of them (42 to 70 MiB for the same program, before and after it was copied).
	peak float64
	// objects is the number of printed documents, and bytes that of printed bytes.
	objects, bytes int
}

// measure runs a program to its end. It counts the printed documents and discards them.
func measure(program string, args ...string) (usage, error) {
	var out counter
	cmd := exec.Command(program, args...)
	cmd.Stdout = &out
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	watched, ended := make(chan float64), make(chan struct{})
	go func() { watched <- watch(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	u := usage{wall: time.Since(start), objects: out.documents, bytes: out.bytes}
	close(ended)
	if u.peak = <-watched; err != nil {
		return u, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, errOut.String())
	}
	return u, nil
}

// watch returns the peak of a process's anonymous memory in MiB when it has ended.
func watch(pid int, ended <-chan struct{}) (peak float64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
			peak = max(peak, anonymous(pid))
		}
	}
}

// anonymous returns the anonymous memory of a process in MiB, 0 if it has ended.
func anonymous(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("RssAnon:"))
	var kilobytes float64
	_, _ = fmt.Sscan(string(rest), &kilobytes) // a process at its end has no such line
	return kilobytes / 1024
}

// counter counts bytes, and lines that begin with "kind: ".
type counter struct{ documents, bytes int }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	c.documents += bytes.Count(p, []byte("\nkind: "))
	return len(p), nil
}

// both compares holdfast with another program: the medians, and the median of the ratios in each round.
type both struct {
	holdfast, other usage
	wallRatio       float64
}

// pair renders n event sources and n sensors with holdfast and helm.
func (b bench) pair(n int) (both, error) {
	values, err := b.values(n)
	if err != nil {
		return both{}, err
	}
	return alternate(func() (usage, error) {
		return measure(b.holdfast, "render", "--release", "events", "--namespace", "argo", "--kube-version", "1.36", "--profile", "multi-zone", "-f", values)
	}, func() (usage, error) {
		return measure(b.helm, "template", "events", b.chart, "--namespace", "argo", "--kube-version", "1.36", "--set", "profile=multi-zone", "-f", values)
	})
}

// overlays writes a base and two overlays for n event sources and n sensors, and builds the overlays with kustomize. It runs once, because a
// build of thousands of objects takes minutes.
func (b bench) overlays(n int) (both, error) {
	values, err := b.values(n)
	if err != nil {
		return both{}, err
	}
	dir := filepath.Join(b.dir, "kustomize")
	ours, err := measure(b.holdfast, "kustomize", "--release", "events", "--kube-version", "1.36", "-f", values, "-o", dir)
	if err != nil {
		return both{}, err
	}
	var theirs usage
	for _, profile := range []string{"multi-node", "multi-zone"} {
		built, err := measure(b.kustomize, "build", filepath.Join(dir, "overlays", profile))
		if err != nil {
			return both{}, err
		}
		theirs.wall += built.wall
	}
	return both{ours, theirs, ours.wall.Seconds() / theirs.wall.Seconds()}, nil
}

// alternate runs two programs alternately, after a warm-up of each.
func alternate(holdfast, other func() (usage, error)) (both, error) {
	var all [2][]usage
	for range rounds + 1 {
		for i, run := range []func() (usage, error){holdfast, other} {
			u, err := run()
			if err != nil {
				return both{}, err
			}
			all[i] = append(all[i], u)
		}
	}
	var ratios []float64
	for i := 1; i <= rounds; i++ {
		ratios = append(ratios, all[0][i].wall.Seconds()/all[1][i].wall.Seconds())
	}
	slices.Sort(ratios)
	return both{median(all[0][1:]), median(all[1][1:]), ratios[rounds/2]}, nil
}

// repeat returns the median of several runs after a warm-up.
func repeat(run func() (usage, error)) (usage, error) {
	var all []usage
	for range rounds + 1 {
		u, err := run()
		if err != nil {
			return usage{}, err
		}
		all = append(all, u)
	}
	return median(all[1:]), nil
}

// median returns the medians of wall time and peak.
func median(all []usage) usage {
	m := all[0]
	slices.SortFunc(all, func(a, b usage) int { return int(a.wall - b.wall) })
	m.wall = all[len(all)/2].wall
	slices.SortFunc(all, func(a, b usage) int { return int(a.peak - b.peak) })
	m.peak = all[len(all)/2].peak
	return m
}

// values writes the values of n event sources and n sensors.
func (b bench) values(n int) (string, error) {
	file := filepath.Join(b.dir, fmt.Sprintf("values-%d.yaml", n))
	return file, os.WriteFile(file, []byte(manyValues(n)), 0o600)
}

func manyValues(n int) string {
	var out strings.Builder
	out.WriteString("eventSources:\n")
	for i := range n {
		fmt.Fprintf(&out, "  source-%d:\n    webhook:\n      event: {port: \"12000\", endpoint: /e%d, method: POST}\n", i, i)
	}
	out.WriteString("sensors:\n")
	for i := range n {
		fmt.Fprintf(&out, `  sensor-%d:
    dependencies:
      - {name: event, eventSourceName: source-%d, eventName: event}
    triggers:
      - template:
          name: call
          http:
            url: http://service.example.svc:8080/%d
            method: POST
            payload:
              - src: {dependencyName: event, dataKey: body.id}
                dest: id
`, i, i, i)
	}
	return out.String()
}
