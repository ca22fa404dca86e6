package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/internal/strict"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// Load reads all objects of files, of folders with what is below them, and of standard input where a path is "-". Of a
// folder the files *.yaml, *.yml and *.json are read; one that is named is read whatever it is called. The order is that
// of the paths, and below a folder that of the names. An error names the file, and the line where there is one.
func Load(paths []string, stdin io.Reader) ([]*Object, error) {
	var all []*Object
	for _, path := range paths {
		objects, err := loadPath(path, stdin)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

func loadPath(path string, stdin io.Reader) ([]*Object, error) {
	if path == Stdin {
		text, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return Parse(Stdin, text)
	}
	files, err := filesBelow(path)
	if err != nil {
		return nil, err
	}
	var all []*Object
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := Parse(filepath.ToSlash(file), text)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

// filesBelow lists the manifests of a folder, or the file itself.
func filesBelow(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: has no file *.yaml, *.yml or *.json in it", path)
	}
	return files, err
}

// Parse reads the objects of one text: YAML documents or JSON, Lists of objects among them. A document without content is
// skipped; one that is no object is an error.
func Parse(file string, text []byte) ([]*Object, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var all []*Object
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, strict.Locate(file, text, err)
		}
		// Text that refers to itself, or blows up when it is written out, is refused here.
		if err := document.Decode(new(any)); err != nil {
			return nil, strict.Locate(file, text, err)
		}
		objects, err := ofNode(file, expand(document.Content[0]))
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
}

// ofNode reads an object, or the objects of a List.
func ofNode(file string, node *yaml.Node) ([]*Object, error) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: is no Kubernetes object: want a map with apiVersion, kind and metadata", file, node.Line)
	}
	if _, items := child(node, "items"); items != nil && strings.HasSuffix(scalar(node, "kind"), "List") {
		var all []*Object
		for _, item := range items.Content {
			objects, err := ofNode(file, item)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
		return all, nil
	}
	o := &Object{File: file, node: node}
	var head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name, Namespace     string
			GenerateName        string `yaml:"generateName"`
			Labels, Annotations map[string]string
			OwnerReferences     []struct {
				APIVersion string `yaml:"apiVersion"`
				Kind, Name string
				Controller bool
			} `yaml:"ownerReferences"`
		}
	}
	if err := node.Decode(&head); err != nil {
		for _, m := range strict.TypeErrors(node, &head, "yaml", (*yaml.Node).Decode) {
			return nil, fmt.Errorf("%s:%d: is no Kubernetes object: %s", file, m.Line, m)
		}
		return nil, fmt.Errorf("%s:%d: is no Kubernetes object: %w", file, node.Line, err)
	}
	if head.Kind == "Kustomization" || head.Kind == "Component" && strings.HasPrefix(head.APIVersion, "kustomize.config.k8s.io/") {
		return nil, fmt.Errorf("%s:%d: says how to build objects and is none: kustomize build DIR | holdfast verify -f -", file, node.Line)
	}
	o.APIVersion, o.Kind, o.Namespace = head.APIVersion, head.Kind, head.Metadata.Namespace
	o.Name = cmp.Or(head.Metadata.Name, head.Metadata.GenerateName)
	o.Labels, o.Annotations = head.Metadata.Labels, head.Metadata.Annotations
	for _, owner := range head.Metadata.OwnerReferences {
		if owner.Controller { // there is one at most
			o.Controller = &Reference{owner.APIVersion, owner.Kind, owner.Name}
		}
	}
	for _, needed := range []struct{ key, value string }{{"apiVersion", o.APIVersion}, {"kind", o.Kind}, {"metadata.name", o.Name}} {
		if needed.value == "" {
			return nil, fmt.Errorf("%s:%d: is no Kubernetes object: it has no %s", file, node.Line, needed.key)
		}
	}
	return []*Object{o}, nil
}

// scalar is the text of a key, "" without it.
func scalar(of *yaml.Node, key string) string {
	_, value := child(of, key)
	if value == nil {
		return ""
	}
	return value.Value
}

// expand copies a node with each alias replaced by what it stands for.
func expand(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	whole := *n
	whole.Anchor, whole.Content = "", make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		whole.Content[i] = expand(c)
	}
	return &whole
}
