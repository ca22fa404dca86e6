package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	resourcehelpers "k8s.io/component-helpers/resource"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/storage"
	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
)

// capacity removes each zone, or each node of a cluster without zones, and places its pods on the other nodes with the plugins of
// kube-scheduler. Then each Deployment that may not have fewer pods gets the additional pods of a rollout, one Deployment at a time.
//
// Pods of DaemonSets and static pods are lost with their nodes. Pods that fit nowhere for another reason than resources do not
// count: verify reports them.
var capacity = Check{
	ID: "capacity", Title: "The pods of a failed zone, and a rollout meanwhile, fit on the other nodes",
	Reads: []snapshot.Resource{snapshot.Nodes, snapshot.Pods, snapshot.Namespaces, snapshot.Deployments, snapshot.Claims, snapshot.Volumes},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		domain := cluster.Zone
		domains := zonesOf(s.Nodes)
		if len(domains) < 2 {
			domain, domains = cluster.Node, nil
			for _, n := range s.Nodes {
				domains = append(domains, n.Name)
			}
		}
		pending := filter(s.Pods, isPending)
		s, findings := withInstallation(s)
		if len(pending) > 0 {
			findings = append(findings, Finding{Status: Warn, Message: fmt.Sprintf("%s without a node now, such as %s", count(len(pending), "pod"), key(pending[0])),
				Fix: "kubectl describe pod " + pending[0].Name + " -n " + pending[0].Namespace + ": add nodes, or correct the pod"})
		}
		if len(domains) < 2 {
			return "", append(findings, Finding{Status: Warn, Message: "one node: no pod can be placed elsewhere when it fails", Fix: "add nodes"})
		}
		for _, name := range domains {
			found, err := loss(s, domain, name)
			if err != nil {
				findings = append(findings, Finding{Status: Unknown, Object: domain.Name + " " + name, Message: "its loss cannot be simulated: " + err.Error(), Fix: "report this error"})
			}
			findings = append(findings, found...)
		}
		return fmt.Sprintf("the pods of each of %s fit elsewhere, with one rollout", count(len(domains), domain.Name)), findings
	},
}

// loss returns the findings for the loss of a zone or node.
func loss(s *snapshot.Snapshot, d cluster.Domain, name string) ([]Finding, error) {
	lost := map[string]bool{}
	left := filter(s.Nodes, func(n *corev1.Node) bool {
		if n.Name == name && d == cluster.Node || n.Labels[d.Label] == name && d == cluster.Zone {
			lost[n.Name] = true
		}
		return !lost[n.Name]
	})
	p, err := newPlacer(s, left)
	if err != nil {
		return nil, err
	}
	on := map[string]bool{}
	for _, n := range left {
		on[n.Name] = true
	}
	var move []*corev1.Pod
	for _, pod := range s.Pods {
		switch {
		case isDone(pod):
		case on[pod.Spec.NodeName]:
			if err := p.scheduler.Add(pod); err != nil {
				return nil, err
			}
		case lost[pod.Spec.NodeName] && isReplaced(pod):
			move = append(move, pod)
		}
	}
	if err := p.placeAll(move); err != nil {
		return nil, err
	}
	object := d.Name + " " + name
	if len(p.refused) > 0 {
		return []Finding{{
			Status: Fail, Object: object,
			Message: fmt.Sprintf("when it fails, %s cannot be placed on the other nodes, such as %s (%s)", count(len(p.refused), "pod"), key(p.refused[0]), p.why),
			Fix:     "add nodes elsewhere for " + sum(p.refused) + ", or lower requests",
		}}, nil
	}
	blocked, why, err := p.rollouts(s)
	if err != nil || len(blocked) == 0 {
		return nil, err
	}
	return []Finding{{
		Status: Warn, Object: object,
		Message: fmt.Sprintf("when it fails, no capacity is left for the additional pods of a rollout of %s (%s): the rollout waits", some(blocked), why),
		Fix:     "add nodes elsewhere, or allow maxUnavailable: 1 for these rollouts",
	}}, nil
}

// isPending reports whether the scheduler has found no node for a pod.
func isPending(p *corev1.Pod) bool {
	return p.Spec.NodeName == "" && !isDone(p) && p.DeletionTimestamp == nil && len(p.Spec.SchedulingGates) == 0
}

