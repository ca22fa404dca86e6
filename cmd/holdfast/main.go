// Command holdfast verifies which failures a system on Kubernetes survives, and generates highly available systems.
package main

import (
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
