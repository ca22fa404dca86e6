package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
)

// Load reads a stack from a file of fsys, and its folder if there is one. Unknown keys are an error.
// Errors name the file and the key.
func Load(fsys fs.FS, file string) (Stack, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return Stack{}, err
	}
	s, err := Parse(file, text)
	if err != nil {
		return Stack{}, err
	}
	own := strings.TrimSuffix(file, path.Ext(file))
	if info, err := fs.Stat(fsys, own); err == nil && info.IsDir() {
		s.Own, err = fs.Sub(fsys, own)
		if err != nil {
			return Stack{}, err
		}
	}
	for i, c := range s.Components {
		if err := s.readConfig(&s.Components[i].Config); err != nil {
			return Stack{}, fmt.Errorf("%s: components[%d] %q: %w", file, i, c.Name, err)
		}
	}
	return s, nil
}

// readConfig adds the files in the folder of c to its files.
func (s Stack) readConfig(c *Config) error {
	if c.Folder == "" {
		return nil
	}
	if s.Own == nil {
		return fmt.Errorf("config.folder: the stack has no folder of its own, so %q is missing", c.Folder)
	}
	entries, err := fs.ReadDir(s.Own, c.Folder)
	if err != nil {
		return fmt.Errorf("config.folder: %w", err)
	}
	files := map[string]string{}
	maps.Copy(files, c.Files)
	for _, e := range entries {
		if _, ok := files[e.Name()]; ok {
			return fmt.Errorf("config.files: %s is also in folder %s: remove one", e.Name(), c.Folder)
		}
		text, err := fs.ReadFile(s.Own, path.Join(c.Folder, e.Name()))
		if err != nil {
			return fmt.Errorf("config.folder: %w", err)
		}
		files[e.Name()] = string(text)
	}
	c.Files = files
	return c.validate()
}

// Parse decodes one stack from text; errors name file.
func Parse(file string, text []byte) (Stack, error) {
	var s Stack
	if err := strict.Decode(file, text, &s); err != nil {
		return Stack{}, err
	}
	s.File = path.Base(file)
	for i, c := range s.Components {
		if err := s.Components[i].expand(); err != nil {
			return Stack{}, fmt.Errorf("%s: components[%d] %q: %w", file, i, c.Name, err)
		}
	}
	if err := s.validate(); err != nil {
		return Stack{}, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// maxNodes limits the values of a component with its aliases replaced, because an alias may contain itself.
const maxNodes = 10000

// expand replaces YAML aliases in copied fields, because their anchors may be outside of the copy.
func (c *Component) expand() error {
	nodes := []*yaml.Node{&c.Rules, &c.Container, &c.Pod, &c.Resources, &c.Values, &c.Probes.Startup, &c.Probes.Ready, &c.Probes.Alive}
	for _, p := range c.Ports {
		for i := range p.From {
			nodes = append(nodes, &p.From[i])
		}
	}
	left := maxNodes
	for _, node := range nodes {
		*node = expanded(*node, &left)
	}
	if left < 0 {
		return fmt.Errorf("more than %d values with its aliases: does an alias contain itself?", maxNodes)
	}
	return nil
}

// expanded returns node with its aliases replaced, until no values are left.
func expanded(node yaml.Node, left *int) yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = *node.Alias
	}
	node.Anchor = ""
	if *left--; *left < 0 || len(node.Content) == 0 {
		return node
	}
	content := make([]*yaml.Node, len(node.Content))
	for i, inner := range node.Content {
		whole := expanded(*inner, left)
		content[i] = &whole
	}
	node.Content = content
	return node
}

var (
	chartName     = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$`)
	componentName = regexp.MustCompile(`^[a-z][a-zA-Z0-9]{0,20}$`)
	version       = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	fileName      = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)
	portName      = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$`)
	size          = regexp.MustCompile(`^[1-9][0-9]*(Mi|Gi|Ti)$`)
)

func (s Stack) validate() error {
	switch {
	case !chartName.MatchString(s.Name):
		return fmt.Errorf("name: %q is not a chart name: use at most 32 lower-case letters, digits and dashes", s.Name)
	case !version.MatchString(s.Version):
		return fmt.Errorf("version: %q is not a semantic version (1.2.3)", s.Version)
	case s.Description == "":
		return errors.New("description: must be set")
	case len(s.Components) == 0:
		return errors.New("components: at least one is required")
	}
	seen := map[string]bool{}
	for i, c := range s.Components {
		if err := c.validate(s); err != nil {
			return fmt.Errorf("components[%d] %q: %w", i, c.Name, err)
		}
		key := strings.ToLower(c.Name)
		if seen[key] {
			return fmt.Errorf("components[%d] %q: name: another component has the same name", i, c.Name)
		}
		seen[key] = true
	}
	return nil
}

