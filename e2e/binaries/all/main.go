// Command all builds the programs that the tests run, those that are not there yet.
package main

import (
	"fmt"
	"os"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
)

func main() {
	if err := binaries.All(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
