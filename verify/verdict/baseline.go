package verdict

import (
	"slices"

	"github.com/holdfast-ha/holdfast/verify/report"
)

// Since returns the report without the findings of an earlier report. Lines and numbers may differ. Of several equal findings,
// those beyond the earlier number are new. A finding that is no longer ignored is new.
func Since(r, old report.Report) report.Report {
	b := &report.Baseline{Known: []string{}, Fixed: []string{}}
	before, now := breaches(old), breaches(r)
	for _, breach := range now {
		if containsBreach(before, breach) {
			b.Known = append(b.Known, breach.String())
		}
	}
	for _, breach := range before {
		if r.Requirement == old.Requirement && r.WithinSeconds == old.WithinSeconds && !containsBreach(now, breach) {
			b.Fixed = append(b.Fixed, breach.String())
		}
	}
	left := slices.Clone(old.Findings)
	fresh := slices.Clone(r.Findings)
	// Equal findings are matched first, so that a similar one does not take their place.
	for _, same := range []func(a, b report.Finding) bool{equal, similar} {
		fresh = slices.DeleteFunc(fresh, func(f report.Finding) bool {
			i := slices.IndexFunc(left, func(o report.Finding) bool { return same(f, o) })
			if i >= 0 {
				left = slices.Delete(left, i, i+1)
				b.Known = append(b.Known, f.String())
			}
			return i >= 0
		})
	}
	for _, f := range left {
		if f.Ignored == "" {
			b.Fixed = append(b.Fixed, f.String())
		}
	}
	r.Findings, r.Baseline = fresh, b
	r.Workloads = slices.Clone(r.Workloads)
	conclude(&r)
	return r
}

// similar reports whether two findings are the same except for lines and numbers.
func similar(f, old report.Finding) bool {
	return f.Rule == old.Rule && f.Object == old.Object && stable(f.Message) == stable(old.Message) && (f.Ignored != "" || old.Ignored == "")
}

func equal(f, old report.Finding) bool { return f.Message == old.Message && similar(f, old) }

func containsBreach(all []report.Breach, b report.Breach) bool {
	return slices.ContainsFunc(all, func(other report.Breach) bool { return other.Fingerprint == b.Fingerprint })
}
