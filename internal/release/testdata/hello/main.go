// Command hello prints the version that was stamped into it.
package main

import "fmt"

var version = ""

func main() { fmt.Println(version) }
