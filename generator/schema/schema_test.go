package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type inner struct {
	Name   string `json:"name"`
	Hidden int    `json:"hidden"`
}

type outer struct {
	inner   `json:",inline"`
	Hidden  bool                `json:"hidden"`
	Self    *outer              `json:"self"`
	List    []inner             `json:"list"`
	Bytes   []byte              `json:"bytes"`
	Ints    map[string]int32    `json:"ints"`
	Ratio   *float64            `json:"ratio"`
	Any     any                 `json:"any"`
	Raw     json.RawMessage     `json:"raw"`
	Port    intstr.IntOrString  `json:"port"`
	Limits  corev1.ResourceList `json:"limits"`
	Since   metav1.Time         `json:"since"`
	Wait    metav1.Duration     `json:"wait"`
	Nanos   time.Duration       `json:"nanos"`
	Quoted  int64               `json:"quoted,string"`
	Plain   string
	Dropped string `json:"-"`
	Place   struct {
		X int `json:"x"`
	} `json:"place"`
	private string
}

// selfDecoding has its own decoder and no rule.
type selfDecoding struct{ Value string }

func (*selfDecoding) UnmarshalJSON([]byte) error { return nil }

func TestPropertySchemas(t *testing.T) {
	want := map[string]string{
		"name":   `{"type":"string"}`,
		"hidden": `{"type":"boolean"}`, // the outer field, not the embedded one
		"self":   `{"$ref":"#/definitions/generator.schema.outer"}`,
		"list":   `{"items":{"$ref":"#/definitions/generator.schema.inner"},"type":"array"}`,
		"bytes":  `{"type":"string"}`,
		"ints":   `{"additionalProperties":{"type":"integer"},"type":"object"}`,
		"ratio":  `{"type":"number"}`,
		"any":    `{}`,
		"raw":    `{}`,
		"port":   `{"type":["string","integer"]}`,
		"limits": `{"additionalProperties":{"type":["string","number"]},"type":"object"}`,
		"since":  `{"type":"string"}`,
		"wait":   `{"type":"string"}`,
		"nanos":  `{"type":"integer"}`,
		"quoted": `{"type":"string"}`,
		"Plain":  `{"type":"string"}`,
		"place":  `{"additionalProperties":false,"properties":{"x":{"type":"integer"}},"type":"object"}`,
	}
	got := properties(t, Definitions(reflect.TypeFor[*outer]()), "generator.schema.outer")
	for name, schema := range want {
		if s := marshal(t, got[name]); s != schema {
			t.Errorf("%s: got %s, want %s", name, s, schema)
		}
	}
	// encoding/json decides which names exist.
	var decoded map[string]any
	if err := json.Unmarshal([]byte(marshal(t, outer{private: "unused", Raw: json.RawMessage("1")})), &decoded); err != nil {
		t.Fatal(err)
	}
	if g, w := sorted(got), sorted(decoded); !slices.Equal(g, w) {
		t.Errorf("properties are %v, encoding/json writes %v", g, w)
	}
}

// TestRanges: the range of an integer is that of its Go type, and at most that of exact JSON numbers.
func TestRanges(t *testing.T) {
	type numbers struct {
		Small int8
		Half  int32
		Whole int64
		Port  uint16
		Size  uint64
	}
	name := strings.TrimPrefix(Ref(reflect.TypeFor[numbers]())["$ref"].(string), "#/definitions/")
	got := Generator{Ranges: true}.Definitions(reflect.TypeFor[numbers]())[name].(map[string]any)["properties"].(map[string]any)
	for name, want := range map[string][2]int64{
		"Small": {-128, 127}, "Half": {-2147483648, 2147483647}, "Whole": {-9007199254740992, 9007199254740991}, "Port": {0, 65535}, "Size": {0, 9007199254740991},
	} {
		s := got[name].(map[string]any)
		if s["minimum"] != want[0] || s["maximum"] != want[1] {
			t.Errorf("%s: %v", name, s)
		}
	}
}

func TestPodSpec(t *testing.T) {
	definitions := Definitions(reflect.TypeFor[corev1.PodSpec]())
	for _, c := range []struct{ definition, property, want string }{
		{"core.v1.PodSpec", "volumes", `{"items":{"$ref":"#/definitions/core.v1.Volume"},"type":"array"}`},
		{"core.v1.PodSpec", "nodeSelector", `{"additionalProperties":{"type":"string"},"type":"object"}`},
		{"core.v1.PodSpec", "terminationGracePeriodSeconds", `{"type":"integer"}`},
		{"core.v1.PodSpec", "affinity", `{"$ref":"#/definitions/core.v1.Affinity"}`},
		{"core.v1.Volume", "configMap", `{"$ref":"#/definitions/core.v1.ConfigMapVolumeSource"}`},
		{"core.v1.ConfigMapVolumeSource", "name", `{"type":"string"}`},
		{"core.v1.HTTPGetAction", "port", `{"type":["string","integer"]}`},
		{"core.v1.PodAffinityTerm", "labelSelector", `{"$ref":"#/definitions/meta.v1.LabelSelector"}`},
		{"meta.v1.ManagedFieldsEntry", "fieldsV1", `{"type":"object"}`},
	} {
		if got := marshal(t, properties(t, definitions, c.definition)[c.property]); got != c.want {
			t.Errorf("%s.%s: got %s, want %s", c.definition, c.property, got, c.want)
		}
	}
}

