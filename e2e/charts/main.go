// Command charts verifies renderings of public charts and writes the table in docs/evidence.
//
// Run it in e2e as "go run ./charts -holdfast PROGRAM FOLDER". The folder has a file RENDERING.yaml for each chart of the table. A judgement of
// findings stays while their number is the same; new findings have none, and a test fails until somebody reads the manifests and writes one.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	holdfast := flag.String("holdfast", "holdfast", "the program")
	flag.Parse()
	if err := run(*holdfast, flag.Arg(0), "../docs/evidence"); err != nil {
		log.Fatal(err)
	}
}

// run verifies each chart of the table in a folder.
func run(holdfast, renderings, evidence string) error {
	t, err := read(evidence)
	if err != nil {
		return err
	}
	t.Date = time.Now().UTC().Format(time.DateOnly)
	for i := range t.Charts {
		if err := t.Charts[i].verify(holdfast, renderings); err != nil {
			return fmt.Errorf("%s: %w", t.Charts[i].Rendering, err)
		}
	}
	return t.write(evidence)
}

func (c *Chart) verify(holdfast, renderings string) error {
	c.Workloads, c.Outcome, c.Reason = 0, "", ""
	before := c.Findings
	c.Findings = nil
	cmd := exec.Command(holdfast, "verify", "-f", c.Rendering+".yaml", "-n", "apps", "--survives", "zone", "-o", "json")
	var refused bytes.Buffer
	cmd.Dir, cmd.Stderr = renderings, &refused
	start := time.Now()
	text, err := cmd.Output()
	c.Seconds = math.Ceil(time.Since(start).Seconds()*10) / 10
	exit := &exec.ExitError{}
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2:
		first, _, _ := strings.Cut(strings.TrimPrefix(refused.String(), "holdfast: "+c.Rendering+".yaml:"), "\n")
		_, c.Reason, _ = strings.Cut(first, ": ")
		c.Outcome = Refused
		return nil
	case err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1):
		return fmt.Errorf("%w: %s", err, refused.String())
	}
	var r result
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	c.Workloads, c.Outcome = len(r.Workloads), r.Outcome
	if r.Outcome == notJudged {
		c.Reason = reason(&r)
	}
	counts := map[string]int{}
	for _, f := range r.Findings {
		if !slices.ContainsFunc(requirementRules, func(prefix string) bool { return strings.HasPrefix(f.Rule, prefix) }) {
			counts[f.Rule]++
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		found := Found{Rule: rule, Count: counts[rule]}
		if i := slices.IndexFunc(before, func(f Found) bool { return f.Rule == rule && f.Count == found.Count }); i >= 0 {
			found = before[i]
		}
		c.Findings = append(c.Findings, found)
	}
	return nil
}

// result has the keys of the JSON report that the table needs.
type result struct {
	Outcome   string
	Workloads []struct{ Name, Replication string }
	Findings  []struct{ Rule string }
	NotJudged []string
}

const notJudged = "not judged"

// requirementRules begin the rules that are breaches of the requirement: the outcome covers them.
var requirementRules = []string{"claim-rest", "claim-lose-", "claim-drain-", "claim-roll", "claim-not-judged"}

// reason returns why a requirement was not judged.
func reason(r *result) string {
	var all []string
	for _, object := range r.NotJudged {
		kind, _, _ := strings.Cut(object, " ")
		all = append(all, kind)
	}
	if len(all) > 0 {
		return "no reader for " + strings.Join(slices.Compact(all), ", ")
	}
	for _, w := range r.Workloads {
		if w.Replication == "unknown" {
			all = append(all, filepath.Base(w.Name))
		}
	}
	if len(all) > 0 {
		return "unknown replication of " + strings.Join(all, ", ")
	}
	return "no object creates pods"
}
