package apiserver

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/holdfast-ha/holdfast/internal/similar"
	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// lifetime is the range of minor releases of Kubernetes 1 that serve a kind in a version of its group.
type lifetime struct {
	// introduced is the first release; removed the first one that no longer serves it, 0 if there is none.
	introduced, removed int
	// use is the apiVersion and kind to use instead.
	use string
}

// more are built-in kinds without a type in the linked client-go. The releases are those of the prerelease-lifecycle tags and of
// the types in k8s.io/api 0.31 to 0.37, and of kubernetes.io/docs/reference/using-api/deprecation-guide.
var more = map[string]lifetime{
	"apiextensions.k8s.io/v1 CustomResourceDefinition":         {introduced: 16},
	"apiextensions.k8s.io/v1beta1 CustomResourceDefinition":    {7, 22, "apiextensions.k8s.io/v1"},
	"apiregistration.k8s.io/v1 APIService":                     {introduced: 10},
	"apiregistration.k8s.io/v1beta1 APIService":                {7, 22, "apiregistration.k8s.io/v1"},
	"auditregistration.k8s.io/v1alpha1 AuditSink":              {13, 19, ""},
	"autoscaling/v2beta1 HorizontalPodAutoscaler":              {8, 25, "autoscaling/v2"},
	"autoscaling/v2beta2 HorizontalPodAutoscaler":              {12, 26, "autoscaling/v2"},
	"batch/v2alpha1 CronJob":                                   {5, 21, "batch/v1"},
	"certificates.k8s.io/v1 ClusterTrustBundle":                {introduced: 37},
	"certificates.k8s.io/v1 PodCertificateRequest":             {introduced: 37},
	"certificates.k8s.io/v1alpha1 PodCertificateRequest":       {34, 35, "certificates.k8s.io/v1beta1"},
	"coordination.k8s.io/v1alpha1 LeaseCandidate":              {31, 32, "coordination.k8s.io/v1beta1"},
	"extensions/v1beta1 PodSecurityPolicy":                     {2, 16, "Pod Security Admission"},
	"lifecycle.k8s.io/v1alpha1 EvictionRequest":                {introduced: 37},
	"networking.k8s.io/v1alpha1 ClusterCIDR":                   {25, 29, ""},
	"networking.k8s.io/v1alpha1 IPAddress":                     {27, 34, "networking.k8s.io/v1"},
	"networking.k8s.io/v1alpha1 ServiceCIDR":                   {27, 34, "networking.k8s.io/v1"},
	"policy/v1beta1 PodSecurityPolicy":                         {10, 25, "Pod Security Admission"},
	"resource.k8s.io/v1 DeviceTaintRule":                       {introduced: 37},
	"resource.k8s.io/v1alpha3 DeviceClass":                     {31, 34, "resource.k8s.io/v1"},
	"resource.k8s.io/v1alpha3 PodSchedulingContext":            {31, 32, ""},
	"resource.k8s.io/v1alpha3 ResourceClaim":                   {31, 34, "resource.k8s.io/v1"},
	"resource.k8s.io/v1alpha3 ResourceClaimTemplate":           {31, 34, "resource.k8s.io/v1"},
	"resource.k8s.io/v1alpha3 ResourceSlice":                   {31, 34, "resource.k8s.io/v1"},
	"scheduling.k8s.io/v1alpha1 PriorityClass":                 {8, 22, "scheduling.k8s.io/v1"},
	"scheduling.k8s.io/v1alpha1 Workload":                      {35, 36, ""},
	"scheduling.k8s.io/v1alpha3 CompositePodGroup":             {introduced: 37},
	"scheduling.k8s.io/v1alpha3 PodGroup":                      {introduced: 37},
	"scheduling.k8s.io/v1alpha3 Workload":                      {introduced: 37},
	"scheduling.k8s.io/v1beta1 PodGroup":                       {introduced: 37},
	"scheduling.k8s.io/v1beta1 Workload":                       {introduced: 37},
	"settings.k8s.io/v1alpha1 PodPreset":                       {6, 20, ""},
	"storagemigration.k8s.io/v1 StorageVersionMigration":       {introduced: 37},
	"storagemigration.k8s.io/v1alpha1 StorageVersionMigration": {30, 35, "storagemigration.k8s.io/v1beta1"},

	// Removed although the types have no tag.
	"node.k8s.io/v1alpha1 RuntimeClass":                     {12, 22, "node.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 ClusterRole":        {5, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding": {5, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 Role":               {5, 22, "rbac.authorization.k8s.io/v1"},
	"rbac.authorization.k8s.io/v1alpha1 RoleBinding":        {5, 22, "rbac.authorization.k8s.io/v1"},
	"scheduling.k8s.io/v1alpha2 PodGroup":                   {36, 37, "scheduling.k8s.io/v1beta1"},
	"scheduling.k8s.io/v1alpha2 Workload":                   {36, 37, "scheduling.k8s.io/v1beta1"},
}

// lifetimeOf returns the lifetime of a built-in kind.
func lifetimeOf(apiVersion, kind string) (l lifetime, ok bool) {
	if l, ok := more[apiVersion+" "+kind]; ok {
		return l, true
	}
	if strings.HasSuffix(kind, "Options") || kind == "WatchEvent" || kind == "Status" || strings.HasSuffix(apiVersion, runtime.APIVersionInternal) {
		return l, false
	}
	o, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
	if err != nil {
		return l, false
	}
	if in, ok := o.(interface{ APILifecycleIntroduced() (int, int) }); ok {
		_, l.introduced = in.APILifecycleIntroduced()
	}
	if in, ok := o.(interface{ APILifecycleRemoved() (int, int) }); ok {
		_, l.removed = in.APILifecycleRemoved()
	}
	if in, ok := o.(interface {
		APILifecycleReplacement() schema.GroupVersionKind
	}); ok {
		by := in.APILifecycleReplacement()
		l.use = by.GroupVersion().String()
		if by.Kind != kind {
			l.use += " " + by.Kind
		}
	}
	return l, true
}

// known are the lifetimes of all built-in kinds, by "group/version Kind".
var known = sync.OnceValue(func() map[string]lifetime {
	all := maps.Clone(more)
	for gvk := range scheme.Scheme.AllKnownTypes() {
		apiVersion := gvk.GroupVersion().String()
		if l, ok := lifetimeOf(apiVersion, gvk.Kind); ok {
			all[apiVersion+" "+gvk.Kind] = l
		}
	}
	return all
})

// groups are the API groups of Kubernetes.
var groups = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for id := range known() {
		apiVersion, _, _ := strings.Cut(id, " ")
		all[groupOf(apiVersion)] = true
	}
	return all
})

