package live

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// gather adds to results what they were counted on.
func (st *stage) gather(ctx context.Context, results, totals []evidence.Result) (evidence.Evidence, error) {
	e := evidence.Evidence{Date: time.Now().UTC().Format(time.DateOnly), Results: results, Totals: totals}
	version, err := st.kube.Discovery().ServerVersion()
	if err != nil {
		return e, err
	}
	e.Kubernetes = version.GitVersion
	list, err := st.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return e, err
	}
	e.Nodes = len(list.Items) - 1 // the load's own
	for _, s := range st.systems {
		pods, err := st.kube.pods(ctx, s.Name, "")
		if err != nil {
			return e, err
		}
		for _, p := range pods {
			for _, c := range p.Spec.Containers {
				if c.Image != loadImage {
					e.Images = append(e.Images, c.Image)
				}
			}
		}
	}
	slices.Sort(e.Images)
	e.Images = slices.Compact(e.Images)
	return e, nil
}
