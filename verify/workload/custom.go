package workload

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

// expanded is a custom resource and the objects that its operator creates.
type expanded struct {
	object *manifest.Object
	kind   operator.Kind
	operator.Expansion
}

// expand expands the custom resources of supported operators. Autoscalers and other objects that later readers refer to are added
// to the system.
func (s *System) expand(objects []*manifest.Object) ([]expanded, error) {
	var all []expanded
	index := operator.NewObjects(objects)
	for _, o := range objects {
		k, ok := operators.Find(o.APIVersion, o.Kind)
		if !ok {
			continue
		}
		e, err := k.Expand(o, index)
		if err != nil {
			return nil, err
		}
		for _, a := range e.Autoscalers {
			a.Namespace = o.Namespace
			if err := s.noteCustomAutoscaler(o, a); err != nil {
				return nil, err
			}
		}
		for _, r := range e.Scaled {
			s.scaled[key{r.Group, r.Kind, o.Namespace, r.Name}] = r
		}
		if e.Unknown {
			s.Unsupported = append(s.Unsupported, o)
		}
		for _, a := range e.Assumed {
			s.assume(o, a.Text, a.Path...)
		}
		all = append(all, expanded{o, k, e})
	}
	return all, nil
}

// addCustom adds the workloads of a custom resource, and its budgets and Services unless they are in the manifests.
func (s *System) addCustom(e expanded) error {
	for _, w := range e.Workloads {
		if err := s.addCustomWorkload(e, w); err != nil {
			return err
		}
	}
	for _, b := range e.Budgets {
		if !slices.ContainsFunc(s.Budgets, func(have *Budget) bool {
			return have.Object.Namespace == e.object.Namespace && have.Object.Name == b.Name
		}) {
			if err := readBudget(s, e.object.Dependent("policy/v1", "PodDisruptionBudget", b.Name, b.Fields), b.PodDisruptionBudget); err != nil {
				return err
			}
		}
	}
	for _, service := range e.Services {
		service.Namespace = e.object.Namespace
		if !slices.ContainsFunc(s.Services, func(have *corev1.Service) bool {
			return have.Namespace == service.Namespace && have.Name == service.Name
		}) {
			s.Services = append(s.Services, service)
		}
	}
	return nil
}

func (s *System) addCustomWorkload(e expanded, from operator.Workload) error {
	w := &Workload{
		TemplatePath:  template,
		Election:      argoevents.Election(from.Election),
		lease:         Lease(from.Lease),
		noScale:       from.Main && !e.kind.Scale,
		operatorGroup: from.Group,
		Stop:          from.Stop,
		Roles:         from.Roles,
		image:         from.Software,
		config:        from.Config,
	}
	if from.Replication.Model != "" {
		var err error
		if w.known, err = ParseReplication(from.Replication.Model); err != nil {
			return e.object.Errorf(nil, "%w", err)
		}
		w.known.Assumed, w.known.Why, w.known.Zones = from.Replication.Assumed, from.Replication.Why, from.Replication.Zones
		w.known.Fixed = from.Replication.Fixed
		if w.known.Model == Quorum {
			w.known.Count = from.Replication.Count
		}
	}
	object := func(apiVersion, kind, name string) *manifest.Object {
		if from.Main {
			apiVersion, kind, name = e.object.APIVersion, e.object.Kind, e.object.Name
		}
		return e.object.Dependent(apiVersion, kind, name, from.Fields)
	}
	switch {
	case from.Deployment != nil:
		w.Object = object("apps/v1", Deployment, from.Deployment.Name)
		if r := from.ReplicaSets; r != nil {
			w.HashLabel, w.Apart, w.blueGreen, w.KeepsOld = r.HashLabel, r.Apart, r.BlueGreen, r.KeepsOld
		}
		return s.deployment(w, from.Deployment)
	case from.StatefulSet != nil:
		w.Object = object("apps/v1", StatefulSet, from.StatefulSet.Name)
		return s.statefulSet(w, from.StatefulSet)
	case from.DaemonSet != nil:
		w.Object = object("apps/v1", DaemonSet, from.DaemonSet.Name)
		return s.daemonSet(w, from.DaemonSet)
	case from.Job != nil:
		w.Object = object("batch/v1", Job, from.Job.Name)
		w.Name = from.Job.Name
		return s.job(w, &from.Job.Spec)
	}
	w.Object = object("v1", Pods, from.Pods.Name)
	return s.pods(w, from.Pods)
}

// pods adds pods with fixed names that an operator creates. It replaces one at a time.
func (s *System) pods(w *Workload, d *operator.Pods) error {
	w.Kind, w.Name, w.Template, w.Claims = Pods, d.Name, d.Template, d.VolumeClaimTemplates
	w.claimName, w.RestartsActive, w.RequiresApart = d.ClaimName, d.RestartsActive, d.RequiresApart
	w.owner, w.ownerHasNoScale, w.first = d.Owner, !d.Scale, int(d.First)
	if err := s.scale(w, &d.Replicas); err != nil {
		return err
	}
	w.Rollout = Rollout{Type: "RollingUpdate", MaxUnavailable: 1, Parallel: true}
	return s.add(w, d.Selector)
}
