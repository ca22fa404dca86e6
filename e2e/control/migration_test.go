package control

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// migrationStep is a helm upgrade of a migration, or one that must be refused.
type migrationStep struct {
	about, profile string
	// migration are the values below migration. A revision makes the step a rollback.
	migration map[string]any
	revision  string
	// refused are parts of the refusal, which must change nothing.
	refused []string
	// deleted is a claim to delete first.
	deleted string
	// sets are the StatefulSets of the bus afterwards.
	sets []string
}

const (
	clustered  = "events-argo-events-bus"
	standalone = "events-argo-events-bus-standalone"
)

// migrations are sequences of steps: there and back, and a rollback before the end.
var migrations = map[string][]migrationStep{
	"complete": {
		{about: "install", profile: "single-node", sets: []string{standalone}},
		{about: "change in place", profile: "multi-zone", refused: []string{"the events of this release are in StatefulSet " + standalone, "--set migration.from="}},
		{about: "migration", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "one"}, sets: []string{clustered, standalone}},
		{about: "another migration during it", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "two"}, refused: []string{"migration two did not create it"}},
		{about: "change back in place", profile: "single-node", refused: []string{"the migration is complete", "another migration"}},
		{about: "removal of the old bus", profile: "multi-zone", sets: []string{clustered}},
		{about: "same migration again", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "one"}, refused: []string{"already exists, and migration one did not create it"}},
		{about: "other values", profile: "multi-node", sets: []string{clustered}},
		{about: "change back in place", profile: "single-node", refused: []string{"the events of this release are in StatefulSet " + clustered}},
		{about: "migration to old volumes", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back"}, refused: []string{"PersistentVolumeClaim data-" + standalone + "-0 has events from before"}},
		{about: "migration from too many servers", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back", "servers": 5}, refused: []string{"migration.servers: the bus has 3 servers"}},
		{about: "migration back", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back"}, deleted: "data-" + standalone + "-0", sets: []string{clustered, standalone}},
		{about: "removal of the old bus", profile: "single-node", sets: []string{standalone}},
	},
	"rolled-back": {
		{about: "install", profile: "single-node", sets: []string{standalone}},
		{about: "migration", profile: "multi-node", migration: map[string]any{"from": "single-node", "id": "one"}, sets: []string{clustered, standalone}},
		{about: "rollback", revision: "1", sets: []string{standalone}},
	},
}

// TestMigrations: the API server accepts every step of a migration, and the step keeps StatefulSets and claims. A step that would lose events is
// refused and changes nothing. Pods are ready at once here, so every migration ends with its upgrade.
func TestMigrations(t *testing.T) {
	t.Parallel()
	for _, helm := range helms {
		for name, steps := range migrations {
			t.Run(name+"/"+helm, func(t *testing.T) {
				t.Parallel()
				testMigration(t, helm, name, steps)
			})
		}
	}
}

func testMigration(t *testing.T, helm, name string, steps []migrationStep) {
	p, err := readProfile("multi-zone")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helm, "migrate-"+name+"-"+helm, p, chartFolder(t, "argo-events"), selectors(nil))
	before := snapshot{}
	for i, s := range steps {
		if s.deleted != "" {
			if err := r.deleteClaim(s.deleted); err != nil {
				t.Fatal(err)
			}
			delete(before, "PersistentVolumeClaim "+s.deleted)
		}
		if err := r.step(s, i == 0); err != nil {
			t.Fatalf("%s: %v", s.about, err)
		}
		after, err := r.snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range before.compare(after, s.refused != nil) {
			if s.refused != nil || s.keeps(problem) {
				t.Errorf("%s: %s", s.about, problem)
			}
		}
		before = after
	}
}

// step runs a step, and waits for the steady state.
func (r *release) step(s migrationStep, first bool) (err error) {
	command := "upgrade"
	if first {
		command = "install"
	}
	if s.revision != "" {
		if _, err = r.run("rollback", cases.Release, s.revision); err == nil {
			err = r.startController()
		}
	} else {
		err = r.deploy(command, s.profile, r.valuesFile(map[string]any{"migration": s.migration}))
	}
	if s.refused != nil {
		return refusedWith(err, s.refused)
	}
	if err != nil {
		return err
	}
	return r.eventually(func() error { return r.hasSets(s.sets) })
}

// keeps reports whether a problem concerns an object that must be kept: a StatefulSet of this step, or any claim.
func (s migrationStep) keeps(problem string) bool {
	name := strings.Join(strings.Fields(problem)[:2], " ")
	if strings.HasPrefix(name, "PersistentVolumeClaim data-") {
		return true
	}
	for _, set := range s.sets {
		if name == "StatefulSet "+set {
			return true
		}
	}
	return false
}

// refusedWith returns an error unless err is a refusal with all parts.
func refusedWith(err error, parts []string) error {
	if err == nil {
		return errors.New("not refused")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			return fmt.Errorf("the refusal does not contain %q: %w", part, err)
		}
	}
	return nil
}

// hasSets returns an error unless exactly the wanted StatefulSets exist, with all of their pods.
func (r *release) hasSets(want []string) error {
	if err := r.settled(r.t.Context()); err != nil {
		return err
	}
	workloads, err := r.workloads(r.t.Context())
	if err != nil {
		return err
	}
	var sets []string
	for _, w := range workloads {
		if w.kind == "StatefulSet" {
			sets = append(sets, w.name)
		}
	}
	slices.Sort(sets)
	if !slices.Equal(sets, want) {
		return fmt.Errorf("got StatefulSets %v, want %v", sets, want)
	}
	return nil
}

func (r *release) deleteClaim(name string) error {
	return kube.Kube.CoreV1().PersistentVolumeClaims(r.namespace).Delete(r.t.Context(), name, metav1.DeleteOptions{})
}

func chartFolder(t *testing.T, name string) string {
	t.Helper()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(repository, "charts", name)
}

// TestResizeHook: only an upgrade to fewer servers has the Job that first removes servers from the cluster.
func TestResizeHook(t *testing.T) {
	t.Parallel()
	p, err := readProfile("multi-node")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "resize", p.withMembers(5), chartFolder(t, "argo-events"), selectors(nil))
	for i, servers := range []int{3, 5, 5, 3} {
		command := "upgrade"
		if i == 0 {
			command = "install"
		}
		if err := r.deploy(command, "multi-node", r.valuesFile(map[string]any{"bus": map[string]any{"replicas": servers}})); err != nil {
			t.Fatal(err)
		}
		hooks, err := r.run("get", "hooks", cases.Release)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Contains(hooks, "helm.sh/hook: pre-upgrade"), i == 3; got != want {
			t.Errorf("step %d, to %d servers: has the Job: %v, want %v", i, servers, got, want)
		}
		if err := r.eventually(func() error { return r.hasSets([]string{clustered}) }); err != nil {
			t.Fatal(err)
		}
	}
}