// isReplaced reports whether a lost pod gets a replacement on another node: it has a controller other than a DaemonSet or a node.
func isReplaced(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	return owner != nil && owner.Kind != "DaemonSet" && owner.Kind != "Node" && p.DeletionTimestamp == nil
}

// placer places pods on the nodes that are left.
type placer struct {
	ctx       context.Context
	scheduler *scheduler.Scheduler
	// volumes are the PersistentVolumes of bound claims, by namespace and name of the claim.
	volumes map[string]*corev1.PersistentVolume
	// refused are the pods that lack resources, and why the first one does.
	refused []*corev1.Pod
	why     string
	// placed are the pods that have a node now.
	placed []*corev1.Pod
	// next is the number of the last replacement.
	next int
}

// newPlacer returns a placer on empty nodes.
func newPlacer(s *snapshot.Snapshot, nodes []*corev1.Node) (*placer, error) {
	p := &placer{ctx: context.Background(), volumes: volumesOf(s)}
	var err error
	if p.scheduler, err = scheduler.New(p.ctx, nodes); err != nil {
		return nil, err
	}
	return p, p.scheduler.SetObjects(scheduler.ClusterObjects{Namespaces: s.Namespaces})
}

// placeAll places pods in the order of the scheduler's queue: the highest priority first. Pods that are preempted are placed again.
func (p *placer) placeAll(pods []*corev1.Pod) error {
	queue := slices.Clone(pods)
	for len(queue) > 0 {
		slices.SortStableFunc(queue, func(a, b *corev1.Pod) int { return cmp.Compare(priorityOf(b), priorityOf(a)) })
		pod := p.replacement(queue[0])
		queue = queue[1:]
		node, why, err := p.place(pod)
		if err != nil {
			return err
		}
		if node == "" && why != "" {
			preempting, victims, err := p.scheduler.Preempt(p.ctx, pod, func() []*policyv1.PodDisruptionBudget { return nil }, p.volumesOf(pod)...)
			if err != nil {
				return err
			}
			for _, v := range victims {
				if err := p.scheduler.Remove(v); err != nil {
					return err
				}
				if isReplaced(v) {
					queue = append(queue, v)
				}
			}
			node = preempting
		}
		if node != "" {
			pod.Spec.NodeName = node
			if err := p.scheduler.Add(pod); err != nil {
				return err
			}
			p.placed = append(p.placed, pod)
		} else if why != "" {
			p.refused = append(p.refused, pod)
			p.why = cmp.Or(p.why, why)
		}
	}
	return nil
}

// place returns the node of a pod. Without one, why has the reasons if the pod lacks resources; it is "" for other reasons.
func (p *placer) place(pod *corev1.Pod) (node, why string, err error) {
	refused := (*scheduler.Unschedulable)(nil)
	node, err = p.scheduler.Place(p.ctx, pod, p.volumesOf(pod)...)
	if !errors.As(err, &refused) {
		return node, "", err
	}
	// A pod that fits without its requests lacks resources.
	small := pod.DeepCopy()
	small.Spec.Resources, small.Spec.Overhead = nil, nil
	for _, containers := range [][]corev1.Container{small.Spec.InitContainers, small.Spec.Containers} {
		for i := range containers {
			containers[i].Resources = corev1.ResourceRequirements{}
		}
	}
	for reason := range refused.Reasons {
		if reason == tooManyPods {
			return "", refused.Summary(), nil
		}
	}
	if _, other := p.scheduler.Place(p.ctx, small, p.volumesOf(small)...); other == nil {
		return "", refused.Summary(), nil
	}
	return "", "", nil
}

// tooManyPods is the reason of the plugin NodeResourcesFit for a node with its maximum of pods.
const tooManyPods = "Too many pods"

// replacement returns the pod that replaces a lost one.
func (p *placer) replacement(lost *corev1.Pod) *corev1.Pod {
	p.next++
	pod := lost.DeepCopy()
	pod.UID = types.UID(fmt.Sprintf("replacement-%d", p.next))
	pod.Spec.NodeName, pod.Status = "", corev1.PodStatus{}
	return pod
}

