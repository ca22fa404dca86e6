package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemas: the output of -o json matches the schemas in docs, and a missing key does not.
func TestSchemas(t *testing.T) {
	t.Chdir("../..")
	for args, schema := range map[string]string{
		"verify -p multi-zone web -o json":                                        "docs/report.schema.json",
		"verify -p single-node --values values/webhook.yaml -o json":              "docs/report.schema.json",
		"verify -f verify/rules/testdata/budget-blocks-drain/broken.yaml -o json": "docs/report.schema.json",
		"profiles --compare --stack web -o json":                                  "docs/compare.schema.json",
		"profiles --compare -f values/webhook.yaml -o json":                       "docs/compare.schema.json",
	} {
		valid, err := jsonschema.NewCompiler().Compile(schema)
		if err != nil {
			t.Fatal(err)
		}
		var out, errOut bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errOut); code == exitBadInput || code == exitOther {
			t.Fatalf("holdfast %s: %s", args, errOut.String())
		}
		printed, err := jsonschema.UnmarshalJSON(&out)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid.Validate(printed); err != nil {
			t.Errorf("holdfast %s does not match %s: %v", args, schema, err)
		}
		delete(printed.(map[string]any), "version")
		if valid.Validate(printed) == nil {
			t.Errorf("%s accepts an output without a version", schema)
		}
	}
}
