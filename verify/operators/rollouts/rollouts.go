// Package rollouts reads the custom resources of Argo Rollouts v1.9.1. Its controller creates ReplicaSets, as a Deployment does.
package rollouts

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators/operator"
)

// Group is the API group of Argo Rollouts.
const Group = "argoproj.io"

// HashLabel is the label that distinguishes the pods of two revisions (DefaultRolloutUniqueLabelKey in
// pkg/apis/rollouts/v1alpha1/types.go).
const HashLabel = "rollouts-pod-template-hash"

// Operator is Argo Rollouts. A budget counts its pods by their ReplicaSets.
var Operator = operator.Operator{
	Name: "Argo Rollouts", Version: "v1.9.1", Source: "https://github.com/argoproj/argo-rollouts",
	Kinds: []operator.Kind{{Group: Group, Version: "v1alpha1", Kind: "Rollout", Resource: "rollouts", Scale: true, Expand: expand}},
}

// Rollout is argoproj.io/v1alpha1 Rollout.
type Rollout struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              Spec `json:"spec"`
}

// Spec is the spec of a Rollout.
type Spec struct {
	Replicas        *int32                 `json:"replicas"`
	Selector        *metav1.LabelSelector  `json:"selector"`
	Template        corev1.PodTemplateSpec `json:"template"`
	WorkloadRef     *WorkloadRef           `json:"workloadRef"`
	MinReadySeconds int32                  `json:"minReadySeconds"`
	Strategy        Strategy               `json:"strategy"`
}

// WorkloadRef names the object with the pod template of a Rollout.
type WorkloadRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	ScaleDown  string `json:"scaleDown"`
}

// Strategy is the update strategy. Exactly one field is set.
type Strategy struct {
	BlueGreen *BlueGreen `json:"blueGreen"`
	Canary    *Canary    `json:"canary"`
}

// BlueGreen creates all new pods before it deletes the old ones.
type BlueGreen struct {
	ActiveService               string        `json:"activeService"`
	PreviewService              string        `json:"previewService"`
	AutoPromotionEnabled        *bool         `json:"autoPromotionEnabled"`
	AntiAffinity                *AntiAffinity `json:"antiAffinity"`
	ScaleDownDelaySeconds       *int32        `json:"scaleDownDelaySeconds"`
	ScaleDownDelayRevisionLimit *int32        `json:"scaleDownDelayRevisionLimit"`
}

// Canary replaces the pods in steps.
type Canary struct {
	MaxUnavailable              *intstr.IntOrString `json:"maxUnavailable"`
	MaxSurge                    *intstr.IntOrString `json:"maxSurge"`
	Steps                       []Step              `json:"steps"`
	TrafficRouting              *TrafficRouting     `json:"trafficRouting"`
	AntiAffinity                *AntiAffinity       `json:"antiAffinity"`
	DynamicStableScale          bool                `json:"dynamicStableScale"`
	ScaleDownDelaySeconds       *int32              `json:"scaleDownDelaySeconds"`
	ScaleDownDelayRevisionLimit *int32              `json:"scaleDownDelayRevisionLimit"`
}

// TrafficRouting divides requests by weight, so that the number of pods does not.
type TrafficRouting struct {
	MaxTrafficWeight *int32 `json:"maxTrafficWeight"`
}

// Step is a step of a canary.
type Step struct {
	SetWeight *int32 `json:"setWeight"`
	Pause     *Pause `json:"pause"`
}

// Pause is a pause between two steps. Without a duration it ends when a person promotes the Rollout.
type Pause struct {
	Duration *intstr.IntOrString `json:"duration"`
}

// AntiAffinity keeps new pods off the nodes of the old ones.
type AntiAffinity struct {
	Preferred *struct{} `json:"preferredDuringSchedulingIgnoredDuringExecution"`
	Required  *struct{} `json:"requiredDuringSchedulingIgnoredDuringExecution"`
}

