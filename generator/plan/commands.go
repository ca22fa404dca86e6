package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// Command is a step of the change.
type Command struct {
	// Why is the purpose of the step.
	Why string `json:"why"`
	// Run is a line for a shell.
	Run string `json:"run"`

	words []string
}

// Request are the names and flags of the user, for commands that run unchanged.
type Request struct {
	// Stack is the name or the file of the stack, Chart the name of its chart.
	Stack, Chart       string
	Release, Namespace string
	// Profile is that of the new side, Values are the flags with its other values.
	Profile string
	Values  []string
	// Live reports whether the release is installed, with its values; Cluster are the flags that choose the cluster.
	Live    bool
	Cluster []string
	// Migration are the assignments that start a migration, During the objects during it; empty without a migration.
	Migration []string
	During    []manifest.Object
}

// Migrates reports whether data must migrate to other disks.
func (p Plan) Migrates() bool { return len(p.migrations) > 0 }

// MigratesFrom reports whether the servers whose data migrates are among the objects during the migration.
func (p Plan) MigratesFrom(during []manifest.Object) bool {
	return !slices.ContainsFunc(p.migrations, func(r replacement) bool {
		return !slices.ContainsFunc(during, func(o manifest.Object) bool { return o.Kind == r.from.Kind && o.Name == r.from.Name })
	})
}

// Servers returns the number of servers before a migration; 0 without a migration.
func (p Plan) Servers() int {
	if len(p.migrations) == 0 {
		return 0
	}
	return number(p.migrations[0].from.tree, 1, "spec", "replicas")
}

// AddCommands adds the commands that make the change. A plan that loses data has none.
func (p *Plan) AddCommands(r Request) error {
	if p.Verdict == Nothing || p.Verdict == LosesData {
		return nil
	}
	during, err := decode(r.During)
	if err != nil {
		return err
	}
	p.Helm = p.helm(r)
	if !r.Live {
		p.Kubectl = p.kubectl(r, during)
	}
	return nil
}

// migrationWhy is the purpose of the command that starts a migration.
const migrationWhy = "migrate the data; repeat after a failure. Each later migration needs another migration.id"

// evacuatedWhy and leavingWhy are the purposes of the commands that remove a server from its quorum. Without the first, a
// stream with its only replica on that server would be empty.
const (
	evacuatedWhy = "move the replicas off a server, as user sys; continue when it is not in nats stream report"
	leavingWhy   = "remove the server from the quorum"
)

// helm returns the commands with Helm.
func (p *Plan) helm(r Request) []Command {
	dir := path.Join("charts", r.Chart)
	upgrade := append([]string{"helm", "upgrade", r.Release, dir, "-n", r.Namespace}, r.Cluster...)
	if r.Live {
		upgrade = append(upgrade, "--reset-then-reuse-values")
	}
	upgrade = append(upgrade, r.Values...)
	upgrade = append(upgrade, "--set", "profile="+r.Profile)

	all := p.deletions(r)
	all = append(all, command("write the chart", "holdfast", "chart", r.Stack, "-o", dir))
	if len(r.Migration) > 0 {
		migrating := slices.Clone(upgrade)
		for _, value := range r.Migration {
			migrating = append(migrating, "--set", value)
		}
		all = append(all, command(migrationWhy, append(migrating, "--wait", "--wait-for-jobs", "--timeout", "30m")...))
		if r.Live {
			upgrade = append(upgrade, "--set", "migration=null")
		}
		all = append(all, command("remove the old servers", upgrade...))
	} else {
		all = append(all, command("upgrade", upgrade...))
	}
	return append(append(all, p.restart(r)...), p.claimCommands(r)...)
}

// kubectl returns the commands without Helm. during are the objects during a migration.
func (p *Plan) kubectl(r Request, during []*object) []Command {
	render := []string{"holdfast", "render", r.Stack, "--profile", r.Profile}
	render = append(append(render, r.Values...), "--release", r.Release, "-n", r.Namespace, "--no-hooks")
	apply := []string{"|", "kubectl", "apply", "-n", r.Namespace, "-f", "-"}

	all := p.deletions(r)
	if len(r.Migration) > 0 {
		migrating := slices.Clone(render)
		for _, value := range r.Migration {
			migrating = append(migrating, "--set", value)
		}
		all = append(all, command(migrationWhy, append(migrating, apply...)...))
		for _, o := range during {
			if o.is("batch", "Job") && p.change(o.Object) == nil {
				all = append(all, command("wait until the migration is complete", r.on("wait", "--for=condition=complete", "--timeout=30m", resourceName(o.Object))...))
			}
		}
	}
	for _, server := range p.leaving {
		evacuate := []string{"nats", "--user", "sys", "request", "$JS.API.SERVER.EVACUATE", fmt.Sprintf(`{"peer":%q}`, server)}
		all = append(all, command(evacuatedWhy, evacuate...), command(leavingWhy, "nats", "--user", "sys", "server", "cluster", "peer-remove", server))
	}
	all = append(all, command("apply the new objects", append(render, apply...)...))
	gone := p.gone(during)
	for _, namespace := range sortedKeys(gone) {
		in := r
		if namespace != "" {
			in.Namespace = namespace
		}
		all = append(all, command("delete the removed objects", in.on("delete", gone[namespace]...)...))
	}
	return append(append(all, p.restart(r)...), p.claimCommands(r)...)
}

