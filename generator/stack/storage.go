package stack

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/internal/strict"
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
)

// UnmarshalYAML decodes one claim or a list of claims, and names and modes are set.
func (c *Claims) UnmarshalYAML(n *yaml.Node) error {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	var faults []string
	*c = nil
	for _, node := range nodes {
		for _, u := range strict.UnknownKeys(node, reflect.TypeFor[Storage](), "yaml") {
			faults = append(faults, fmt.Sprintf("line %d: field %s not found in type stack.Storage", u.Line, u.Name))
		}
		one := Storage{}
		err := node.Decode(&one)
		if typed := (*yaml.TypeError)(nil); errors.As(err, &typed) {
			faults = append(faults, typed.Errors...)
		} else if err != nil {
			return err
		}
		if one.Name == "" {
			one.Name = "data"
		}
		if len(one.AccessModes) == 0 {
			one.AccessModes = []string{string(corev1.ReadWriteOnce)}
		}
		*c = append(*c, one)
	}
	if len(faults) > 0 {
		return &yaml.TypeError{Errors: faults}
	}
	return nil
}

var (
	size       = regexp.MustCompile(`^[1-9][0-9]*(Mi|Gi|Ti)$`)
	volumeName = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$`)
)

var accessModes = []string{string(corev1.ReadWriteOnce), string(corev1.ReadOnlyMany), string(corev1.ReadWriteMany), string(corev1.ReadWriteOncePod)}

func (c *checker) storage(at string, one Component) {
	if one.Storage == nil || one.Replication == Finite {
		return
	}
	if one.Replication == PerNode {
		c.add(at+".storage", "a DaemonSet has no volume claims: mount a disk of the node as hostPath in pod.volumes")
		return
	}
	names := map[string]bool{}
	for i, s := range one.Storage {
		claim := fmt.Sprintf("%s.storage.%d", at, i)
		if !c.has(claim) {
			claim = at + ".storage"
		}
		c.claim(claim, s)
		if names[s.Name] {
			c.add(claim+".name", "%q is the name of two claims: choose another", s.Name)
		}
		names[s.Name] = true
	}
}

func (c *checker) claim(at string, s Storage) {
	if !volumeName.MatchString(s.Name) || s.Name == "config" {
		c.add(at+".name", "%q is not a name of a claim: use at most 32 lower-case letters, digits and dashes, and not config", s.Name)
	}
	if !size.MatchString(s.Size) {
		c.add(at+".size", "%q is not a size: use Mi, Gi or Ti, as in 10Gi", s.Size)
	}
	if !path.IsAbs(s.Path) {
		c.add(at+".path", "%q is not an absolute path", s.Path)
	}
	for _, mode := range s.AccessModes {
		if !slices.Contains(accessModes, mode) {
			c.add(at+".accessModes", "%q is unknown: use one of %s", mode, strings.Join(accessModes, ", "))
		}
	}
}