func expand(o *manifest.Object, all operator.Objects) (operator.Expansion, error) {
	r := &Rollout{}
	if err := o.Decode(r); err != nil {
		return operator.Expansion{}, err
	}
	if err := r.validate(o); err != nil {
		return operator.Expansion{}, err
	}
	e := operator.Expansion{}
	fields := operator.Fields{"spec": "spec", "spec.strategy.rollingUpdate": "spec.strategy.canary"}
	if ref := r.Spec.WorkloadRef; ref != nil {
		fields["spec.template"], fields["spec.selector"] = "spec.workloadRef", "spec.workloadRef"
		found, scaled, err := r.resolve(o, all)
		if err != nil {
			return e, err
		}
		if !found {
			e.Unknown = true
			e.Assumed = append(e.Assumed, operator.Assumption{Text: fmt.Sprintf("%s %s is not in the manifests: the pods are unknown", ref.Kind, ref.Name), Path: []string{"spec", "workloadRef"}})
			return e, nil
		}
		e.Scaled = scaled
	}
	w := operator.Workload{Main: true, Fields: fields, ReplicaSets: &operator.ReplicaSets{HashLabel: HashLabel, Apart: r.Spec.Strategy.apart()}}
	w.Deployment = &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name},
		Spec:       appsv1.DeploymentSpec{Replicas: r.Spec.Replicas, Selector: r.Spec.Selector, Template: r.Spec.Template, MinReadySeconds: r.Spec.MinReadySeconds},
	}
	switch c := r.Spec.Strategy.Canary; {
	case c == nil, c.TrafficRouting != nil && !c.DynamicStableScale:
		w.ReplicaSets.BlueGreen, w.ReplicaSets.KeepsOld = true, r.Spec.Strategy.keepsOld()
	default:
		w.Deployment.Spec.Strategy = c.rollingUpdate()
	}
	if at := r.Spec.Strategy.promotedByHand(); at != nil {
		e.Assumed = append(e.Assumed, operator.Assumption{Text: "a rollout waits until a person promotes it: assumed to be promoted at once", Path: at})
	}
	e.Workloads = []operator.Workload{w}
	return e, nil
}

// validate returns an error for what the controller rejects. It then creates no pods
// (pkg/apis/rollouts/validation/validation.go).
func (r *Rollout) validate(o *manifest.Object) error {
	s := r.Spec.Strategy
	switch {
	case r.Spec.WorkloadRef != nil && len(r.Spec.Template.Labels)+len(r.Spec.Template.Annotations) > 0:
		return o.Errorf([]string{"spec", "template"}, "is set beside spec.workloadRef, which the controller rejects: remove one of them")
	case r.Spec.WorkloadRef == nil && (r.Spec.Selector == nil || len(r.Spec.Selector.MatchLabels)+len(r.Spec.Selector.MatchExpressions) == 0):
		return o.Errorf([]string{"spec", "selector"}, "is missing or empty, which the controller rejects: select the pods of spec.template")
	case s.BlueGreen == nil && s.Canary == nil:
		return o.Errorf([]string{"spec", "strategy"}, "has neither canary nor blueGreen, which the controller rejects: add canary: {}")
	case s.BlueGreen != nil && s.Canary != nil:
		return o.Errorf([]string{"spec", "strategy"}, "has canary and blueGreen, which the controller rejects: remove one of them")
	case s.BlueGreen != nil && s.BlueGreen.ActiveService == s.BlueGreen.PreviewService:
		return o.Errorf([]string{"spec", "strategy", "blueGreen", "activeService"}, "is the same as previewService, or missing, which the controller rejects")
	case s.Canary != nil && zero(s.Canary.MaxSurge) && zero(s.Canary.MaxUnavailable):
		return o.Errorf([]string{"spec", "strategy", "canary", "maxSurge"}, "and maxUnavailable are both 0, which the controller rejects: set one of them to at least 1")
	}
	return nil
}

// zero reports whether a limit is set to 0. The default is 25 %.
func zero(limit *intstr.IntOrString) bool {
	return limit != nil && (*limit == intstr.FromInt32(0) || *limit == intstr.FromString("0") || *limit == intstr.FromString("0%"))
}

