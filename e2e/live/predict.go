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

// predicted is what holdfast verify says of a loss or drain that is about to come, and what was seen before it came.
type predicted struct {
	evidence.Prediction
	system *System
	// ran are the pods that ran, remains is how long at least it takes until those on the nodes are replaced.
	ran     []corev1.Pod
	remains time.Duration
}

// predict asks verify what a scenario does to each system that promises something, as they are now.
func (st *stage) predict(ctx context.Context, sc scenario) ([]*predicted, error) {
	var all []*predicted
	for _, s := range st.systems {
		if s.Survives == "" {
			continue
		}
		report, err := st.verify(ctx, s)
		if err != nil {
			return nil, err
		}
		p := &predicted{system: s}
		if p.Prediction, err = evidence.Predict(report, sc.event, sc.nodes); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Title, err)
		}
		p.Scenario, p.System = sc.name, s.Title
		pods, err := st.kube.pods(ctx, s.Name, "")
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			if runs(pod) {
				p.ran = append(p.ran, pod)
			}
			if sc.event != evidence.DrainNode && slices.Contains(sc.nodes, pod.Spec.NodeName) {
				p.remains = max(p.remains, st.detection+tolerates(pod))
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// verify is what holdfast verify says of a system that runs, in JSON.
func (st *stage) verify(ctx context.Context, s *System) ([]byte, error) {
	args := []string{"verify", "--kubeconfig", st.kube.kubeconfig, "-n", s.Name, "-o", "json"}
	if st.files.config != "" {
		args = append(args, "--config", st.files.config)
	}
	cmd := exec.CommandContext(ctx, st.files.holdfast, args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	// 1: a rule complains.
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("holdfast %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return out, nil
}

// await returns when all that verify says of what has begun is there, or the time for it is up.
func (st *stage) await(ctx context.Context, all []*predicted, begin time.Time) error {
	for _, p := range all {
		// Not before: what is to be replaced is not yet then, and looks as if it were not to be.
		time.Sleep(time.Until(begin.Add(p.remains)))
	}
	const start = 2 * time.Minute // for pods that come elsewhere
	_ = until(ctx, start, func(ctx context.Context) (string, error) {
		for _, p := range all {
			if err := p.look(ctx, st.kube); err != nil {
				return "", err
			}
			if differs := p.Disagreements(); len(differs) > 0 {
				return differs[0], nil
			}
		}
		return "", nil
	})
	for _, p := range all {
		if err := p.look(ctx, st.kube); err != nil {
			return err
		}
		p.Away = time.Since(begin).Seconds()
	}
	return nil
}

// look notes what is there of the system's pods now.
func (p *predicted) look(ctx context.Context, k *kube) error {
	pods, err := k.pods(ctx, p.system.Name, "")
	if err != nil {
		return err
	}
	run, waits := map[string]int{}, map[string]int{}
	still := map[types.UID]bool{}
	for _, pod := range pods {
		switch {
		case runs(pod):
			run[workloadOf(pod)]++
			still[pod.UID] = true
		case pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil:
			waits[workloadOf(pod)]++
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
		w.Run.Seen, w.Waits.Seen = run[w.Name], waits[w.Name]
		delete(run, w.Name)
		delete(waits, w.Name)
	}
	if len(run)+len(waits) > 0 {
		return fmt.Errorf("%s: pods of %v are nobody's that holdfast verify knows", p.System, slices.Sorted(maps.Keys(run)))
	}
	return nil
}

// runs tells whether a pod is ready and nobody has asked it to go.
func runs(p corev1.Pod) bool { return isReady(p) && p.DeletionTimestamp == nil }

// workloadOf is what a pod is of, as verify calls it: what its controller is made of in the end.
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

// tolerates is how long a pod stays bound to a node that is lost; 0 if for ever.
func tolerates(p corev1.Pod) time.Duration {
	for _, t := range p.Spec.Tolerations {
		if t.Key == corev1.TaintNodeUnreachable && t.TolerationSeconds != nil {
			return time.Duration(*t.TolerationSeconds) * time.Second
		}
	}
	return 0
}

// went notes how long nothing flowed through the system, of the result of the whole scenario.
func (p *predicted) went(r evidence.Result) {
	for i, stopped := range []float64{r.Webhook.AckGap, r.Bus.AckGap, r.Webhook.ArrivalGap} {
		p.Flows[i].Stopped = stopped
	}
}
