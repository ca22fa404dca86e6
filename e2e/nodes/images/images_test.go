package images

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"
)

// neverPulled are images that are named but that no pod here runs.
var neverPulled = []string{
	// The controller's configuration must name one; the bus that it is for is given up by its makers and by the chart.
	"nats-streaming:0.22.1", "natsio/prometheus-nats-exporter:0.8.0",
}

// TestCatalog holds the registry against the images that the golden cases and the charts' defaults name.
func TestCatalog(t *testing.T) {
	catalog, err := Catalog()
	if err != nil {
		t.Fatal(err)
	}
	registry, err := NewRegistry(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range catalog {
		if err := registry.Add(image); err != nil {
			t.Fatal(err)
		}
	}
	golden, defaults := named(t), chartDefaults(t)
	if len(golden) == 0 || len(defaults) == 0 {
		t.Fatalf("%d images in golden cases and %d in charts: something is not read", len(golden), len(defaults))
	}
	for _, image := range append(golden, defaults...) {
		if slices.Contains(neverPulled, image) {
			continue
		}
		reference, err := name.ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := remote.Image(reference, remote.WithTransport(direct{registry})); err != nil {
			t.Errorf("%s: %v", image, err)
		}
	}
	t.Logf("%d images of golden cases and %d of charts", len(golden), len(defaults))
}

// named are the images in manifests, and those in the controller's configuration.
func named(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../../golden/*/objects/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`(?m)^[ -]*(?:image|\w+Image): "?([^"\s{]+)"?$`)
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range image.FindAllSubmatch(text, -1) {
			all = append(all, string(match[1]))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// chartDefaults are the images of the charts' values, which hooks have that no golden case shows.
func chartDefaults(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../../charts/*/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(text, &values); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, imagesIn(values)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func imagesIn(value map[string]any) []string {
	var all []string
	if value["repository"] != nil && value["tag"] != nil {
		all = append(all, strings.TrimPrefix(fmt.Sprintf("%v/%v:%v", value["registry"], value["repository"], value["tag"]), "<nil>/"))
	}
	for _, inner := range value {
		if inner, is := inner.(map[string]any); is {
			all = append(all, imagesIn(inner)...)
		}
	}
	return all
}
