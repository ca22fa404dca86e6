package workload

import (
	"errors"
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

// ReplicationError is an error in the user's replication of a workload.
type ReplicationError struct {
	// Name is "KIND/NAME".
	Name string
	err  error
}

func (e ReplicationError) Error() string { return "replication of " + e.Name + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e ReplicationError) Unwrap() error { return e.err }

// SetReplication sets the replication of every workload. Sources in order of precedence: the user's models by "KIND/NAME"; the
// annotation of the object; the controller of the custom resource; the kind and the images, in which case it is assumed. An
// unknown workload or model is an error.
func (s *System) SetReplication(models map[string]string) error {
	known := map[string]bool{}
	for _, w := range s.Workloads {
		name := w.Object.Kind + "/" + w.Object.Name
		known[name] = true
		replication, err := w.replication(name, models)
		if err != nil {
			return err
		}
		w.Replication = replication
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if !known[name] {
			return ReplicationError{name, errors.New("no workload has this name")}
		}
	}
	return nil
}

func (w *Workload) replication(name string, models map[string]string) (Replication, error) {
	if text, ok := models[name]; ok {
		r, err := ParseReplication(text)
		if err == nil {
			err = r.check(w)
		}
		if err != nil {
			return Replication{}, ReplicationError{name, err}
		}
		r.Why = "set by the user for " + name
		return r, nil
	}
	if text, ok := w.Object.Annotations[Annotation]; ok {
		at := []string{"metadata", "annotations", Annotation}
		r, err := ParseReplication(text)
		if err == nil {
			err = r.check(w)
		}
		if err != nil {
			return Replication{}, w.Object.Errorf(at, "%w", err)
		}
		r.Why = fmt.Sprintf("annotation %s at %s", Annotation, w.Object.At(at...))
		return r, nil
	}
	if w.known.Model != "" {
		return w.known, nil
	}
	return w.infer(), nil
}

// check returns an error if a workload never has as many pods as it needs.
func (r Replication) check(w *Workload) error {
	if w.Kind == DaemonSet || w.Replicas == 0 || r.Needs(w.Replicas) <= w.Replicas {
		return nil
	}
	return fmt.Errorf("is %q: the workload has %d replicas", r, w.Replicas)
}

// infer derives the model from the kind and the images.
func (w *Workload) infer() Replication {
	assumed := func(m Model, why string) Replication { return Replication{Model: m, Assumed: true, Why: why} }
	switch w.Kind {
	case DaemonSet:
		return Replication{Model: PerNode, Why: "a DaemonSet's pod serves its node"}
	case Job:
		return Replication{Model: Finite, Why: "a Job runs to completion"}
	case Pod:
		return assumed(Single, "an unmanaged pod is not recreated")
	case StatefulSet:
		for _, c := range w.Template.Spec.Containers {
			if software := Software(c.Image); HasQuorum(software) && w.Replicas > 1 {
				return assumed(Quorum, "a StatefulSet of "+software)
			}
		}
		if w.Replicas == 1 {
			return assumed(Single, "a StatefulSet with one replica")
		}
		return assumed(Stateless, "a StatefulSet of unknown software: one ready pod serves")
	default:
		return assumed(Stateless, "one ready pod serves")
	}
}

// Software returns the last part of an image's repository: nats for docker.io/library/nats:2.15.2-alpine@sha256:....
func Software(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := path.Base(image)
	name, _, _ = strings.Cut(name, ":")
	return name
}