// rollouts returns the Deployments whose additional pods lack resources, of those that may not have fewer pods meanwhile.
func (p *placer) rollouts(s *snapshot.Snapshot) (blocked []string, why string, err error) {
	patterns := map[string]*corev1.Pod{}
	for _, pod := range s.Pods {
		if name, ok := deploymentOf(pod); ok && !isDone(pod) {
			patterns[pod.Namespace+"/"+name] = pod
		}
	}
	for _, d := range s.Deployments {
		pattern := patterns[d.Namespace+"/"+d.Name]
		surge := surgeOf(d)
		if pattern == nil || surge == 0 {
			continue
		}
		var added []*corev1.Pod
		for range surge {
			pod := p.replacement(pattern)
			node, reason, err := p.place(pod)
			if err != nil {
				return nil, "", err
			}
			if node == "" {
				if reason != "" {
					blocked, why = append(blocked, d.Namespace+"/"+d.Name), cmp.Or(why, reason)
				}
				break
			}
			pod.Spec.NodeName = node
			if err := p.scheduler.Add(pod); err != nil {
				return nil, "", err
			}
			added = append(added, pod)
		}
		for _, pod := range added {
			if err := p.scheduler.Remove(pod); err != nil {
				return nil, "", err
			}
		}
	}
	return blocked, why, nil
}

// deploymentOf returns the Deployment of a pod: the name of its ReplicaSet without the hash of the template.
func deploymentOf(p *corev1.Pod) (string, bool) {
	owner := metav1.GetControllerOf(p)
	if owner == nil || owner.Kind != "ReplicaSet" {
		return "", false
	}
	return strings.CutSuffix(owner.Name, "-"+p.Labels[appsv1.DefaultDeploymentUniqueLabelKey])
}

// surgeOf returns the number of additional pods without which a rollout does not start; 0 if it may start with fewer pods
// (ResolveFenceposts in pkg/controller/deployment/util/deployment_util.go, v1.36).
func surgeOf(d *appsv1.Deployment) int {
	update := d.Spec.Strategy.RollingUpdate
	if d.Spec.Replicas == nil || *d.Spec.Replicas == 0 || update == nil || update.MaxSurge == nil || update.MaxUnavailable == nil {
		return 0
	}
	surge, err := intstr.GetScaledValueFromIntOrPercent(update.MaxSurge, int(*d.Spec.Replicas), true)
	unavailable, other := intstr.GetScaledValueFromIntOrPercent(update.MaxUnavailable, int(*d.Spec.Replicas), false)
	if err != nil || other != nil || unavailable > 0 || surge == 0 {
		return 0
	}
	return 1 // a rollout proceeds pod by pod
}

func volumesOf(s *snapshot.Snapshot) map[string]*corev1.PersistentVolume {
	byName := map[string]*corev1.PersistentVolume{}
	for _, v := range s.Volumes {
		byName[v.Name] = v
	}
	bound := map[string]*corev1.PersistentVolume{}
	for _, c := range s.Claims {
		if v := byName[c.Spec.VolumeName]; v != nil {
			bound[c.Namespace+"/"+c.Name] = v
		}
	}
	return bound
}

// volumesOf returns where the volumes of a pod are usable.
func (p *placer) volumesOf(pod *corev1.Pod) (all []scheduler.Volume) {
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue // the volume of an ephemeral claim is created for the new pod
		}
		if bound := p.volumes[pod.Namespace+"/"+v.PersistentVolumeClaim.ClaimName]; bound != nil {
			for _, selector := range storage.Selectors(bound) {
				all = append(all, scheduler.Volume{Nodes: selector})
			}
		}
	}
	return all
}

func priorityOf(p *corev1.Pod) int32 {
	if p.Spec.Priority == nil {
		return 0
	}
	return *p.Spec.Priority
}

func key(p *corev1.Pod) string { return p.Namespace + "/" + p.Name }

// sum returns the requests of pods: "3 CPU and 4Gi of memory".
func sum(pods []*corev1.Pod) string {
	total := corev1.ResourceList{}
	for _, p := range pods {
		for name, q := range resourcehelpers.PodRequests(p, resourcehelpers.PodResourcesOptions{}) {
			have := total[name]
			have.Add(q)
			total[name] = have
		}
	}
	return fmt.Sprintf("%s CPU and %s of memory", total.Cpu(), total.Memory())
}
