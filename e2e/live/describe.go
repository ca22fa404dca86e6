package live

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// describe returns node, events and last log lines of every pod that is not ready.
func (s *System) describe(ctx context.Context, k *kube) string {
	pods, err := k.pods(ctx, s.Name, "")
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for _, p := range pods {
		if isReady(p) || p.Status.Phase == corev1.PodSucceeded {
			continue
		}
		fmt.Fprintf(&out, "\n--- pod %s on node %q\n", p.Name, p.Spec.NodeName)
		for _, args := range [][]string{
			{"get", "events", "--field-selector=involvedObject.name=" + p.Name, "-o=custom-columns=:.lastTimestamp,:.count,:.message", "--no-headers"},
			{"logs", p.Name, "--all-containers", "--tail=8"},
		} {
			text, err := k.run(ctx, k.kubectl, "", append(args, "-n", s.Name)...)
			if err != nil {
				text += err.Error()
			}
			for line := range strings.Lines(text) {
				out.WriteString(line[:min(len(line), 300)])
			}
		}
	}
	return out.String()
}

// controllerLog returns the last log lines of the system's controller.
func (s *System) controllerLog(ctx context.Context, k *kube) string {
	selector := "app.kubernetes.io/component=controller"
	if s.naive() {
		selector = "app=controller-manager"
	}
	return "\n--- controller\n" + s.logs(ctx, k, selector, 30)
}

// flow returns logs and states of all components between webhook and trigger, for the case that events do not arrive.
func (s *System) flow(ctx context.Context, k *kube) string {
	var out strings.Builder
	for _, selector := range []string{"sensor-name=load", "eventsource-name=load", s.busPods} {
		fmt.Fprintf(&out, "\n--- %s\n%s", selector, s.logs(ctx, k, selector, 60))
	}
	leases, err := k.run(ctx, k.kubectl, "", "get", "leases,pods", "-n", s.Name, "-o=wide")
	if err != nil {
		leases += err.Error()
	}
	fmt.Fprintf(&out, "\n--- leases and pods\n%s", leases)
	pods, err := k.pods(ctx, s.Name, s.busPods)
	if err != nil {
		out.WriteString(err.Error())
	}
	// Leaders, pending deliveries by consumer, and connections.
	for _, p := range pods {
		for _, path := range []string{"jsz?consumers=true", "routez", "leafz"} {
			text, err := s.monitor(ctx, k, p.Name, path)
			fmt.Fprintf(&out, "\n--- %s of %s %v\n%s", path, p.Name, err, text)
		}
	}
	return out.String()
}

// monitor requests a path of a bus server's monitoring port, which only its own pod can reach.
func (s *System) monitor(ctx context.Context, k *kube, pod, path string) (string, error) {
	return k.run(ctx, k.kubectl, "", "exec", "-n", s.Name, pod, "-c", "bus", "--", "wget", "-q", "-O-", "http://127.0.0.1:8222/"+path)
}

// logs returns the last log lines of the system's pods with a label.
func (s *System) logs(ctx context.Context, k *kube, selector string, lines int) string {
	text, err := k.run(ctx, k.kubectl, "", "logs", "-n", s.Name, "-l", selector, "--prefix", "--all-containers", "--max-log-requests=20", fmt.Sprintf("--tail=%d", lines))
	if err != nil {
		text += err.Error()
	}
	return text
}

func isReady(p corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
