package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// selectors returns the distinct node selectors of pods in objects, and the empty one.
func selectors(found []cases.Object) []map[string]string {
	all := []map[string]string{nil}
	each(found, "nodeSelector", func(value any) {
		labels := map[string]string{}
		equal := func(other map[string]string) bool { return maps.Equal(labels, other) }
		if convert(value, &labels) == nil && !slices.ContainsFunc(all, equal) {
			all = append(all, labels)
		}
	})
	return all
}

// createAccounts creates the service accounts of pods that are not among the objects: users provide them.
func (r *release) createAccounts(found []cases.Object) {
	r.t.Helper()
	wanted := map[string]bool{}
	each(found, "serviceAccountName", func(name any) { wanted[fmt.Sprint(name)] = true })
	for _, o := range found {
		if o.Kind() == "ServiceAccount" {
			delete(wanted, o.Name())
		}
	}
	for name := range wanted {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := kube.Kube.CoreV1().ServiceAccounts(r.namespace).Create(r.t.Context(), account, metav1.CreateOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// createPriorityClasses creates the priority classes of pods: administrators provide them, for all namespaces.
func (r *release) createPriorityClasses(found []cases.Object) {
	r.t.Helper()
	each(found, "priorityClassName", func(value any) {
		name := fmt.Sprint(value)
		if strings.HasPrefix(name, "system-") { // Kubernetes has them
			return
		}
		class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: 1000}
		if _, err := kube.Kube.SchedulingV1().PriorityClasses().Create(r.t.Context(), class, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			r.t.Fatal(err)
		}
	})
}

// each calls a function with every value of a key, anywhere in the objects.
func each(found []cases.Object, key string, call func(any)) {
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case map[string]any:
			for k, value := range node {
				if k == key {
					call(value)
				}
				walk(value)
			}
		case []any:
			for _, value := range node {
				walk(value)
			}
		}
	}
	for _, o := range found {
		walk(o.Content)
	}
}

// convert converts a value to another type through JSON.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// members returns the number of pods of the largest StatefulSet.
func members(found []cases.Object) int {
	most := 0
	for _, o := range found {
		var set appsv1.StatefulSet
		if o.Kind() == "StatefulSet" && o.Into(&set) == nil && set.Spec.Replicas != nil {
			most = max(most, int(*set.Spec.Replicas))
		}
	}
	return most
}