// resolve reads the template of the object that a Rollout refers to (rollout/templateref.go). It also returns whether the
// controller scales that object down; by default its own pods stay.
func (r *Rollout) resolve(o *manifest.Object, all operator.Objects) (found bool, scaled []operator.Scaled, err error) {
	ref := manifest.Reference{APIVersion: r.Spec.WorkloadRef.APIVersion, Kind: r.Spec.WorkloadRef.Kind, Name: r.Spec.WorkloadRef.Name}
	kind := ref.Group() + "/" + ref.Kind
	if kind != "apps/Deployment" && kind != "apps/ReplicaSet" && kind != "/PodTemplate" {
		return false, nil, o.Errorf([]string{"spec", "workloadRef", "kind"}, "is %s in %s, which the controller rejects: want a Deployment or ReplicaSet of apps/v1, or a PodTemplate of v1", ref.Kind, ref.APIVersion)
	}
	from := all.Find(ref.Group(), ref.Kind, o.Namespace, ref.Name)
	if from == nil {
		return false, nil, nil
	}
	var owner struct {
		Template corev1.PodTemplateSpec `json:"template"`
		Spec     struct {
			Selector *metav1.LabelSelector  `json:"selector"`
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := from.Decode(&owner); err != nil {
		return false, nil, err
	}
	if kind == "/PodTemplate" {
		owner.Spec.Template = owner.Template
	}
	r.Spec.Template = owner.Spec.Template
	if r.Spec.Selector == nil {
		r.Spec.Selector = owner.Spec.Selector
	}
	if down := r.Spec.WorkloadRef.ScaleDown; kind == "apps/Deployment" && (down == "onsuccess" || down == "progressively") {
		scaled = []operator.Scaled{{Group: "apps", Kind: ref.Kind, Name: ref.Name, Why: fmt.Sprintf("%s has scaled it down to 0 pods (scaleDown: %s)", o, down)}}
	}
	return true, scaled, nil
}

// rollingUpdate returns the limits of a canary without traffic routing, which keeps to them in each step
// (CalculateReplicaCountsForBasicCanary in utils/replicaset/canary.go), or of one that also scales the old pods by the weight.
// These surge by the largest difference of two weights.
func (c *Canary) rollingUpdate() appsv1.DeploymentStrategy {
	if c.TrafficRouting == nil {
		return appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: percentage(c.MaxSurge), MaxUnavailable: percentage(c.MaxUnavailable)}}
	}
	total := int32(100)
	if c.TrafficRouting.MaxTrafficWeight != nil && *c.TrafficRouting.MaxTrafficWeight > 0 {
		total = *c.TrafficRouting.MaxTrafficWeight
	}
	last, largest := int32(0), int32(0)
	for _, s := range c.Steps {
		if s.SetWeight != nil {
			largest, last = max(largest, *s.SetWeight-last), *s.SetWeight
		}
	}
	largest = max(largest, total-last)
	surge, unavailable := intstr.FromString(fmt.Sprintf("%d%%", (largest*100+total-1)/total)), intstr.FromInt32(0)
	return appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable}}
}

// percentage returns a limit as the API of Deployments has it. The controller reads every string as a percentage, with or without
// the sign.
func percentage(limit *intstr.IntOrString) *intstr.IntOrString {
	if limit == nil || limit.Type == intstr.Int || limit.StrVal == "" || limit.StrVal[len(limit.StrVal)-1] == '%' {
		return limit
	}
	signed := intstr.FromString(limit.StrVal + "%")
	return &signed
}

// apart reports whether new pods may not be on the nodes of old ones (GenerateReplicaSetAffinity in
// utils/replicaset/replicaset.go). The preferred term takes precedence.
func (s *Strategy) apart() bool {
	var a *AntiAffinity
	if s.BlueGreen != nil {
		a = s.BlueGreen.AntiAffinity
	}
	if s.Canary != nil {
		a = s.Canary.AntiAffinity
	}
	return a != nil && a.Preferred == nil && a.Required != nil
}

// keepsOld returns why the old pods stay after a rollout, "" if they are deleted: without a delay, the controller sets no deadline,
// and a ReplicaSet without a deadline keeps its pods (scaleDownDelayHelper in rollout/replicaset.go).
func (s *Strategy) keepsOld() string {
	field, delay, limit := "", (*int32)(nil), (*int32)(nil)
	if b := s.BlueGreen; b != nil {
		field, delay, limit = "blueGreen", b.ScaleDownDelaySeconds, b.ScaleDownDelayRevisionLimit
	} else if c := s.Canary; c != nil {
		field, delay, limit = "canary", c.ScaleDownDelaySeconds, c.ScaleDownDelayRevisionLimit
	}
	if delay == nil || *delay != 0 || limit != nil && *limit <= 0 {
		return ""
	}
	return fmt.Sprintf("Argo Rollouts never deletes the old pods while spec.strategy.%s.scaleDownDelaySeconds is 0: set it to at least 1", field)
}

// promotedByHand returns the path of the first step that waits for a person, nil without one.
func (s *Strategy) promotedByHand() []string {
	if b := s.BlueGreen; b != nil && b.AutoPromotionEnabled != nil && !*b.AutoPromotionEnabled {
		return []string{"spec", "strategy", "blueGreen", "autoPromotionEnabled"}
	}
	if s.Canary != nil {
		for i, step := range s.Canary.Steps {
			if step.Pause != nil && step.Pause.Duration == nil {
				return []string{"spec", "strategy", "canary", "steps", fmt.Sprint(i)}
			}
		}
	}
	return nil
}
