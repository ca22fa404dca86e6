package schemas

// quantity is the syntax of a quantity as a string (apimachinery pkg/api/resource/quantity.go). A number is valid, too.
const quantity = `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`

// strict changes an OpenAPI schema, in place, into the equivalent JSON schema without undeclared fields. It descends only into the structure:
// conditions (allOf, not ...) must allow other fields.
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
	if kind, ok := schema["type"].(string); ok && schema["nullable"] == true {
		schema["type"] = []any{kind, "null"}
	}
}

func strictIfMap(schema any) {
	if m, ok := schema.(map[string]any); ok {
		strict(m)
	}
}
