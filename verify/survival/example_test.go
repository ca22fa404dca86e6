package survival_test

import (
	"context"
	"fmt"
	"log"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/survival"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// The pod of a Deployment with one replica returns on another node after a node failure.
func ExampleSimulate() {
	objects, err := manifest.Parse("web.yaml", []byte(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`))
	if err != nil {
		log.Fatal(err)
	}
	system, err := workload.Read(objects)
	if err != nil {
		log.Fatal(err)
	}
	if err := system.SetReplication(nil); err != nil {
		log.Fatal(err)
	}
	nodes, err := cluster.Uniform(3, 0)
	if err != nil {
		log.Fatal(err)
	}
	result, err := survival.Simulate(context.Background(), nodes, system)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range result.Scenarios[1:] { // the first is the steady state
		o := result.Outcome(s, 0)
		fmt.Printf("%s %s: serves %t, recovery %s\n", s.Event, s.Target, o.Serves(), o.Recovery)
	}
	// Output:
	// lose node node-1: serves false, recovery 5m51s
	// lose node node-2: serves true, recovery 0s
	// drain node node-1: serves false, recovery 1s
	// drain node node-2: serves true, recovery 0s
	// roll Deployment web: serves true, recovery 0s
	// lose node in roll Deployment web, node-1: serves false, recovery 1s
	// lose node in roll Deployment web, node-2: serves true, recovery 0s
}
