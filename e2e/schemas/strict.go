package schemas

// quantity is what Kubernetes takes for a quantity (apimachinery pkg/api/resource quantity.go), as text; or a number.
const quantity = `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`

// strict rewrites an OpenAPI schema, in place, as the JSON schema that means the same and lets in no field that is not
// declared. It goes down the schema's structure only: the conditions beside it (allOf, not ...) must stay open.
func strict(schema map[string]any) {
	properties, declared := schema["properties"].(map[string]any)
	if declared && schema["additionalProperties"] == nil && schema["x-kubernetes-preserve-unknown-fields"] != true {
		schema["additionalProperties"] = false
	}
	for _, property := range properties {
		strictIfMap(property)
	}
	strictIfMap(schema["items"])
	strictIfMap(schema["additionalProperties"])
	if schema["format"] == "int-or-string" {
		delete(schema, "format")
		schema["type"] = []any{"integer", "string"}
	}
	if kind, is := schema["type"].(string); is && schema["nullable"] == true {
		schema["type"] = []any{kind, "null"}
	}
}

func strictIfMap(schema any) {
	if m, is := schema.(map[string]any); is {
		strict(m)
	}
}
