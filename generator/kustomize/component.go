package kustomize

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// component collects the files of a Kustomize component.
type component struct {
	dir     string
	files   map[string][]byte
	reasons reasons

	resources, patches strings.Builder
	lastReason         string
}

// write adds the files that turn the base into objects: one for each new, changed or removed object.
func (c *component) write(base, objects []object) error {
	current, inBase := map[string]object{}, map[string]bool{}
	for _, o := range objects {
		current[o.id] = o
	}
	for _, b := range base {
		inBase[b.id] = true
		var err error
		if o, ok := current[b.id]; ok {
			err = c.change(b, o)
		} else {
			err = c.remove(b)
		}
		if err != nil {
			return err
		}
	}
	for _, o := range objects {
		if !inBase[o.id] {
			c.add(o)
		}
	}
	text := manifest.Comment(fmt.Sprintf("Changes of the profile %s. The service survives: %s.", c.reasons.profile.Name, c.reasons.profile.Promise.Service), "# ") + componentHead
	if c.resources.Len() > 0 {
		text += "resources:\n" + c.resources.String()
	}
	if c.patches.Len() > 0 {
		text += "patches:\n" + c.patches.String()
	}
	c.files[c.dir+kustomization] = []byte(text)
	return nil
}

// add adds a new object. Consecutive objects with the same reason share its comment.
func (c *component) add(o object) {
	c.files[c.dir+o.file] = []byte(o.Text)
	if reason := c.reasons.present(o); reason != c.lastReason {
		c.resources.WriteString(manifest.Comment(reason, "  # "))
		c.lastReason = reason
	}
	c.resources.WriteString("  - " + o.file + "\n")
}

// remove adds a patch that deletes an object of the base.
func (c *component) remove(b object) error {
	text, err := deletion(b)
	if err != nil {
		return err
	}
	c.patch(b, manifest.Comment(c.reasons.present(b), "# ")+text, "")
	return nil
}

// change adds a patch for an object of the base unless it is unchanged.
func (c *component) change(b, o object) error {
	if b.Text == o.Text {
		return nil
	}
	p, err := newPatch(b, o)
	if err != nil || p.text == "" {
		return err
	}
	target := ""
	if p.targeted {
		target = targetOf(b)
	}
	c.patch(b, c.reasons.changed(b, p.operations)+p.text, target)
	return nil
}

func (c *component) patch(b object, text, target string) {
	c.files[c.dir+"patches/"+b.file] = []byte(text)
	c.patches.WriteString("  - path: patches/" + b.file + "\n" + target)
}

// targetOf names the object of a JSON patch in the kustomization, because the patch has no metadata. The name is a regular
// expression.
func targetOf(o object) string {
	group, version, ok := strings.Cut(o.APIVersion, "/")
	if !ok {
		group, version = "", o.APIVersion
	}
	return fmt.Sprintf("    target: {group: %q, version: %q, kind: %q, name: %q}\n", group, version, o.Kind, regexp.QuoteMeta(o.Name))
}
