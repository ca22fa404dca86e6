package workload

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/operators"
)

// hookTool is a tool that applies some objects, its hooks, only in certain steps of an installation.
type hookTool struct {
	name string
	// hook and deletion are the annotations with the steps and with the deletion policies, separated by commas.
	hook, deletion string
	// steps reports for each step whether its hooks can stay after it. Hooks of other steps are gone or not there yet while the
	// system runs. The policy deleted removes a hook after it has succeeded.
	steps   map[string]bool
	deleted string
}

// hookTools are Helm (pkg/action/hooks.go and pkg/releaseutil/manifest_sorter.go in v3.21) and Argo CD
// (argo-cd.readthedocs.io/en/stable/user-guide/sync-waves). Both delete a hook before they create it anew, unless it has another
// policy: it then stays until the next upgrade.
var hookTools = []hookTool{
	{
		name: "Helm", hook: "helm.sh/hook", deletion: "helm.sh/hook-delete-policy", deleted: "hook-succeeded",
		steps: map[string]bool{
			"pre-install": true, "post-install": true, "pre-upgrade": true, "post-upgrade": true, "pre-rollback": true, "post-rollback": true,
			"test": false, "test-success": false, "pre-delete": false, "post-delete": false,
		},
	},
	{
		name: "Argo CD", hook: "argocd.argoproj.io/hook", deletion: "argocd.argoproj.io/hook-delete-policy", deleted: "hooksucceeded",
		steps: map[string]bool{
			"presync": true, "sync": true, "postsync": true,
			"syncfail": false, "predelete": false, "postdelete": false, "skip": false,
		},
	},
}

// passingHook returns the tool and the steps of a hook that is not part of the running system: it is deleted, it runs to its end
// once, or its step is another one. ok is false for other objects, and for hooks that stay like other objects.
func passingHook(o *manifest.Object) (hook string, ok bool) {
	for _, t := range hookTools {
		steps, found := o.Annotations[t.hook]
		if !found {
			continue
		}
		stays := slices.ContainsFunc(words(steps), func(step string) bool { return t.steps[step] })
		finite := o.Group() == "batch" && o.Kind == Job || o.Group() == "" && o.Kind == Pod
		if !stays || finite || slices.Contains(words(o.Annotations[t.deletion]), t.deleted) {
			return fmt.Sprintf("a hook of %s (%s)", t.name, steps), true
		}
	}
	return "", false
}

// words splits a list at its commas.
func words(list string) []string {
	all := strings.Split(strings.ToLower(list), ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// withoutHooks returns the objects that are part of the running system. Of the others, it notes those that a report would
// otherwise contain.
func (s *System) withoutHooks(objects []*manifest.Object) []*manifest.Object {
	var rest []*manifest.Object
	for _, o := range objects {
		hook, ok := passingHook(o)
		if !ok {
			rest = append(rest, o)
			continue
		}
		id := o.Group() + "/" + o.Kind
		if supported(o) || first[id] != nil || !builtIn(o.Group()) && !operators.WithoutPods(o.Group(), o.Kind) {
			s.assume(o, "is "+hook+": not part of the running system, and not judged", "metadata", "annotations")
		}
	}
	return rest
}
