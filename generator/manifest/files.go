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

// Names names each object's file: kind-name.yaml in lower case. Two kinds of one name get their API group into it.
func Names(objects []Object) ([]string, error) {
	names, seen, taken := make([]string, len(objects)), map[string]bool{}, map[string]bool{}
	for i, o := range objects {
		group := "core"
		if g, _, is := strings.Cut(o.APIVersion, "/"); is {
			group = g
		}
		name, id := fileName(o.Kind, o.Name), group+"/"+o.Kind+"/"+o.Name
		if taken[name] {
			name = fileName(o.Kind+"."+group, o.Name)
		}
		if taken[name] || seen[id] {
			return nil, fmt.Errorf("%s: there is another %s called %q", o.Source, o.Kind, o.Name)
		}
		names[i], taken[name], seen[id] = name, true, true
	}
	return names, nil
}

// fileName keeps what file systems and shells agree on.
func fileName(kind, name string) string {
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}
	return strings.Map(safe, strings.ToLower(kind+"-"+name)) + ".yaml"
}
