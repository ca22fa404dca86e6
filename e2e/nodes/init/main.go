// Command init is the first process of a node.
package main

import (
	"log"
	"os"

	"github.com/holdfast-ha/holdfast/e2e/nodes/machine"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("init: started by package nodes, with the file that says what the node is made of")
	}
	log.Fatal("init: ", machine.Main(os.Args))
}
