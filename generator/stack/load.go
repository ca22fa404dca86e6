package stack

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
)

// Load reads a stack from a file of fsys, and its folder if there is one. Every fault is an error that names file, line and key.
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
			return Stack{}, fmt.Errorf("%s:%d: components[%d] %q: %w", file, c.Line, i, c.Name, err)
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
	for name := range files {
		if !fileName.MatchString(name) {
			return fmt.Errorf("config.folder: %q is not a file name", name)
		}
	}
	return nil
}

// Parse decodes one stack from text. Every fault is an error that names file, line and key, one on each line.
func Parse(file string, text []byte) (Stack, error) {
	var s Stack
	if err := strict.Decode(file, text, &s); err != nil {
		return Stack{}, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return Stack{}, err
	}
	s.File = path.Base(file)
	c := checker{document: document.Content[0]}
	for i := range s.Components {
		at := fmt.Sprintf("components.%d", i)
		c.component = fmt.Sprintf("components[%d] %q", i, s.Components[i].Name)
		s.Components[i].Line = strict.Line(c.document, strings.Split(at, ".")...)
		if !s.Components[i].expand() {
			c.add(at, "more than %d values with its aliases: does an alias contain itself?", maxNodes)
		}
	}
	c.component = ""
	if !s.Defaults.expand() {
		c.add("defaults", "more than %d values with its aliases: does an alias contain itself?", maxNodes)
	}
	for i := range s.Components {
		s.Defaults.apply(&s.Components[i])
	}
	if len(c.faults) == 0 {
		c.stack(s)
	}
	return s, c.err(file)
}

// maxNodes limits the values of a component with its aliases replaced, because an alias may contain itself.
const maxNodes = 10000

// expand replaces YAML aliases and merge keys in copied fields, because their anchors may be outside of the copy. It reports
// false if the component has too many values.
func (c *Component) expand() bool {
	nodes := []*yaml.Node{&c.Rules, &c.ClusterRules, &c.Container, &c.Pod, &c.Resources, &c.Values, &c.Probes.Startup, &c.Probes.Ready, &c.Probes.Alive}
	for _, all := range [][]Helper{c.InitContainers, c.Sidecars} {
		for i := range all {
			nodes = append(nodes, &all[i].Container, &all[i].Resources)
		}
	}
	if c.Autoscaling != nil {
		nodes = append(nodes, &c.Autoscaling.Metrics, &c.Autoscaling.Behavior)
	}
	for i := range c.To {
		nodes = append(nodes, &c.To[i])
	}
	for _, p := range c.Ports {
		for i := range p.From {
			nodes = append(nodes, &p.From[i])
		}
	}
	left := maxNodes
	for _, node := range nodes {
		*node = expanded(*node, &left)
	}
	return left >= 0
}

// expanded returns node with its aliases and merge keys replaced, until no values are left.
func expanded(node yaml.Node, left *int) yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = *node.Alias
	}
	node.Anchor = ""
	if *left--; *left < 0 || len(node.Content) == 0 {
		return node
	}
	content := make([]*yaml.Node, 0, len(node.Content))
	for _, inner := range node.Content {
		whole := expanded(*inner, left)
		content = append(content, &whole)
	}
	node.Content = content
	if node.Kind == yaml.MappingNode {
		node.Content = merged(content)
	}
	return node
}

// merged replaces merge keys ("<<") in the keys and values of a map. Keys of the map itself take precedence, then those of the first
// merged map.
func merged(content []*yaml.Node) []*yaml.Node {
	var own, from []*yaml.Node
	for i := 0; i+1 < len(content); i += 2 {
		switch value := content[i+1]; {
		case content[i].ShortTag() != "!!merge":
			own = append(own, content[i], value)
		case value.Kind == yaml.SequenceNode:
			for _, one := range value.Content {
				from = append(from, one.Content...)
			}
		default:
			from = append(from, value.Content...)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(own); i += 2 {
		seen[own[i].Value] = true
	}
	for i := 0; i+1 < len(from); i += 2 {
		if !seen[from[i].Value] {
			seen[from[i].Value] = true
			own = append(own, from[i], from[i+1])
		}
	}
	return own
}