// TestEveryObjectIsStrict fails on any object schema, at any depth, that would
// let an unknown property through.
func TestEveryObjectIsStrict(t *testing.T) {
	definitions := Definitions(reflect.TypeFor[corev1.PodSpec](), reflect.TypeFor[outer]())
	for name, definition := range definitions {
		if definition.(map[string]any)["properties"] == nil {
			t.Errorf("%s has no properties", name)
		}
		strict(t, definitions, name, definition.(map[string]any))
	}
}

func strict(t *testing.T, definitions map[string]any, path string, s map[string]any) {
	if ref, ok := s["$ref"].(string); ok {
		if _, ok := definitions[strings.TrimPrefix(ref, "#/definitions/")]; !ok {
			t.Errorf("%s refers to %s, which is not defined", path, ref)
		}
	}
	if items, ok := s["items"].(map[string]any); ok {
		strict(t, definitions, path+"[]", items)
	}
	if values, ok := s["additionalProperties"].(map[string]any); ok {
		strict(t, definitions, path+".*", values)
	} else if s["type"] == "object" && s["additionalProperties"] != false && path != "meta.v1.ManagedFieldsEntry.fieldsV1" {
		t.Errorf("%s accepts unknown properties", path)
	}
	properties, _ := s["properties"].(map[string]any)
	for name, p := range properties {
		strict(t, definitions, path+"."+name, p.(map[string]any))
	}
}

// TestDecoderKnowsEveryProperty checks with encoding/json that no schema accepts a
// property that the Go type drops.
func TestDecoderKnowsEveryProperty(t *testing.T) {
	w := newWalk(Generator{})
	w.schemaOf(reflect.TypeFor[corev1.PodSpec]())
	for name, typ := range w.types {
		for property := range properties(t, w.definitions, name) {
			d := json.NewDecoder(bytes.NewReader([]byte(`{"` + property + `":null}`)))
			d.DisallowUnknownFields()
			if err := d.Decode(reflect.New(typ).Interface()); err != nil {
				t.Errorf("%s.%s: %v", name, property, err)
			}
		}
	}
}

func TestSelfDecodingType(t *testing.T) {
	typ := reflect.TypeFor[struct {
		Field map[string]*selfDecoding `json:"field"`
	}]()
	key := typ.Field(0).Type.Elem().Elem().PkgPath() + ".selfDecoding"
	g := Generator{Custom: map[string]map[string]any{key: {"type": "number"}}}
	if s := marshal(t, g.Definitions(typ)); s != "{}" {
		t.Errorf("a custom type is defined as a struct: %s", s)
	}
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, key) {
			t.Errorf("no rule: want a panic that names %s, got %q", key, p)
		}
	}()
	Definitions(typ)
}

func TestOutput(t *testing.T) {
	type base struct {
		ID string `json:"id"`
	}
	type result struct {
		base
		Count int      `json:"count"`
		Note  string   `json:"note,omitempty"`
		Lines []string `json:"lines"`
	}
	g := Generator{Output: true, Describe: func(t reflect.Type, field string) string { return strings.TrimSpace(t.Name() + " " + field) }}
	const want = `{"description":"result","properties":{"count":{"description":"result Count","type":"integer"},"id":{"description":"base ID","type":"string"},` +
		`"lines":{"description":"result Lines","items":{"type":"string"},"type":"array"},"note":{"description":"result Note","type":"string"}},` +
		`"required":["count","id","lines"],"type":"object"}`
	if got := marshal(t, g.Definitions(reflect.TypeFor[result]())["generator.schema.result"]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSameOutputEveryTime(t *testing.T) {
	first := marshal(t, Definitions(reflect.TypeFor[corev1.PodSpec]()))
	for range 5 {
		if marshal(t, Definitions(reflect.TypeFor[corev1.PodSpec]())) != first {
			t.Fatal("two runs differ")
		}
	}
}

func TestRefNames(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[corev1.Volume]():         "#/definitions/core.v1.Volume",
		reflect.TypeFor[*metav1.LabelSelector](): "#/definitions/meta.v1.LabelSelector",
	} {
		if got := Ref(typ)["$ref"]; got != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func properties(t *testing.T, definitions map[string]any, name string) map[string]any {
	t.Helper()
	definition, ok := definitions[name].(map[string]any)
	if !ok {
		t.Fatalf("%s is not defined", name)
	}
	return definition["properties"].(map[string]any)
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
