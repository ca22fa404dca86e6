package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// TestApply: the API server accepts every object of every case with strict validation, and a second apply changes nothing. The controllers are
// stopped, so that nothing else changes objects.
func TestApply(t *testing.T) {
	ctx := t.Context()
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, test := range []string{"apply", "kustomize"} {
			if err := kube.Namespace(ctx, namespaceOf(test, c)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := kube.Stop(controlplane.Scheduler, controlplane.ControllerManager); err != nil {
		t.Fatal(err)
	}
	// Parallel tests start after sequential ones like this, when the controllers run again.
	t.Cleanup(func() {
		if err := kube.Start(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("rendered", func(t *testing.T) { testApply(t, c) })
			t.Run("kustomize", func(t *testing.T) { testApplyKustomize(t, c) })
		})
	}
}

// TestApplyIsStrict: the API server refuses an unknown field, so that TestApply would detect one.
func TestApplyIsStrict(t *testing.T) {
	typo := cases.Object{Content: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "typo"},
		"spec": map[string]any{"clusterIP": "None", "publishNotReadyAdresses": true},
	}}
	if _, err := apply(t.Context(), "default", typo); err == nil {
		t.Error("a Service with an unknown field was accepted")
	}
}

func namespaceOf(test string, c cases.Case) string { return test + "-" + c.Name }

func testApply(t *testing.T, c cases.Case) {
	found, err := holdfast.Render(c)
	if err != nil {
		t.Fatal(err)
	}
	applyTwice(t, namespaceOf("apply", c), found)
}

// testApplyKustomize: the same with the objects that Kustomize builds for the case, in the namespace of an overlay.
func testApplyKustomize(t *testing.T, c cases.Case) {
	const base = "single-node"
	dir, namespace := t.TempDir(), namespaceOf("kustomize", c)
	profiles, folder := []string{base}, "base"
	if c.Profile != base {
		profiles, folder = append(profiles, c.Profile), "overlays/"+c.Profile
	}
	single := c
	single.Profile = base
	if _, err := holdfast.Render(single); err != nil {
		// The values of a migration are valid for its target only.
		profiles, folder = []string{c.Profile}, "base"
	}
	if err := holdfast.Kustomize(c, dir, profiles...); err != nil {
		t.Fatal(err)
	}
	overlay := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: " + namespace + "\nresources: [" + folder + "]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	kustomize, err := binaries.Path("kustomize")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cases.Output(kustomize, "build", dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := cases.Decode(out)
	if err != nil {
		t.Fatal(err)
	}
	applyTwice(t, namespace, found)
}

func applyTwice(t *testing.T, namespace string, found []cases.Object) {
	t.Helper()
	versions := map[string]string{}
	for round := range 2 {
		for _, o := range found {
			applied, err := apply(t.Context(), namespace, o)
			if err != nil {
				t.Error(err)
				continue
			}
			if round == 1 && applied.GetResourceVersion() != versions[o.Key()] {
				t.Errorf("a second apply changes %s", o.Key())
			}
			versions[o.Key()] = applied.GetResourceVersion()
		}
	}
	if len(found) == 0 {
		t.Error("nothing was applied")
	}
	for _, o := range found {
		if err := remove(t.Context(), namespace, o); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d objects accepted with strict validation, and unchanged by a second apply", len(found))
}

// manager is the field manager of these tests.
const manager = "holdfast-e2e"

// apply applies an object server-side and returns the result. An unknown field, or a conflict with another manager, is an error.
func apply(ctx context.Context, namespace string, o cases.Object, dryRun ...string) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(o.Content)
	if err != nil {
		return nil, err
	}
	collection, err := resource(o.APIVersion(), o.Kind(), namespace)
	if err != nil {
		return nil, fmt.Errorf("applying %s: %w", o.Key(), err)
	}
	options := metav1.PatchOptions{FieldManager: manager, FieldValidation: metav1.FieldValidationStrict, DryRun: dryRun}
	applied, err := collection.Patch(ctx, o.Name(), types.ApplyPatchType, text, options)
	if err != nil {
		return nil, fmt.Errorf("applying %s: %w", o.Key(), err)
	}
	return applied, nil
}

// remove deletes an object; the garbage collector deletes what it owns some time later.
func remove(ctx context.Context, namespace string, o cases.Object) error {
	return removeBy(ctx, namespace, o, metav1.DeletePropagationBackground)
}

// removeWhole deletes an object after everything it owns, and waits until it is gone.
func removeWhole(ctx context.Context, namespace string, o cases.Object) error {
	if err := removeBy(ctx, namespace, o, metav1.DeletePropagationForeground); err != nil {
		return err
	}
	collection, err := resource(o.APIVersion(), o.Kind(), namespace)
	if err != nil {
		return err
	}
	return cluster.Eventually(ctx, patience, func() error {
		_, err := collection.Get(ctx, o.Name(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = errors.New("it still exists")
		}
		return fmt.Errorf("deleting %s: %w", o.Key(), err)
	})
}

func removeBy(ctx context.Context, namespace string, o cases.Object, propagation metav1.DeletionPropagation) error {
	collection, err := resource(o.APIVersion(), o.Kind(), namespace)
	if err != nil {
		return fmt.Errorf("deleting %s: %w", o.Key(), err)
	}
	if err := collection.Delete(ctx, o.Name(), metav1.DeleteOptions{PropagationPolicy: &propagation}); err != nil {
		return fmt.Errorf("deleting %s: %w", o.Key(), err)
	}
	return nil
}
