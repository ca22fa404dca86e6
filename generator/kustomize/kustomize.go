// Package kustomize turns the rendered objects of several profiles into a Kustomize base and, for each further profile, a
// component with minimal patches.
//
// A profile is a component so that it is written once: overlays/<profile> and a team's own overlay both refer to it. Every patch
// is applied with Kustomize's own code before it is written, and its result must be the rendered object.
package kustomize

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/stack"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// Variant is the rendered objects of a profile.
type Variant struct {
	Profile profile.Profile
	Objects []manifest.Object
}

// System is a release of a stack under several profiles.
type System struct {
	Stack     stack.Stack
	Release   string
	Namespace string
	// Secrets are the names of the Secrets that the objects use; they are not among the objects.
	Secrets []string
	// Base is the variant without a component; each of Others has one.
	Base   Variant
	Others []Variant
}

// Files returns the files of s by path: base/, components/<profile>/ and overlays/<profile>/. The same input gives the same
// bytes. The objects have no Helm hooks, no labels of Helm and no namespace of the release.
func Files(s System) (map[string][]byte, error) {
	base, err := s.objects(s.Base)
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
		objects, err := s.objects(v)
		if err != nil {
			return nil, err
		}
		c := component{dir: "components/" + name + "/", files: files, reasons: newReasons(s.Stack, s.Base.Profile, v.Profile)}
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

// baseHead is the comment at the top of the base's kustomization.yaml.
func (s System) baseHead() string {
	text := manifest.Comment(fmt.Sprintf("%s %s under the profile %s: %s", s.Stack.Name, s.Stack.Version, s.Base.Profile.Name, s.Base.Profile.Summary), "# ") +
		manifest.Comment(fmt.Sprintf("Created by holdfast kustomize for the release %q. The objects have no namespace: an overlay or kubectl -n sets it. Names in certificates and admission policies contain the namespace %q (-n).", s.Release, s.Namespace), "# ")
	if len(s.Secrets) > 0 {
		text += manifest.Comment(fmt.Sprintf("Required Secrets, created once by holdfast secrets with the same flags: %s.", strings.Join(s.Secrets, ", ")), "# ")
	}
	return text
}

// object is an object of a base or component.
type object struct {
	manifest.Object
	node *kyaml.RNode
	// file is the name of its file, id identifies the object among the profiles: version, kind, namespace and name.
	file, id string
}

// objects returns the plain objects of a variant, without hooks.
func (s System) objects(v Variant) ([]object, error) {
	var rendered []manifest.Object
	for _, o := range v.Objects {
		if !o.Hook {
			rendered = append(rendered, o)
		}
	}
	names, err := manifest.Names(rendered)
	if err != nil {
		return nil, fmt.Errorf("profile %s: %w", v.Profile.Name, err)
	}
	all := make([]object, len(rendered))
	for i, o := range rendered {
		if all[i], err = newObject(o, s.Namespace); err != nil {
			return nil, fmt.Errorf("profile %s: %s: %s %q: %w", v.Profile.Name, o.Source, o.Kind, o.Name, err)
		}
		all[i].file = names[i]
	}
	return all, nil
}

func newObject(o manifest.Object, namespace string) (object, error) {
	node, err := kyaml.Parse(o.Text)
	if err != nil {
		return object{}, err
	}
	if err := plain(node, namespace); err != nil {
		return object{}, err
	}
	if o.Text, err = encode(node.Document()); err != nil {
		return object{}, err
	}
	return object{Object: o, node: node, id: strings.Join([]string{o.APIVersion, o.Kind, node.GetNamespace(), o.Name}, "/")}, nil
}
