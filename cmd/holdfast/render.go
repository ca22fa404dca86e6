package main

import (
	"bufio"

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
		Short: "Print the manifests of a stack: the objects of helm template",
		Long: `render generates the chart of a stack and renders it with Helm's engine. The objects are those of
"helm template" on the chart. STACK is a built-in stack (default: argo-events) or a file of your
own.

Secrets are never rendered: the manifests refer to them by name. "holdfast secrets" prints those
that you have not created yourself.`,
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
			objects, err := c.Render(options)
			if err != nil {
				return err
			}
			if dir == "" {
				return printObjects(s, objects)
			}
			files, err := manifest.Files(objects)
			if err != nil {
				return err
			}
			return writeFolder(dir, files, force)
		},
	}
	input.add(cmd)
	addReleaseFlags(cmd, &options)
	cmd.Flags().BoolVar(&options.CRDs, "include-crds", false, "print the custom resource definitions first")
	cmd.Flags().BoolVar(&options.NoHooks, "no-hooks", false, "leave out Helm's hooks and tests, as kubectl apply needs it")
	addFolderFlags(cmd, &dir, &force)
	cmd.Flags().Lookup("output").Usage = "write one file per object into this folder instead"
	return cmd
}

func addReleaseFlags(cmd *cobra.Command, options *render.Options) {
	f := cmd.Flags()
	f.StringVar(&options.Release, "release", "events", "release name")
	f.StringVarP(&options.Namespace, "namespace", "n", "default", "namespace of the release")
	f.StringVar(&options.KubeVersion, "kube-version", render.DefaultKubeVersion, "Kubernetes version to render for")
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
