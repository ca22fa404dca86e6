package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/importer"
	"github.com/holdfast-ha/holdfast/generator/inspect"
	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/render"
	"github.com/holdfast-ha/holdfast/internal/plain"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newImportCmd(s streams) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Turn an existing installation of Argo Events into values of the chart",
		Long: `import reads the EventBus, the EventSources and Sensors of a namespace, and the controller that
watches it, as argo-helm's chart or Argo Events' own manifests install them. Standard output has
values of the chart argo-events that keep all names. Standard error has the plan of the move.

It reads a live cluster, or with -f the output of kubectl get -o yaml. It changes nothing, and reads
no Secrets. Include the controller's Deployment and ConfigMap in the files: it must be the only one,
and its configuration has the limits of the bus.

holdfast renders the values and compares each object with what was there, field by field. The plan
names every field that the chart adds, and everything that is not carried over. The existing
controller stays, and the values leave out that of the chart, unless --replace-controller is set.
The servers of a native bus stay, unless --managed-bus is set: the plan then has the commands that
move all events and the positions of the sensors to servers of the chart.

A release has one namespace. With -A, or -n more than once, --dir gets a folder with values.yaml and
plan.txt for each.

Exit code 0: everything is carried over. Exit code 1: something is not, or must be decided first.`,
		Example: `  holdfast import -n argo-events > values.yaml
  holdfast import -n argo-events --profile multi-zone --release events > values.yaml
  holdfast import -A --dir imported
  kubectl get eventbus,eventsources,sensors,deployments,configmaps,poddisruptionbudgets,services \
    -n argo-events -o yaml > live.yaml
  holdfast import -f live.yaml > values.yaml
  holdfast import -f live.yaml --managed-bus > values.yaml
  holdfast import -f live.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := f.read(cmd.Context(), s)
			if err != nil {
				return err
			}
			if err := f.write(s, all); err != nil {
				return err
			}
			if slices.ContainsFunc(all, func(r *importer.Result) bool { return !r.Fine() }) {
				return errFindings
			}
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

// importFlags are the flags of import.
type importFlags struct {
	files       []string
	namespaces  []string
	everywhere  bool
	dir         string
	force       bool
	cluster     render.Cluster
	request     importer.Request
	kubeVersion string
	asJSON      bool
}

func (f *importFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file of objects, or folder with its subfolders; - for standard input (repeatable)")
	flags.StringSliceVarP(&f.namespaces, "namespace", "n", nil, "namespace of the installation (repeatable; default: that of the context or of the objects)")
	flags.BoolVarP(&f.everywhere, "all-namespaces", "A", false, "import each namespace that has an EventBus, an EventSource or a Sensor")
	flags.StringVar(&f.dir, "dir", "", "folder to write: values.yaml and plan.txt for each namespace")
	addForceFlag(cmd, &f.force)
	flags.StringVar(&f.request.Release, "release", "events", "name of the new release")
	addProfileFlag(cmd, &f.request.Profile, "profile of the new release (default: multi-node for a bus with several servers, otherwise single-node)")
	flags.BoolVar(&f.request.Replace, "replace-controller", false, "let the controller of the chart replace the existing one")
	flags.BoolVar(&f.request.Managed, "managed-bus", false, "let servers of the chart replace those of a native bus, and move the events")
	flags.StringVar(&f.kubeVersion, "kube-version", render.DefaultKubeVersion, "Kubernetes version to render for")
	flags.StringVar(&f.cluster.Kubeconfig, "kubeconfig", "", "kubeconfig of the cluster (default: that of kubectl)")
	flags.StringVar(&f.cluster.Context, "kube-context", "", "context of the kubeconfig")
	addValuesFormat(cmd, &f.asJSON)
	mutuallyExclusive(cmd, "filename", "import reads either files or a cluster", "kubeconfig", "kube-context")
	mutuallyExclusive(cmd, "all-namespaces", "one selects all namespaces, the other some", "namespace")
	mutuallyExclusive(cmd, "dir", "the folder has text files", "output")
	validateFlags(cmd, func(func(string) bool) error {
		if f.dir == "" && f.force {
			return errors.New("--force replaces a folder: pass --dir DIR")
		}
		if f.dir == "" && (f.everywhere || len(f.namespaces) > 1) {
			return errors.New("a release has one namespace: pass --dir DIR, which gets a folder for each")
		}
		return nil
	})
}

// addValuesFormat adds -o with the formats of import.
func addValuesFormat(cmd *cobra.Command, asJSON *bool) {
	addJSONFlag(cmd, asJSON)
	cmd.Flags().Lookup("output").Usage = "text (values and plan) or json (both in one object)"
}

// write prints the result, or writes a folder for each namespace.
func (f *importFlags) write(s streams, all []*importer.Result) error {
	if f.dir != "" {
		return f.writeFolders(s, all)
	}
	r, err := all[0], error(nil)
	if f.asJSON {
		err = printJSON(s.out, r)
	} else if err = r.Write(s.err); err == nil {
		err = r.WriteValues(s.out)
	}
	if err != nil {
		return otherError{err}
	}
	return nil
}

// writeFolders writes values.yaml and plan.txt of each namespace, and prints a line about each.
func (f *importFlags) writeFolders(s streams, all []*importer.Result) error {
	files := map[string][]byte{}
	for _, r := range all {
		var values, plan bytes.Buffer
		if err := errors.Join(r.WriteValues(&values), r.Write(&plan)); err != nil {
			return otherError{err}
		}
		files[r.Namespace+"/values.yaml"], files[r.Namespace+"/plan.txt"] = values.Bytes(), plan.Bytes()
	}
	if err := writeFolder(f.dir, files, f.force); err != nil {
		return err
	}
	for _, r := range all {
		fmt.Fprintln(s.out, plain.Text(r.Summary()))
	}
	return nil
}

// read reads the installation, and imports each namespace.
func (f *importFlags) read(ctx context.Context, s streams) ([]*importer.Result, error) {
	c, err := loadChart(generator.DefaultStack)
	if err != nil {
		return nil, err
	}
	if f.request.Profile != "" {
		if _, err := profile.Find(c.Profiles, f.request.Profile); err != nil {
			return nil, err
		}
	}
	found, err := f.objects(ctx, s)
	if err != nil {
		return nil, err
	}
	var objects []importer.Object
	for _, o := range found {
		one := importer.Object{At: o.At(), APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if err := o.Decode(&one.Fields); err != nil {
			return nil, err
		}
		objects = append(objects, one)
	}
	if f.everywhere {
		f.namespaces = importer.Namespaces(objects)
	}
	if len(f.namespaces) < 2 {
		f.request.Namespace = strings.Join(f.namespaces, "")
		r, err := c.Import(objects, f.request, f.kubeVersion)
		return []*importer.Result{r}, err
	}
	var all []*importer.Result
	f.request.Home = importer.Home(objects, f.namespaces)
	for _, namespace := range f.namespaces {
		f.request.Namespace = namespace
		r, err := c.Import(importer.Of(objects, namespace), f.request, f.kubeVersion)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// objects reads files or the cluster.
func (f *importFlags) objects(ctx context.Context, s streams) ([]*manifest.Object, error) {
	if len(f.files) > 0 {
		objects, skipped, err := manifest.Load(f.files, s.in)
		for _, file := range skipped {
			fmt.Fprintf(s.err, "holdfast: %s\n", plain.Text(file.String()))
		}
		manifest.SetNamespace(objects, append(f.namespaces, manifest.DefaultNamespace)[0])
		return objects, err
	}
	namespaces := f.namespaces
	if f.everywhere {
		namespaces = []string{metav1.NamespaceAll}
	}
	found, err := inspect.ReadInstallation(ctx, f.cluster.Kubeconfig, f.cluster.Context, namespaces, controllerConfig)
	if errors.Is(err, inspect.ErrCluster) {
		return nil, otherError{err}
	}
	if err != nil {
		return nil, err
	}
	if len(found.Skipped) > 0 {
		fmt.Fprintf(s.err, "holdfast: skipped, no permission to read: %s\n", strings.Join(found.Skipped, ", "))
	}
	f.namespaces, f.request.Complete = found.Namespaces, found.Complete
	return manifest.Parse("live", found.Text)
}

// controllerConfig returns the ConfigMap of a Deployment that is a controller of Argo Events.
func controllerConfig(deployment map[string]any) (config string, ok bool) {
	c := importer.ControllerOf(importer.Object{Kind: "Deployment", Fields: deployment})
	if c == nil {
		return "", false
	}
	return c.Config, true
}
