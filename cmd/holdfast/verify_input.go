package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	text "github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/workload"
	"github.com/spf13/cobra"
)

// verifyFlags say what is verified, and on what.
type verifyFlags struct {
	files       []string
	values      valuesFlags
	options     render.Options
	replication map[string]string

	kubeconfig, context string
	allNamespaces       bool
	live                *live.Cluster // nil unless one of these is given

	nodes, zones   int
	cluster, claim string
	baseline       string
	configFile     string
	config         *config.Config // empty unless there is a file
	// given tells whether a flag was.
	given func(flag string) bool
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file or folder of manifests, with all folders in it, - for standard input (repeatable)")
	addProfileFlag(cmd, &f.values.profile, "render STACK for this profile instead, and hold it to what that promises")
	flags.StringArrayVar(&f.values.Files, "values", nil, "with --profile: values file (repeatable; the last wins)")
	flags.StringArrayVar(&f.values.Set, "set", nil, "with --profile: set a value: key=v, a.b=v, list[0]=v (repeatable)")
	flags.StringArrayVar(&f.values.SetString, "set-string", nil, "with --profile: like --set, always a string")
	flags.StringVar(&f.options.Release, "release", "events", "with --profile: release name")
	flags.StringVarP(&f.options.Namespace, "namespace", "n", "", "namespace of the release (default: default), or on the cluster (default: the context's)")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "read the nodes from this cluster, and without -f and --profile what runs on it (default: as kubectl)")
	flags.StringVar(&f.context, "kube-context", "", "the kubeconfig's context; enough to choose a cluster")
	flags.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "read what runs in all namespaces of the cluster")
	flags.IntVar(&f.nodes, "nodes", 3, "how many nodes there are")
	flags.IntVar(&f.zones, "zones", 3, "in how many zones they are; with --survives node: 0, none")
	flags.StringVar(&f.cluster, "cluster", "", "file with the nodes instead: kubectl get nodes -o yaml, or a list of groups")
	flags.StringVar(&f.claim, "survives", "", "what is claimed to survive: "+strings.Join(report.Claims, ", ")+" (default: what the profile promises)")
	flags.StringToStringVar(&f.replication, "replication", nil, "how a workload replicates: KIND/NAME=MODEL (repeatable)")
	flags.StringVar(&f.configFile, "config", "", "file with what is said again and again: claim, cluster, replication, and what to ignore and why")
	flags.StringVar(&f.baseline, "baseline", "", "earlier report, of -o json: say only what is new since, and how much is fixed")
	for _, name := range []string{"nodes", "zones"} {
		cmd.MarkFlagsMutuallyExclusive("cluster", name)
	}
	for _, name := range []string{"filename", "profile", "namespace"} {
		cmd.MarkFlagsMutuallyExclusive("all-namespaces", name)
	}
	cmd.MarkFlagsMutuallyExclusive("filename", "profile")
	cmd.MarkFlagsOneRequired("filename", "profile", "kubeconfig", "kube-context")
	_ = cmd.RegisterFlagCompletionFunc("survives", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return report.Claims, cobra.ShellCompDirectiveNoFileComp
	})
}

// system reads what is to be verified.
func (f *verifyFlags) system(ctx context.Context, s streams, args []string) (*workload.System, error) {
	objects, err := f.objects(ctx, s, args)
	if err != nil {
		return nil, err
	}
	system, err := workload.Read(objects)
	if err != nil {
		return nil, err
	}
	return system, f.tell(system)
}

// tell says how workloads replicate: the flags count more than the config.
func (f *verifyFlags) tell(system *workload.System) error {
	said := map[string]string{}
	maps.Copy(said, f.config.Replication)
	maps.Copy(said, f.replication)
	err := system.Tell(said)
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if at := f.config.At(name); at != "" && err != nil && f.replication[name] == "" && strings.Contains(err.Error(), "replication of "+name+":") {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return err
}

func (f *verifyFlags) objects(ctx context.Context, s streams, args []string) ([]*manifest.Object, error) {
	if f.values.profile != "" {
		return f.rendered(args)
	}
	for _, name := range []string{"values", "set", "set-string", "release"} {
		if f.given(name) {
			return nil, fmt.Errorf("--%s is for what --profile renders: other manifests are taken as they are", name)
		}
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("%s: files are given by -f, and a stack goes with --profile", args[0])
	}
	if len(f.files) == 0 {
		return f.running(ctx, s)
	}
	if f.given("namespace") {
		return nil, errors.New("--namespace is for what --profile renders or what runs on a cluster: files are taken as they are")
	}
	objects, err := manifest.Load(f.files, s.in)
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("there is no object in %s: did what should have written it fail?", strings.Join(f.files, ", "))
	}
	return objects, err
}

