// Command init is the first process of a node.
package main

import (
	"log"
	"os"
	"runtime"

	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
)

// The signal that ends a node with its test (Pdeathsig) is bound to the first thread, and after an exec only the calling thread remains. Go
// runs main on any thread unless an init function locks it.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) < 2 {
		log.Fatal("init: missing argument: package nodes starts this program with the file that describes the node")
	}
	log.Fatal("init: ", machine.Main(os.Args))
}
