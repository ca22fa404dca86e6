// Package operators lists the operators whose custom resources verify expands to the pods that they create.
package operators

import (
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/operators/cloudnativepg"
	"github.com/holdfast-ha/holdfast/verify/operators/elastic"
	"github.com/holdfast-ha/holdfast/verify/operators/keda"
	"github.com/holdfast-ha/holdfast/verify/operators/knative"
	"github.com/holdfast-ha/holdfast/verify/operators/mariadb"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
	"github.com/holdfast-ha/holdfast/verify/operators/prometheus"
	"github.com/holdfast-ha/holdfast/verify/operators/rabbitmq"
	"github.com/holdfast-ha/holdfast/verify/operators/rollouts"
	"github.com/holdfast-ha/holdfast/verify/operators/strimzi"
)

// All returns the operators in the order of the documentation.
func All() []operator.Operator {
	return []operator.Operator{
		argoevents.Operator,
		rollouts.Operator,
		keda.Operator,
		cloudnativepg.Operator,
		strimzi.Operator,
		rabbitmq.Operator,
		prometheus.Operator,
		elastic.Operator,
		mariadb.Operator,
		knative.Operator,
	}
}

var kinds = func() map[string]operator.Kind {
	index := map[string]operator.Kind{}
	for _, o := range All() {
		for _, k := range o.Kinds {
			index[k.Group+"/"+k.Version+"/"+k.Kind] = k
		}
	}
	return index
}()

// Find returns the kind of a custom resource. ok is false if the kind, or its API version, is unsupported.
func Find(apiVersion, kind string) (k operator.Kind, ok bool) {
	k, ok = kinds[apiVersion+"/"+kind]
	return k, ok
}
