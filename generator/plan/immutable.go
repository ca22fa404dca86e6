package plan

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// rule lists the immutable fields of a kind. A field that is immutable only in some state of the cluster (a bound volume
// claim) counts as mutable.
type rule struct {
	// fixed are the immutable fields, with all fields below them; free are the exceptions.
	fixed, free []string
	// unless reports whether a fixed field may change nevertheless, because of the values; nil: never.
	unless func(f Field, old, now map[string]any) bool
}

// rules are those of Kubernetes 1.36, from its validation.go files (apps, batch, core, rbac, networking, storage, scheduling, node,
// discovery, apiextensions). Kinds without a rule have no immutable fields.
var rules = map[string]rule{
	"apps/StatefulSet": {
		fixed: []string{"spec"},
		free: []string{"spec.replicas", "spec.ordinals", "spec.template", "spec.updateStrategy", "spec.revisionHistoryLimit",
			"spec.persistentVolumeClaimRetentionPolicy", "spec.minReadySeconds"},
	},
	"apps/Deployment": {fixed: []string{"spec.selector"}},
	"apps/DaemonSet":  {fixed: []string{"spec.selector"}},
	"apps/ReplicaSet": {fixed: []string{"spec.selector"}},
	"batch/Job": {
		fixed: []string{"spec.selector", "spec.template", "spec.completions", "spec.completionMode", "spec.podFailurePolicy", "spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy"},
		unless: func(f Field, old, now map[string]any) bool {
			return f.dotted == "spec.completions" && text(now, "spec", "completionMode") == "Indexed" || at(old, "spec", "suspend") == true && strings.HasPrefix(f.dotted, "spec.template.")
		},
	},
	"/Service": {fixed: []string{"spec.clusterIP", "spec.loadBalancerClass"}, unless: serviceFieldMayChange},
	"/PersistentVolumeClaim": {
		fixed: []string{"spec"},
		free:  []string{"spec.volumeAttributesClassName", "spec.volumeName"},
		unless: func(f Field, _, _ map[string]any) bool {
			return f.dotted == "spec.resources.requests.storage" && grows(f)
		},
	},
	"/Pod": {
		fixed: []string{"spec"},
		free:  []string{"spec.containers.image", "spec.initContainers.image", "spec.activeDeadlineSeconds", "spec.tolerations", "spec.schedulingGates"},
	},
	"/Secret": {
		fixed:  []string{"type", "data", "stringData", "immutable"},
		unless: func(f Field, old, _ map[string]any) bool { return f.dotted != "type" && at(old, "immutable") != true },
	},
	"/ConfigMap": {
		fixed:  []string{"data", "binaryData", "immutable"},
		unless: func(_ Field, old, _ map[string]any) bool { return at(old, "immutable") != true },
	},
	"rbac.authorization.k8s.io/RoleBinding":         {fixed: []string{"roleRef"}},
	"rbac.authorization.k8s.io/ClusterRoleBinding":  {fixed: []string{"roleRef"}},
	"networking.k8s.io/IngressClass":                {fixed: []string{"spec.controller"}},
	"storage.k8s.io/StorageClass":                   {fixed: []string{"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"}},
	"storage.k8s.io/CSIDriver":                      {fixed: []string{"spec.attachRequired", "spec.volumeLifecycleModes"}},
	"scheduling.k8s.io/PriorityClass":               {fixed: []string{"value", "preemptionPolicy"}},
	"node.k8s.io/RuntimeClass":                      {fixed: []string{"handler"}},
	"discovery.k8s.io/EndpointSlice":                {fixed: []string{"addressType"}},
	"apiextensions.k8s.io/CustomResourceDefinition": {fixed: []string{"spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"}},
}

// serviceFieldMayChange reports whether a fixed field of a Service may change nevertheless: the API server keeps a removed
// address, and a Service of type ExternalName has none.
func serviceFieldMayChange(f Field, old, now map[string]any) bool {
	if f.dotted == "spec.clusterIP" {
		return f.New == nil || slices.Contains([]string{text(old, "spec", "type"), text(now, "spec", "type")}, "ExternalName")
	}
	return text(old, "spec", "type") != "LoadBalancer" || text(now, "spec", "type") != "LoadBalancer"
}

// grows reports whether a size stays the same or grows.
func grows(f Field) bool {
	old, err := resource.ParseQuantity(fmt.Sprint(f.Old))
	now, err2 := resource.ParseQuantity(fmt.Sprint(f.New))
	return err == nil && err2 == nil && now.Cmp(old) >= 0
}

// markImmutable marks the changes of immutable fields.
func markImmutable(c Change) {
	r, ok := rules[c.group()+"/"+c.Kind]
	if !ok {
		return
	}
	for i, f := range c.Fields {
		c.Fields[i].Immutable = (f.below(r.fixed) || f.above(r.fixed)) && !f.below(r.free) && (r.unless == nil || !r.unless(f, c.old.tree, c.new.tree))
	}
}

// below reports whether the field is one of some paths, or below one.
func (f Field) below(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return f.dotted == p || strings.HasPrefix(f.dotted, p+".") })
}

// above reports whether one of some paths is below the field.
func (f Field) above(paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, f.dotted+".") })
}

// refused finds the changes that the API server refuses.
func refused(_ sides, p Plan) []Finding {
	var all []Finding
	for _, c := range p.Objects {
		fields := c.immutable()
		if len(fields) == 0 {
			continue
		}
		verb := " is immutable"
		if len(fields) > 1 {
			verb = " are immutable"
		}
		text := strings.Join(fields, ", ") + verb + ": delete the object and let the upgrade create it again"
		if c.orphans() {
			text += "; it adopts the pods and keeps the volume claims"
		}
		all = append(all, Finding{Verdict: Refused, Object: c.Object, Text: text})
	}
	return all
}

// immutable lists the immutable fields that change, each by its first two keys.
func (c Change) immutable() []string {
	var names []string
	for _, f := range c.Fields {
		if f.Immutable {
			parts := strings.Split(f.dotted, ".")
			names = append(names, strings.Join(parts[:min(2, len(parts))], "."))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// orphans reports whether the object can be deleted without its pods, because the new one selects the same pods.
func (c Change) orphans() bool {
	return c.group() == "apps" && !slices.Contains(c.immutable(), "spec.selector")
}