// on returns a kubectl command in the namespace of the request.
func (r Request) on(verb string, arguments ...string) []string {
	words := append([]string{"kubectl"}, strings.Fields(verb)...)
	words = append(append(words, "-n", r.Namespace), r.kubeconfig()...)
	return append(words, arguments...)
}

// kubeconfig returns the flags that choose the cluster, as kubectl has them.
func (r Request) kubeconfig() []string {
	words := slices.Clone(r.Cluster)
	for i, word := range words {
		if word == "--kube-context" {
			words[i] = "--context"
		}
	}
	return words
}

// change returns the change of an object, or nil.
func (p *Plan) change(o Object) *Change {
	for i, c := range p.Objects {
		if c.identity() == o.identity() {
			return &p.Objects[i]
		}
	}
	return nil
}

// gone lists the objects that kubectl must delete, by namespace: the removed ones, and those that exist only during the
// migration.
func (p *Plan) gone(during []*object) map[string][]string {
	all := map[string][]string{}
	for _, c := range p.Objects {
		if c.Action == Removed {
			all[c.Namespace] = append(all[c.Namespace], resourceName(c.Object))
		}
	}
	for _, o := range during {
		if p.change(o.Object) == nil {
			all[o.Namespace] = append(all[o.Namespace], resourceName(o.Object))
		}
	}
	return all
}

// deletions returns the commands that delete the objects whose immutable fields change.
func (p *Plan) deletions(r Request) []Command {
	var all []Command
	for _, c := range p.Objects {
		if len(c.immutable()) == 0 {
			continue
		}
		arguments := []string{resourceName(c.Object)}
		why := "delete the object with the immutable field"
		if c.orphans() {
			arguments = append(arguments, "--cascade=orphan")
			why += ", but not its pods"
		}
		in := r
		if c.Namespace != "" {
			in.Namespace = c.Namespace
		}
		all = append(all, command(why, in.on("delete", arguments...)...))
		all = append(all, in.resizeClaims(c)...)
	}
	return all
}

// resizeClaims returns the commands that resize the existing claims to the size in the claim template.
func (r Request) resizeClaims(c Change) []Command {
	var all []Command
	for _, old := range items(c.old.tree, "spec", "volumeClaimTemplates") {
		for _, now := range items(c.new.tree, "spec", "volumeClaimTemplates") {
			name, size := text(old, "metadata", "name"), []string{"spec", "resources", "requests", "storage"}
			f := Field{Old: at(old, size...), New: at(now, size...)}
			if name != text(now, "metadata", "name") || f.Old == f.New || !grows(f) {
				continue
			}
			for _, claim := range claimNames(c.old) {
				if strings.HasPrefix(claim, name+"-"+c.Name+"-") {
					patch := fmt.Sprintf(`{"spec":{"resources":{"requests":{"storage":"%v"}}}}`, f.New)
					all = append(all, command("resize the disk, if its StorageClass allows that", r.on("patch", "pvc", claim, "-p", patch)...))
				}
			}
		}
	}
	return all
}

// restart returns the command that restarts the controller, so that it reconciles all event sources and sensors.
func (p *Plan) restart(r Request) []Command {
	if !slices.ContainsFunc(p.Findings, func(f Finding) bool { return f.stale }) {
		return nil
	}
	for _, c := range p.Objects {
		if c.new != nil && c.is("apps", "Deployment") && eventsImage(c.new) != "" {
			return []Command{command("restart the controller, so that it updates event sources and sensors", r.on("rollout restart", resourceName(c.Object))...)}
		}
	}
	return nil
}

// claimCommands returns the command that deletes the orphaned claims.
func (p *Plan) claimCommands(r Request) []Command {
	var names []string
	for _, c := range p.Claims {
		if c.Fate == Orphaned {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Command{command("delete the old disks, when you no longer need them", r.on("delete", append([]string{"pvc"}, names...)...)...)}
}

// resourceName is the kind, group and name of an object as an argument of kubectl.
func resourceName(o Object) string {
	kind := strings.ToLower(o.Kind)
	if group := o.group(); group != "" {
		kind += "." + group
	}
	return kind + "/" + o.Name
}

// command returns a command with its words quoted for a shell.
func command(why string, words ...string) Command {
	c := Command{Why: why}
	for _, word := range words {
		c.words = append(c.words, quoted(word))
	}
	c.Run = strings.Join(c.words, " ")
	return c
}

// quoted quotes a word for a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if word == "|" || word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(word, "'", `'\''`))
}
