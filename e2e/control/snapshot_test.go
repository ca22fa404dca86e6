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

// lasting are the kinds of objects that steps keep. Jobs are recreated intentionally.
var lasting = [][2]string{
	{"v1", "ConfigMap"}, {"v1", "PersistentVolumeClaim"}, {"v1", "Secret"}, {"v1", "Service"}, {"v1", "ServiceAccount"},
	{"apps/v1", "DaemonSet"}, {"apps/v1", "Deployment"}, {"apps/v1", "StatefulSet"},
	{"argoproj.io/v1alpha1", "EventBus"}, {"argoproj.io/v1alpha1", "EventSource"}, {"argoproj.io/v1alpha1", "Sensor"},
	{"networking.k8s.io/v1", "NetworkPolicy"}, {"policy/v1", "PodDisruptionBudget"},
	{"rbac.authorization.k8s.io/v1", "Role"}, {"rbac.authorization.k8s.io/v1", "RoleBinding"},
}

// snapshot has the objects of a namespace by kind and name.
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
			// Helm's release records.
			if strings.HasPrefix(o.GetName(), "sh.helm.release.") {
				continue
			}
			s[kind[1]+" "+o.GetName()] = o
		}
	}
	return s, nil
}

// compare lists objects that were deleted or recreated, and also changed ones if unchanged is set.
func (s snapshot) compare(after snapshot, unchanged bool) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		was, now := s[name], after[name]
		switch {
		case now.Object == nil:
			problems = append(problems, name+" was deleted")
		case now.GetUID() != was.GetUID():
			problems = append(problems, name+" was recreated")
		case was.GetKind() == "Service" && address(was) != address(now):
			problems = append(problems, fmt.Sprintf("%s: address changed from %s to %s", name, address(was), address(now)))
		case unchanged && was.GetGeneration() != now.GetGeneration():
			problems = append(problems, fmt.Sprintf("%s changed: generation %d to %d", name, was.GetGeneration(), now.GetGeneration()))
		case unchanged && !reflect.DeepEqual(content(was), content(now)):
			problems = append(problems, fmt.Sprintf("%s changed:\n%v\n%v", name, content(was), content(now)))
		}
	}
	if unchanged && len(after) != len(s) {
		problems = append(problems, fmt.Sprintf("number of objects changed from %d to %d", len(s), len(after)))
	}
	return problems
}

func address(o unstructured.Unstructured) string {
	ip, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP")
	return ip
}

// content returns an object without status and bookkeeping of the API server and controllers.
func content(o unstructured.Unstructured) map[string]any {
	c := o.DeepCopy()
	unstructured.RemoveNestedField(c.Object, "status")
	unstructured.RemoveNestedField(c.Object, "metadata", "managedFields")
	unstructured.RemoveNestedField(c.Object, "metadata", "resourceVersion")
	unstructured.RemoveNestedField(c.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	return c.Object
}
