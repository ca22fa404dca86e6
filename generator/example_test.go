package generator_test

import (
	"fmt"
	"log"

	"github.com/holdfast-ha/holdfast/generator"
	"github.com/holdfast-ha/holdfast/generator/profile"
)

// A program renders a built-in stack.
func Example() {
	chart, err := generator.Load("argo-events")
	if err != nil {
		log.Fatal(err)
	}
	options := generator.Options{Release: "events", Namespace: "events"}
	objects, err := chart.Render(options.WithProfile("multi-zone"))
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range objects {
		if o.Kind == "StatefulSet" || o.Kind == "Deployment" {
			fmt.Println(o.Kind, o.Name)
		}
	}
	// Output:
	// Deployment events-argo-events-controller
	// StatefulSet events-argo-events-bus
}

func ExampleChart_Kustomize() {
	chart, err := generator.Load("web")
	if err != nil {
		log.Fatal(err)
	}
	profiles, err := profile.Select(chart.Profiles, []string{"single-node", "multi-zone"})
	if err != nil {
		log.Fatal(err)
	}
	files, err := chart.Kustomize(generator.Options{Release: "shop", Namespace: "shop"}, profiles)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", files["overlays/multi-zone/kustomization.yaml"])
	// Output:
	// # web under the profile multi-zone: Any one zone may fail, with all its nodes and disks.
	// apiVersion: kustomize.config.k8s.io/v1beta1
	// kind: Kustomization
	// resources:
	//   - ../../base
	// components:
	//   - ../../components/multi-zone
}

func ExampleExplain() {
	chart, err := generator.Load("argo-events")
	if err != nil {
		log.Fatal(err)
	}
	decisions, err := generator.Explain(chart.Stack, chart.Profiles, "bus.replicas")
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range decisions {
		fmt.Println(d.Profile, d.Value)
	}
	// Output:
	// single-node 1
	// multi-node 3
	// multi-zone 3
}

// A program prints the effect of a change of profile.
func ExampleChart_Plan() {
	chart, err := generator.Load("argo-events")
	if err != nil {
		log.Fatal(err)
	}
	p, err := chart.Plan(generator.Switch{
		Options:     generator.Options{Release: "events", Namespace: "events"},
		FromProfile: "multi-node",
		ToProfile:   "multi-zone",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Verdict)
	fmt.Println(p.Helm[len(p.Helm)-1].Run)
	// Output:
	// confirm
	// helm upgrade events charts/argo-events -n events --set profile=multi-zone
}
