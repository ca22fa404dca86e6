// Command place places pods with verify's scheduler. It reads nodes, Services and pods as JSON from standard input, and prints the node of each
// pod and the time in seconds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/holdfast-ha/holdfast/verify/survival/sim/scheduler"
	corev1 "k8s.io/api/core/v1"
)

// input has the objects. Pods are placed in their order.
type input struct {
	Nodes    []*corev1.Node
	Services []*corev1.Service
	Pods     []*corev1.Pod
}

// output has the node of each pod by name, and the time including the creation of the scheduler.
type output struct {
	Placed  map[string]string
	Seconds float64
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		log.Fatalf("place: %v", err)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var objects input
	if err := json.NewDecoder(in).Decode(&objects); err != nil {
		return fmt.Errorf("reading the input: %w", err)
	}
	result := output{Placed: map[string]string{}}
	start := time.Now()
	s, err := scheduler.New(ctx, objects.Nodes)
	if err != nil {
		return err
	}
	if err := s.SetObjects(scheduler.ClusterObjects{Services: objects.Services}); err != nil {
		return err
	}
	for _, pod := range objects.Pods {
		node, err := s.Place(ctx, pod)
		if err != nil {
			return err
		}
		pod.Spec.NodeName = node
		if err := s.Add(pod); err != nil {
			return err
		}
		result.Placed[pod.Name] = node
	}
	result.Seconds = time.Since(start).Seconds()
	return json.NewEncoder(out).Encode(result)
}
