package chart

import (
	"strings"

	"github.com/holdfast-ha/holdfast/generator/stack"
)

// helper is a further container of a component's pods as the templates read it.
type helper struct {
	stack.Helper
	// Sidecar reports whether it runs beside the component's container.
	Sidecar bool
	// Key is the path of its values below those of the component, Image that of its image.
	Key, ImageKey string
	Ports         []stack.Port
}

// HelperContainers lists the further containers in the order of their start.
func (c component) HelperContainers() []helper {
	var all []helper
	for i, h := range c.Helpers() {
		key := "initContainers." + h.Name
		if i < len(c.Sidecars) {
			key = "sidecars." + h.Name
		}
		view := helper{Helper: h, Sidecar: i < len(c.Sidecars), Key: key, ImageKey: key + ".image"}
		if h.Image == (stack.Image{}) {
			view.ImageKey = "image"
		}
		if view.Sidecar {
			view.Ports = c.PortsOf(h.Name)
		}
		all = append(all, view)
	}
	return all
}

// Fields returns the container's fields in the stack.
func (h helper) Fields() (string, error) { return toYAML(h.Container) }

// PortsOf lists the ports on which a sidecar listens; "" for the component's container.
func (c component) PortsOf(sidecar string) []stack.Port {
	var ports []stack.Port
	for _, p := range c.Ports {
		if p.Sidecar == sidecar {
			ports = append(ports, p)
		}
	}
	return ports
}

// helperEntries are the values of the further containers: their images, unless they are the component's, and resources.
func helperEntries(c stack.Component) ([]entry, error) {
	var all []entry
	for _, list := range []struct {
		key, description string
		helpers          []stack.Helper
	}{
		{"sidecars", "Images and resources of the containers that run beside the component's.", c.Sidecars},
		{"initContainers", "Images and resources of the containers that run before the component's.", c.InitContainers},
	} {
		if len(list.helpers) == 0 {
			continue
		}
		var text []string
		for _, h := range list.helpers {
			resources, err := toYAML(h.Resources)
			if err != nil {
				return nil, err
			}
			one := h.Name + ":"
			if h.Image != (stack.Image{}) {
				one += "\n  image:\n" + indent(imageText(h.Image), "    ")
			}
			if resources == "" {
				text = append(text, one+"\n  resources: {}")
			} else {
				text = append(text, one+"\n  resources:\n"+indent(resources, "    "))
			}
		}
		all = append(all, entry{list.key, list.description, strings.Join(text, "\n"), nil})
	}
	return all, nil
}

// helpersSchema is the schema of the values of further containers.
func helpersSchema(helpers []stack.Helper, image, resources node) node {
	properties := node{}
	for _, h := range helpers {
		one := node{"resources": resources}
		if h.Image != (stack.Image{}) {
			one["image"] = image
		}
		properties[h.Name] = strictObject(one)
	}
	return strictObject(properties)
}
