package control

import (
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCases installs every case on the smallest cluster of its profile. It checks the objects that the controller creates, the matches of selectors,
// the placement of pods, drains and rollouts.
func TestCases(t *testing.T) {
	t.Parallel()
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		helm := helms[i%len(helms)]
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			testCase(t, c, helm)
		})
	}
}

func testCase(t *testing.T, c cases.Case, helm string) {
	name := namespaceOf("case", c)
	found, err := holdfast.Render(c, "--namespace", name)
	if err != nil {
		t.Fatal(err)
	}
	chart, err := c.Chart()
	if err != nil {
		t.Fatal(err)
	}
	p, err := readProfile(c.Profile)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helm, name, p.withMembers(members(found)), chart, selectors(found))
	r.createAccounts(found)
	r.createPriorityClasses(found)
	if err := r.deploy("install", c.Profile, c.Values); err != nil {
		t.Fatal(err)
	}
	// Also the objects of helm test: some policies apply only to them.
	hooks, err := r.testHooks()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range hooks {
		if _, err := apply(t.Context(), r.namespace, o); err != nil {
			t.Fatal(err)
		}
	}
	// Before everything exists, checks prove nothing.
	if err := r.eventually(func() error { return r.settled(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	if r.controller != nil {
		t.Run("reconciled", func(t *testing.T) { r.testReconciled(t) })
		t.Run("applied", func(t *testing.T) { r.testApplied(t, found) })
	}
	t.Run("selected", func(t *testing.T) { r.testSelected(t) })
	t.Run("placed", func(t *testing.T) { r.testPlaced(t, p) })
	for _, o := range hooks {
		if err := removeWhole(t.Context(), r.namespace, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.eventually(func() error { return r.settled(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	r.compared = agreement.Case{Name: c.Name, About: []string{c.About}}
	if r.compared.Digest, err = holdfast.Digest(c); err != nil {
		t.Fatal(err)
	}
	t.Run("agrees", func(t *testing.T) { r.testAgrees(t) })
	t.Run("drained", func(t *testing.T) { r.testDrained(t) })
	t.Run("rolled out", func(t *testing.T) { r.testRollout(t, c) })
	agreed.Add(r.compared)
}

// testReconciled: every field of an EventBus, EventSource or Sensor is in the objects that the controller creates.
func (r *release) testReconciled(t *testing.T) {
	resources, c, err := r.reconciled(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range c.missing {
		t.Error(missing)
	}
	if c.compared == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("%d values of %d custom resources found in the objects of the controller", c.compared, resources)
}

// testApplied: a custom resource can be applied again server-side, like Helm 4 and GitOps tools do at each upgrade. A field or list that the
// controller has changed would be a conflict.
func (r *release) testApplied(t *testing.T, found []cases.Object) {
	tried := 0
	for _, o := range found {
		if o.Hook() || !strings.HasPrefix(o.APIVersion(), "argoproj.io/") {
			continue
		}
		if _, err := apply(t.Context(), r.namespace, o, metav1.DryRunAll); err != nil {
			t.Error(err)
		}
		tried++
	}
	if tried == 0 {
		t.Error("nothing was applied")
	}
	t.Logf("%d custom resources applied again", tried)
}
