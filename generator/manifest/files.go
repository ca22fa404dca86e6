package manifest

import (
	"fmt"
	"strings"
)

// Files names each object's file: kind-name.yaml in lower case. Two objects of one name get their API group into it.
func Files(objects []Object) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, o := range objects {
		name := fileName(o.Kind, o.Name)
		if _, taken := files[name]; taken {
			group, _, _ := strings.Cut(o.APIVersion, "/")
			name = fileName(o.Kind+"."+group, o.Name)
		}
		if _, taken := files[name]; taken {
			return nil, fmt.Errorf("%s: there is another %s called %q", o.Source, o.Kind, o.Name)
		}
		files[name] = []byte(o.Text)
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
