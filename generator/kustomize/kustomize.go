// Package kustomize turns what several profiles render into a Kustomize base and, for each further profile, a component
// with the least patches that turn the base into it.
//
// A profile is written as a component so that it is said once: overlays/<profile> is the base with it, and a team's own
// overlay can take it in the same way. No patch is written that Kustomize's own code does not turn into what was rendered.
package kustomize

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
)

// Variant is what one profile renders.
type Variant struct {
	Profile profile.Profile
	Objects []manifest.Object
}

// System is one release of a stack under several profiles.
type System struct {
	Stack     stack.Stack
	Release   string
	Namespace string
	// Secrets are the names of those that the objects refer to and that nobody renders.
	Secrets []string
	// Base is what stands there without a component; Others have one each.
	Base   Variant
	Others []Variant
}

// Files returns the folder of s: base/, components/<profile>/ and overlays/<profile>/. The same input gives the same bytes.
// Helm's hooks, its labels and the release's namespace are left out.
func Files(s System) (map[string][]byte, error) {
	base, err := s.named(s.Base)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	resources := make([]string, len(base))
	for i, o := range base {
		files["base/"+o.file] = []byte(o.Text)
		resources[i] = "  - " + o.file + "\n"
	}
	files["base/"+kustomization] = []byte(s.baseHead() + kustomizationHead + "resources:\n" + strings.Join(resources, ""))
	for _, v := range s.Others {
		name := v.Profile.Name
		objects, err := s.named(v)
		if err != nil {
			return nil, err
		}
		c := component{dir: "components/" + name + "/", files: files, why: newReasons(s.Stack, s.Base.Profile, v.Profile)}
		if err := c.write(base, objects); err != nil {
			return nil, fmt.Errorf("profile %s: %w", name, err)
		}
		head := manifest.Comment(fmt.Sprintf("%s under the profile %s: %s", s.Stack.Name, name, v.Profile.Summary), "# ")
		files["overlays/"+name+"/"+kustomization] = []byte(head + kustomizationHead + "resources:\n  - ../../base\ncomponents:\n  - ../../components/" + name + "\n")
	}
	return files, nil
}

const (
	kustomization     = "kustomization.yaml"
	kustomizationHead = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	componentHead     = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
)

// baseHead says what a reader of the base has to know.
func (s System) baseHead() string {
	text := manifest.Comment(fmt.Sprintf("%s %s under the profile %s: %s", s.Stack.Name, s.Stack.Version, s.Base.Profile.Name, s.Base.Profile.Summary), "# ") +
		manifest.Comment(fmt.Sprintf("Made by holdfast kustomize for the release %q. The objects name no namespace; where one has to stand in a text (the names in a certificate, admission policies) it is %q (-n).", s.Release, s.Namespace), "# ")
	if len(s.Secrets) > 0 {
		text += manifest.Comment(fmt.Sprintf("Secrets that have to be there, made once by holdfast secrets with the same flags: %s.", strings.Join(s.Secrets, ", ")), "# ")
	}
	return text
}

// named is an object with the name of its file, and with what tells it apart from the others.
type named struct {
	manifest.Object
	file, id string
}

// named returns the objects of a variant as they stand in a base: without hooks, and plain.
func (s System) named(v Variant) ([]named, error) {
	var objects []manifest.Object
	for _, o := range v.Objects {
		if !o.Hook {
			o.Text = plain(o.Text, s.Namespace)
			objects = append(objects, o)
		}
	}
	names, err := manifest.Names(objects)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", v.Profile.Name, err)
	}
	all := make([]named, len(objects))
	for i, o := range objects {
		all[i] = named{o, names[i], strings.Join([]string{o.APIVersion, o.Kind, metadata(o.Text, "namespace"), o.Name}, "/")}
	}
	return all, nil
}
