// Package chart tests what holdfast renders against the programs that will read it: Helm, the Kubernetes schemas, Argo
// Events, nats-server and the nats command. No cluster is needed.
//
// It reads files outside this module, which the go command does not watch: run it with -count=1.
package chart

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// release is a case with the objects that holdfast renders for it.
type release struct {
	cases.Case
	objects []cases.Object
}

// patience is how long a script may take, and a test's own request may be tried again, on a machine with much else to do: as long as the
// scripts try.
const patience = 10 * time.Minute

var holdfast = sync.OnceValues(cases.BuildHoldfast)

// releases renders every case, once for all tests.
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

// eachRelease runs a test on every case that it is for; there must be one.
func eachRelease(t *testing.T, isFor func(release) bool, test func(*testing.T, release)) {
	t.Helper()
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, isFor) {
		t.Fatalf("this test is for none of the %d cases", len(all))
	}
	for _, r := range all {
		if isFor(r) {
			t.Run(r.Name, func(t *testing.T) { test(t, r) })
		}
	}
}

func every(release) bool { return true }

// ofKind returns the objects of some kinds.
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
