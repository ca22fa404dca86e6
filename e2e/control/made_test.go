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
	"github.com/holdfast-ha/holdfast/verify/argoevents"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// dry asks the API server what it would make of an object.
var dry = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}

// TestMade: what verify takes an EventBus, an EventSource or a Sensor for is what the controller makes of it, with every
// field set that the kinds have for their pods, and with none.
func TestMade(t *testing.T) {
	ctx := t.Context()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helms[0], "made", profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	text, err := os.ReadFile("testdata/made.yaml")
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
	var made int
	if err := r.eventually(func() (err error) {
		made, c, err = r.comparing(ctx, func(c *comparison, kind string, text []byte) error { return r.compareMade(ctx, c, kind, text) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, missing := range c.missing {
		t.Error(missing)
	}
	if made != 10 || c.compared == 0 {
		t.Errorf("%d values of %d custom resources were compared", c.compared, made)
	}
	t.Logf("%d values of %d custom resources are as verify takes them", c.compared, made)
}

// compareMade compares what verify takes an object for with what the controller made of it, both with the API server's
// defaults.
func (r *release) compareMade(ctx context.Context, c *comparison, kind string, text []byte) error {
	made, uid, err := taken(kind, text)
	if err != nil {
		return err
	}
	apps := kube.Kube.AppsV1()
	if d := made.Deployment; d != nil {
		real, err := c.deploymentOf(uid)
		if err != nil {
			return err
		}
		at := kind + " " + d.Name
		c.equal(at+": name", d.Name, real.Name[:max(0, strings.LastIndex(real.Name, "-"))])
		borrow(&d.Spec.Template, real.Spec.Template)
		d.Name, d.Namespace, d.GenerateName = "", r.namespace, "taken-"
		if d, err = apps.Deployments(r.namespace).Create(ctx, d, dry); err != nil {
			return err
		}
		c.equal(at+": labels", d.Labels, real.Labels)
		c.equal(at+": spec", placing(d.Spec, d.Spec.Template), placing(real.Spec, real.Spec.Template))
	}
	if s := made.StatefulSet; s != nil {
		real, err := apps.StatefulSets(r.namespace).Get(ctx, s.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		at := kind + " " + s.Name
		borrow(&s.Spec.Template, real.Spec.Template)
		s.Name, s.Namespace, s.GenerateName = "", r.namespace, "taken-"
		if s, err = apps.StatefulSets(r.namespace).Create(ctx, s, dry); err != nil {
			return err
		}
		c.equal(at+": labels", s.Labels, real.Labels)
		c.equal(at+": spec", placing(s.Spec, s.Spec.Template), placing(real.Spec, real.Spec.Template))
	}
	for _, s := range made.Services {
		real, err := kube.Kube.CoreV1().Services(r.namespace).Get(ctx, s.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		at := kind + " " + s.Name
		s.Name, s.Namespace, s.GenerateName = "", r.namespace, "taken-"
		if s, err = kube.Kube.CoreV1().Services(r.namespace).Create(ctx, s, dry); err != nil {
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

// taken is what verify takes an object for.
func taken(kind string, text []byte) (made argoevents.Dependents, uid types.UID, err error) {
	switch kind {
	case "EventBus":
		var o argoevents.EventBus
		if err = json.Unmarshal(text, &o); err == nil {
			made, err = o.Dependents()
		}
		uid = o.UID
	case "EventSource":
		var o argoevents.EventSource
		if err = json.Unmarshal(text, &o); err == nil {
			made, err = o.Dependents()
		}
		uid = o.UID
	case "Sensor":
		var o argoevents.Sensor
		err = json.Unmarshal(text, &o)
		made, uid = o.Dependents(), o.UID
	}
	return made, uid, err
}

// borrow takes over what the controller's configuration says of a version of the bus: images, which the API server asks for,
// and what the server is called in them.
func borrow(pods *corev1.PodTemplateSpec, from corev1.PodTemplateSpec) {
	for i := range min(len(pods.Spec.Containers), len(from.Spec.Containers)) {
		c, real := &pods.Spec.Containers[i], from.Spec.Containers[i]
		c.Image = real.Image
		if c.Lifecycle != nil && real.Lifecycle != nil {
			c.Lifecycle.PreStop.Exec.Command[0] = real.Lifecycle.PreStop.Exec.Command[0]
		}
	}
}

// placing is a Deployment's or StatefulSet's specification without what neither places nor binds nor stops a pod.
func placing(spec any, pods corev1.PodTemplateSpec) map[string]any {
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

// equal counts the values of what was taken, and says where what was made differs.
func (c *comparison) equal(at string, taken, made any) {
	var t, m any
	if err := convert(taken, &t); err == nil && convert(made, &m) == nil && t != nil {
		c.compared += leaves(t)
		c.differ(at, t, m)
		return
	}
	c.missing = append(c.missing, fmt.Sprintf("%s: cannot compare %v with %v", at, taken, made))
}

func (c *comparison) differ(at string, taken, made any) {
	t, isMap := taken.(map[string]any)
	m, _ := made.(map[string]any)
	if !isMap {
		if !reflect.DeepEqual(taken, made) {
			c.missing = append(c.missing, fmt.Sprintf("%s: verify takes it for %v, the controller made %v", at, taken, made))
		}
		return
	}
	for key, value := range t {
		c.differ(at+"."+key, value, m[key])
	}
	for key, value := range m {
		if _, has := t[key]; !has {
			c.missing = append(c.missing, fmt.Sprintf("%s.%s: verify leaves it out, the controller made %v", at, key, value))
		}
	}
}
