// Package operators compares the fields that verify reads of custom resources with the Go types of their operators.
package operators

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	rolloutsapi "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	elasticsearch "github.com/elastic/cloud-on-k8s/v3/pkg/apis/elasticsearch/v1"
	kibana "github.com/elastic/cloud-on-k8s/v3/pkg/apis/kibana/v1"
	kedaapi "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	agent "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/holdfast-ha/holdfast/verify/operators/elastic"
	"github.com/holdfast-ha/holdfast/verify/operators/keda"
	"github.com/holdfast-ha/holdfast/verify/operators/prometheus"
	"github.com/holdfast-ha/holdfast/verify/operators/rollouts"
)

// TestFields: every field that verify reads exists in the operator's type, with the same kind of value. The custom resources of the
// Prometheus operator share one type of verify; each of its fields is in at least one of them.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		own      reflect.Type
		upstream []reflect.Type
	}{
		{reflect.TypeFor[rollouts.Rollout](), []reflect.Type{reflect.TypeFor[rolloutsapi.Rollout]()}},
		{reflect.TypeFor[keda.ScaledObject](), []reflect.Type{reflect.TypeFor[kedaapi.ScaledObject]()}},
		{reflect.TypeFor[keda.ScaledJob](), []reflect.Type{reflect.TypeFor[kedaapi.ScaledJob]()}},
		{reflect.TypeFor[elastic.Elasticsearch](), []reflect.Type{reflect.TypeFor[elasticsearch.Elasticsearch]()}},
		{reflect.TypeFor[elastic.Kibana](), []reflect.Type{reflect.TypeFor[kibana.Kibana]()}},
		{reflect.TypeFor[prometheus.Resource](), []reflect.Type{
			reflect.TypeFor[monitoring.Prometheus](), reflect.TypeFor[agent.PrometheusAgent](), reflect.TypeFor[monitoring.Alertmanager](), reflect.TypeFor[monitoring.ThanosRuler](),
		}},
	} {
		compare(t, c.own.String(), c.own, c.upstream)
	}
}

// compare reports the fields of a type that none of the upstream types has, by their JSON names.
func compare(t *testing.T, path string, own reflect.Type, upstream []reflect.Type) {
	own = element(own)
	if own.Kind() != reflect.Struct || !strings.HasPrefix(own.PkgPath(), "github.com/holdfast-ha/") && own.PkgPath() != "" {
		return // Kubernetes' own types, and values
	}
	for name, field := range fields(own) {
		var found []reflect.Type
		for _, u := range upstream {
			if u = element(u); u.Kind() == reflect.Struct {
				if f, ok := fields(u)[name]; ok {
					found = append(found, f)
				}
			}
		}
		at := path + "." + name
		if len(found) == 0 {
			t.Errorf("%s: the operator has no such field", at)
			continue
		}
		for _, f := range found {
			decodes := reflect.PointerTo(element(f)).Implements(reflect.TypeFor[json.Unmarshaler]())
			if got, want := kind(field), kind(f); got != want && got != "struct" && !decodes {
				t.Errorf("%s: verify reads a %s, the operator has a %s (%s)", at, got, want, f)
			}
		}
		compare(t, at, field, found)
	}
}

// fields returns the types of the fields of a struct by JSON name, embedded ones included.
func fields(of reflect.Type) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			for inner, typ := range fields(element(f.Type)) {
				all[inner] = typ
			}
		case name != "":
			all[name] = f.Type
		}
	}
	return all
}

// element returns the type without pointers and lists.
func element(of reflect.Type) reflect.Type {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	return of
}

// kind returns the kind of a value without pointers and sizes.
func kind(of reflect.Type) string {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return strings.TrimRight(of.Kind().String(), "123468")
}
