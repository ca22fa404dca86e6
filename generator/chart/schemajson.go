package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// marshal formats a schema with one line for each definition and each key of a component: compact, with readable diffs.
func marshal(schema node) ([]byte, error) {
	var out bytes.Buffer
	if err := write(&out, schema, ""); err != nil {
		return nil, err
	}
	out.WriteString("\n")
	return out.Bytes(), nil
}

// multiline reports whether the object at a path of keys is written with one key on each line.
func multiline(path string) bool {
	keys := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if path == "" || len(keys) == 1 && (keys[0] == "properties" || keys[0] == "definitions") {
		return true
	}
	return keys[0] == "properties" && (len(keys) == 2 || len(keys) == 3 && keys[2] == "properties")
}

func write(out *bytes.Buffer, v any, path string) error {
	object, ok := v.(node)
	if !ok || !multiline(path) {
		text, err := compact(v)
		out.Write(text)
		return err
	}
	indent := strings.Repeat(" ", strings.Count(path, "/")+1)
	out.WriteString("{")
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(out, "\n%s%q: ", indent, key)
		if err := write(out, object[key], path+"/"+key); err != nil {
			return err
		}
	}
	out.WriteString("\n" + indent[1:] + "}")
	return nil
}

func compact(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
