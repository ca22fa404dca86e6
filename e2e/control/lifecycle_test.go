package control

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// step is one helm command in the lifecycle of a release.
type step struct {
	about string
	// profile and values are for install and upgrade; values is a key of system.changes. The profile is empty for a rollback to a revision.
	profile, values string
	revision        string
	// unchanged is set for a step that must change nothing.
	unchanged bool
}

// lifecycles are sequences of changes in place. Changes from and to single-node are migrations: see migration_test.go.
var lifecycles = map[string][]step{
	"clustered": {
		{about: "install multi-node", profile: "multi-node"},
		{about: "same values", profile: "multi-node", unchanged: true},
		{about: "other values", profile: "multi-node", values: "changed"},
		{about: "to multi-zone", profile: "multi-zone", values: "changed"},
		{about: "to five servers", profile: "multi-zone", values: "five"},
		{about: "back to three servers", profile: "multi-zone"},
		{about: "back to multi-node", profile: "multi-node"},
		{about: "same values", profile: "multi-node", unchanged: true},
		{about: "rollback to five servers", revision: "5"},
		{about: "rollback to the beginning", revision: "1"},
	},
	"standalone": {
		{about: "install single-node", profile: "single-node"},
		{about: "same values", profile: "single-node", unchanged: true},
		{about: "other values", profile: "single-node", values: "changed"},
		{about: "rollback to the beginning", revision: "1"},
	},
}

// system is a chart with values that select a variant, and values that change it.
type system struct {
	name, chart string
	values      map[string]any
	changes     map[string]map[string]any
}

var (
	requests = map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "120m"}}}
	five     = map[string]any{"replicas": 5}
	ofEvents = map[string]map[string]any{
		"changed": {"bus": requests, "nativeBus": requests, "controller": requests},
		// Mode native supports at most three servers.
		"five": {"bus": five},
	}
	systems = []system{
		{"managed", "argo-events", mode("managed"), ofEvents},
		{"native", "argo-events", mode("native"), ofEvents},
		{"web", "web", nil, map[string]map[string]any{"changed": {"store": requests, "api": requests}, "five": {"store": five}}},
	}
)

func mode(name string) map[string]any {
	return map[string]any{"eventBus": map[string]any{"mode": name}}
}

// TestLifecycle: the API server accepts every step, the Argo Events controller applies it, and no object is recreated needlessly. helm uninstall
// ends and leaves only the claims.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	for _, helm := range helms {
		for _, s := range systems {
			for name, steps := range lifecycles {
				t.Run(name+"/"+s.name+"/"+helm, func(t *testing.T) {
					t.Parallel()
					testLifecycle(t, helm, s, name, steps)
				})
			}
		}
	}
}

func testLifecycle(t *testing.T, helm string, of system, name string, steps []step) {
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	smallest := map[string]string{"clustered": "multi-zone", "standalone": "single-node"}[name]
	most := map[string]int{"clustered": 5, "standalone": 1}[name]
	p, err := readProfile(smallest)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helm, strings.Join([]string{"life", name, of.name, helm}, "-"), p.withMembers(most), filepath.Join(repository, "charts", of.chart), selectors(nil))
	common := []string{r.valuesFile(of.values)}
	if of.chart == "argo-events" {
		common = append(common, filepath.Join(repository, "values", "webhook.yaml"))
	}
	before := snapshot{}
	kept := 0
	for i, s := range steps {
		switch {
		case i == 0:
			err = r.deploy("install", s.profile, common...)
		case s.profile != "":
			err = r.deploy("upgrade", s.profile, append(common, r.valuesFile(of.changes[s.values]))...)
		default:
			if _, err = r.run("rollback", cases.Release, s.revision); err == nil {
				err = r.startController()
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", s.about, err)
		}
		if err := r.awaitReconciled(true); err != nil {
			t.Fatalf("%s: %v", s.about, err)
		}
		after, err := r.snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range before.compare(after, s.unchanged) {
			t.Errorf("%s: %s", s.about, problem)
		}
		kept += len(before)
		before = after
	}
	r.testUninstall(t, of, before)
	t.Logf("%d steps, %d objects at the end, objects were kept %d times", len(steps), len(before), kept)
}

// awaitReconciled waits until the controller has applied all custom resources, and with pods until all pods are ready: the chart refuses
// an upgrade of a bus before.
func (r *release) awaitReconciled(pods bool) error {
	return r.eventually(func() error {
		ctx := r.t.Context()
		if pods {
			if err := r.settled(ctx); err != nil {
				return err
			}
		}
		resources, c, err := r.reconciled(ctx)
		if err != nil {
			return err
		}
		if len(c.missing) > 0 {
			return errors.New(strings.Join(c.missing, "\n"))
		}
		if resources == 0 && r.controller != nil {
			return errors.New("the release has no custom resources")
		}
		return nil
	})
}
