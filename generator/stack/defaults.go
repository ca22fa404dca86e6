package stack

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// expand replaces aliases in the defaults; see Component.expand.
func (d *Defaults) expand() bool {
	left := maxNodes
	for _, node := range []*yaml.Node{&d.Container, &d.Pod, &d.Resources} {
		*node = expanded(*node, &left)
	}
	return left >= 0
}

// apply merges the defaults into a component.
func (d Defaults) apply(c *Component) {
	if c.Managed {
		return
	}
	withRegistry := func(image *Image) {
		if image.Registry == "" && *image != (Image{}) {
			image.Registry = d.Registry
		}
	}
	withRegistry(&c.Image)
	for _, helpers := range [][]Helper{c.Sidecars, c.InitContainers} {
		for i := range helpers {
			withRegistry(&helpers[i].Image)
		}
	}
	c.Container, c.Pod, c.Resources = under(c.Container, d.Container), under(c.Pod, d.Pod), under(c.Resources, d.Resources)
	if c.Drain == nil && c.Replication != Finite {
		c.Drain = d.Drain
	}
}

// under returns own with the entries of base that it does not have: maps by key, all the way down.
func under(own, base yaml.Node) yaml.Node {
	if own.IsZero() {
		return base
	}
	if own.Kind != yaml.MappingNode || base.Kind != yaml.MappingNode {
		return own
	}
	all := own
	all.Content = slices.Clone(own.Content)
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		at := -1
		for k := 0; k+1 < len(own.Content); k += 2 {
			if own.Content[k].Value == key.Value {
				at = k
			}
		}
		if at < 0 {
			all.Content = append(all.Content, key, value)
			continue
		}
		merged := under(*own.Content[at+1], *value)
		all.Content[at+1] = &merged
	}
	return all
}
