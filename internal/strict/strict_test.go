package strict

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

type house struct {
	Name  string            `yaml:"name"`
	Rooms int               `yaml:"rooms"`
	Doors []door            `yaml:"doors"`
	Paint map[string]string `yaml:"paint"`
	Built time.Duration     `yaml:"built"`
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
		{"no text", "", "house.yaml: is empty"},
		{"only comments", "# to come\n", "house.yaml: is empty"},
		{"an unknown key", "name: a\nroom: 3\n", "house.yaml:2: unknown key room: did you mean rooms?"},
		{"a nested unknown key", "doors:\n  - open: true\n  - opne: true\n", "house.yaml:3: unknown key opne"},
		{"two unknown keys", "a: 1\nb: 2\n", "house.yaml:1: unknown key a\nhouse.yaml:2: unknown key b"},
		{"a duplicate key", "name: a\nname: b\n", `house.yaml:2: mapping key "name" already defined at line 1`},
		{"text for a number", "name: a\nrooms: three\n", `house.yaml:2: rooms: is "three": want a whole number`},
		{"a list instead of a map", "- name: a\n", "house.yaml:1: is a list: want a map"},
		{"two values of the wrong type", "doors: [{open: 1}, {open: maybe}]", "house.yaml:1: doors[0].open: is 1: want true or false\nhouse.yaml:1: doors[1].open: is \"maybe\": want true or false"},
		{"a wrong type and unknown keys", "roms: 1\nrooms: [a]\nname: a\ndors: []\n", "house.yaml:1: unknown key roms: did you mean rooms?\nhouse.yaml:2: rooms: is a list: want a whole number\nhouse.yaml:4: unknown key dors: did you mean doors?"},
		{"a number that is too large", "rooms: 99999999999999999999", "house.yaml:1: rooms: is 99999999999999999999: want a whole number"},
		{"a map instead of text", "paint:\n  hall: {a: b}\n", "house.yaml:2: paint.hall: is a map: want text"},
		{"a list as a key", "paint: {[a]: b}\n", "house.yaml:1: paint: is a map with a key that is a list: want keys that are text"},
		{"a merged value of the wrong type", "doors:\n  - <<: {open: wide}\n", `house.yaml:2: doors[0].open: is "wide": want true or false`},
		{"a duration without a unit", "built: 90", "house.yaml:1: built: is 90: want a time, 90s or 1h30m"},
		{"invalid YAML", "name: [a\n", "house.yaml:1: did not find expected ',' or ']'"},
		{"a tab", "doors:\n\t- open: true\n", "house.yaml:2: found character that cannot start any token"},
		{"two documents", "name: a\n---\nname: b\n", "house.yaml: has more than one YAML document"},
		{"an invalid second document", "name: a\n---\n]\n", "house.yaml: has more than one YAML document"},
		{"an unknown alias", "name: *who\n", "house.yaml:1: unknown anchor 'who' referenced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Decode("house.yaml", []byte(c.text), new(house))
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			for line := range strings.Lines(err.Error()) {
				if strings.Contains(line, "yaml:") && !strings.HasPrefix(line, "house.yaml:") {
					t.Errorf("the error names the library: %s", line)
				}
			}
		})
	}
}

func TestFileNamesAreLiteral(t *testing.T) {
	err := Decode("$1.yaml", []byte("nmae: a\n"), new(house))
	if err == nil || err.Error() != "$1.yaml:1: unknown key nmae" {
		t.Errorf("got %v", err)
	}
}

func TestAnonymousTypes(t *testing.T) {
	var h struct {
		Doors []struct {
			Open bool `yaml:"open"`
		} `yaml:"doors"`
	}
	for text, want := range map[string]string{
		"doors: [{opne: true}]": "house.yaml:1: unknown key opne",
		"dors: []\nopen: true":  "house.yaml:1: unknown key dors: did you mean doors?\nhouse.yaml:2: unknown key open",
	} {
		if err := Decode("house.yaml", []byte(text), &h); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// TestLocate checks the line of syntax errors from each part of the library.
func TestLocate(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unclosed list", "a: 1\nb: [1,\n  2\nc: 3\nd: 4\n", "2: did not find expected ',' or ']'"},
		{"an unclosed list at the end", "a: 1\nb: [", "2: did not find expected node content"},
		{"a missing comma in JSON", "{\n\"a\": 1,\n\"b\": 2 \"c\": 3}", "3: did not find expected ',' or '}'"},
		{"a key with too little indentation", "# begins\n\na: 1\nb:\n  c: 1\n d: 2\ne: 3\n", "6: did not find expected key"},
		{"a key among list entries", "a:\n  - 1\n  - 2\n  b: 3\nc: 4\n", "4: did not find expected '-' indicator"},
		{"a scalar among keys", "a: 1\nb\nc: 2\n", "2: could not find expected ':'"},
		{"two colons", "a: 1\nb: c: d\n", "2: mapping values are not allowed in this context"},
		{"an unclosed quote", "a: 1\nb: \"c\nd: e\n", "2: found unexpected end of stream"},
		{"a tab", "a:\n\tb: 1\n", "2: found character that cannot start any token"},
		{"a control character", "a: 1\nb: 2\nc: \x01\nd: 4\n", "3: control characters are not allowed"},
		{"invalid UTF-8", "a: 1\nb: \xff\xff\n", "2: invalid leading UTF-8 octet"},
		{"an unknown anchor", "a: 1\nb: *c\nd: &c 1\n", "2: unknown anchor 'c' referenced"},
		{"an unknown tag", "a: 1\nb: !c!d 2\n", "2: found undefined tag handle"},
		{"in a later document", "a: 1\n---\nb: 2\n---\nc:\n  d: 1\n e: 2\n", "7: did not find expected key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			decoder := yaml.NewDecoder(strings.NewReader(c.text))
			var err error
			for err == nil {
				err = decoder.Decode(new(yaml.Node))
			}
			if got := Locate("a.yaml", []byte(c.text), err); got.Error() != "a.yaml:"+c.want {
				t.Errorf("got  %s\nwant a.yaml:%s", got, c.want)
			}
		})
	}
}

// FuzzDecode checks that each line of an error names a line of the text and no Go type.
func FuzzDecode(f *testing.F) {
	f.Add("name: a\nrooms: three\ndoors: [{open: 1}, {opne: 2}]\npaint: {a: [b]}\nbuilt: 5\nany: *x\n")
	f.Add("a: [\nb: c\n---\n\"d")
	f.Add("doors:\n- &a {open: *a}\n- <<: [*a, {open: no}]\n c: d")
	f.Fuzz(func(t *testing.T, text string) {
		err := Decode("a.yaml", []byte(text), new(house))
		if err == nil {
			return
		}
		lines := 1 + len(regexp.MustCompile("[\n\r\u0085\u2028\u2029]").FindAllString(text, -1))
		for line := range strings.SplitSeq(err.Error(), "\n") {
			rest, ok := strings.CutPrefix(line, "a.yaml:")
			if !ok {
				continue // the message contains a line break
			}
			if rest == " is empty" || rest == " has more than one YAML document" {
				continue
			}
			number, _, _ := strings.Cut(rest, ":")
			if n, err := strconv.Atoi(number); err != nil || n < 1 || n > lines {
				t.Errorf("%q: %q does not name a line of the text", text, line)
			}
			if strings.Contains(line, "cannot unmarshal") || strings.Contains(line, "strict.") {
				t.Errorf("%q: the error names Go types: %s", text, line)
			}
		}
	})
}
