package main

import (
	"bufio"

	"github.com/holdfast-ha/holdfast/generator/folder"
	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/spf13/cobra"
)

func newRenderCmd(s streams) *cobra.Command {
	var (
		input   valuesFlags
		options render.Options
		dir     string
		force   bool
	)
	cmd := &cobra.Command{
		Use:   "render [STACK]",
		Short: "Print the manifests of a stack, the same objects as helm template",
		Long: `render makes the stack's chart and renders it by Helm's engine: the same objects as
"helm template" on the chart. STACK is a built-in one (argo-events by default) or your own file.

Secrets are never made here: where no existing one is named, the manifests refer to
them by name, and "holdfast secrets" prints them.`,
		Example: `  holdfast render --profile multi-zone -f values/webhook.yaml
  holdfast render --profile multi-node -f values/webhook.yaml -n events --no-hooks |
    kubectl apply -n events -f -
  holdfast render --profile multi-zone -f values/webhook.yaml -o out/
  holdfast render stacks/web.yaml --set api.replicas=4`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeStacks,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := input.load(args, &options)
			if err != nil {
				return err
			}
			objects, err := render.Render(c, options)
			if err != nil {
				return err
			}
			if dir != "" {
				return writeObjects(dir, objects, force)
			}
			return printObjects(s, objects)
		},
	}
	input.add(cmd)
	addReleaseFlags(cmd, &options)
	f := cmd.Flags()
	f.BoolVar(&options.CRDs, "include-crds", false, "print the custom resource definitions first")
	f.BoolVar(&options.NoHooks, "no-hooks", false, "leave out Helm's hooks, the tests among them: right for kubectl apply")
	f.StringVarP(&dir, "output", "o", "", "write one file per object into this folder instead")
	f.BoolVar(&force, "force", false, "with -o: replace a folder that holdfast did not write, or that was edited since")
	return cmd
}

func addReleaseFlags(cmd *cobra.Command, options *render.Options) {
	f := cmd.Flags()
	f.StringVar(&options.Release, "release", "events", "release name")
	f.StringVarP(&options.Namespace, "namespace", "n", "default", "namespace of the release")
	f.StringVar(&options.KubeVersion, "kube-version", render.DefaultKubeVersion, "Kubernetes version to render for")
}

// writeObjects writes one file per object.
func writeObjects(dir string, objects []manifest.Object, force bool) error {
	files, err := manifest.Files(objects)
	if err != nil {
		return err
	}
	return written(folder.Write(dir, files, force))
}

// printObjects writes objects as one stream.
func printObjects(s streams, objects []manifest.Object) error {
	out := bufio.NewWriter(s.out)
	for _, o := range objects {
		out.WriteString("---\n# Source: ")
		out.WriteString(o.Source)
		out.WriteString("\n")
		out.WriteString(o.Text)
	}
	if err := out.Flush(); err != nil {
		return otherError{err}
	}
	return nil
}
