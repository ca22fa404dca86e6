package main

import (
	"os"
	"slices"
	"testing"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// racks are six nodes in three racks of different sizes: a spread over nodes alone puts most pods into one rack.
const racks = `
nodes:
  - {name: a, count: 4, labels: {example.org/rack: r1}}
  - {name: b, labels: {example.org/rack: r2}}
  - {name: c, labels: {example.org/rack: r3}}
`

// TestAProfileIsOneFile: a profile with another failure domain needs no code. Its chart survives the failure of any rack, on
// the smallest cluster and on one with larger racks. The chart of a profile without racks does not survive there.
func TestAProfileIsOneFile(t *testing.T) {
	profiles := loadTestProfiles(t)
	if names := requirementNamesOf(profiles); !slices.Equal(names, []string{"node", "zone", "rack"}) {
		t.Errorf("names of failure domains are %v", names)
	}
	s, err := generator.LoadStack("argo-events")
	if err != nil {
		t.Fatal(err)
	}
	chart, err := generator.New(s, profiles)
	if err != nil {
		t.Fatal(err)
	}
	multiRack, err := profile.Find(profiles, "multi-rack")
	if err != nil {
		t.Fatal(err)
	}
	requirement, err := promise(multiRack)
	if err != nil {
		t.Fatal(err)
	}
	smallest, err := smallestCluster(multiRack)
	if err != nil {
		t.Fatal(err)
	}
	large, err := cluster.Parse("racks.yaml", []byte(racks))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, profile string
		cluster       cluster.Cluster
		racks         []string
		kept          bool
	}{
		{"smallest cluster", "multi-rack", smallest, []string{"rack-1", "rack-2", "rack-3"}, true},
		{"large racks", "multi-rack", large, []string{"r1", "r2", "r3"}, true},
		{"spread over nodes only", "multi-node", large, []string{"r1", "r2", "r3"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verifiedChart(t, chart, c.profile, c.cluster, requirement)
			var failed []string
			for _, s := range r.Scenarios {
				if s.Event == "lose rack" {
					failed = append(failed, s.Target)
					if !s.Required {
						t.Errorf("the requirement does not include the failure of %s", s.Target)
					}
				}
			}
			if !slices.Equal(failed, c.racks) || r.Requirement != "rack" {
				t.Errorf("simulated the failure of %v for requirement %q, want %v", failed, r.Requirement, c.racks)
			}
			if r.Kept != c.kept {
				t.Errorf("%s: kept is %v, want %v", r.Summary(), r.Kept, c.kept)
			}
			if want := map[bool]string{true: report.Proven, false: report.NotMet}[c.kept]; r.Outcome != want {
				t.Errorf("the outcome is %q, want %q: %v", r.Outcome, want, r.Breaches)
			}
		})
	}
}

// loadTestProfiles returns the built-in profiles and those of testdata.
func loadTestProfiles(t *testing.T) []profile.Profile {
	t.Helper()
	all, err := generator.LoadProfiles()
	if err != nil {
		t.Fatal(err)
	}
	more, err := profile.Load(os.DirFS("testdata/profiles"))
	if err != nil {
		t.Fatal(err)
	}
	return append(all, more...)
}

func verifiedChart(t *testing.T, chart *generator.Chart, profile string, c cluster.Cluster, q verdict.Requirement) report.Report {
	t.Helper()
	options := generator.Options{Release: "events", Namespace: "events"}
	objects, err := renderedObjects(chart, options.WithProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Run(t.Context(), verify.Input{Objects: objects, Cluster: c, Requirement: q})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPromisesAreRequirements: the promise of each profile is a requirement that its smallest cluster can meet.
func TestPromisesAreRequirements(t *testing.T) {
	for _, p := range loadTestProfiles(t) {
		q, err := promise(p)
		if err != nil || p.Survivor() == (q.String() == "") {
			t.Errorf("%s promises %q: %v", p.Name, q, err)
		}
		c, err := smallestCluster(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Check(c); err != nil || len(c.Nodes) != p.Needs.Nodes {
			t.Errorf("%s: smallest cluster has %d nodes: %v", p.Name, len(c.Nodes), err)
		}
	}
}
