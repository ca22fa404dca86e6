package stack

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
)

// checker collects the faults of a stack.
type checker struct {
	document *yaml.Node
	faults   []fault
	// component names the component that is checked: components[0] "front".
	component string
}

// fault is a mistake in a stack.
type fault struct {
	line    int
	message string
}

// add adds a fault of the value at a path, "components.0.ports.1.from". The message has the path below the component.
func (c *checker) add(at, format string, args ...any) {
	steps := strings.Split(at, ".")
	where := []string{at}
	if c.component != "" {
		where = []string{c.component, key(steps[min(2, len(steps)):])}
	}
	where = slices.DeleteFunc(append(where, fmt.Sprintf(format, args...)), func(s string) bool { return s == "" })
	c.faults = append(c.faults, fault{strict.Line(c.document, steps...), strings.Join(where, ": ")})
}

// err returns the faults in the order of their lines; nil without any.
func (c *checker) err(file string) error {
	slices.SortStableFunc(c.faults, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	lines := make([]string, len(c.faults))
	for i, f := range c.faults {
		lines[i] = fmt.Sprintf("%s:%d: %s", file, f.line, f.message)
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

var (
	chartName     = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$`)
	componentName = regexp.MustCompile(`^[a-z][a-zA-Z0-9]{0,20}$`)
	version       = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	fileName      = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)
	portName      = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$`)
)

func (c *checker) stack(s Stack) {
	if !chartName.MatchString(s.Name) {
		c.add("name", "%q is not a chart name: use at most 32 lower-case letters, digits and dashes", s.Name)
	}
	if !version.MatchString(s.Version) {
		c.add("version", "%q is not a semantic version (1.2.3)", s.Version)
	}
	c.names(s)
	if s.Description == "" {
		c.add("description", "must be set")
	}
	if len(s.Components) == 0 {
		c.add("components", "at least one is required")
	}
	seen := map[string]bool{}
	for i, one := range s.Components {
		at := fmt.Sprintf("components.%d", i)
		c.component = fmt.Sprintf("components[%d] %q", i, one.Name)
		c.componentAt(at, s, one)
		key := strings.ToLower(one.Name)
		if seen[key] {
			c.add(at+".name", "another component has the same name")
		}
		seen[key] = true
	}
}

// reservedNames are the values of every chart that are not components.
var reservedNames = []string{"profile", "global", "imageRegistry", "imagePullSecrets", "commonLabels", "commonAnnotations", "priorityClassName",
	"nameOverride", "fullnameOverride", "networkPolicy", "monitoring", "overrides", "extraObjects"}

func (c *checker) componentAt(at string, s Stack, one Component) {
	switch {
	case !componentName.MatchString(one.Name):
		c.add(at+".name", "use at most 21 letters and digits, a lower-case letter first")
	case slices.Contains(reservedNames, one.Name):
		c.add(at+".name", "is reserved for a value of every chart (%s)", strings.Join(reservedNames, ", "))
	}
	if !slices.Contains(Replications, one.Replication) {
		c.add(at+".replication", "%q is unknown: use one of %v", one.Replication, Replications)
	}
	if one.Election != ElectionFixed && (one.Election != ElectionLeases || one.Replication != Standby) {
		c.add(at+".election", "%q is only for standby components, and can only be %q", one.Election, ElectionLeases)
	}
	if one.Store != "" && (one.Store != StoreJetStream || one.Replication != Quorum) {
		c.add(at+".store", "%q is only for quorum components, and can only be %q", one.Store, StoreJetStream)
	}
	if slices.ContainsFunc(one.Shows, s.has) {
		c.add(at+".shows", "%v has a component: name only objects of the stack's own templates", one.Shows)
	}
	if one.Managed {
		if slices.Contains([]Replication{Shards, Needs, Finite}, one.Replication) {
			c.add(at+".managed", "no decision about a %s component of a controller is made: write its custom resource into the stack's own templates", one.Replication)
		}
		c.managed(at)
		return
	}
	if one.Image.Repository == "" || one.Image.Tag == "" {
		c.add(at+".image", "repository and tag must be set")
	}
	if one.Replication == Quorum && one.Storage == nil {
		c.add(at+".storage", "a quorum needs a disk for each member")
	}
	if one.Replication == Quorum && !one.Probes.complete() {
		c.add(at+".probes", "a quorum needs startup, ready and alive, so that a rolling update waits for each member")
	}
	c.nameLength(at, one)
	c.autoscaling(at, one)
	c.counts(at, one)
	c.finite(at, one)
	c.helpers(at, one)
	c.service(at, one)
	c.to(at, s, one)
	c.ports(at, s, one)
	c.drain(at, one)
	c.config(at, s, one)
	c.storage(at, one)
	c.kubernetesFields(at, one)
	c.rules(one)
}

// managed finds keys without an effect: the controller creates the pods from a custom resource.
func (c *checker) managed(at string) {
	for _, key := range []string{"image", "initContainers", "sidecars", "ports", "to", "service", "probes", "drain", "config", "storage", "exporter", "rules", "clusterRules", "autoscaling", "ingress", "schedule", "container", "pod"} {
		if c.has(at + "." + key) {
			c.add(at+"."+key, "has no effect on a managed component: write it into the custom resource, in the stack's own templates")
		}
	}
}

// has reports whether the stack sets the value at a path.
func (c *checker) has(at string) bool {
	node := c.document
	for _, step := range strings.Split(at, ".") {
		if _, node = strict.Child(node, step); node == nil {
			return false
		}
	}
	return true
}

// counts checks the numbers of pods: those of shards and needs are the stack's, all others the profile's.
func (c *checker) counts(at string, one Component) {
	counted := one.Replication == Shards || one.Replication == Needs
	switch {
	case !counted && one.Replicas != 0:
		c.add(at+".replicas", "follows from replication and the profile: remove it. Users change it by the value of this name")
	case counted && (one.Replicas < 1 || one.Replicas > 99):
		c.add(at+".replicas", "must be from 1 to 99: the number of pods of a %s component is the stack's", one.Replication)
	}
	switch {
	case one.Replication != Needs && one.Needs != 0:
		c.add(at+".needs", "is only for needs components")
	case one.Replication == Needs && one.Needs < 1:
		c.add(at+".needs", "must be set: how many of the replicas must run")
	case one.Replication == Needs && one.Needs >= one.Replicas:
		c.add(at+".needs", "all of %d replicas must run: use replication: shards, or more replicas", one.Replicas)
	}
}

func (c *checker) ports(at string, s Stack, one Component) {
	names := map[string]Port{}
	for i, p := range one.Ports {
		port := fmt.Sprintf("%s.ports.%d", at, i)
		if _, twice := names[p.Name]; twice || !portName.MatchString(p.Name) || p.Port < 1 || p.Port > 65535 {
			c.add(port, "needs a unique name (at most 15 lower-case letters, digits and dashes) and a port from 1 to 65535")
		}
		names[p.Name] = p
		if !slices.Contains([]string{"", "TCP", "UDP", "SCTP"}, p.Protocol) {
			c.add(port+".protocol", "%q is unknown: use TCP (the default), UDP or SCTP", p.Protocol)
		}
		if p.Service && len(p.From) == 0 {
			c.add(port, "is in the Service, but the network policy admits nobody: set from, to names of components or to [anyone]")
		}
		for j, from := range p.From {
			if from.Kind == yaml.ScalarNode && from.Value != "anyone" && !s.has(from.Value) {
				c.add(fmt.Sprintf("%s.from.%d", port, j), "%q is neither a component of this stack nor anyone", from.Value)
			}
		}
	}
	if _, metrics := names["metrics"]; one.Exporter && metrics {
		c.add(at+".exporter", "the component has a port metrics already: remove one of them")
	}
	backend, found := names[one.Ingress]
	switch {
	case one.Ingress == "":
	case !found:
		c.add(at+".ingress", "the component has no port %q", one.Ingress)
	case !backend.Service:
		c.add(at+".ingress", "port %q is not in the Service: set service: true for it", one.Ingress)
	case backend.Protocol != "" && backend.Protocol != "TCP":
		c.add(at+".ingress", "port %q is %s, and HTTP needs TCP", one.Ingress, backend.Protocol)
	}
}

func (c *checker) drain(at string, one Component) {
	switch d := one.Drain; {
	case d == nil:
	case d.SleepSeconds < 0 || d.Seconds < 0:
		c.add(at+".drain", "seconds must not be negative")
	case len(d.Command) > 0 && d.SleepSeconds > 0:
		c.add(at+".drain.sleepSeconds", "has no effect beside command, because a container has one preStop hook: let the command sleep")
	}
}

func (c *checker) config(at string, s Stack, one Component) {
	if (one.Config.own() || one.Config.Of != "") && one.Config.Path == "" {
		c.add(at+".config.path", "must be set")
	}
	for name := range one.Config.Files {
		if !fileName.MatchString(name) {
			c.add(at+".config.files", "%q is not a file name", name)
		}
	}
	if one.Config.Of != "" {
		c.configOf(at+".config.of", s, one)
	}
}

// configOf checks that the component whose configuration another one mounts has one, whenever the other one is rendered.
func (c *checker) configOf(at string, s Stack, one Component) {
	i := slices.IndexFunc(s.Components, func(other Component) bool { return other.Name == one.Config.Of })
	switch {
	case one.Config.own():
		c.add(at, "excludes files and folder: a component mounts one configuration")
	case i < 0 || s.Components[i].Managed || !s.Components[i].Config.own():
		c.add(at, "%q is no component with files or a folder in config", one.Config.Of)
	case s.Components[i].When != "" && s.Components[i].When != one.When:
		c.add(at, "%s is not always rendered: use its condition in when, or mount the configuration of another component", one.Config.Of)
	}
}

// own reports whether the configuration has files of its own.
func (c Config) own() bool { return len(c.Files) > 0 || c.Folder != "" }

func (p Probes) complete() bool { return !p.Startup.IsZero() && !p.Ready.IsZero() && !p.Alive.IsZero() }

func (s Stack) has(component string) bool {
	return slices.ContainsFunc(s.Components, func(c Component) bool { return c.Name == component })
}
