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

func isReady(p corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
