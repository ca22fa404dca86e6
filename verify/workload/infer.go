package workload

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// HasQuorum reports whether the replicas of a StatefulSet of this software need a majority. See Software for the name.
func HasQuorum(software string) bool { return slices.Contains(quorumSoftware, software) }

// quorumSoftware lists images by the last part of the repository name. Caches and databases that can run without a quorum are
// not listed.
var quorumSoftware = []string{"etcd", "consul", "vault", "zookeeper", "nats", "nats-server", "cockroach", "rqlite", "dqlite", "keeper", "clickhouse-keeper", "openbao", "rabbitmq", "kafka", "redpanda", "tikv", "pd"}

// Tell says how every workload replicates. What is said counts in this order: said, by "KIND/NAME", from the user; the object's
// annotation; what the code says that makes the pods; and what is known of its kind and images, which is assumed. A name in
// said that no workload has is an error, and so is a model that there is none of.
func (s *System) SetReplication(said map[string]string) error {
	known := map[string]bool{}
	for _, w := range s.Workloads {
		name := w.Object.Kind + "/" + w.Object.Name
		known[name] = true
		replication, err := w.told(name, said)
		if err != nil {
			return err
		}
		w.Replication = replication
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if !known[name] {
			return fmt.Errorf("replication of %s: there is no such workload", name)
		}
	}
	return nil
}

// told is how one workload replicates.
func (w *Workload) told(name string, said map[string]string) (Replication, error) {
	if text, is := said[name]; is {
		model, err := ParseModel(text)
		if err != nil {
			return Replication{}, fmt.Errorf("replication of %s: %w", name, err)
		}
		return Replication{Model: model, Why: "it was said for " + name}, nil
	}
	if text, is := w.Object.Annotations[Annotation]; is {
		at := []string{"metadata", "annotations", Annotation}
		model, err := ParseModel(text)
		if err != nil {
			return Replication{}, w.Object.Errorf(at, "%w", err)
		}
		return Replication{Model: model, Why: fmt.Sprintf("annotation %s at %s", Annotation, w.Object.At(at...))}, nil
	}
	if w.known.Model != "" {
		return w.known, nil
	}
	return w.assume(), nil
}

// assume takes the model from what is known of the kind and the images.
func (w *Workload) assume() Replication {
	assumed := func(m Model, why string) Replication { return Replication{Model: m, Assumed: true, Why: why} }
	switch w.Kind {
	case DaemonSet:
		return Replication{Model: PerNode, Why: "a DaemonSet's pod serves its node"}
	case Job:
		return Replication{Model: Finite, Why: "a Job runs to its end"}
	case Pod:
		return assumed(Single, "nobody makes a bare Pod again")
	case StatefulSet:
		for _, c := range w.Template.Spec.Containers {
			if software := Software(c.Image); HasQuorum(software) && w.Replicas > 1 {
				return assumed(Quorum, "a StatefulSet of "+software)
			}
		}
		if w.Replicas == 1 {
			return assumed(Single, "a StatefulSet of one")
		}
		return assumed(Stateless, "a StatefulSet of which nothing is known: one ready pod serves")
	default:
		return assumed(Stateless, "one ready pod serves")
	}
}

// Software is what an image is known as, the last part of its repository: nats of docker.io/library/nats:2.15.2-alpine@sha256:....
func Software(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := path.Base(image)
	name, _, _ = strings.Cut(name, ":")
	return name
}
