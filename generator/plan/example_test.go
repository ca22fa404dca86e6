package plan_test

import (
	"fmt"
	"log"
	"os"

	"github.com/holdfast-ha/holdfast/generator/manifest"
	"github.com/holdfast-ha/holdfast/generator/plan"
)

// A program compares two sides that it rendered itself.
func Example() {
	side := func(replicas int) plan.Side {
		objects, err := manifest.Split("web.yaml", fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: %d
`, replicas))
		if err != nil {
			log.Fatal(err)
		}
		return plan.Side{Description: fmt.Sprintf("%d replicas", replicas), Objects: objects}
	}
	p, err := plan.Compare(side(2), side(3), false)
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// in place: no pod is replaced
	// from 2 replicas to 3 replicas
	//
	// Objects: 1 changed
	//   changed  Deployment/web
	//       spec.replicas: 2 -> 3
}
