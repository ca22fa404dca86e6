// Package chart tests rendered objects with the programs that read them: Helm, the schemas of Kubernetes, Argo Events, nats-server and the nats
// command. It needs no cluster.
//
// It reads files outside this module, which the go command does not track: run it with -count=1.
package chart

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// release is a case with its rendered objects.
type release struct {
	cases.Case
	objects []cases.Object
}

// patience limits scripts, and the retries of a test's own requests. The scripts retry for the same time.
const patience = 10 * time.Minute

var holdfast = sync.OnceValues(cases.BuildHoldfast)

// releases are all cases, rendered once for all tests.
var releases = sync.OnceValues(func() ([]release, error) {
	bin, err := holdfast()
	if err != nil {
		return nil, err
	}
	found, err := cases.All()
	if err != nil {
		return nil, err
	}
	var all []release
	for _, c := range found {
		objects, err := bin.Render(c)
		if err != nil {
			return nil, err
		}
		all = append(all, release{c, objects})
	}
	return all, nil
})

// eachRelease runs a test on every case that it applies to. There must be at least one.
func eachRelease(t *testing.T, applies func(release) bool, test func(*testing.T, release)) {
	t.Helper()
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, applies) {
		t.Fatalf("this test applies to none of the %d cases", len(all))
	}
	for _, r := range all {
		if applies(r) {
			t.Run(r.Name, func(t *testing.T) { test(t, r) })
		}
	}
}

func every(release) bool { return true }

// ofKind returns the objects of the given kinds.
func (r release) ofKind(kinds ...string) []cases.Object {
	var found []cases.Object
	for _, o := range r.objects {
		if slices.Contains(kinds, o.Kind()) {
			found = append(found, o)
		}
	}
	return found
}

func program(t *testing.T, name string) string {
	t.Helper()
	file, err := binaries.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
