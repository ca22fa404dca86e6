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

// stage is one helm upgrade in a move, or what must be refused.
type stage struct {
	about, profile string
	// migration are the values of that name; a revision makes it a rollback.
	migration map[string]any
	revision  string
	// refused are parts of the refusal; it must change nothing.
	refused []string
	// deleted is a claim that the user deletes first.
	deleted string
	// sets are the StatefulSets of the bus that are there then.
	sets []string
}

const (
	clustered  = "events-argo-events-bus"
	standalone = "events-argo-events-bus-standalone"
)

// movesOf are lives of a release whose bus moves: there and back, and back before it is done.
var movesOf = map[string][]stage{
	"done": {
		{about: "install", profile: "single-node", sets: []string{standalone}},
		{about: "in place", profile: "multi-zone", refused: []string{"the bus of this release is StatefulSet " + standalone, "--set migration.from="}},
		{about: "move", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "one"}, sets: []string{clustered, standalone}},
		{about: "another move in its middle", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "two"}, refused: []string{"not by the move two"}},
		{about: "back in place", profile: "single-node", refused: []string{"the move is done", "a move of its own"}},
		{about: "without the old bus", profile: "multi-zone", sets: []string{clustered}},
		{about: "the same move again", profile: "multi-zone", migration: map[string]any{"from": "single-node", "id": "one"}, refused: []string{"is there already, and not by the move one"}},
		{about: "other values", profile: "multi-node", sets: []string{clustered}},
		{about: "back in place", profile: "single-node", refused: []string{"the bus of this release is StatefulSet " + clustered}},
		{about: "a move to old disks", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back"}, refused: []string{"the claim data-" + standalone + "-0 is left from an earlier life"}},
		{about: "a move from more servers than there are", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back", "servers": 5}, refused: []string{"migration.servers: the bus has 3 servers"}},
		{about: "move back", profile: "single-node", migration: map[string]any{"from": "multi-node", "id": "back"}, deleted: "data-" + standalone + "-0", sets: []string{clustered, standalone}},
		{about: "without the old bus", profile: "single-node", sets: []string{standalone}},
	},
	"undone": {
		{about: "install", profile: "single-node", sets: []string{standalone}},
		{about: "move", profile: "multi-node", migration: map[string]any{"from": "single-node", "id": "one"}, sets: []string{clustered, standalone}},
		{about: "rollback", revision: "1", sets: []string{standalone}},
	},
}

// TestMoves: every step of a move is accepted by the API, keeps the StatefulSets that are in it and every claim; what would leave events behind
// is refused and changes nothing. The pods are ready at once here, so every move is done when its upgrade is.
func TestMoves(t *testing.T) {
	t.Parallel()
	for _, helm := range helms {
		for name, stages := range movesOf {
			t.Run(name+"/"+helm, func(t *testing.T) {
				t.Parallel()
				testMoves(t, helm, name, stages)
			})
		}
	}
}

func testMoves(t *testing.T, helm, name string, stages []stage) {
	p, err := readProfile("multi-zone")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helm, "move-"+name+"-"+helm, p, chartFolder(t, "argo-events"), selectors(nil))
	before := snapshot{}
	for i, s := range stages {
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

// step does what a stage says, and waits until everything is there.
func (r *release) step(s stage, first bool) (err error) {
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
	return r.eventually(func() error { return r.moved(s.sets) })
}

// keeps tells whether an object that is gone or new should not be: of a bus that is in this stage, or a claim of any bus.
func (s stage) keeps(problem string) bool {
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

// refusedWith: helm has refused, and said all of it.
func refusedWith(err error, parts []string) error {
	if err == nil {
		return errors.New("it was not refused")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			return fmt.Errorf("the refusal does not say %q: %w", part, err)
		}
	}
	return nil
}

// moved tells what is missing of the StatefulSets that are wanted, and only those, with all of their pods.
func (r *release) moved(want []string) error {
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
		return fmt.Errorf("there are the StatefulSets %v, want %v", sets, want)
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

// TestServersLeaveBeforeTheirPods: an upgrade to fewer servers has the Job that takes them out of the cluster first, and no other has.
func TestServersLeaveBeforeTheirPods(t *testing.T) {
	t.Parallel()
	p, err := readProfile("multi-node")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "resize", p.withVoters(5), chartFolder(t, "argo-events"), selectors(nil))
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
			t.Errorf("step %d, to %d servers: the Job is there: %v, want %v", i, servers, got, want)
		}
		if err := r.eventually(func() error { return r.moved([]string{clustered}) }); err != nil {
			t.Fatal(err)
		}
	}
}
