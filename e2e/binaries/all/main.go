// Command all builds all programs of the tests that the cache does not have.
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
