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
	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/spf13/cobra"
)

// verifyFlags are the flags of verify: what to verify, and on which cluster.
type verifyFlags struct {
	files       []string
	values      valuesFlags
	options     render.Options
	replication map[string]string

	kubeconfig, context string
	allNamespaces       bool
	live                *live.Cluster // nil without kubeconfig and context

	nodes, zones      int
	cluster, survives string
	kubeVersion       string
	within            time.Duration
	asPlaced          bool
	rulesOnly         bool
	baseline          string
	configFile        string
	// given reports whether a flag is set.
	given func(flag string) bool
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	f.addManifests(cmd, "render STACK for this profile, and require what the profile promises",
		"namespace of the release and of objects in files without one (default: default), or on the live cluster (default: that of the context)")
	f.addCluster(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "read the workloads of all namespaces of the live cluster")
	flags.BoolVar(&f.asPlaced, "as-placed", false, "accept a requirement that holds for the current placement of the pods only")
	flags.BoolVar(&f.rulesOnly, "rules-only", false, "check only the rules, without a simulation")
	flags.StringVar(&f.baseline, "baseline", "", "earlier report, from -o json: report only new findings, and which are fixed")
	mutuallyExclusive(cmd, "rules-only", "a requirement needs the simulation", "survives", "within", "as-placed")
	mutuallyExclusive(cmd, "all-namespaces", "it reads the workloads of a live cluster", "filename", "profile", "namespace")
}

// addCluster adds the flags for cluster and requirement.
func (f *verifyFlags) addCluster(cmd *cobra.Command) {
	known := requirementNames()
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "read the nodes of a live cluster, and its workloads unless -f or --profile is given (default: as kubectl)")
	flags.StringVar(&f.context, "kube-context", "", "context of the kubeconfig; selects a live cluster without --kubeconfig, too")
	flags.IntVar(&f.nodes, "nodes", 3, "number of nodes; at least one in each zone")
	flags.IntVar(&f.zones, "zones", 3, "number of zones; 0 for none (default with --survives node: 0)")
	flags.StringVar(&f.cluster, "cluster", "", "file with the nodes: output of kubectl get nodes -o yaml, or groups of nodes under the key nodes (docs/cluster.md)")
	flags.StringVar(&f.kubeVersion, "kube-version", "", fmt.Sprintf("simulate this version of Kubernetes, %s to %s (default: that of the live cluster, otherwise %s)", cluster.OldestVersion, cluster.NewestVersion, cluster.DefaultVersion))
	flags.StringVar(&f.survives, "survives", "", "require that every workload survives the failure of any one "+strings.Join(known, ", ")+" or NAME=LABEL (default: the promise of the profile)")
	flags.DurationVar(&f.within, "within", 0, "allow outages and failovers of at most this long, 30s or 2m (default: no outage, failovers of any length)")
	flags.StringToStringVar(&f.replication, "replication", nil, "replication of a workload: KIND/NAME=MODEL, like StatefulSet/db=copies:1 (repeatable)")
	flags.StringVar(&f.configFile, "config", "", "config file: requirement, cluster, replication, and rules to ignore with reasons")
	mutuallyExclusive(cmd, "cluster", "the file defines the nodes", "nodes", "zones")
	_ = cmd.RegisterFlagCompletionFunc("survives", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return known, cobra.ShellCompDirectiveNoFileComp
	})
}

// addManifests adds the flags that select manifests: files, or a rendered stack.
func (f *verifyFlags) addManifests(cmd *cobra.Command, profileUsage, namespaceUsage string) {
	f.addFiles(cmd, namespaceUsage)
	flags := cmd.Flags()
	addProfileFlag(cmd, &f.values.profile, profileUsage)
	flags.StringArrayVar(&f.values.Files, "values", nil, "with --profile: values file (repeatable; the last takes precedence)")
	flags.StringArrayVar(&f.values.Set, "set", nil, "with --profile: set a value: key=v, a.b=v, list[0]=v (repeatable)")
	flags.StringArrayVar(&f.values.SetString, "set-string", nil, "with --profile: like --set, always a string")
	flags.StringVar(&f.options.Release, "release", "events", "with --profile: release name")
	mutuallyExclusive(cmd, "filename", cmd.Name()+" either reads manifests or renders a stack. Pass a values file with --values", "profile")
}

