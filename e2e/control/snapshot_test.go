package control

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// lasting are the kinds that a release and its controller are made of. Jobs are made anew by intention.
var lasting = [][2]string{
	{"v1", "ConfigMap"}, {"v1", "PersistentVolumeClaim"}, {"v1", "Secret"}, {"v1", "Service"}, {"v1", "ServiceAccount"},
	{"apps/v1", "DaemonSet"}, {"apps/v1", "Deployment"}, {"apps/v1", "StatefulSet"},
	{"argoproj.io/v1alpha1", "EventBus"}, {"argoproj.io/v1alpha1", "EventSource"}, {"argoproj.io/v1alpha1", "Sensor"},
	{"networking.k8s.io/v1", "NetworkPolicy"}, {"policy/v1", "PodDisruptionBudget"},
	{"rbac.authorization.k8s.io/v1", "Role"}, {"rbac.authorization.k8s.io/v1", "RoleBinding"},
}

// snapshot is what there is in a namespace, by kind and name.
type snapshot map[string]unstructured.Unstructured

func (r *release) snapshot(ctx context.Context) (snapshot, error) {
	s := snapshot{}
	for _, kind := range lasting {
		collection, err := resource(kind[0], kind[1], r.namespace)
		if err != nil {
			return nil, err
		}
		found, err := collection.List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, o := range found.Items {
			// Helm's own records.
			if strings.HasPrefix(o.GetName(), "sh.helm.release.") {
				continue
			}
			s[kind[1]+" "+o.GetName()] = o
		}
	}
	return s, nil
}

// compare tells what was lost or made anew, and if nothing was to change, what changed.
func (s snapshot) compare(after snapshot, still bool) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		was, now := s[name], after[name]
		switch {
		case now.Object == nil:
			problems = append(problems, name+" is gone")
		case now.GetUID() != was.GetUID():
			problems = append(problems, name+" was made anew")
		case was.GetKind() == "Service" && address(was) != address(now):
			problems = append(problems, fmt.Sprintf("%s had the address %s and has %s", name, address(was), address(now)))
		case still && was.GetGeneration() != now.GetGeneration():
			problems = append(problems, fmt.Sprintf("%s changed: generation %d became %d", name, was.GetGeneration(), now.GetGeneration()))
		case still && !reflect.DeepEqual(content(was), content(now)):
			problems = append(problems, fmt.Sprintf("%s changed:\n%v\n%v", name, content(was), content(now)))
		}
	}
	if still && len(after) != len(s) {
		problems = append(problems, fmt.Sprintf("there were %d objects and are %d", len(s), len(after)))
	}
	return problems
}

func address(o unstructured.Unstructured) string {
	ip, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP")
	return ip
}

// content is an object without what the API server and the controllers note on it.
func content(o unstructured.Unstructured) map[string]any {
	c := o.DeepCopy()
	unstructured.RemoveNestedField(c.Object, "status")
	unstructured.RemoveNestedField(c.Object, "metadata", "managedFields")
	unstructured.RemoveNestedField(c.Object, "metadata", "resourceVersion")
	unstructured.RemoveNestedField(c.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	return c.Object
}
