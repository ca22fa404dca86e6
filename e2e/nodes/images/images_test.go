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

// neverPulled are images in manifests that no pod runs.
var neverPulled = []string{
	// Required in the controller's configuration, for a kind of bus that is discontinued and that the chart does not support.
	"nats-streaming:0.22.1", "natsio/prometheus-nats-exporter:0.8.0",
}

// TestCatalog: the registry has all images in the golden cases and in the defaults of charts.
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
	golden, defaults := goldenImages(t), chartDefaults(t)
	if len(golden) == 0 || len(defaults) == 0 {
		t.Fatalf("found %d images in golden cases and %d in charts, want some of both", len(golden), len(defaults))
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

// goldenImages returns the images in golden manifests, and those in the controller's configuration.
func goldenImages(t *testing.T) []string {
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

// chartDefaults returns the images in the values of charts, including those of hooks.
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
		if inner, ok := inner.(map[string]any); ok {
			all = append(all, imagesIn(inner)...)
		}
	}
	return all
}
