package checks

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
)

// installKinds finds objects whose kind the API server does not have: their custom resource definition is missing.
var installKinds = Check{
	ID: "install-kinds", Title: "The API server has all kinds of the manifests", Installs: true,
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		defined := map[schema.GroupKind]bool{} // by the manifests
		for _, o := range s.Installation.Objects {
			var crd struct {
				Spec struct {
					Group string `json:"group"`
					Names struct {
						Kind string `json:"kind"`
					} `json:"names"`
				} `json:"spec"`
			}
			if o.Kind == "CustomResourceDefinition" && o.Decode(&crd) == nil {
				defined[schema.GroupKind{Group: crd.Spec.Group, Kind: crd.Spec.Names.Kind}] = true
			}
		}
		var findings []Finding
		seen := map[schema.GroupVersionKind]bool{}
		for _, o := range s.Installation.Objects {
			kind := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
			if seen[kind] {
				continue
			}
			seen[kind] = true
			if !s.Installation.Served[kind] && !defined[kind.GroupKind()] {
				findings = append(findings, Finding{Status: Fail, Object: o.String(), Message: fmt.Sprintf("the API server has no kind %s of %s", o.Kind, o.APIVersion),
					Fix: "install its custom resource definition first, or a version of the cluster that has it"})
			}
		}
		return count(len(seen), "kind"), findings
	},
}
