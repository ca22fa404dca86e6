package verify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/config"
	"github.com/holdfast-ha/holdfast/verify/verdict"
	"github.com/holdfast-ha/holdfast/verify/verifytest"
)

const api = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: example.org/rack, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}}
      containers: [{name: api, image: api}]
`

var rack = cluster.Domain{Name: "rack", Label: "example.org/rack"}

func input(t *testing.T, conf string) Input {
	t.Helper()
	c, err := cluster.Uniform(4, 0, cluster.Count{Domain: rack, Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Objects: verifytest.Parse(t, "api.yaml", api), Cluster: c}
	if conf != "" {
		if in.Config, err = config.Parse("v.yaml", []byte(conf), nil); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// TestConfig: requirement, detection time, replication and ignored rules of a config apply.
func TestConfig(t *testing.T) {
	in := input(t, "survives: rack=example.org/rack\ndetection: 8s\nreplication: {Deployment/web: quorum}\n")
	if _, err := Run(t.Context(), in); err == nil || !strings.HasPrefix(err.Error(), "v.yaml:3: replication of Deployment/web: ") {
		t.Errorf("replication of a missing workload: %v", err)
	}
	in = input(t, "survives: rack=example.org/rack\ndetection: 8s\nreplication: {Deployment/api: quorum}\nignore: [{rule: claim-*, reason: a test}]\n")
	r, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Workloads[0]; r.Requirement != "rack" || !r.Kept || !r.Excepted || w.Replication != "quorum" || w.WorstOf("lose rack").Ignored != "a test" {
		t.Errorf("requirement %q, kept %v, excepted %v, %+v", r.Requirement, r.Kept, r.Excepted, w)
	}
	if strings.Contains(strings.Join(r.Assumed, "\n"), "node failure after") {
		t.Errorf("the detection time is assumed: %q", r.Assumed)
	}
}

// TestRequirementOverridesConfig: the requirement of the input takes precedence, and adds its failure domain to the cluster.
func TestRequirementOverridesConfig(t *testing.T) {
	in := input(t, "survives: zone\n")
	in.Requirement = verdict.Requirement{Domains: []cluster.Domain{rack}, AsPlaced: true}
	r, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Kept || len(r.Cluster.Domains) != 1 || len(in.Cluster.Domains) != 0 || r.Workloads[0].Guarantee.Domains[0].Placed.Pods != 1 {
		t.Errorf("kept %v on %+v: %+v", r.Kept, r.Cluster.Domains, r.Workloads[0].Guarantee)
	}
	in.Requirement = verdict.Requirement{}
	if _, err := Run(t.Context(), in); err == nil || !strings.HasPrefix(err.Error(), "survives zone: label topology.kubernetes.io/zone is missing on all nodes (node-1, node-2, node-3 and 1 more)") {
		t.Errorf("a zone requirement without zones: %v", err)
	}
}

// TestErrors: faults of the simulation are distinct from errors about the input.
func TestErrors(t *testing.T) {
	in := input(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, in)
	if fault := (SimulationError{}); !errors.As(err, &fault) || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	in.Requirement.Within = time.Minute
	_, err = Run(t.Context(), in)
	if fault := (SimulationError{}); err == nil || errors.As(err, &fault) {
		t.Errorf("a limit without a requirement: %v", err)
	}
	in = input(t, "")
	in.Objects = verifytest.Parse(t, "api.yaml", strings.Replace(api, "replicas: 2", "replicas: 100000", 1))
	_, err = Run(t.Context(), in)
	if fault := (SimulationError{}); err == nil || errors.As(err, &fault) || err.Error() != "1 workload with 100000 pods on 4 nodes are too large to simulate" {
		t.Errorf("100000 pods: %v", err)
	}
}

// TestProgress: each step has the name of its scenario and its number.
func TestProgress(t *testing.T) {
	in := input(t, "")
	var steps []string
	in.Progress = func(step string) { steps = append(steps, step) }
	if _, err := Run(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(steps, "\n")
	for _, want := range []string{"checking the rules\nplacing the pods, 1 of 1\nlose node node-1, 1 of 7\n", "\nroll Deployment api, 7 of 7\nlose node in drain node-1, 8 of 11\n", "\nproving what holds for every placement"} {
		if !strings.Contains(all, want) {
			t.Errorf("want %q in\n%s", want, all)
		}
	}
}
