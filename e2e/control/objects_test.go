package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// selectors are the different labels that the pods of some objects select nodes by; one of them is none at all.
func selectors(found []cases.Object) []map[string]string {
	all := []map[string]string{nil}
	each(found, "nodeSelector", func(value any) {
		labels := map[string]string{}
		known := func(other map[string]string) bool { return maps.Equal(labels, other) }
		if convert(value, &labels) == nil && !slices.ContainsFunc(all, known) {
			all = append(all, labels)
		}
	})
	return all
}

// makeAccounts makes the service accounts that the pods of some objects run as and that are not among the objects: those
// that users bring along.
func (r *release) makeAccounts(found []cases.Object) {
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

// each calls back with the value of a key, wherever in some objects the key stands.
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

// convert makes a value of another type by way of JSON.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// voters is the number of pods of the largest StatefulSet.
func voters(found []cases.Object) int {
	most := 0
	for _, o := range found {
		var set appsv1.StatefulSet
		if o.Kind() == "StatefulSet" && o.Into(&set) == nil && set.Spec.Replicas != nil {
			most = max(most, int(*set.Spec.Replicas))
		}
	}
	return most
}
