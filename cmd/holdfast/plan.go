package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newPlanCmd(s streams) *cobra.Command {
	var (
		f      planFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "plan [STACK]",
		Short: "Say what a switch of profile or values does, before it is done",
		Long: `plan compares two sides of a system: profiles, values, or what Helm has installed on a cluster. It
says which objects are created, changed and removed, whose pods are replaced, what the API server
would refuse, which volume claims stay in use, and prints the commands. It changes nothing.

Values given by -f and --set are those of both sides. A field that is written out with its default
counts as a change, though the API server sees none.

A release is what Helm has stored of it. What was changed on the cluster by hand since then is not
in the plan, whether an upgrade would undo it or keep it. This shows it:
helm get manifest RELEASE | kubectl diff -f -

Exit code 0: nothing to do, or one upgrade does it in place. 1: data have to be moved, something is
to be done by hand, the API server would refuse it, or data would be lost; the first line says
which.`,
		Example: `  holdfast plan --from single-node --to multi-zone -f values/webhook.yaml
  holdfast plan --from multi-zone --to-set bus.replicas=5
  holdfast plan stacks/web.yaml --from multi-node --to multi-zone -o json
  holdfast plan --from-release events -n events --to multi-zone`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.plan(args)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(s.out, p)
			} else {
				err = p.Write(s.out)
			}
			if err == nil && !p.Verdict.Fine() {
				err = errFindings
			}
			return err
		},
	}
	f.add(cmd)
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// planFlags say what is compared.
type planFlags struct {
	options         render.Options
	both, from, to  render.Values
	profile, target string
	release         string
	cluster         render.Cluster
	installed       render.Installed
}

func (f *planFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	addReleaseFlags(cmd, &f.options)
	for name, profile := range map[string]*string{"from": &f.profile, "to": &f.target} {
		usage := map[string]string{"from": "profile that there is", "to": "profile to switch to (default: the same)"}[name]
		flags.StringVar(profile, name, "", usage)
		_ = cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return profileNames(), cobra.ShellCompDirectiveNoFileComp
		})
	}
	flags.StringArrayVarP(&f.both.Files, "values", "f", nil, "values file of both sides (repeatable; the last wins)")
	flags.StringArrayVar(&f.both.Set, "set", nil, "set a value of both sides: key=v, a.b=v, list[0]=v (repeatable)")
	flags.StringArrayVar(&f.both.SetString, "set-string", nil, "like --set, always a string")
	flags.StringArrayVar(&f.from.Files, "from-values", nil, "values file of what there is")
	flags.StringArrayVar(&f.from.Set, "from-set", nil, "set a value of what there is")
	flags.StringArrayVar(&f.to.Files, "to-values", nil, "values file of what to switch to")
	flags.StringArrayVar(&f.to.Set, "to-set", nil, "set a value of what to switch to")
	flags.StringVar(&f.release, "from-release", "", "release on a cluster that is compared instead, and whose values both sides have")
	flags.StringVar(&f.cluster.Kubeconfig, "kubeconfig", "", "with --from-release: the cluster's kubeconfig (default: as kubectl)")
	flags.StringVar(&f.cluster.Context, "kube-context", "", "with --from-release: the kubeconfig's context")
	apart(cmd, "from-release", "what is installed is all that there is", "from", "from-values", "from-set", "release")
	oneOf(cmd, "what is there now? Say it by --from PROFILE, or --from-release NAME", "from", "from-release")
}

// plan renders both sides and compares them.
func (f *planFlags) plan(args []string) (plan.Plan, error) {
	c, err := loadChart(args)
	if err != nil {
		return plan.Plan{}, err
	}
	if slices.Contains(slices.Concat(f.both.Files, f.from.Files, f.to.Files), "-") {
		return plan.Plan{}, errors.New("values file -: both sides are read, and standard input is read once: give a file")
	}
	from, err := f.before(c)
	if err != nil {
		return plan.Plan{}, err
	}
	to, values, err := f.after(c)
	if err != nil {
		return plan.Plan{}, err
	}
	p, err := plan.Compare(from, to, canMove(c))
	if err != nil {
		return plan.Plan{}, otherError{err}
	}
	request := plan.Request{
		Stack: defaultStack, Chart: c.Name(), Release: f.options.Release, Namespace: f.options.Namespace,
		Profile: profileOf(c, values), Values: f.valuesFlags(), Live: f.release != "", Cluster: f.clusterFlags(),
	}
	if len(args) > 0 {
		request.Stack = args[0]
	}
	p.From, p.To = f.describe(), "profile "+request.Profile
	if p.Verdict == plan.Move {
		request.Move = f.move(p, request.Profile)
		if request.During, _, err = f.after(c, request.Move...); err != nil {
			return plan.Plan{}, fmt.Errorf("rendering the move: %w", err)
		}
	}
	if err := p.AddCommands(request); err != nil {
		return plan.Plan{}, otherError{err}
	}
	return p, nil
}

