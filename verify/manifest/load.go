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

// Stdin is the path of standard input.
const Stdin = "-"

// Load reads the objects of files, folders and standard input ("-"). In a folder and its subfolders it reads the files *.yaml,
// *.yml and *.json; a file path may have any extension. The order is that of the paths, and of the names in a folder. Errors name
// the file, and the line if there is one.
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

// filesBelow returns the manifests in a folder and its subfolders, or the file itself.
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
		err = fmt.Errorf("%s: contains no *.yaml, *.yml or *.json file", path)
	}
	return files, err
}

// Parse reads the objects of YAML documents or JSON, including those in Lists. Empty documents are skipped; a document that is
// not an object is an error.
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
		// Decoding returns an error for aliases that contain themselves or expand excessively.
		if err := document.Decode(new(any)); err != nil {
			return nil, strict.Locate(file, text, err)
		}
		objects, err := fromNode(file, expand(document.Content[0]))
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
}

// fromNode reads an object, or the objects of a List.
func fromNode(file string, node *yaml.Node) ([]*Object, error) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: want a map with apiVersion, kind and metadata", file, node.Line)
	}
	if _, items := child(node, "items"); items != nil && strings.HasSuffix(scalar(node, "kind"), "List") {
		var all []*Object
		for _, item := range items.Content {
			objects, err := fromNode(file, item)
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
			return nil, fmt.Errorf("%s:%d: not a Kubernetes object: %s", file, m.Line, m)
		}
		return nil, fmt.Errorf("%s:%d: not a Kubernetes object: %w", file, node.Line, err)
	}
	if head.Kind == "Kustomization" || head.Kind == "Component" && strings.HasPrefix(head.APIVersion, "kustomize.config.k8s.io/") {
		return nil, fmt.Errorf("%s:%d: a %s is not a Kubernetes object: run kustomize build DIR | holdfast verify -f -", file, node.Line, head.Kind)
	}
	o.APIVersion, o.Kind, o.Namespace = head.APIVersion, head.Kind, head.Metadata.Namespace
	o.Name = cmp.Or(head.Metadata.Name, head.Metadata.GenerateName)
	o.Labels, o.Annotations = head.Metadata.Labels, head.Metadata.Annotations
	for _, owner := range head.Metadata.OwnerReferences {
		if owner.Controller { // the API server allows one
			o.Controller = &Reference{owner.APIVersion, owner.Kind, owner.Name}
		}
	}
	for _, needed := range []struct{ key, value string }{{"apiVersion", o.APIVersion}, {"kind", o.Kind}, {"metadata.name", o.Name}} {
		if needed.value == "" {
			return nil, fmt.Errorf("%s:%d: not a Kubernetes object: it has no %s", file, node.Line, needed.key)
		}
	}
	return []*Object{o}, nil
}

// scalar returns the value of a key as text, "" without it.
func scalar(of *yaml.Node, key string) string {
	_, value := child(of, key)
	if value == nil {
		return ""
	}
	return value.Value
}

// expand returns a copy of a node in which each alias is replaced by the aliased node.
func expand(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	copied := *n
	copied.Anchor, copied.Content = "", make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		copied.Content[i] = expand(c)
	}
	return &copied
}