func (c Component) validate(s Stack) error {
	switch {
	case !componentName.MatchString(c.Name):
		return errors.New("name: use at most 21 letters and digits, a lower-case letter first")
	case slices.Contains(reservedNames, c.Name):
		return fmt.Errorf("name: is reserved for a value of every chart (%s)", strings.Join(reservedNames, ", "))
	case !slices.Contains(Replications, c.Replication):
		return fmt.Errorf("replication: %q is unknown: use one of %v", c.Replication, Replications)
	case c.Election != ElectionFixed && (c.Election != ElectionLeases || c.Replication != Standby):
		return fmt.Errorf("election: %q is only for standby components, and can only be %q", c.Election, ElectionLeases)
	case slices.ContainsFunc(c.Shows, s.has):
		return fmt.Errorf("shows: %v has a component: name only objects of the stack's own templates", c.Shows)
	case c.Managed:
		return nil
	case c.Image.Repository == "" || c.Image.Tag == "":
		return errors.New("image: repository and tag must be set")
	case c.Replication == Quorum && c.Storage == nil:
		return errors.New("storage: a quorum needs a disk for each member")
	case c.Replication == Quorum && !c.Probes.complete():
		return errors.New("probes: a quorum needs startup, ready and alive, so that a rolling update waits for each member")
	case c.Autoscaling != nil && c.Replication != Stateless:
		return errors.New("autoscaling: is only for stateless components: other replication models need an exact number of pods")
	case c.Autoscaling != nil && c.Storage != nil:
		return errors.New("autoscaling: is only for components without storage: scaling down would leave disks behind")
	case c.Drain != nil && (c.Drain.SleepSeconds < 0 || c.Drain.Seconds < 0):
		return errors.New("drain: seconds must not be negative")
	}
	return errors.Join(c.validatePorts(s), c.Config.validate(), c.validateStorage())
}

// reservedNames are the values of every chart that are not components.
var reservedNames = []string{"profile", "global", "imageRegistry", "imagePullSecrets", "nameOverride", "fullnameOverride", "networkPolicy", "overrides", "extraObjects"}

func (p Probes) complete() bool { return !p.Startup.IsZero() && !p.Ready.IsZero() && !p.Alive.IsZero() }

func (c Component) validatePorts(s Stack) error {
	names := map[string]bool{}
	for i, p := range c.Ports {
		if !portName.MatchString(p.Name) || p.Port < 1 || p.Port > 65535 || names[p.Name] {
			return fmt.Errorf("ports[%d]: needs a unique name (at most 15 lower-case letters, digits and dashes) and a port from 1 to 65535", i)
		}
		names[p.Name] = true
		for _, from := range p.From {
			if from.Kind == yaml.ScalarNode && from.Value != "anyone" && !s.has(from.Value) {
				return fmt.Errorf("ports[%d].from: %q is neither a component of this stack nor anyone", i, from.Value)
			}
		}
	}
	if c.Ingress != "" && !names[c.Ingress] {
		return fmt.Errorf("ingress: the component has no port %q", c.Ingress)
	}
	return nil
}

func (c Config) validate() error {
	if (len(c.Files) > 0 || c.Folder != "") && c.Path == "" {
		return errors.New("config.path: must be set")
	}
	for name := range c.Files {
		if !fileName.MatchString(name) {
			return fmt.Errorf("config.files: %q is not a file name", name)
		}
	}
	return nil
}

func (c Component) validateStorage() error {
	switch {
	case c.Storage == nil:
		return nil
	case c.Replication == PerNode:
		return errors.New("storage: a DaemonSet has no volume claims: mount a disk of the node as hostPath in pod.volumes")
	case !size.MatchString(c.Storage.Size):
		return fmt.Errorf("storage.size: %q is not a size: use Mi, Gi or Ti, as in 10Gi", c.Storage.Size)
	case !path.IsAbs(c.Storage.Path):
		return fmt.Errorf("storage.path: %q is not an absolute path", c.Storage.Path)
	}
	return nil
}

func (s Stack) has(component string) bool {
	return slices.ContainsFunc(s.Components, func(c Component) bool { return c.Name == component })
}
