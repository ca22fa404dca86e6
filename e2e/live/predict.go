package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// prediction is the prediction of holdfast verify for a failure, and the state before it.
type prediction struct {
	evidence.Prediction
	system *System
	// ran are the pods that ran before the failure. replacedAfter is the shortest time until the evicted pods on failed nodes are
	// replaced.
	ran           []corev1.Pod
	replacedAfter time.Duration
}

// predict runs verify for each system with a promise, and returns the predictions for a scenario.
func (r *runner) predict(ctx context.Context, sc scenario) ([]*prediction, error) {
	var all []*prediction
	for _, s := range r.systems {
		if s.Survives == "" {
			continue
		}
		report, err := r.verify(ctx, s)
		if err != nil {
			return nil, err
		}
		p := &prediction{system: s}
		if p.Prediction, err = evidence.Predict(report, evidence.Event{Name: sc.event, Nodes: sc.nodes, Kind: sc.kind}); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Title, err)
		}
		p.Scenario, p.System = sc.name, s.Title
		pods, err := r.kube.pods(ctx, s.Name, "")
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			if runs(pod) {
				p.ran = append(p.ran, pod)
			}
			if sc.event != evidence.DrainNode && slices.Contains(sc.nodes, pod.Spec.NodeName) {
				p.replacedAfter = max(p.replacedAfter, r.detection+toleration(pod))
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// verify returns the report of holdfast verify on a live system, in JSON.
func (r *runner) verify(ctx context.Context, s *System) ([]byte, error) {
	args := []string{"verify", "--kubeconfig", r.kube.kubeconfig, "-n", s.Name, "-o", "json"}
	if r.files.config != "" {
		args = append(args, "--config", r.files.config)
	}
	cmd := exec.CommandContext(ctx, r.files.holdfast, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	// Exit code 1: there are findings.
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("holdfast %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// observe records the effect of a failure on pods. It returns when the outcome is the predicted one, or after a limit.
func (r *runner) observe(ctx context.Context, all []*prediction, begin time.Time, limit time.Duration) error {
	for _, p := range all {
		// Earlier, a pod that will be replaced looks like one that will not.
		time.Sleep(time.Until(begin.Add(p.replacedAfter)))
	}
	_ = until(ctx, limit, func(ctx context.Context) (string, error) {
		for _, p := range all {
			if err := p.record(ctx, r.kube); err != nil {
				return "", err
			}
			if differs := p.Disagreements(); len(differs) > 0 {
				return differs[0], nil
			}
		}
		return "", nil
	})
	for _, p := range all {
		if err := p.record(ctx, r.kube); err != nil {
			return err
		}
		p.Away = time.Since(begin).Seconds()
	}
	return nil
}

// replacement is the limit for the start of replaced pods on another node: ten times the normal duration.
const replacement = 3 * time.Minute

// record records the current pods of the system.
func (p *prediction) record(ctx context.Context, k *kube) error {
	pods, err := k.pods(ctx, p.system.Name, "")
	if err != nil {
		return err
	}
	run, pending := map[string]int{}, map[string]int{}
	still := map[types.UID]bool{}
	for _, pod := range pods {
		switch {
		case runs(pod):
			run[workloadOf(pod)]++
			still[pod.UID] = true
		case pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil:
			pending[workloadOf(pod)]++
		}
	}
	p.Lost.Seen = []string{}
	for _, pod := range p.ran {
		if !still[pod.UID] {
			p.Lost.Seen = append(p.Lost.Seen, pod.Name)
		}
	}
	slices.Sort(p.Lost.Seen)
	for i := range p.Workloads {
		w := &p.Workloads[i]
		w.Run.Seen, w.Pending.Seen = run[w.Name], pending[w.Name]
		delete(run, w.Name)
		delete(pending, w.Name)
	}
	if len(run)+len(pending) > 0 {
		maps.Copy(run, pending)
		return fmt.Errorf("%s: pods of workloads that are not in the report of holdfast verify: %v", p.System, slices.Sorted(maps.Keys(run)))
	}
	return nil
}

// runs reports whether a pod is ready and not Terminating.
func runs(p corev1.Pod) bool { return isReady(p) && p.DeletionTimestamp == nil }

// workloadOf returns verify's name of a pod's workload: its top-level controller.
func workloadOf(p corev1.Pod) string {
	kind, name := "Pod", p.Name
	for _, owner := range p.OwnerReferences {
		kind, name = owner.Kind, owner.Name
	}
	switch {
	case p.Labels["eventsource-name"] != "":
		kind, name = "EventSource", p.Labels["eventsource-name"]
	case p.Labels["sensor-name"] != "":
		kind, name = "Sensor", p.Labels["sensor-name"]
	case kind == "ReplicaSet":
		kind, name = "Deployment", strings.TrimSuffix(name, "-"+p.Labels["pod-template-hash"])
	}
	return kind + " " + p.Namespace + "/" + name
}

// toleration is the time that a pod stays bound to an Unreachable node; 0 if unlimited.
func toleration(p corev1.Pod) time.Duration {
	for _, t := range p.Spec.Tolerations {
		if t.Key == corev1.TaintNodeUnreachable && t.TolerationSeconds != nil {
			return time.Duration(*t.TolerationSeconds) * time.Second
		}
	}
	return 0
}

// setInterruptions records the longest interruptions of the scenario.
func (p *prediction) setInterruptions(r evidence.Result) {
	for i, gap := range []float64{r.Webhook.AckGap, r.Bus.AckGap, r.Webhook.ArrivalGap} {
		p.Flows[i].Stopped = gap
	}
}
