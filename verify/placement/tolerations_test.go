package placement

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestUnreachableToleration(t *testing.T) {
	tolerate := func(key string, effect corev1.TaintEffect, seconds *int64) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect, TolerationSeconds: seconds}
	}
	for name, c := range map[string]struct {
		tolerations []corev1.Toleration
		after       time.Duration
		ends        bool
	}{
		"no toleration":               {nil, 0, true},
		"toleration of another taint": {[]corev1.Toleration{tolerate(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute, nil)}, 0, true},
		"effect NoSchedule":           {[]corev1.Toleration{tolerate(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule, nil)}, 0, true},
		"30 s":                        {[]corev1.Toleration{tolerate(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute, ptr.To[int64](30))}, 30 * time.Second, true},
		"negative seconds":            {[]corev1.Toleration{tolerate(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute, ptr.To[int64](-1))}, 0, true},
		"unlimited":                   {[]corev1.Toleration{tolerate(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute, nil)}, 0, false},
		"unlimited, and 30 s":         {[]corev1.Toleration{tolerate("", "", nil), tolerate(corev1.TaintNodeUnreachable, "", ptr.To[int64](30))}, 30 * time.Second, true},
	} {
		after, ends := UnreachableToleration(&corev1.PodSpec{Tolerations: c.tolerations})
		if ends != c.ends || ends && after != c.after {
			t.Errorf("%s: got %s, %t; want %s, %t", name, after, ends, c.after, c.ends)
		}
	}
}