// addFiles adds the flags for files of manifests.
func (f *verifyFlags) addFiles(cmd *cobra.Command, namespaceUsage string) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file of manifests, or folder with its subfolders; - for standard input (repeatable)")
	flags.StringVarP(&f.options.Namespace, "namespace", "n", "", namespaceUsage)
}

// validate returns an error if no flag selects an input.
func (f *verifyFlags) validate(args []string) error {
	for _, flag := range []string{"filename", "profile", "kubeconfig", "kube-context"} {
		if f.given(flag) {
			return nil
		}
	}
	if len(args) > 0 {
		return fmt.Errorf("%s: pass files with -f, or a stack with --profile", args[0])
	}
	return errors.New("nothing to verify: pass -f FILE, --profile NAME or --kubeconfig FILE")
}

// input reads the input that the flags select.
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
	in.Requirement, in.RulesOnly = smallest.requirement, f.rulesOnly
	if in.Objects, err = f.objects(ctx, s, args); err != nil {
		return in, err
	}
	if f.values.profile == "" {
		if smallest.nodes = max(smallest.nodes, 1); f.given("nodes") {
			smallest.nodes = f.nodes
		}
		smallest = smallest.withZones(in.Objects)
	}
	if in.Cluster, err = f.clusterOf(ctx, in, smallest); err != nil {
		return in, err
	}
	in.Cluster.Version, err = f.version(ctx, in.Config)
	return in, err
}

// objects reads or renders the objects that the flags select.
func (f *verifyFlags) objects(ctx context.Context, s streams, args []string) ([]*manifest.Object, error) {
	if f.values.profile != "" {
		return f.rendered(args)
	}
	for _, name := range []string{"values", "set", "set-string", "release"} {
		if f.given(name) {
			return nil, fmt.Errorf("--%s needs --profile: manifests are read as they are", name)
		}
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("%s: pass files with -f, or a stack with --profile", args[0])
	}
	if len(f.files) == 0 {
		return f.liveObjects(ctx, s)
	}
	objects, skipped, err := manifest.Load(f.files, s.in)
	for _, file := range skipped {
		fmt.Fprintf(s.err, "holdfast: %s\n", plain.Text(file.String()))
	}
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("no objects in %s: check the command that writes them", strings.Join(f.files, ", "))
	}
	if f.given("namespace") {
		manifest.SetNamespace(objects, f.options.Namespace)
	}
	manifest.CompleteNamespaces(objects)
	return objects, err
}

// liveObjects reads the objects of the live cluster.
func (f *verifyFlags) liveObjects(ctx context.Context, s streams) ([]*manifest.Object, error) {
	namespace := cmp.Or(f.options.Namespace, f.live.Namespace())
	if f.allNamespaces {
		namespace = ""
	}
	objects, skipped, err := f.live.Objects(ctx, namespace)
	if len(skipped) > 0 {
		fmt.Fprintf(s.err, "holdfast: skipped, no permission to list: %s\n", strings.Join(skipped, ", "))
	}
	return objects, classify(err)
}

// rendered renders a stack. Positions refer to the files that render -o writes.
func (f *verifyFlags) rendered(args []string) ([]*manifest.Object, error) {
	f.options.Namespace = cmp.Or(f.options.Namespace, "default")
	c, err := f.values.load(args, &f.options)
	if err != nil {
		return nil, err
	}
	return renderedObjects(c, f.options)
}

// renderedObjects renders a chart. Positions refer to the files that render -o writes.
func renderedObjects(c *generator.Chart, options render.Options) ([]*manifest.Object, error) {
	rendered, err := c.Render(options)
	if err != nil {
		return nil, err
	}
	files, err := text.Files(rendered)
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

// loadConfig reads the config; without a file, it is empty. Flags override its replication.
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

// loadBaseline reads the baseline; nil without the flag.
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
