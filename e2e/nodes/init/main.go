// Command init is the first process of a node.
package main

import (
	"log"
	"os"
	"runtime"

	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
)

// The signal that ends a node with the test that started it (Pdeathsig) belongs to the first thread, and of a program that executes another only
// the thread that does so is left. Go runs main on any thread, unless it is locked here.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) < 2 {
		log.Fatal("init: started by package nodes, with the file that says what the node is made of")
	}
	log.Fatal("init: ", machine.Main(os.Args))
}
