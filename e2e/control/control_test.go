// Package control tests the charts on a real control plane: API server, Helm releases, the controller of Argo Events, scheduler and eviction API.
// The nodes are simulated by kwok and run no containers; the tiers on real nodes do.
//
// It reads files outside this module, which the go command does not track: run it with -count=1.
package control

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/schemas"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

// Shared by all tests.
var (
	kube     *cluster.Cluster
	objects  *dynamic.DynamicClient
	mapper   *restmapper.DeferredDiscoveryRESTMapper
	holdfast cases.Holdfast
	// argoEvents is the folder of the module of Argo Events.
	argoEvents string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "holdfast-control-")
	if err != nil {
		return 1, err
	}
	defer func() {
		if code != 0 || err != nil {
			fmt.Fprintln(os.Stderr, "state and logs of the cluster are in", dir)
			return
		}
		os.RemoveAll(dir)
	}()
	// Helm must not read the user's configuration.
	for _, folder := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
		os.Setenv(folder, filepath.Join(dir, "helm"))
	}
	if holdfast, err = cases.BuildHoldfast(); err != nil {
		return 1, err
	}
	module, err := cases.Output("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-events")
	if err != nil {
		return 1, err
	}
	argoEvents = strings.TrimSpace(string(module))
	flag.Parse()
	release := ""
	if *next {
		release = binaries.Next
	}
	if kube, err = cluster.Up(ctx, dir, release); err != nil {
		return 1, err
	}
	defer func() {
		if closing := kube.Close(); err == nil {
			err = closing
		}
	}()
	if objects, err = dynamic.NewForConfig(kube.Config); err != nil {
		return 1, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(kube.Config)
	if err != nil {
		return 1, err
	}
	mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	if err := applyDefinitions(ctx); err != nil {
		return 1, err
	}
	rollouts, err := startRollouts(dir)
	if err != nil {
		return 1, err
	}
	defer func() {
		if closing := rollouts.Stop(); err == nil {
			err = closing
		}
	}()
	code = m.Run()
	if code == 0 && *evidenceDir != "" {
		return code, writeEvidence()
	}
	return code, nil
}

// writeEvidence writes the comparisons and their circumstances.
func writeEvidence() error {
	version, err := kube.Kube.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	agreed.Date, agreed.Seed = time.Now().UTC().Format(time.DateOnly), *seed
	return agreed.Write(*evidenceDir, version.GitVersion)
}

// applyDefinitions applies the CustomResourceDefinitions of the charts, and of other systems that the cases use.
func applyDefinitions(ctx context.Context) error {
	repository, err := cases.Repository()
	if err != nil {
		return err
	}
	own, err := filepath.Glob(filepath.Join(repository, "charts", "*", "crds", "*.yaml"))
	if err != nil || len(own) == 0 {
		return fmt.Errorf("no CustomResourceDefinitions in charts (%v)", err)
	}
	others, err := schemas.Neighbours()
	if err != nil {
		return err
	}
	rollouts, err := rolloutDefinitions()
	if err != nil {
		return err
	}
	for _, file := range slices.Concat(own, others, rollouts) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found, err := cases.Decode(text)
		if err != nil {
			return fmt.Errorf("decoding %s: %w", file, err)
		}
		for _, o := range found {
			if _, err := apply(ctx, "", o); err != nil {
				return err
			}
		}
	}
	mapper.Reset()
	return nil
}

// resource returns a client for a kind, in a namespace if the kind is namespaced.
func resource(apiVersion, kind, namespace string) (dynamic.ResourceInterface, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, err
	}
	mapping, err := mapper.RESTMapping(version.WithKind(kind).GroupKind(), version.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == "root" {
		return objects.Resource(mapping.Resource), nil
	}
	return objects.Resource(mapping.Resource).Namespace(namespace), nil
}

// profile is the part of profiles/*.yaml with requirements and promises.
type profile struct {
	Needs    struct{ Nodes, Zones int }
	Survives []struct{ Name, Label string }
}

func readProfile(name string) (p profile, err error) {
	repository, err := cases.Repository()
	if err != nil {
		return p, err
	}
	text, err := os.ReadFile(filepath.Join(repository, "profiles", name+".yaml"))
	if err != nil {
		return p, err
	}
	return p, yaml.Unmarshal(text, &p)
}

// nodes returns the nodes of the smallest cluster for the profile.
func (p profile) nodes(namespace, suffix string, labels map[string]string) []cluster.Node {
	var all []cluster.Node
	for i := range p.Needs.Nodes {
		zone := string(rune('a' + i%max(1, p.Needs.Zones)))
		all = append(all, cluster.Node{Name: fmt.Sprintf("%s%s-%d", namespace, suffix, i), Zone: zone, Labels: labels})
	}
	return all
}

// withMembers returns the profile with at least n nodes, one for each quorum member.
func (p profile) withMembers(n int) profile {
	p.Needs.Nodes = max(p.Needs.Nodes, n)
	return p
}

// helms are the supported versions of Helm.
var helms = []string{"helm3", "helm4"}
