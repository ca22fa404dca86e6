package manifest

import (
	"fmt"
	"strings"
)

// Files names each object's file: kind-name.yaml in lower case. Two kinds of one name get their API group into it.
func Files(objects []Object) (map[string][]byte, error) {
	files, seen := map[string][]byte{}, map[string]bool{}
	for _, o := range objects {
		group := "core"
		if g, _, is := strings.Cut(o.APIVersion, "/"); is {
			group = g
		}
		name, id := fileName(o.Kind, o.Name), group+"/"+o.Kind+"/"+o.Name
		if _, taken := files[name]; taken {
			name = fileName(o.Kind+"."+group, o.Name)
		}
		if _, taken := files[name]; taken || seen[id] {
			return nil, fmt.Errorf("%s: there is another %s called %q", o.Source, o.Kind, o.Name)
		}
		files[name], seen[id] = []byte(o.Text), true
	}
	return files, nil
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
