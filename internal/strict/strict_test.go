package strict

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type house struct {
	Name  string            `yaml:"name"`
	Rooms int               `yaml:"rooms"`
	Doors []door            `yaml:"doors"`
	Paint map[string]string `yaml:"paint"`
	Any   yaml.Node         `yaml:"any"`
}

type door struct {
	Open bool `yaml:"open"`
}

func TestDecode(t *testing.T) {
	var h house
	text := "# a comment\n---\nname: kelp\nrooms: 3\ndoors:\n  - open: true\npaint: {hall: blue}\nany: {whatever: [1]}\n"
	if err := Decode("house.yaml", []byte(text), &h); err != nil {
		t.Fatal(err)
	}
	if h.Name != "kelp" || h.Rooms != 3 || len(h.Doors) != 1 || !h.Doors[0].Open || h.Paint["hall"] != "blue" || h.Any.Kind != yaml.MappingNode {
		t.Errorf("decoded %+v", h)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "house.yaml: is empty"},
		{"only comments", "# to come\n", "house.yaml: is empty"},
		{"an unknown key", "name: a\nroom: 3\n", "house.yaml:2: unknown key room"},
		{"an unknown key further down", "doors:\n  - open: true\n  - opne: true\n", "house.yaml:3: unknown key opne"},
		{"two unknown keys", "a: 1\nb: 2\n", "house.yaml:1: unknown key a\nhouse.yaml:2: unknown key b"},
		{"a key twice", "name: a\nname: b\n", `house.yaml:2: mapping key "name" already defined at line 1`},
		{"text for a number", "name: a\nrooms: three\n", "house.yaml:2: cannot unmarshal !!str `three` into int"},
		{"a list for a mapping", "- name: a\n", "house.yaml:1: cannot unmarshal !!seq into strict.house"},
		{"no YAML", "name: [a\n", "house.yaml:1: did not find expected ',' or ']'"},
		{"a tab", "doors:\n\t- open: true\n", "house.yaml:2: found character that cannot start any token"},
		{"two documents", "name: a\n---\nname: b\n", "house.yaml: has more than one YAML document"},
		{"rubbish in a second document", "name: a\n---\n]\n", "house.yaml: has more than one YAML document"},
		{"an unknown alias", "name: *who\n", "house.yaml: unknown anchor 'who' referenced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Decode("house.yaml", []byte(c.text), new(house))
			if err == nil {
				t.Fatal("is not refused")
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			for line := range strings.Lines(err.Error()) {
				if strings.Contains(line, "yaml:") && !strings.HasPrefix(line, "house.yaml:") {
					t.Errorf("the library shows through: %s", line)
				}
			}
		})
	}
}

func TestFileNamesAreTakenAsTheyAre(t *testing.T) {
	err := Decode("$1.yaml", []byte("nmae: a\n"), new(house))
	if err == nil || err.Error() != "$1.yaml:1: unknown key nmae" {
		t.Errorf("got %v", err)
	}
}

func TestTypesWithoutNames(t *testing.T) {
	var h struct {
		Doors []struct {
			Open bool `yaml:"open"`
		} `yaml:"doors"`
	}
	for text, want := range map[string]string{
		"doors: [{opne: true}]": "house.yaml:1: unknown key opne",
		"dors: []\nopen: true":  "house.yaml:1: unknown key dors\nhouse.yaml:2: unknown key open",
	} {
		if err := Decode("house.yaml", []byte(text), &h); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