func groupOf(apiVersion string) string { return schema.FromAPIVersionAndKind(apiVersion, "").Group }

// checkKind returns an error if Kubernetes 1.minor does not serve the kind of an object. Kinds of groups that may be those of
// custom resources pass.
func checkKind(o *manifest.Object, minor int) error {
	target := cmp.Or(minor, linked)
	l, ok := lifetimeOf(o.APIVersion, o.Kind)
	if !ok {
		return checkUnknown(o, target)
	}
	at := []string{"apiVersion"}
	switch {
	case l.removed > 0 && target >= l.removed && l.use == "":
		return o.Errorf(at, "%s %s was removed in Kubernetes 1.%d: delete the object", o.APIVersion, o.Kind, l.removed)
	case l.removed > 0 && target >= l.removed:
		return o.Errorf(at, "%s %s was removed in Kubernetes 1.%d: use %s", o.APIVersion, o.Kind, l.removed, l.use)
	case minor > 0 && l.introduced > minor:
		return o.Errorf(at, "%s %s exists from Kubernetes 1.%d, and the cluster has 1.%d", o.APIVersion, o.Kind, l.introduced, minor)
	}
	return nil
}

// checkUnknown returns an error for a kind that Kubernetes does not have and that cannot be a custom resource: its group is
// one of Kubernetes, has no dot (apiextensions.k8s.io requires one), or is a misspelt group of Kubernetes.
func checkUnknown(o *manifest.Object, minor int) error {
	group := o.Group()
	near, distance := nearest(o, minor)
	switch {
	case groups()[group]:
		if _, served := served(o.APIVersion); !served {
			return o.Errorf([]string{"apiVersion"}, "Kubernetes has no API version %s%s", o.APIVersion, suggest(near))
		}
		return o.Errorf([]string{"kind"}, "%s has no kind %s%s", o.APIVersion, o.Kind, suggest(near))
	case !strings.Contains(group, "."):
		return o.Errorf([]string{"apiVersion"}, "Kubernetes has no API group %q, and the group of a custom resource contains a dot%s", group, suggest(near))
	case near != "" && strings.HasSuffix(near, " "+o.Kind) && (strings.HasSuffix(group, ".k8s.io") || distance <= 2):
		return o.Errorf([]string{"apiVersion"}, "Kubernetes has no API group %q%s", group, suggest(near))
	}
	return nil
}

// served returns the kinds of an API version, and whether Kubernetes has it.
func served(apiVersion string) (kinds []string, ok bool) {
	for id := range known() {
		if kind, ok := strings.CutPrefix(id, apiVersion+" "); ok {
			kinds = append(kinds, kind)
		}
	}
	return kinds, len(kinds) > 0
}

func suggest(near string) string {
	if near == "" {
		return ": correct it, or remove the object"
	}
	return ": use " + near
}

// nearest returns the current "apiVersion Kind" of Kubernetes that resembles an object's most, and the edit distance of the two.
// It returns "" if none resembles it.
func nearest(o *manifest.Object, minor int) (id string, distance int) {
	distance = 1 << 30
	version := func(id string) string {
		_, v, _ := strings.Cut(strings.TrimSuffix(id, " "+o.Kind), "/")
		return v
	}
	for _, candidate := range slices.SortedFunc(maps.Keys(known()), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(version(a)), len(version(b))), cmp.Compare(a, b)) // stable versions first
	}) {
		l := known()[candidate]
		if l.removed > 0 && minor >= l.removed || l.introduced > minor {
			continue
		}
		apiVersion, kind, _ := strings.Cut(candidate, " ")
		if !strings.EqualFold(kind, o.Kind) && similar.Distance(strings.ToLower(kind), strings.ToLower(o.Kind)) > 2 {
			continue
		}
		d := similar.Distance(apiVersion, o.APIVersion) + similar.Distance(kind, o.Kind)
		if d < distance {
			id, distance = candidate, d
		}
	}
	return id, distance
}
