package admission

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/kubernetes/pkg/quota/v1/evaluator/core"
	"k8s.io/utils/clock"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// CountPods is the quota on pods in any state, even those that other quotas ignore.
const CountPods corev1.ResourceName = "count/pods"

// Quota is a ResourceQuota.
type Quota struct {
	Object *manifest.Object
	// Hard are the limits on pods and PersistentVolumeClaims.
	Hard corev1.ResourceList
	// Unsupported are its other resources, sorted: numbers of objects that are neither.
	Unsupported []corev1.ResourceName

	object *corev1.ResourceQuota
}

// The evaluators list no objects: package sim counts the usage.
var (
	pods   = core.NewPodEvaluator(nil, clock.RealClock{})
	claims = core.NewPersistentVolumeClaimEvaluator(nil)
)

// NewQuota returns the quota of a live cluster.
func NewQuota(d *corev1.ResourceQuota) *Quota {
	o := &manifest.Object{APIVersion: "v1", Kind: "ResourceQuota", Namespace: d.Namespace, Name: d.Name}
	return newQuota(o, d.DeepCopy())
}

func newQuota(o *manifest.Object, d *corev1.ResourceQuota) *Quota {
	q := &Quota{Object: o, object: d, Hard: corev1.ResourceList{}}
	d.Status.Hard = d.Spec.Hard // the evaluators read the limits from the status
	names := quota.ResourceNames(d.Spec.Hard)
	for _, name := range slices.Concat(pods.MatchingResources(names), claims.MatchingResources(names)) {
		q.Hard[name] = d.Spec.Hard[name]
	}
	for _, name := range names {
		if _, ok := q.Hard[name]; !ok {
			q.Unsupported = append(q.Unsupported, name)
		}
	}
	slices.Sort(q.Unsupported)
	return q
}

// UsageOfPod returns what a pod uses of the quota; empty if the quota does not apply to it. refused is why the quota refuses the pod
// whatever is used, "" if it does not: it must have requests or limits.
func (q *Quota) UsageOfPod(pod *corev1.Pod) (usage corev1.ResourceList, refused string) {
	usage, err := q.usage(pods, pod.Namespace, pod)
	if err != nil {
		return nil, fmt.Sprintf("%s: %s", q.Object, err)
	}
	return usage, ""
}

// UsageOfClaim returns what a PersistentVolumeClaim uses of the quota.
func (q *Quota) UsageOfClaim(claim *corev1.PersistentVolumeClaim) corev1.ResourceList {
	usage, _ := q.usage(claims, claim.Namespace, claim) // claims have no constraints
	return usage
}

// usage follows CheckRequest in k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go.
func (q *Quota) usage(by quota.Evaluator, namespace string, object runtime.Object) (corev1.ResourceList, error) {
	if namespace != q.Object.Namespace {
		return nil, nil
	}
	if applies, err := by.Matches(q.object, object); err != nil || !applies {
		return nil, err
	}
	names := by.MatchingResources(quota.ResourceNames(q.object.Spec.Hard))
	if err := by.Constraints(names, object); err != nil {
		return nil, err
	}
	used, err := by.Usage(object)
	return quota.RemoveZeros(quota.Mask(used, names)), err
}
