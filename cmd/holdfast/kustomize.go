package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/folder"
	"github.com/holdfast-ha/holdfast/generator/kustomize"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newKustomizeCmd(_ streams) *cobra.Command {
	var (
		input    valuesFlags
		options  render.Options
		profiles []string
		dir      string
		force    bool
	)
	cmd := &cobra.Command{
		Use:   "kustomize [STACK] -o DIR",
		Short: "Write a Kustomize base, and an overlay for each further profile",
		Long: `kustomize renders the stack under several profiles and writes a folder of which Kustomize builds,
for each of them, the objects of "holdfast render --no-hooks", but for Helm's own labels and
annotations:

  base/                  the first profile, single-node: one file per object
  components/<profile>/  what each further profile changes, and why; for overlays of yours, too
  overlays/<profile>/    the base with that component

The objects name no namespace: an overlay or kubectl -n gives one. Only the names in a certificate
and admission policies hold it in a text: with those, say it by -n. Secrets are not in it: "holdfast
secrets" prints them. The folder is written completely or not at all; one that was edited since is
left alone without --force.`,
		Example: `  holdfast kustomize -f values/webhook.yaml -n events -o out &&
    kubectl apply -n events -k out/overlays/multi-zone
  holdfast kustomize stacks/web.yaml --profiles multi-node,multi-zone -o out`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			options.NoHooks = true
			s, err := input.system(args, options, profiles)
			if err != nil {
				return err
			}
			files, err := kustomize.Files(s)
			if errors.Is(err, kustomize.ErrNoPatch) {
				return otherError{err}
			}
			if err != nil {
				return err
			}
			return written(folder.Write(dir, files, force))
		},
	}
	input.addValues(cmd)
	addReleaseFlags(cmd, &options)
	f := cmd.Flags()
	f.StringSliceVar(&profiles, "profiles", profileNames(), "the profiles to write; the first becomes the base")
	_ = cmd.RegisterFlagCompletionFunc("profiles", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return profileNames(), cobra.ShellCompDirectiveNoFileComp
	})
	f.BoolVar(&options.CRDs, "include-crds", false, "put the custom resource definitions into the base")
	f.StringVarP(&dir, "output", "o", "", "the folder to write")
	f.BoolVar(&force, "force", false, "replace a folder that holdfast did not write, or that was edited since")
	_ = cmd.MarkFlagRequired("output")
	return cmd
}

// system renders the stack that args name under each of the named profiles.
func (v *valuesFlags) system(args []string, options render.Options, names []string) (kustomize.System, error) {
	chosen, err := chosenProfiles(names)
	if err != nil {
		return kustomize.System{}, err
	}
	s := kustomize.System{Release: options.Release, Namespace: options.Namespace}
	if s.Stack, err = loadStack(args); err != nil {
		return kustomize.System{}, err
	}
	c, err := v.load(args, &options)
	if err != nil {
		return kustomize.System{}, err
	}
	for i, p := range chosen {
		under := options
		under.Values = maps.Clone(options.Values)
		under.Values["profile"] = p.Name
		objects, err := render.Render(c, under)
		if err != nil {
			return kustomize.System{}, fmt.Errorf("profile %s (--profiles takes others): %w", p.Name, err)
		}
		if i > 0 {
			s.Others = append(s.Others, kustomize.Variant{Profile: p, Objects: objects})
			continue
		}
		s.Base = kustomize.Variant{Profile: p, Objects: objects}
		if s.Secrets, err = secretNames(c, under); err != nil {
			return kustomize.System{}, err
		}
	}
	return s, nil
}

// chosenProfiles finds profiles by their names, each once.
func chosenProfiles(names []string) ([]profile.Profile, error) {
	all, err := loadProfiles()
	if err != nil {
		return nil, err
	}
	var chosen []profile.Profile
	seen := map[string]bool{}
	for _, name := range names {
		p, err := profile.Find(all, name)
		if err != nil {
			return nil, fmt.Errorf("--profiles: %w", err)
		}
		if seen[name] {
			return nil, fmt.Errorf("--profiles: %q is there twice", name)
		}
		chosen, seen[name] = append(chosen, p), true
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("--profiles: must name one at least, of %s", strings.Join(profile.Names(all), ", "))
	}
	return chosen, nil
}

// secretNames lists the Secrets that an install by Helm would make.
func secretNames(c *render.Chart, options render.Options) ([]string, error) {
	secrets, err := render.Secrets(c, options)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range secrets {
		names = append(names, s.Name)
	}
	return names, nil
}
