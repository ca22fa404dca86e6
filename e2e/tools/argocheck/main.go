// Command argocheck validates manifests with Argo Events' own code. It reads a YAML stream from standard input. For each EventBus, EventSource,
// Sensor and controller configuration it prints a line of JSON with the problem, or an empty one. It ignores other objects.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// verdict is one line of the output.
type verdict struct {
	Object  string `json:"object"`
	Problem string `json:"problem"`
}

func main() {
	log.SetFlags(0)
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatalf("argocheck: %v", err)
	}
}

func run(in io.Reader, out io.Writer) error {
	found, err := read(in)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	for _, o := range found.objects {
		line := verdict{Object: o.key}
		if err := protected(o.check); err != nil {
			line.Problem = cmp.Or(err.Error(), "refused with an empty message")
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// protected returns the panic of a check as an error.
func protected(check func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return check()
}

func read(in io.Reader) (*manifests, error) {
	found := &manifests{}
	reader := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if err := found.add(text); err != nil {
			return nil, err
		}
	}
}
