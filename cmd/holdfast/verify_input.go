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
	"time"

	"github.com/holdfast-ha/holdfast/generator"
	text "github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
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

	nodes, zones      int
	cluster, survives string
	within            time.Duration
	baseline          string
	configFile        string
	// given reports whether a flag is set.
	given func(flag string) bool
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	known := requirementNames()
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
	flags.StringVar(&f.survives, "survives", "", "what is claimed to survive: "+strings.Join(known, ", ")+" (default: what the profile promises)")
	flags.DurationVar(&f.within, "within", 0, "with a claim: how long a workload may be away, 30s or 2m (default: none may stop)")
	flags.StringToStringVar(&f.replication, "replication", nil, "how a workload replicates: KIND/NAME=MODEL (repeatable)")
	flags.StringVar(&f.configFile, "config", "", "file with what is said again and again: claim, cluster, replication, and what to ignore and why")
	flags.StringVar(&f.baseline, "baseline", "", "earlier report, of -o json: say only what is new since, and how much is fixed")
	mutuallyExclusive(cmd, "cluster", "its file says which nodes there are", "nodes", "zones")
	mutuallyExclusive(cmd, "all-namespaces", "it reads all that runs on a cluster", "filename", "profile", "namespace")
	mutuallyExclusive(cmd, "filename", "manifests are read, or a stack is rendered", "profile")
	_ = cmd.RegisterFlagCompletionFunc("survives", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return known, cobra.ShellCompDirectiveNoFileComp
	})
}

// validate returns an error if the flags name nothing to verify.
func (f *verifyFlags) validate(args []string) error {
	for _, flag := range []string{"filename", "profile", "kubeconfig", "kube-context"} {
		if f.given(flag) {
			return nil
		}
	}
	if len(args) > 0 {
		return fmt.Errorf("%s: files are given by -f, and a stack goes with --profile", args[0])
	}
	return errors.New("what is to be verified? Say it by -f FILE, --profile P, or --kubeconfig FILE")
}

// input reads all that the flags name.
func (f *verifyFlags) input(ctx context.Context, s streams, args []string) (in verify.Input, err error) {
	if err := f.validate(args); err != nil {
		return in, err
	}
	profiles, err := generator.LoadProfiles()
	if err != nil {
		return in, err
	}
	q, err := f.requirement(failureDomains(profiles))
	if err != nil {
		return in, err
	}
	if in.Config, err = f.loadConfig(slices.Concat(failureDomains(profiles), q.Others())); err != nil {
		return in, err
	}
	if in.Baseline, err = f.loadBaseline(); err != nil {
		return in, err
	}
	if err := f.openCluster(); err != nil {
		return in, err
	}
	smallest, err := f.smallest(q.Or(in.Config.Requirement), profiles)
	if err != nil {
		return in, err
	}
	in.Requirement = smallest.requirement
	if in.Objects, err = f.objects(ctx, s, args); err != nil {
		return in, err
	}
	in.Cluster, err = f.loadCluster(ctx, in.Config, smallest)
	return in, err
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
		fmt.Fprintf(s.err, "holdfast: left out, for you may not list them: %s\n", strings.Join(leftOut, ", "))
	}
	return objects, classify(err)
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
func renderedObjects(c *generator.Chart, options render.Options) ([]*manifest.Object, error) {
	made, err := c.Render(options)
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

// loadConfig reads the config, an empty one if there is no file. Flags override its replication.
func (f *verifyFlags) loadConfig(known []cluster.Domain) (*config.Config, error) {
	c := &config.Config{}
	if f.configFile != "" {
		text, err := os.ReadFile(f.configFile)
		if err != nil {
			return nil, err
		}
		if c, err = config.Parse(f.configFile, text, known); err != nil {
			return nil, err
		}
	}
	c.SetReplication(f.replication)
	return c, nil
}

// loadBaseline reads the baseline, nil if there is none.
func (f *verifyFlags) loadBaseline() (*report.Report, error) {
	if f.baseline == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.baseline)
	if err != nil {
		return nil, err
	}
	r, err := report.Parse(f.baseline, text)
	return &r, err
}
