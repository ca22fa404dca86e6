package verify_test

import (
	"context"
	"fmt"
	"log"

	"github.com/holdfast-ha/holdfast/verify"
	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// A program verifies a manifest on three nodes.
func ExampleRun() {
	objects, err := manifest.Parse("api.yaml", []byte(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {replicas: 1,
  selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api, image: api}]}}}}`))
	if err != nil {
		log.Fatal(err)
	}
	nodes, err := cluster.Uniform(3, 0)
	if err != nil {
		log.Fatal(err)
	}
	survive := verdict.Requirement{Domains: []cluster.Domain{cluster.Node}}
	r, err := verify.Run(context.Background(), verify.Input{Objects: objects, Cluster: nodes, Requirement: survive})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Kept, r.Summary())
	fmt.Println(r.Breaches[0])
	// Output:
	// false 1 workload on 3 nodes: does not meet the requirement
	// Deployment api is unavailable for 5m51s when node-1 fails: at worst 0 of 1 pod ready, 1 needed
}
