package manifest

import (
	"fmt"
	"strings"
)

// Files returns the objects' texts by the names of their files.
func Files(objects []Object) (map[string][]byte, error) {
	names, err := Names(objects)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for i, o := range objects {
		files[names[i]] = []byte(o.Text)
	}
	return files, nil
}

// Names returns the file name of each object: kind-name.yaml in lower case. Where two kinds share a name, the second has its API
// group in the file name. Two objects of the same group, kind and name are an error.
func Names(objects []Object) ([]string, error) {
	names, seen, taken := make([]string, len(objects)), map[string]bool{}, map[string]bool{}
	for i, o := range objects {
		group := "core"
		if g, _, ok := strings.Cut(o.APIVersion, "/"); ok {
			group = g
		}
		name, id := fileName(o.Kind, o.Name), group+"/"+o.Kind+"/"+o.Name
		if taken[name] {
			name = fileName(o.Kind+"."+group, o.Name)
		}
		if taken[name] || seen[id] {
			return nil, fmt.Errorf("%s: duplicate %s %q: rename one of them", o.Source, o.Kind, o.Name)
		}
		names[i], taken[name], seen[id] = name, true, true
	}
	return names, nil
}

// fileName replaces characters that file systems or shells treat specially.
func fileName(kind, name string) string {
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}
	return strings.Map(safe, strings.ToLower(kind+"-"+name)) + ".yaml"
}
