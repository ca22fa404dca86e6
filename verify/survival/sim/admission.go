package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	objects "github.com/holdfast-ha/holdfast/verify/admission"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// admission decides which pods the API server accepts, by the quotas, LimitRanges and webhooks of the input.
//
// A webhook answers while a pod behind its Service is Ready. It is installed after the workloads, as Helm does, and so applies from
// the steady state on. If it is on a live cluster, or pods of it are running in the input, it applies from the beginning.
type admission struct {
	journal  *journal
	objects  *objects.Objects
	quotas   []*quota
	webhooks []*webhook
	// claims are the PersistentVolumeClaims that count, by namespace and name.
	claims map[string]bool
	// installed is set once all webhooks apply.
	installed bool
	// controllers are those of the system.
	controllers []*Controller
	// order is what happens first. lingered is set once a webhook might have answered in another order.
	order    Order
	lingered bool
}

// quota is a ResourceQuota and what is used of it.
type quota struct {
	*objects.Quota
	used corev1.ResourceList
	// refused and admitted are the controllers that have tried to create pods in the scenario.
	refused, admitted []*Controller
}

// charge is what an object uses of a quota.
type charge struct {
	of    *quota
	usage corev1.ResourceList
}

// webhook is an admission webhook with the controllers behind its Service.
type webhook struct {
	*objects.Webhook
	admission *admission
	backends  []*Controller
}

// admissionFacts are what the API server checks for each new pod of a controller.
type admissionFacts struct {
	// refused is why it accepts no pod at all, "" if it may.
	refused string
	// pod are the charges of a pod that is not ignored, object those of its object: count/pods.
	pod, object []charge
	// claims are the charges of each volumeClaimTemplate.
	claims   [][]charge
	creation []refusal
	eviction []*webhook
}

// refusal is a webhook without which new pods do not serve, and why if they come to a node. The simulation creates none.
type refusal struct {
	*webhook
	why string
}

// newAdmission reads the objects of a system. It sets what applies to each controller.
func newAdmission(s *workload.System, controllers []*Controller, j *journal) (*admission, error) {
	read, err := objects.Read(s)
	if err != nil {
		return nil, err
	}
	a := &admission{journal: j, objects: read, claims: map[string]bool{}, controllers: controllers}
	for _, q := range read.Quotas {
		a.quotas = append(a.quotas, &quota{Quota: q, used: corev1.ResourceList{}})
	}
	for _, claim := range read.Claims {
		a.addClaim(claim.Namespace+"/"+claim.Name, a.chargesOfClaim(claim))
	}
	for _, h := range read.Webhooks {
		one := &webhook{Webhook: h, admission: a}
		for _, c := range controllers {
			if slices.Contains(h.Backends, c.Workload) {
				one.backends = append(one.backends, c)
			}
		}
		a.webhooks = append(a.webhooks, one)
	}
	for _, c := range controllers {
		c.admission = a.factsOf(c.Workload)
	}
	return a, nil
}

func (a *admission) factsOf(w *workload.Workload) (f admissionFacts) {
	pod := w.Pod(0, 1)
	f.refused = a.objects.RefusePod(pod)
	for _, q := range a.quotas {
		usage, refused := q.UsageOfPod(pod)
		if refused != "" && f.refused == "" {
			f.refused = refused
		}
		if n, ok := usage[objects.CountPods]; ok {
			f.object = append(f.object, charge{q, corev1.ResourceList{objects.CountPods: n}})
			delete(usage, objects.CountPods)
		}
		if len(usage) > 0 {
			f.pod = append(f.pod, charge{q, usage})
		}
	}
	for i := range w.Claims {
		claim := w.Claims[i].DeepCopy()
		claim.Namespace = w.Namespace
		if refused := a.objects.RefuseClaim(claim); refused != "" && f.refused == "" {
			f.refused = refused
		}
		f.claims = append(f.claims, a.chargesOfClaim(claim))
	}
	for _, h := range a.webhooks {
		if why, ok := h.Refuses(w); ok && len(h.backends) > 0 {
			f.creation = append(f.creation, refusal{h, why})
		}
		if len(h.backends) > 0 && h.RefusesEviction(w) {
			f.eviction = append(f.eviction, h)
		}
	}
	return f
}

func (a *admission) chargesOfClaim(claim *corev1.PersistentVolumeClaim) (all []charge) {
	for _, q := range a.quotas {
		if usage := q.UsageOfClaim(claim); len(usage) > 0 {
			all = append(all, charge{q, usage})
		}
	}
	return all
}

