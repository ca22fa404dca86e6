package kustomize

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/manifest"
)

// component is a component in the making.
type component struct {
	dir   string
	files map[string][]byte
	why   reasons

	resources, patches strings.Builder
	lastReason         string
}

// write adds the files that turn base into objects: one for each that is new, changed or gone.
func (c *component) write(base, objects []named) error {
	now, was := map[string]named{}, map[string]bool{}
	for _, o := range objects {
		now[o.id] = o
	}
	for _, b := range base {
		was[b.id] = true
		var err error
		if o, there := now[b.id]; there {
			err = c.change(b, o)
		} else {
			err = c.remove(b)
		}
		if err != nil {
			return err
		}
	}
	for _, o := range objects {
		if !was[o.id] {
			c.add(o)
		}
	}
	text := manifest.Comment(fmt.Sprintf("What the profile %s changes. It survives: %s.", c.why.profile.Name, c.why.profile.Promise.Service), "# ") + componentHead
	if c.resources.Len() > 0 {
		text += "resources:\n" + c.resources.String()
	}
	if c.patches.Len() > 0 {
		text += "patches:\n" + c.patches.String()
	}
	c.files[c.dir+kustomization] = []byte(text)
	return nil
}

// add takes up a new object. Neighbours have mostly the same reason, which is then said once.
func (c *component) add(o named) {
	c.files[c.dir+o.file] = []byte(o.Text)
	if reason := c.why.present(o.Object); reason != c.lastReason {
		c.resources.WriteString(manifest.Comment(reason, "  # "))
		c.lastReason = reason
	}
	c.resources.WriteString("  - " + o.file + "\n")
}

// remove deletes an object of the base.
func (c *component) remove(b named) error {
	text, err := deletion(b.Object)
	if err != nil {
		return err
	}
	c.patch(b, manifest.Comment(c.why.present(b.Object), "# ")+text, "")
	return nil
}

// change patches an object of the base if it is another one now.
func (c *component) change(b, o named) error {
	if b.Text == o.Text {
		return nil
	}
	p, err := newPatch(b.Object, o.Object)
	if err != nil || p.text == "" {
		return err
	}
	target := ""
	if p.targeted {
		target = target6902(b.Object)
	}
	c.patch(b, c.why.changed(b.Object, p.operations)+p.text, target)
	return nil
}

func (c *component) patch(b named, text, target string) {
	c.files[c.dir+"patches/"+b.file] = []byte(text)
	c.patches.WriteString("  - path: patches/" + b.file + "\n" + target)
}

// target6902 says which object a JSON patch is for: the patch itself cannot. Names are regular expressions there.
func target6902(o manifest.Object) string {
	group, version, is := strings.Cut(o.APIVersion, "/")
	if !is {
		group, version = "", o.APIVersion
	}
	return fmt.Sprintf("    target: {group: %q, version: %q, kind: %q, name: %q}\n", group, version, o.Kind, regexp.QuoteMeta(o.Name))
}
