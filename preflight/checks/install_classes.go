package checks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-ha/holdfast/preflight/snapshot"
	"github.com/holdfast-ha/holdfast/verify/storage"
)

// installClasses finds classes that the manifests name and that neither the cluster nor the manifests have.
var installClasses = Check{
	ID: "install-classes", Title: "All classes that the manifests name exist", Installs: true,
	Reads: []snapshot.Resource{snapshot.Classes, snapshot.PriorityClasses, snapshot.RuntimeClasses},
	run: func(s *snapshot.Snapshot) (string, []Finding) {
		has := map[string]bool{}
		hasDefault := false
		for _, c := range s.Classes {
			has["StorageClass "+c.Name] = true
			hasDefault = hasDefault || storage.IsDefault(c)
		}
		for _, c := range s.PriorityClasses {
			has["PriorityClass "+c.Name] = true
		}
		for _, c := range s.RuntimeClasses {
			has["RuntimeClass "+c.Name] = true
		}
		for _, o := range s.Installation.Objects {
			has[o.Kind+" "+o.Name] = true
		}
		for _, c := range s.Installation.System.Storage.Classes {
			hasDefault = hasDefault || storage.IsDefault(c)
		}
		var findings []Finding
		number := 0
		need := func(object, kind, name, effect string) {
			if number++; !has[kind+" "+name] {
				findings = append(findings, Finding{Status: Fail, Object: object, Message: fmt.Sprintf("%s %s does not exist: %s", kind, name, effect), Fix: "create it, or name another one"})
			}
		}
		claim := func(object string, c *corev1.PersistentVolumeClaim) {
			switch name := c.Spec.StorageClassName; {
			case name == nil && !hasDefault:
				findings = append(findings, Finding{Status: Fail, Object: object, Message: fmt.Sprintf("claim %s names no StorageClass, and the cluster has no default: its pods stay Pending", c.Name),
					Fix: "set the class of the claim, or annotate one with storageclass.kubernetes.io/is-default-class=true"})
			case name != nil && *name != "":
				need(object, "StorageClass", *name, "its pods stay Pending")
			}
		}
		for _, w := range s.Installation.System.Workloads {
			if name := w.Template.Spec.PriorityClassName; name != "" {
				need(w.String(), "PriorityClass", name, "its pods are refused")
			}
			if name := w.Template.Spec.RuntimeClassName; name != nil && *name != "" {
				need(w.String(), "RuntimeClass", *name, "its pods are refused")
			}
			for i := range w.Claims {
				claim(w.String(), &w.Claims[i])
			}
		}
		for _, o := range s.Installation.Objects {
			var c corev1.PersistentVolumeClaim
			if o.Kind == "PersistentVolumeClaim" && o.Group() == "" && o.Decode(&c) == nil {
				claim(o.String(), &c)
			}
		}
		return count(number, "class") + " named", findings
	},
}
