package control

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// dryRun makes the API server return an object with defaults without creating it.
var dryRun = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}

// TestDependents: verify predicts the objects that the controller creates for an EventBus, an EventSource or a Sensor, with all fields for pods
// set, and with none.
func TestDependents(t *testing.T) {
	ctx := t.Context()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helms[0], "dependents", profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	text, err := os.ReadFile("testdata/dependents.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found, err := cases.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range found {
		if _, err := apply(ctx, r.namespace, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.startController(); err != nil {
		t.Fatal(err)
	}
	var c comparison
	var resources int
	if err := r.eventually(func() (err error) {
		resources, c, err = r.compareEach(ctx, func(c *comparison, kind string, text []byte) error { return r.compareDependents(ctx, c, kind, text) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, missing := range c.missing {
		t.Error(missing)
	}
	if resources != 10 || c.compared == 0 {
		t.Errorf("compared %d values of %d custom resources, want 10", c.compared, resources)
	}
	t.Logf("verify predicts %d values of %d custom resources", c.compared, resources)
}

// compareDependents compares the objects that verify predicts for a custom resource with those of the controller, both with the API server's
// defaults.
func (r *release) compareDependents(ctx context.Context, c *comparison, kind string, text []byte) error {
	predicted, uid, err := dependents(kind, text)
	if err != nil {
		return err
	}
	apps := kube.Kube.AppsV1()
	if d := predicted.Deployment; d != nil {
		real, err := c.deploymentOf(uid)
		if err != nil {
			return err
		}
		at := kind + " " + d.Name
		c.equal(at+": name", d.Name, real.Name[:max(0, strings.LastIndex(real.Name, "-"))])
		copyImages(&d.Spec.Template, real.Spec.Template)
		d.Name, d.Namespace, d.GenerateName = "", r.namespace, "predicted-"
		if d, err = apps.Deployments(r.namespace).Create(ctx, d, dryRun); err != nil {
			return err
		}
		c.equal(at+": labels", d.Labels, real.Labels)
		c.equal(at+": spec", relevant(d.Spec, d.Spec.Template), relevant(real.Spec, real.Spec.Template))
	}
	if s := predicted.StatefulSet; s != nil {
		real, err := apps.StatefulSets(r.namespace).Get(ctx, s.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		at := kind + " " + s.Name
		copyImages(&s.Spec.Template, real.Spec.Template)
		s.Name, s.Namespace, s.GenerateName = "", r.namespace, "predicted-"
		if s, err = apps.StatefulSets(r.namespace).Create(ctx, s, dryRun); err != nil {
			return err
		}
		c.equal(at+": labels", s.Labels, real.Labels)
		c.equal(at+": spec", relevant(s.Spec, s.Spec.Template), relevant(real.Spec, real.Spec.Template))
	}
	for _, s := range predicted.Services {
		real, err := kube.Kube.CoreV1().Services(r.namespace).Get(ctx, s.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		at := kind + " " + s.Name
		s.Name, s.Namespace, s.GenerateName = "", r.namespace, "predicted-"
		if s, err = kube.Kube.CoreV1().Services(r.namespace).Create(ctx, s, dryRun); err != nil {
			return err
		}
		for _, of := range []*corev1.Service{s, real} {
			if of.Spec.ClusterIP != corev1.ClusterIPNone {
				of.Spec.ClusterIP, of.Spec.ClusterIPs = "", nil
			}
			of.Spec.Ports = slices.SortedFunc(slices.Values(of.Spec.Ports), func(a, b corev1.ServicePort) int { return strings.Compare(a.Name, b.Name) })
		}
		c.equal(at+": spec", s.Spec, real.Spec)
	}
	return nil
}

// dependents returns the objects that verify predicts for a custom resource, and its UID.
func dependents(kind string, text []byte) (predicted argoevents.Dependents, uid types.UID, err error) {
	switch kind {
	case "EventBus":
		var o argoevents.EventBus
		if err = json.Unmarshal(text, &o); err == nil {
			predicted, err = o.Dependents()
		}
		uid = o.UID
	case "EventSource":
		var o argoevents.EventSource
		if err = json.Unmarshal(text, &o); err == nil {
			predicted, err = o.Dependents()
		}
		uid = o.UID
	case "Sensor":
		var o argoevents.Sensor
		err = json.Unmarshal(text, &o)
		predicted, uid = o.Dependents(), o.UID
	}
	return predicted, uid, err
}

// copyImages copies the fields from the controller's configuration of a bus version: images, and the path of the server in them.
func copyImages(pods *corev1.PodTemplateSpec, from corev1.PodTemplateSpec) {
	for i := range min(len(pods.Spec.Containers), len(from.Spec.Containers)) {
		c, real := &pods.Spec.Containers[i], from.Spec.Containers[i]
		c.Image = real.Image
		if c.Lifecycle != nil && real.Lifecycle != nil {
			c.Lifecycle.PreStop.Exec.Command[0] = real.Lifecycle.PreStop.Exec.Command[0]
		}
	}
}

// relevant returns a specification without fields that affect neither placement, nor volumes, nor termination of pods.
func relevant(spec any, pods corev1.PodTemplateSpec) map[string]any {
	pods = *pods.DeepCopy()
	pods.Spec.Volumes = slices.DeleteFunc(pods.Spec.Volumes, func(v corev1.Volume) bool {
		return v.Secret != nil || v.ConfigMap != nil || v.Projected != nil || v.EmptyDir != nil
	})
	for i := range pods.Spec.Containers {
		c := &pods.Spec.Containers[i]
		c.Image, c.ImagePullPolicy, c.Command, c.Args, c.Env, c.EnvFrom, c.VolumeMounts = "", "", nil, nil, nil, nil, nil
	}
	fields, template := map[string]any{}, map[string]any{}
	if convert(spec, &fields) != nil || convert(pods, &template) != nil {
		return nil
	}
	fields["template"] = template
	return fields
}

// equal counts the predicted values, and records differences.
func (c *comparison) equal(at string, predicted, real any) {
	var t, m any
	if err := convert(predicted, &t); err == nil && convert(real, &m) == nil && t != nil {
		c.compared += leaves(t)
		c.differ(at, t, m)
		return
	}
	c.missing = append(c.missing, fmt.Sprintf("%s: cannot compare %v with %v", at, predicted, real))
}

func (c *comparison) differ(at string, predicted, real any) {
	t, isMap := predicted.(map[string]any)
	m, _ := real.(map[string]any)
	if !isMap {
		if !reflect.DeepEqual(predicted, real) {
			c.missing = append(c.missing, fmt.Sprintf("%s: verify predicts %v, the controller created %v", at, predicted, real))
		}
		return
	}
	for key, value := range t {
		c.differ(at+"."+key, value, m[key])
	}
	for key, value := range m {
		if _, ok := t[key]; !ok {
			c.missing = append(c.missing, fmt.Sprintf("%s.%s: missing in the prediction, the controller created %v", at, key, value))
		}
	}
}
