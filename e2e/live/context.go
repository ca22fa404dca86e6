package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/live/evidence"
)

// addContext adds the context of the measurements: date, versions, nodes, images and digests of the chart.
func (r *runner) addContext(ctx context.Context, e *evidence.Evidence) (err error) {
	e.Date = time.Now().UTC().Format(time.DateOnly)
	if e.Charts, err = Digests(); err != nil {
		return err
	}
	version, err := r.kube.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	e.Kubernetes = version.GitVersion
	nodes, err := r.kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	e.Nodes = len(nodes.Items) - 1 // without the node of the load generator
	images := map[string]bool{}
	for _, s := range r.systems {
		pods, err := r.kube.pods(ctx, s.Name, "")
		if err != nil {
			return err
		}
		for _, p := range pods {
			for _, c := range p.Status.ContainerStatuses {
				if c.Image != loadImage {
					images[withDigest(c.Image, c.ImageID)] = true
				}
			}
		}
	}
	e.Images = slices.Sorted(maps.Keys(images))
	return nil
}

// withDigest returns an image's name with the digest that a node pulled, "nats:2.15@sha256:…".
func withDigest(name, id string) string {
	if _, digest, ok := strings.Cut(id, "@"); ok && !strings.Contains(name, "@") {
		return fmt.Sprintf("%s@%s", name, digest)
	}
	return name
}