// running are the objects on the cluster.
func (f *verifyFlags) running(ctx context.Context, s streams) ([]*manifest.Object, error) {
	namespace := cmp.Or(f.options.Namespace, f.live.Namespace())
	if f.allNamespaces {
		namespace = ""
	}
	objects, leftOut, err := f.live.Objects(ctx, namespace)
	if len(leftOut) > 0 {
		fmt.Fprintf(s.err, "holdfast: you may not list %s: what rules say of them may be wrong\n", strings.Join(leftOut, ", "))
	}
	return objects, answered(err)
}

// answered tells a cluster that does not answer from bad input.
func answered(err error) error {
	if errors.Is(err, live.ErrNoAnswer) {
		return otherError{err}
	}
	return err
}

// open chooses the cluster that runs, if the flags name one.
func (f *verifyFlags) open() (err error) {
	if f.given("kubeconfig") || f.given("kube-context") {
		f.live, err = live.Open(f.kubeconfig, f.context)
	}
	return err
}

// rendered are the objects of a stack, in the files that render writes.
func (f *verifyFlags) rendered(args []string) ([]*manifest.Object, error) {
	f.options.Namespace = cmp.Or(f.options.Namespace, "default")
	c, err := f.values.load(args, &f.options)
	if err != nil {
		return nil, err
	}
	return renderedObjects(c, f.options)
}

// renderedObjects are what a chart renders to, in the files that render writes.
func renderedObjects(c *render.Chart, options render.Options) ([]*manifest.Object, error) {
	made, err := render.Render(c, options)
	if err != nil {
		return nil, err
	}
	files, err := text.Files(made)
	if err != nil {
		return nil, err
	}
	var all []*manifest.Object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		objects, err := manifest.Parse(name, files[name])
		if err != nil {
			return nil, otherError{err}
		}
		all = append(all, objects...)
	}
	return all, nil
}

// asked is what is claimed, and the cluster that it is held on unless another is described.
type asked struct {
	claim        string
	nodes, zones int
}

// asked is what the flags claim, else what the profile promises, on the smallest cluster that this takes.
func (f *verifyFlags) asked() (asked, error) {
	if f.claim != "" && !slices.Contains(report.Claims, f.claim) {
		return asked{}, fmt.Errorf("--survives: unknown claim %q: choose one of %s", f.claim, strings.Join(report.Claims, ", "))
	}
	claim := cmp.Or(f.claim, f.config.Survives)
	if f.values.profile == "" {
		// A quorum that goes on without any one of its domains has three.
		if claim == "node" {
			return asked{claim, 3, 0}, nil
		}
		return asked{claim, 3, 3}, nil
	}
	all, err := loadProfiles()
	if err != nil {
		return asked{}, err
	}
	p, err := profile.Find(all, f.values.profile)
	if err != nil {
		return asked{}, err
	}
	a := asked{claim, p.Needs.Nodes, p.Needs.Zones}
	if len(p.Survives) > 0 {
		a.claim = cmp.Or(a.claim, p.Survives[0].Name)
	}
	return a, nil
}

// nodesFor is the cluster that the flags describe, else the config, else the one that runs, else the smallest.
func (f *verifyFlags) nodesFor(ctx context.Context, a asked) (cluster.Cluster, error) {
	counted := f.given("zones") || f.given("nodes")
	file := f.cluster
	if !counted {
		file = cmp.Or(file, f.config.Cluster)
	}
	if file != "" {
		described, err := os.ReadFile(file)
		if err != nil {
			return cluster.Cluster{}, err
		}
		return cluster.Parse(file, described)
	}
	nodes, zones := f.config.Nodes, f.config.Zones
	if f.given("nodes") {
		nodes = &f.nodes
	}
	if f.given("zones") {
		zones = &f.zones
	}
	if nodes == nil && zones == nil && f.live != nil {
		c, err := f.live.Nodes(ctx)
		return c, answered(err)
	}
	if zones != nil {
		a.zones = *zones
	}
	if a.nodes = max(a.nodes, a.zones); nodes != nil {
		a.nodes = *nodes
	}
	return cluster.Uniform(a.nodes, a.zones)
}

// configured reads the config, if there is one.
func (f *verifyFlags) configured() (err error) {
	f.config = &config.Config{}
	if f.configFile == "" {
		return nil
	}
	text, err := os.ReadFile(f.configFile)
	if err == nil {
		f.config, err = config.Parse(f.configFile, text, report.Claims, report.Rules())
	}
	return err
}

// before is the baseline, nil if there is none.
func (f *verifyFlags) before() (*report.Report, error) {
	if f.baseline == "" {
		return nil, nil
	}
	written, err := os.ReadFile(f.baseline)
	if err != nil {
		return nil, err
	}
	r, err := report.ParseBaseline(f.baseline, written)
	return &r, err
}
