package workload

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/models"
)

// ReplicationError is an error in the user's replication of a workload.
type ReplicationError struct {
	// Name is "KIND/NAME".
	Name string
	err  error
}

func (e ReplicationError) Error() string { return "replication of " + e.Name + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e ReplicationError) Unwrap() error { return e.err }

// SetReplication sets the replication of every workload. Sources in order of precedence: the user's replication by "KIND/NAME";
// the annotation of the object; the controller of the custom resource; known software, the kind and other signs, in which case it
// is assumed. An unknown workload or replication is an error.
func (s *System) SetReplication(byUser map[string]string) error {
	settings, err := s.settings()
	if err != nil {
		return err
	}
	signs, err := s.newSigns(settings)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, w := range s.Workloads {
		name := w.Object.Kind + "/" + w.Object.Name
		known[name] = true
		w.Software, w.Group = models.Find(settings.subject(w)), nil
		if w.Replication, err = w.replication(name, byUser, signs); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byUser)) {
		if !known[name] {
			return ReplicationError{name, errors.New("no workload has this name")}
		}
	}
	s.setGroups(byUser)
	for _, w := range s.Workloads {
		w.LeaderOnly = w.leaderOnly()
	}
	return nil
}

// stated reports whether the user has set the replication of a workload.
func (w *Workload) stated(byUser map[string]string) bool {
	_, flag := byUser[w.Object.Kind+"/"+w.Object.Name]
	_, annotation := w.Object.Annotations[Annotation]
	return flag || annotation
}

func (w *Workload) replication(name string, byUser map[string]string, signs *signs) (Replication, error) {
	if text, ok := byUser[name]; ok {
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
	return w.infer(name, signs), nil
}

// check returns an error if a workload never has as many pods as it needs.
func (r Replication) check(w *Workload) error {
	if w.Kind == DaemonSet || w.Replicas == 0 || r.Needs(w.Replicas) <= w.Replicas {
		return nil
	}
	return fmt.Errorf("is %q: the workload has %d replicas", r, w.Replicas)
}

// infer derives the replication from the software, the kind and other signs.
func (w *Workload) infer(name string, signs *signs) Replication {
	assumed := func(m Model, why string) Replication { return Replication{Model: m, Assumed: true, Why: why} }
	switch {
	case w.Kind == DaemonSet:
		return Replication{Model: PerNode, Why: "a DaemonSet's pod serves its node"}
	case w.Kind == Job:
		return Replication{Model: Finite, Why: "a Job runs to completion"}
	case w.Kind == Pod:
		return assumed(Single, "an unmanaged pod is not recreated")
	case w.Kind == StatefulSet && w.Replicas == 1:
		return assumed(Single, "a StatefulSet with one replica")
	case w.Software != nil:
		return w.ofSoftware(w.Replicas)
	case w.Kind != StatefulSet && w.Kind != Pods:
		if signs.mayLead(w) {
			return assumed(Standby, "its ServiceAccount may elect a leader with a Lease")
		}
		return assumed(Stateless, "one ready pod serves")
	}
	if sign := signs.peers(w); sign != "" {
		return Replication{Model: Shards, Assumed: true, Unknown: true, Why: fmt.Sprintf("%s: unknown software whose pods know each other, assumed to need all of them. Set --replication %s=... or the annotation %s", sign, name, Annotation)}
	}
	if len(w.Claims) > 0 {
		return assumed(Shards, "each pod keeps data that no other pod is known to have")
	}
	return assumed(Stateless, "one ready pod of unknown software without data and peers serves")
}

// ofSoftware returns the replication of n pods of known software.
func (w *Workload) ofSoftware(n int) Replication {
	f := w.Software
	r := Replication{Model: Model(f.Model), Assumed: true, Zones: f.Zones, Why: f.Entry.String() + ": " + f.Why}
	needs := f.NeedsOf(n)
	switch {
	case f.Model == models.Unknown:
		r.Model, r.Unknown = Shards, true
	case r.Model == Copies:
		r.Count = n - needs
	case (r.Model == Quorum || r.Model == Elected) && needs > n/2+1:
		r.Count = needs
	}
	if len(f.Settings) > 0 {
		r.Why += "; " + strings.Join(f.Settings, ", ")
	}
	if len(f.Assumed) > 0 {
		r.Why += "; assumed, because the manifests do not set them: " + strings.Join(f.Assumed, ", ")
	}
	return r
}
