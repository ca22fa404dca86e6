package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	text "github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/verify/cluster"
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

	nodes, zones   int
	cluster, claim string
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
	flags.StringVarP(&f.options.Namespace, "namespace", "n", "default", "with --profile: namespace of the release")
	flags.IntVar(&f.nodes, "nodes", 3, "how many nodes there are")
	flags.IntVar(&f.zones, "zones", 3, "in how many zones they are; with --survives node: 0, none")
	flags.StringVar(&f.cluster, "cluster", "", "file with the nodes instead: kubectl get nodes -o yaml, or a list of groups")
	flags.StringVar(&f.claim, "survives", "", "what is claimed to survive: "+strings.Join(report.Claims, ", ")+" (default: what the profile promises)")
	flags.StringToStringVar(&f.replication, "replication", nil, "how a workload replicates: KIND/NAME=MODEL (repeatable)")
	for _, name := range []string{"nodes", "zones"} {
		cmd.MarkFlagsMutuallyExclusive("cluster", name)
	}
	cmd.MarkFlagsMutuallyExclusive("filename", "profile")
	cmd.MarkFlagsOneRequired("filename", "profile")
	_ = cmd.RegisterFlagCompletionFunc("survives", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return report.Claims, cobra.ShellCompDirectiveNoFileComp
	})
}

// system reads what is to be verified.
func (f *verifyFlags) system(s streams, args []string) (*workload.System, error) {
	objects, err := f.objects(s, args)
	if err != nil {
		return nil, err
	}
	system, err := workload.Read(objects)
	if err != nil {
		return nil, err
	}
	return system, system.Tell(f.replication)
}

func (f *verifyFlags) objects(s streams, args []string) ([]*manifest.Object, error) {
	if f.values.profile != "" {
		return f.rendered(args)
	}
	for _, name := range []string{"values", "set", "set-string", "release", "namespace"} {
		if f.given(name) {
			return nil, fmt.Errorf("--%s is for what --profile renders: files are taken as they are", name)
		}
	}
	if len(args) > 0 {
		return nil, fmt.Errorf("%s: files are given by -f, and a stack goes with --profile", args[0])
	}
	objects, err := manifest.Load(f.files, s.in)
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("there is no object in %s: did what should have written it fail?", strings.Join(f.files, ", "))
	}
	return objects, err
}

// rendered are the objects of a stack, in the files that render writes.
func (f *verifyFlags) rendered(args []string) ([]*manifest.Object, error) {
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
	if f.values.profile == "" {
		// A quorum that goes on without any one of its domains has three.
		if f.claim == "node" {
			return asked{f.claim, 3, 0}, nil
		}
		return asked{f.claim, 3, 3}, nil
	}
	all, err := loadProfiles()
	if err != nil {
		return asked{}, err
	}
	p, err := profile.Find(all, f.values.profile)
	if err != nil {
		return asked{}, err
	}
	a := asked{f.claim, p.Needs.Nodes, p.Needs.Zones}
	if len(p.Survives) > 0 {
		a.claim = cmp.Or(a.claim, p.Survives[0].Name)
	}
	return a, nil
}

// nodesFor is the cluster that the flags describe, where they do.
func (f *verifyFlags) nodesFor(a asked) (cluster.Cluster, error) {
	if f.cluster != "" {
		described, err := os.ReadFile(f.cluster)
		if err != nil {
			return cluster.Cluster{}, err
		}
		return cluster.Parse(f.cluster, described)
	}
	if f.given("zones") {
		a.zones = f.zones
	}
	if f.given("nodes") {
		a.nodes = f.nodes
	} else {
		a.nodes = max(a.nodes, a.zones)
	}
	return cluster.Uniform(a.nodes, a.zones)
}