// before returns the objects that there are.
func (f *planFlags) before(c *render.Chart) ([]manifest.Object, error) {
	if f.release == "" {
		values, err := f.values(f.from, f.profile, "")
		if err != nil {
			return nil, err
		}
		f.profile = profileOf(c, values)
		objects, err := f.render(c, values)
		if err != nil {
			return nil, fmt.Errorf("rendering what there is: %w", err)
		}
		return objects, nil
	}
	var err error
	if f.installed, err = render.ReadRelease(f.cluster, f.options.Namespace, f.release); errors.Is(err, render.ErrCluster) {
		return nil, otherError{err}
	} else if err != nil {
		return nil, err
	}
	if f.installed.Chart != c.Name() {
		return nil, fmt.Errorf("release %q is of chart %q and not %q: name its stack", f.release, f.installed.Chart, c.Name())
	}
	f.options.Release, f.profile = f.release, f.installed.Profile
	if f.options.KubeVersion == render.DefaultKubeVersion {
		f.options.KubeVersion = f.installed.KubeVersion
	}
	return f.installed.Objects, nil
}

// after returns the objects that are wanted, and the values they come from, with more settings laid over.
func (f *planFlags) after(c *render.Chart, settings ...string) ([]manifest.Object, map[string]any, error) {
	side := f.to
	side.Set = slices.Concat(side.Set, settings)
	values, err := f.values(side, f.target, f.profile)
	if err != nil {
		return nil, nil, err
	}
	objects, err := f.render(c, values)
	if err != nil {
		return nil, nil, fmt.Errorf("rendering what is wanted: %w", err)
	}
	if f.release != "" {
		if objects, err = f.withSecrets(c, values, objects); err != nil {
			return nil, nil, err
		}
	}
	return objects, values, nil
}

func (f *planFlags) render(c *render.Chart, values map[string]any) ([]manifest.Object, error) {
	options := f.options
	options.Values, options.NoHooks = values, true
	return render.Render(c, options)
}

// withSecrets adds the Secrets that the release has and that Helm, seeing them on the cluster, would put out again.
func (f *planFlags) withSecrets(c *render.Chart, values map[string]any, objects []manifest.Object) ([]manifest.Object, error) {
	options := f.options
	options.Values = values
	made, err := render.Secrets(c, options)
	if err != nil {
		return nil, err
	}
	for _, o := range f.installed.Objects {
		if slices.ContainsFunc(made, func(m manifest.Object) bool { return o.Kind == m.Kind && o.Name == m.Name }) {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// values are those of both sides with those of one laid over, and the release's below them. The profile is the flag's, else
// that of the values, else unset.
func (f *planFlags) values(side render.Values, flag, unset string) (map[string]any, error) {
	all := render.Values{
		Files: slices.Concat(f.both.Files, side.Files), Set: slices.Concat(f.both.Set, side.Set), SetString: f.both.SetString,
	}
	values, err := all.Merge()
	if err != nil {
		return nil, err
	}
	if f.release != "" {
		released, err := f.installed.Values()
		if err != nil {
			return nil, otherError{err}
		}
		values = render.Reuse(values, released)
	}
	if _, said := values["profile"]; flag != "" {
		values["profile"] = flag
	} else if !said && unset != "" {
		values["profile"] = unset
	}
	return values, nil
}

// profileOf is the profile of values, or the chart's default.
func profileOf(c *render.Chart, values map[string]any) string {
	if profile, is := values["profile"].(string); is {
		return profile
	}
	profile, _ := c.Values["profile"].(string)
	return profile
}

// canMove reports whether the chart brings a move for data that have to go to other disks.
func canMove(c *render.Chart) bool {
	migration, _ := c.Values["migration"].(map[string]any)
	_, from := migration["from"]
	_, id := migration["id"]
	return from && id
}

// move are the settings with which the chart moves data. The name tells this move from others of the release.
func (f *planFlags) move(p plan.Plan, target string) []string {
	id := f.profile + "-to-" + target
	if f.release != "" {
		id = fmt.Sprintf("revision-%d", f.installed.Revision)
	}
	return []string{"migration.from=" + f.profile, "migration.id=" + id, fmt.Sprintf("migration.servers=%d", p.Servers())}
}

// valuesFlags are the user's flags for what is wanted, as helm takes them too.
func (f *planFlags) valuesFlags() []string {
	var all []string
	for _, flag := range []struct {
		name   string
		values []string
	}{
		{"-f", slices.Concat(f.both.Files, f.to.Files)},
		{"--set", slices.Concat(f.both.Set, f.to.Set)},
		{"--set-string", f.both.SetString},
	} {
		for _, value := range flag.values {
			all = append(all, flag.name, value)
		}
	}
	return all
}

func (f *planFlags) clusterFlags() []string {
	var all []string
	if f.cluster.Kubeconfig != "" {
		all = append(all, "--kubeconfig", f.cluster.Kubeconfig)
	}
	if f.cluster.Context != "" {
		all = append(all, "--kube-context", f.cluster.Context)
	}
	return all
}

// describe says what is compared with what is wanted.
func (f *planFlags) describe() string {
	words := []string{"profile " + f.profile}
	if f.release != "" {
		words = append([]string{fmt.Sprintf("release %s, revision %d", f.release, f.installed.Revision)}, words...)
	}
	return strings.Join(words, ", ")
}
