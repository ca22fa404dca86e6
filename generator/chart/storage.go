package chart

import (
	"fmt"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/stack"
)

// claim is a volume claim as the templates read it.
type claim struct {
	stack.Storage
	// Key is the path of its values below those of the component: storage, or storage.NAME among several claims.
	Key string
}

// Claims lists the volume claims of each pod.
func (c component) Claims() []claim {
	var all []claim
	for _, s := range c.Storage {
		key := "storage"
		if several(c.Storage) {
			key = fmt.Sprintf("storage.%s", s.Name)
		}
		all = append(all, claim{s, key})
	}
	return all
}

// Values is the Helm expression for the values of the claim.
func (c claim) Values() string {
	if name, ok := strings.CutPrefix(c.Key, "storage."); ok {
		return fmt.Sprintf("(get $c.storage %q)", name)
	}
	return "$c.storage"
}

// several reports whether the values of claims have their names.
func several(claims stack.Claims) bool { return len(claims) != 1 || claims[0].Name != "data" }

// storageEntry are the sizes and classes of the claims.
func storageEntry(c stack.Component) entry {
	var text []string
	for _, s := range c.Storage {
		one := fmt.Sprintf("size: %s\nclassName: %q", s.Size, s.ClassName)
		if several(c.Storage) {
			one = s.Name + ":\n" + indent(one, "  ")
		}
		text = append(text, one)
	}
	about := "PersistentVolumeClaim of each pod."
	if len(c.Storage) > 1 {
		about = "PersistentVolumeClaims of each pod."
	}
	return entry{"storage", about + " An empty class is the default StorageClass. Choose a class with volumeBindingMode WaitForFirstConsumer: otherwise a volume may be in another zone than its pod.",
		strings.Join(text, "\n"), nil}
}

// storageSchema is the schema of the values of the claims.
func storageSchema(c stack.Component) node {
	one := strictObject(node{"size": node{"type": "string", "pattern": `^([1-9][0-9]{2,8}Mi|[1-9][0-9]{0,5}Gi|[1-9][0-9]{0,2}Ti)$`}, "className": text})
	if !several(c.Storage) {
		return one
	}
	properties := node{}
	for _, s := range c.Storage {
		properties[s.Name] = one
	}
	return strictObject(properties)
}
