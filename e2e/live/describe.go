package live

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// describe says what is known of the pods that are not ready: where they are, what happened to them, and the last that they said.
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

// controllerLog is the last that the system's controller said.
func (s *System) controllerLog(ctx context.Context, k *kube) string {
	selector := "app.kubernetes.io/component=controller"
	if s.naive() {
		selector = "app=controller-manager"
	}
	text, err := k.run(ctx, k.kubectl, "", "logs", "-n", s.Name, "-l", selector, "--prefix", "--tail=30")
	if err != nil {
		text += err.Error()
	}
	return "\n--- controller\n" + text
}

func isReady(p corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
