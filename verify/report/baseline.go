package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ParseBaseline reads an earlier report from its JSON. An error names the file and says what to do.
func ParseBaseline(file string, text []byte) (Report, error) {
	const again = "make one by holdfast verify -o json"
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: is no report: %s: %s", file, strings.TrimPrefix(err.Error(), "json: "), again)
	}
	switch {
	case r.Version == 0:
		return r, fmt.Errorf("%s: is no report: it has no version: %s", file, again)
	case r.Version != Version:
		return r, fmt.Errorf("%s: is a report of version %d, and this is version %d: %s", file, r.Version, Version, again)
	case r.Baseline != nil:
		return r, fmt.Errorf("%s: lacks what its own baseline knew: %s, without --baseline", file, again)
	}
	return r, nil
}

// Since leaves out what an earlier report has already. Lines and numbers may differ; one of several equal findings that are
// more than before is new. What was ignored then, and is not now, is new too.
func (r Report) Since(old Report) Report {
	b := &Baseline{Known: []string{}, Fixed: []string{}}
	before, now := old.breaches(), r.breaches()
	for _, breach := range now {
		if slices.ContainsFunc(before, breach.same) {
			b.Known = append(b.Known, breach.String())
		}
	}
	for _, breach := range before {
		if r.Claim == old.Claim && r.WithinSeconds == old.WithinSeconds && !slices.ContainsFunc(now, breach.same) {
			b.Fixed = append(b.Fixed, breach.String())
		}
	}
	left := slices.Clone(old.Findings)
	fresh := slices.Clone(r.Findings)
	for _, same := range []func(a, b Finding) bool{Finding.equal, Finding.alike} {
		fresh = slices.DeleteFunc(fresh, func(f Finding) bool {
			i := slices.IndexFunc(left, func(o Finding) bool { return same(f, o) })
			if i >= 0 {
				left = slices.Delete(left, i, i+1)
				b.Known = append(b.Known, f.line())
			}
			return i >= 0
		})
	}
	for _, f := range left {
		if f.Ignored == "" {
			b.Fixed = append(b.Fixed, f.line())
		}
	}
	r.Findings, r.Baseline = fresh, b
	return r
}

// alike tells whether another finding says the same, but for lines and numbers.
func (f Finding) alike(old Finding) bool {
	return f.Rule == old.Rule && f.Object == old.Object && stable(f.Message) == stable(old.Message) && (f.Ignored != "" || old.Ignored == "")
}

func (f Finding) equal(old Finding) bool {
	return f.Rule == old.Rule && f.Object == old.Object && f.Message == old.Message && f.alike(old)
}

func (b breach) same(other breach) bool { return b.fingerprint() == other.fingerprint() }

func (f Finding) line() string { return f.Rule + ": " + f.Object + ": " + f.Message }

// baseline is what a person is told of it.
func (t *terminal) baseline(b *Baseline) {
	if b == nil {
		return
	}
	t.line("")
	t.line(fmt.Sprintf("Since the baseline: %d known, %d fixed", len(b.Known), len(b.Fixed)))
	for _, fixed := range b.Fixed {
		t.wrapped("  ", "    ", "fixed: "+fixed)
	}
}
