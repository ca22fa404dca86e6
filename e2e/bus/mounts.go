package bus

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Data has the contents of ConfigMaps and Secrets by kind and name ("Secret/bus-auth") and by key.
type Data map[string]map[string]string

// Find returns the value of a key from any object, or "".
func (d Data) Find(key string) string {
	for _, content := range d {
		if text, ok := content[key]; ok {
			return text
		}
	}
	return ""
}

// Mounts are the volumes of a container as folders below one root.
type Mounts struct {
	root  string
	paths []string
}

// Mount creates the volumes of a container below root and fills them from data. Claims are the volumeClaimTemplates of a StatefulSet. A
// missing Secret, ConfigMap or key, for which Kubernetes would wait, is an error.
func Mount(root string, pod corev1.PodSpec, container corev1.Container, claims []corev1.PersistentVolumeClaim, data Data) (Mounts, error) {
	m := Mounts{root: root}
	for _, mount := range container.VolumeMounts {
		source, err := volume(mount.Name, pod, claims)
		if err != nil {
			return Mounts{}, fmt.Errorf("container %s: %w", container.Name, err)
		}
		dir := filepath.Join(root, mount.MountPath)
		if err := fill(dir, source, data); err != nil {
			return Mounts{}, fmt.Errorf("volume %s: %w", mount.Name, err)
		}
		m.paths = append(m.paths, mount.MountPath)
	}
	return m, nil
}

func volume(name string, pod corev1.PodSpec, claims []corev1.PersistentVolumeClaim) (corev1.VolumeSource, error) {
	for _, v := range pod.Volumes {
		if v.Name == name {
			return v.VolumeSource, nil
		}
	}
	if slices.ContainsFunc(claims, func(c corev1.PersistentVolumeClaim) bool { return c.Name == name }) {
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}}, nil
	}
	return corev1.VolumeSource{}, fmt.Errorf("there is no volume %s", name)
}

// fill writes the files of a volume.
func fill(dir string, source corev1.VolumeSource, data Data) error {
	switch {
	case source.EmptyDir != nil, source.PersistentVolumeClaim != nil, source.Ephemeral != nil:
		return os.MkdirAll(dir, 0o755)
	case source.ConfigMap != nil:
		return data.write(dir, "ConfigMap/"+source.ConfigMap.Name, source.ConfigMap.Items)
	case source.Secret != nil:
		return data.write(dir, "Secret/"+source.Secret.SecretName, source.Secret.Items)
	case source.Projected != nil:
		for _, part := range source.Projected.Sources {
			if part.Secret == nil {
				return fmt.Errorf("unsupported projected source: %v", part)
			}
			if err := data.write(dir, "Secret/"+part.Secret.Name, part.Secret.Items); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unsupported kind of volume: %v", source)
}

// write writes the given items of an object, or all of it.
func (d Data) write(dir, object string, items []corev1.KeyToPath) error {
	content, ok := d[object]
	if !ok {
		return fmt.Errorf("there is no %s", object)
	}
	if len(items) == 0 {
		for key := range content {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		text, ok := content[item.Key]
		if !ok {
			return fmt.Errorf("%s has no key %s", object, item.Key)
		}
		file := filepath.Join(dir, item.Path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// absolute matches absolute paths in a text.
var absolute = regexp.MustCompile(`(^|[\s"'=])(/[\w./-]+)`)

// Rewrite replaces paths on mounted volumes in a text by their paths on this machine. It returns the other paths, which are in the
// container's image.
func (m Mounts) Rewrite(text string) (rewritten string, others []string) {
	rewritten = absolute.ReplaceAllStringFunc(text, func(found string) string {
		at := strings.IndexByte(found, '/')
		path := found[at:]
		if !slices.ContainsFunc(m.paths, func(mount string) bool { return path == mount || strings.HasPrefix(path, mount+"/") }) {
			others = append(others, path)
			return found
		}
		return found[:at] + m.root + path
	})
	return rewritten, others
}

// Path returns the path of a container's file on this machine, and whether it is on a volume.
func (m Mounts) Path(file string) (string, bool) {
	path, others := m.Rewrite(file)
	return path, len(others) == 0
}

// RewriteFile rewrites a file of the container in place.
func (m Mounts) RewriteFile(file string) (others []string, err error) {
	path, mounted := m.Path(file)
	if !mounted {
		return nil, fmt.Errorf("%s is not on a volume", file)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rewritten, others := m.Rewrite(string(text))
	return others, os.WriteFile(path, []byte(rewritten), 0o600)
}
