// Package secrets keeps, completes and rotates the Secrets of a release: users with passwords, certificates and their CA.
//
// A rotation has three steps, and after each of them all pods must have the Secrets before the next step. Until then, servers and
// clients with the old and the new Secrets still accept each other:
//
//	add   what is new is accepted everywhere, and not used yet
//	use   what is new is used, and what is old is still accepted
//	drop  what is old is no longer accepted
//
// The state of a rotation is in the Secrets themselves, so a step that is repeated changes nothing.
package secrets

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// Step is a step of a rotation; empty: none.
type Step string

// The steps, in their order.
const (
	Add  Step = "add"
	Use  Step = "use"
	Drop Step = "drop"
)

// Steps lists the steps in their order.
var Steps = []string{string(Add), string(Use), string(Drop)}

// Secret is a Secret with decoded data.
type Secret struct {
	Name        string
	Type        string
	Labels      map[string]string
	Annotations map[string]string
	Data        map[string]string
}

// lastApplied is set by kubectl apply: it has the Secret's old content.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Options are the changes to existing Secrets.
type Options struct {
	RotateCA       Step
	RotatePassword Step
	// Renew issues a new certificate, even if the present one is valid.
	Renew bool
	// RenewBefore is the time before its end at which a certificate is renewed.
	RenewBefore time.Duration
	Now         time.Time
}

// Render returns the Secrets of a release whose namespace has the given Secrets: it keeps their content and adds what is missing.
type Render func(existing []Secret) ([]Secret, error)

// Update returns the Secrets of a release from existing ones, and what has changed, for a person.
func Update(render Render, existing []Secret, o Options) (all []Secret, notes []string, err error) {
	created, err := render(nil)
	if err != nil {
		return nil, nil, err
	}
	own, err := ownOf(created, existing)
	if err != nil {
		return nil, nil, err
	}
	if all, err = render(own); err != nil {
		return nil, nil, err
	}
	u := update{Options: o, render: render, created: created, existing: own, all: all}
	if err := u.certificates(); err != nil {
		return nil, nil, err
	}
	if err := u.passwords(); err != nil {
		return nil, nil, err
	}
	u.describe()
	return u.all, u.notes, nil
}

// ownOf returns the existing Secrets with the names of the created ones.
func ownOf(created, existing []Secret) ([]Secret, error) {
	var own []Secret
	var names []string
	for _, c := range created {
		names = append(names, c.Name)
		if i := index(existing, c.Name); i >= 0 {
			own = append(own, existing[i])
		}
	}
	if len(own) == 0 && len(created) > 0 {
		return nil, fmt.Errorf("none of the Secrets of this release, %q, is among the existing ones: check --release and the values", names)
	}
	return own, nil
}

// update is the work on the Secrets of one release.
type update struct {
	Options
	render Render
	// created are new Secrets, existing those of the cluster, all the result.
	created, existing, all []Secret
	notes                  []string
}

func (u *update) note(format string, args ...any) {
	u.notes = append(u.notes, fmt.Sprintf(format, args...))
}

// describe notes the keys that each Secret did not have, and Secrets that did not exist.
func (u *update) describe() {
	for _, s := range u.all {
		i := index(u.existing, s.Name)
		if i < 0 {
			u.note("Secret %s is new", s.Name)
			continue
		}
		var added []string
		for _, key := range slices.Sorted(maps.Keys(s.Data)) {
			if _, ok := u.existing[i].Data[key]; !ok {
				added = append(added, key)
			}
		}
		if len(added) > 0 {
			u.note("Secret %s: added %q", s.Name, added)
		}
	}
}

func index(all []Secret, name string) int {
	return slices.IndexFunc(all, func(s Secret) bool { return s.Name == name })
}

// Inherit returns the Secret with labels and annotations of the existing Secret of this name, if there is one: Helm deletes a Secret
// that loses them.
func (s Secret) Inherit(existing []Secret) Secret {
	i := index(existing, s.Name)
	if i < 0 {
		return s
	}
	s.Labels, s.Annotations = existing[i].Labels, maps.Clone(existing[i].Annotations)
	delete(s.Annotations, lastApplied)
	return s
}

// Parse reads Secrets from the output of kubectl get secrets -o yaml, or from several documents. It skips other kinds.
func Parse(file string, text []byte) ([]Secret, error) {
	var found []Secret
	decoder := yaml.NewDecoder(newReader(text))
	for {
		var o object
		if err := decoder.Decode(&o); err != nil {
			if isEnd(err) {
				break
			}
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, item := range append(o.Items, o) {
			if item.Kind != "Secret" {
				continue
			}
			s, err := item.secret()
			if err != nil {
				return nil, fmt.Errorf("%s: Secret %s: %w", file, item.Metadata.Name, err)
			}
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no Secrets found: write it with kubectl get secrets -o yaml", file)
	}
	return found, nil
}
