package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/operators/argoevents"
	"github.com/holdfast-ha/holdfast/verify/rules/facts"
)

// jetStreamVersions are all versions that a controller configuration of Argo Events or of its chart in argo-helm had, up to
// newestVersion in v1.9.11 (manifests/base/controller-manager/controller-config.yaml and charts/argo-events/values.yaml with their
// history).
var jetStreamVersions = []string{"latest", "stable", "2.7.4", "2.7.4-alpine", "2.8.1", "2.8.1-alpine", "2.8.2", "2.8.2-alpine", "2.9.0", "2.9.1", "2.9.12", "2.9.16", "2.10.10", newestVersion}

const newestVersion = "2.10.29"

// The controller compares versions as text with its configuration (GetJetStreamVersion in pkg/reconciler/config.go). If the manifests
// have it, it decides. Otherwise only a number below the newest known version is checked: later releases, and configurations with
// names of their own, may have others.
var busVersionUnknown = &Rule{
	ID:       "bus-version-unknown",
	Severity: Error,
	Protects: "The controller creates no bus with a version that its configuration does not list: event sources and sensors wait for it for ever.",
	Fix:      "Set spec.jetstream.version to a version in the ConfigMap of the controller, or add it there with its images.",
	check: func(s *facts.System, report reporter) {
		configured := configuredVersions(s)
		for o, b := range facts.Objects[argoevents.EventBus](s, argoevents.APIVersion, "EventBus") {
			js := b.Spec.JetStream
			if js == nil || b.Spec.NATS != nil {
				continue
			}
			place := facts.In(o, "spec", "jetstream", "version")
			switch {
			case js.Version == "":
				report(place, "has no version, and the controller refuses the bus")
			case len(configured) > 0 && !slices.Contains(configured, js.Version):
				report(place, fmt.Sprintf("version %s is not in the controller's configuration, which has %s", js.Version, strings.Join(configured, ", ")))
			case len(configured) == 0 && !slices.Contains(jetStreamVersions, js.Version) && isOlder(js.Version, newestVersion):
				report(place, fmt.Sprintf("version %s is in no configuration that Argo Events ships: these have %s", js.Version, strings.Join(jetStreamVersions, ", ")))
			}
		}
	},
}

// configuredVersions returns the JetStream versions in controller configurations of the manifests, sorted.
func configuredVersions(s *facts.System) []string {
	var all []string
	for _, config := range facts.Objects[corev1.ConfigMap](s, "v1", "ConfigMap") {
		var parsed struct {
			EventBus struct {
				JetStream struct {
					Versions []struct{ Version string }
				} `yaml:"jetstream"`
			} `yaml:"eventBus"`
		}
		if yaml.Unmarshal([]byte(config.Data["controller-config.yaml"]), &parsed) != nil {
			continue
		}
		for _, v := range parsed.EventBus.JetStream.Versions {
			all = append(all, v.Version)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// isOlder reports whether a version is a number, perhaps with a suffix, that is lower than another one.
func isOlder(version, other string) bool {
	a, ok := numbers(version)
	b, _ := numbers(other)
	return ok && slices.Compare(a, b) < 0
}

// numbers returns the numbers of a version such as 2.9.1-alpine. ok is false for other texts.
func numbers(version string) (all []int, ok bool) {
	version, _, _ = strings.Cut(version, "-")
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}
