package chart

import (
	"debug/buildinfo"
	"regexp"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// TestVersions: images have the versions of the Go modules in these tests. Another version might interpret manifests differently.
func TestVersions(t *testing.T) {
	tested := map[string]string{"library/nats": server.VERSION, "argoproj/argo-events": argoEventsVersion(t)}
	image := regexp.MustCompile(`image: "?[\w.-]+/(library/nats|argoproj/argo-events):([\w.]+)`)
	seen := map[string]bool{}
	eachRelease(t, every, func(t *testing.T, r release) {
		for _, found := range image.FindAllStringSubmatch(r.stream(), -1) {
			equal(t, found[1], found[2], tested[found[1]])
			seen[found[1]] = true
		}
	})
	for name := range tested {
		if !seen[name] {
			t.Errorf("no case has an image of %s", name)
		}
	}
}

// argoEventsVersion returns the version of Argo Events in argocheck.
func argoEventsVersion(t *testing.T) string {
	t.Helper()
	info, err := buildinfo.ReadFile(program(t, "argocheck"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/argoproj/argo-events" {
			return module.Version
		}
	}
	t.Fatal("argocheck does not contain Argo Events")
	return ""
}
