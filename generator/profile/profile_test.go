package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-ha/holdfast/profiles"
)

// good is a valid profile; the cases below change one line of it.
const good = `name: racks
summary: Any one rack may fail.
needs: {nodes: 3}
survives:
  - {name: rack, label: example.org/rack, domains: 3}
promise: {service: any one rack lost, data: the same, after: "-"}
replicas: {quorum: 3, standby: 2, stateless: 2}
evictAfterSeconds: 30
`

func TestParse(t *testing.T) {
	p, err := Parse("house/racks.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	want := Profile{
		Name:              "racks",
		Summary:           "Any one rack may fail.",
		Needs:             Needs{Nodes: 3},
		Survives:          []Domain{{Name: "rack", Label: "example.org/rack", Domains: 3}},
		Promise:           Promise{Service: "any one rack lost", Data: "the same", After: "-"},
		Replicas:          Replicas{Quorum: 3, Standby: 2, Stateless: 2},
		EvictAfterSeconds: 30,
	}
	if fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	if !p.Survivor() || (Profile{}).Survivor() {
		t.Error("Survivor: want true with failure domains, and false without")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"a name that differs from the file name", "name: racks", "name: shelves", `racks.yaml: name: is "shelves", but the file name is "racks"`},
		{"no name", "name: racks", "summary: twice", "racks.yaml:2: mapping key \"summary\" already defined at line 1"},
		{"a misspelt key", "evictAfterSeconds", "evictAfterSecs", "racks.yaml:8: unknown key evictAfterSecs"},
		{"a misspelt key in a list", "domains: 3", "domain: 3", "racks.yaml:5: unknown key domain"},
		{"words for a number", "quorum: 3", "quorum: three", `racks.yaml:7: replicas.quorum: is "three": want a whole number`},
		{"no nodes", "{nodes: 3}", "{nodes: 0}", "racks.yaml: needs.nodes: must be 1 or more, got 0"},
		{"missing needs", "needs: {nodes: 3}\n", "", "racks.yaml: needs.nodes: must be 1 or more, got 0"},
		{"no standby", "standby: 2", "standby: 0", "racks.yaml: replicas: standby and stateless must be 1 or more"},
		{"no stateless pod", "stateless: 2", "stateless: -1", "racks.yaml: replicas: standby and stateless must be 1 or more"},
		{"no quorum member", "quorum: 3", "quorum: 0", "racks.yaml: replicas.quorum: must be odd, got 0"},
		{"minus one quorum member", "quorum: 3", "quorum: -1", "racks.yaml: replicas.quorum: must be odd, got -1"},
		{"two quorum members", "quorum: 3", "quorum: 2", "racks.yaml: replicas.quorum: must be odd, got 2: an additional even member"},
		{"four quorum members", "quorum: 3", "quorum: 4", "racks.yaml: replicas.quorum: must be odd, got 4: an additional even member"},
		{"missing replicas", "replicas: {quorum: 3, standby: 2, stateless: 2}\n", "", "racks.yaml: replicas"},
		{"a negative eviction time", "evictAfterSeconds: 30", "evictAfterSeconds: -1", "racks.yaml: evictAfterSeconds: must not be negative, got -1"},
		{"a domain without a name", "name: rack,", "", "racks.yaml: survives[0]: name and label must be set"},
		{"a domain whose name is not one word", "name: rack,", "name: my rack,", `racks.yaml: survives[0]: name: is "my rack": want lower-case letters`},
		{"a domain without a label", "label: example.org/rack,", "", "racks.yaml: survives[0]: name and label must be set"},
		{"two racks", "domains: 3", "domains: 2", "racks.yaml: survives[0]: domains: must be 3 or more, got 2: with two racks, one of them has the majority of every quorum"},
		{"more racks than nodes", "domains: 3", "domains: 4", "racks.yaml: survives[0]: domains: 4 racks need as many nodes, but needs.nodes is 3"},
		{"one quorum member under a failure domain", "quorum: 3", "quorum: 1", "racks.yaml: survives[0]: replicas: surviving the failure of a rack takes at least 3 quorum members, 2 standby pods and 2 stateless pods"},
		{"one standby pod under a failure domain", "standby: 2", "standby: 1", "racks.yaml: survives[0]: replicas: surviving the failure of a rack takes at least 3 quorum members"},
		{"one stateless pod under a failure domain", "stateless: 2", "stateless: 1", "racks.yaml: survives[0]: replicas: surviving the failure of a rack takes at least 3 quorum members"},
		{"two kinds of domain with the same label", "domains: 3}\n", "domains: 3}\n  - {name: row, label: example.org/rack, domains: 3}\n", "racks.yaml: survives[1]: label: example.org/rack is also the label of survives[0]"},
		{"fewer zones than the domain needs", "name: rack, label: example.org/rack", "name: zone, label: topology.kubernetes.io/zone", "racks.yaml: survives[0]: domains: 3 zones, but needs.zones is 0"},
		{"a second profile in the file", "evictAfterSeconds: 30\n", "---\nname: other\n", "racks.yaml: has more than one YAML document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the profile", c.old)
			}
			_, err := Parse("racks.yaml", []byte(text))
			if err == nil {
				t.Fatal("is not refused")
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s ...", err, c.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	one := strings.Replace(strings.Replace(good, "name: racks", "name: one", 1), "  - {name: rack, label: example.org/rack, domains: 3}\n", "", 1)
	one = strings.Replace(one, "survives:", "survives: []", 1)
	all, err := Load(fstest.MapFS{
		"racks.yaml":       {Data: []byte(good)},
		"z/nested.yaml":    {Data: []byte("not: read")},
		"one.yaml":         {Data: []byte(one)},
		"profiles.go":      {Data: []byte("package profiles")},
		"README.md":        {Data: []byte("# Profiles")},
		"another.yaml.bak": {Data: []byte("not: read")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := Names(all); !slices.Equal(names, []string{"one", "racks"}) {
		t.Errorf("loaded %v, want the profiles with fewer failure domains first", names)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"a bad profile among good ones", "bad.yaml", "name: bad\nnedes: {}\n", "bad.yaml:2: unknown key nedes"},
		{"an empty file", "empty.yaml", "", "empty.yaml: is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(fstest.MapFS{"racks.yaml": {Data: []byte(good)}, c.file: {Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{"README.md": {}}); err == nil || !strings.Contains(err.Error(), "no profiles") {
		t.Errorf("a folder without profiles: %v", err)
	}
}

func TestShippedProfiles(t *testing.T) {
	all, err := Load(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"single-node", "multi-node", "multi-zone"} {
		if _, err := Find(all, name); err != nil {
			t.Error(err)
		}
	}
	for _, p := range all {
		for what, sentence := range map[string]string{"summary": p.Summary, "promise.service": p.Promise.Service, "promise.data": p.Promise.Data, "promise.after": p.Promise.After} {
			if strings.TrimSpace(sentence) == "" {
				t.Errorf("%s: %s is empty", p.Name, what)
			}
		}
	}
}

func TestFind(t *testing.T) {
	all := []Profile{{Name: "one"}, {Name: "racks"}}
	if p, err := Find(all, "racks"); err != nil || p.Name != "racks" {
		t.Errorf("got %v, %v", p, err)
	}
	_, err := Find(all, "multizone")
	if want := `unknown profile "multizone": choose one of one, racks`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzParse: Parse returns an error that names the file, or a profile that can keep its promise.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	for _, name := range []string{"single-node", "multi-node", "multi-zone"} {
		text, err := profiles.FS.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(strings.Replace(string(text), "name: "+name, "name: racks", 1)))
	}
	for _, text := range []string{"", "---\n", "name: racks\nneeds: &n {nodes: 3}\nsurvives: *n\n", "{", "- a\n", "name: !!binary cmFja3M=\n", "survives: [null, {}]\nname: racks\n", "<<: {name: racks}\n", "a: &a [*a]\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("racks.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "racks.yaml:") {
				t.Fatalf("no file in %q", err)
			}
			return
		}
		if p.Name != "racks" || p.Replicas.Quorum%2 != 1 || p.Replicas.Quorum < 1 || p.Replicas.Standby < 1 || p.Replicas.Stateless < 1 || p.Needs.Nodes < 1 || p.EvictAfterSeconds < 0 {
			t.Fatalf("accepted %+v", p)
		}
		for _, d := range p.Survives {
			if d.Name == "" || d.Label == "" || d.Domains < 3 || d.Domains > p.Needs.Nodes || p.Replicas.Quorum < 3 || min(p.Replicas.Standby, p.Replicas.Stateless) < 2 {
				t.Fatalf("accepted %+v", p)
			}
		}
	})
}
