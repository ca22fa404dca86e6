package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// Command is a step of the switch.
type Command struct {
	// Why says what the step is for.
	Why string `json:"why"`
	// Run is a line for a shell.
	Run string `json:"run"`

	words []string
}

// Request says how the user reaches the system, so that the commands can be run as they are.
type Request struct {
	// Stack is what the user calls the stack, and Chart the name of its chart.
	Stack, Chart       string
	Release, Namespace string
	// Profile is the one to switch to, Values the flags with all other values of that side.
	Profile string
	Values  []string
	// Live says that the release is Helm's and keeps its values; Cluster are the flags that choose the cluster.
	Live    bool
	Cluster []string
	// Move are the values that make the chart move data, and During what it then renders; empty where nothing is moved.
	Move   []string
	During []manifest.Object
}

// Moves reports whether data have to go to other disks.
func (p Plan) Moves() bool { return len(p.moves) > 0 }

// Servers is how many there were before the data go to other disks.
func (p Plan) Servers() int {
	if len(p.moves) == 0 {
		return 0
	}
	return number(p.moves[0].from.tree, 1, "spec", "replicas")
}

// AddCommands adds the commands that do what is planned. A plan that loses data has none.
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

// movingWhy is said of the command that moves data.
const movingWhy = "move the data; after a failure, again. Another move of this release needs another migration.id"

// evacuatedWhy and leavingWhy are said of the commands that take a server out of its quorum. Without the first a stream that has
// no other copy would begin again, empty.
const (
	evacuatedWhy = "let a server give its copies away, as user sys; go on when nats stream report names it no more"
	leavingWhy   = "take it out of the quorum"
)

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
	if len(r.Move) > 0 {
		moving := slices.Clone(upgrade)
		for _, value := range r.Move {
			moving = append(moving, "--set", value)
		}
		all = append(all, command(movingWhy, append(moving, "--wait", "--wait-for-jobs", "--timeout", "30m")...))
		if r.Live {
			upgrade = append(upgrade, "--set", "migration=null")
		}
		all = append(all, command("take the old servers away", upgrade...))
	} else {
		all = append(all, command("upgrade", upgrade...))
	}
	return append(append(all, p.restart(r)...), p.claimCommands(r)...)
}

func (p *Plan) kubectl(r Request, during []*object) []Command {
	render := []string{"holdfast", "render", r.Stack, "--profile", r.Profile}
	render = append(append(render, r.Values...), "--release", r.Release, "-n", r.Namespace, "--no-hooks")
	apply := []string{"|", "kubectl", "apply", "-n", r.Namespace, "-f", "-"}

	all := p.deletions(r)
	if len(r.Move) > 0 {
		moving := slices.Clone(render)
		for _, value := range r.Move {
			moving = append(moving, "--set", value)
		}
		all = append(all, command(movingWhy, append(moving, apply...)...))
		for _, o := range during {
			if o.is("batch", "Job") && p.change(o.Object) == nil {
				all = append(all, command("wait for its end", r.on("wait", "--for=condition=complete", "--timeout=30m", resourceName(o.Object))...))
			}
		}
	}
	for _, server := range p.leaving {
		evacuate := []string{"nats", "--user", "sys", "request", "$JS.API.SERVER.EVACUATE", fmt.Sprintf(`{"peer":%q}`, server)}
		all = append(all, command(evacuatedWhy, evacuate...), command(leavingWhy, "nats", "--user", "sys", "server", "cluster", "peer-remove", server))
	}
	all = append(all, command("apply what is there afterwards", append(render, apply...)...))
	gone := p.gone(during)
	for _, namespace := range sortedKeys(gone) {
		in := r
		if namespace != "" {
			in.Namespace = namespace
		}
		all = append(all, command("delete what is not there any more", in.on("delete", gone[namespace]...)...))
	}
	return append(append(all, p.restart(r)...), p.claimCommands(r)...)
}

// on is a kubectl command in the release's namespace.
func (r Request) on(verb string, arguments ...string) []string {
	words := append([]string{"kubectl"}, strings.Fields(verb)...)
	words = append(append(words, "-n", r.Namespace), r.kubeconfig()...)
	return append(words, arguments...)
}

// kubeconfig are the flags that choose the cluster, in kubectl's words.
func (r Request) kubeconfig() []string {
	words := slices.Clone(r.Cluster)
	for i, word := range words {
		if word == "--kube-context" {
			words[i] = "--context"
		}
	}
	return words
}

// change finds an object of the plan.
func (p *Plan) change(o Object) *Change {
	for i, c := range p.Objects {
		if c.identity() == o.identity() {
			return &p.Objects[i]
		}
	}
	return nil
}

// gone lists what kubectl has to delete, by namespace: what the plan removes, and what was there only for the move.
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

// deletions take away what cannot be changed.
func (p *Plan) deletions(r Request) []Command {
	var all []Command
	for _, c := range p.Objects {
		if len(c.immutable()) == 0 {
			continue
		}
		arguments := []string{resourceName(c.Object)}
		why := "delete what cannot be changed"
		if c.orphans() {
			arguments = append(arguments, "--cascade=orphan")
			why += ", without its pods"
		}
		in := r
		if c.Namespace != "" {
			in.Namespace = c.Namespace
		}
		all = append(all, command(why, in.on("delete", arguments...)...))
		all = append(all, in.grow(c)...)
	}
	return all
}

// grow lets the claims that are there grow with the template of new ones.
func (r Request) grow(c Change) []Command {
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
					all = append(all, command("let the disk grow, which its storage class has to allow", r.on("patch", "pvc", claim, "-p", patch)...))
				}
			}
		}
	}
	return all
}

// restart lets the controller look at event sources and sensors again.
func (p *Plan) restart(r Request) []Command {
	if !slices.ContainsFunc(p.Findings, func(f Finding) bool { return f.unseen }) {
		return nil
	}
	for _, c := range p.Objects {
		if c.new != nil && c.is("apps", "Deployment") && eventsImage(c.new) != "" {
			return []Command{command("let the controller tell event sources and sensors", r.on("rollout restart", resourceName(c.Object))...)}
		}
	}
	return nil
}

// claimCommands delete what nothing uses any more.
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
	return []Command{command("when nobody needs them any more: the old disks", r.on("delete", append([]string{"pvc"}, names...)...)...)}
}

// resourceName is an object as kubectl takes it, whatever other groups have a kind of this name.
func resourceName(o Object) string {
	kind := strings.ToLower(o.Kind)
	if group := o.group(); group != "" {
		kind += "." + group
	}
	return kind + "/" + o.Name
}

func command(why string, words ...string) Command {
	c := Command{Why: why}
	for _, word := range words {
		c.words = append(c.words, quoted(word))
	}
	c.Run = strings.Join(c.words, " ")
	return c
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if word == "|" || word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(word, "'", `'\''`))
}