// refuse returns why the API server does not accept a new pod, "" if it does. The claims of an accepted pod count from then on, and
// so do those that were created before the pod was refused.
func (a *admission) refuse(c *Controller, index int) string {
	if c.admission.refused != "" {
		return c.admission.refused
	}
	for _, h := range c.admission.creation {
		if a.applies(h.webhook) && h.isDown() {
			return strings.TrimSuffix(fmt.Sprintf("%s has failurePolicy Fail and no Ready pod: %s", h, h.why), ": ")
		}
	}
	for i, charges := range c.admission.claims {
		key := c.claimKey(i, index)
		if a.claims[key] {
			continue
		}
		if refused := exceeds(c, charges); refused != "" {
			return refused
		}
		a.addClaim(key, charges)
	}
	return cmp.Or(exceeds(c, c.admission.object), exceeds(c, c.admission.pod))
}

// applies reports whether a webhook is installed.
func (a *admission) applies(h *webhook) bool {
	runs := func(c *Controller) bool { return len(c.Workload.Running) > 0 }
	return a.installed || h.Object.Accepted || slices.ContainsFunc(h.backends, runs)
}

// isDown reports whether a webhook does not answer.
func (h *webhook) isDown() bool {
	if slices.ContainsFunc(h.backends, func(c *Controller) bool { return c.ready > 0 }) {
		return false
	}
	lingers := h.lingers()
	h.admission.lingered = h.admission.lingered || lingers
	return !lingers || !h.admission.order.lingering
}

// refuseEviction returns why the API server does not accept the eviction of a pod, "" if it does.
func refuseEviction(p *Pod) string {
	for _, h := range p.controller.admission.eviction {
		if h.isDown() {
			return fmt.Sprintf("%s has failurePolicy Fail and no Ready pod: the eviction API refuses pod %s", h, p.key())
		}
	}
	return ""
}

// claimKey returns namespace and name of the PersistentVolumeClaim of a volumeClaimTemplate.
func (c *Controller) claimKey(template, index int) string {
	return c.Workload.Namespace + "/" + c.Workload.Claims[template].Name + "-" + c.Workload.Pod(index, 1).Name
}

func (a *admission) addClaim(key string, charges []charge) {
	if len(charges) == 0 || a.claims[key] {
		return
	}
	a.claims[key] = true
	a.journal.record(func() { delete(a.claims, key) })
	a.count(charges, 1)
}

// exceeds returns which quota has too little left for a charge of a controller, "" if none has.
func exceeds(by *Controller, charges []charge) string {
	for _, c := range charges {
		for _, name := range slices.Sorted(maps.Keys(c.usage)) {
			used, more, hard := c.of.used[name], c.usage[name], c.of.Hard[name]
			sum := used.DeepCopy()
			sum.Add(more)
			if sum.Cmp(hard) > 0 {
				note(&c.of.refused, by)
				return fmt.Sprintf("%s: %s is %s; %s are used and %s more are needed", c.of.Object, name, hard.String(), used.String(), more.String())
			}
		}
	}
	return ""
}

// count adds charges to what is used, or with a negative sign subtracts them.
func (a *admission) count(charges []charge, sign int) {
	for _, c := range charges {
		used := maps.Clone(c.of.used)
		for name, quantity := range c.usage {
			sum := used[name].DeepCopy()
			if sign > 0 {
				sum.Add(quantity)
			} else {
				sum.Sub(quantity)
			}
			used[name] = sum
		}
		set(a.journal, &c.of.used, used)
	}
}

// admit counts a new pod.
func (a *admission) admit(p *Pod) {
	for _, c := range slices.Concat(p.controller.admission.pod, p.controller.admission.object) {
		note(&c.of.admitted, p.controller)
	}
	a.count(p.controller.admission.pod, 1)
	a.count(p.controller.admission.object, 1)
}

// release stops counting a pod that is gone.
func (a *admission) release(p *Pod) {
	a.ignore(p)
	a.count(p.controller.admission.object, -1)
}

// ignore counts only the object of a Terminating pod of a failed node (PodUsageFunc in pkg/quota/v1/evaluator/core/pods.go).
func (a *admission) ignore(p *Pod) {
	if len(p.controller.admission.pod) > 0 && !p.ignored {
		set(a.journal, &p.ignored, true)
		a.count(p.controller.admission.pod, -1)
	}
}

// longestBackoff is the longest time between two attempts of a controller (DefaultTypedControllerRateLimiter in
// k8s.io/client-go/util/workqueue).
const longestBackoff = 1000 * time.Second

// untilIgnored returns how long after the deletion of a pod of a failed node its controller may wait until a quota allows a new one. The
// pod counts until its grace period has ended twice (QuotaV1Pod in pkg/quota/v1/evaluator/core/pods.go), and quotas without an event are
// counted again every 5 minutes (resourceQuotaSyncPeriod in pkg/controller/resourcequota/config/v1alpha1/defaults.go). The controller
// doubles the time between its attempts, so that it may wait as long again.
func (a *admission) untilIgnored(p *Pod) time.Duration {
	counted := 2*p.controller.grace + 5*time.Minute
	return counted + min(counted, longestBackoff)
}
