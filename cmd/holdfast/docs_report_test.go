package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"
)

// reportDocs is every key of the report of verify -o json, as the comments of its types explain it.
func reportDocs(t *testing.T) string {
	file, err := parser.ParseFile(token.NewFileSet(), "../../verify/report/report.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString(generated + "# The report\n\nWhat `holdfast verify -o json` prints. The same input gives the same bytes. Keys are added without a new version; a program should pass over\nthose that it does not know.\n")
	for _, d := range file.Decls {
		types, is := d.(*ast.GenDecl)
		if !is || types.Tok != token.TYPE {
			continue
		}
		for _, s := range types.Specs {
			spec := s.(*ast.TypeSpec)
			fmt.Fprintf(&out, "\n## %s\n\n%s\n\n| key | | |\n|---|---|---|\n", spec.Name.Name, sentence(t, types.Doc, spec.Name.Name))
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				out.WriteString(reportKey(t, f))
			}
		}
	}
	return out.String()
}

// reportKey is the row of a field: its key, its type and what it says.
func reportKey(t *testing.T, f *ast.Field) string {
	if len(f.Names) == 0 {
		name := reportType(t, f.Type)
		return fmt.Sprintf("| | | and the keys of %s |\n", name)
	}
	key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
	return fmt.Sprintf("| `%s` | %s | %s |\n", key, reportType(t, f.Type), sentence(t, f.Doc, f.Names[0].Name))
}

// reportType is a Go type in the words of JSON.
func reportType(t *testing.T, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ArrayType:
		return "list of " + reportType(t, e.Elt)
	case *ast.StarExpr:
		return reportType(t, e.X)
	case *ast.Ident:
		word, is := map[string]string{"string": "text", "int": "number", "float64": "number", "bool": "true or false"}[e.Name]
		if is {
			return word
		}
		return fmt.Sprintf("[%s](#%s)", e.Name, strings.ToLower(e.Name))
	}
	t.Fatalf("the report has a type that is not said in words: %T", e)
	return ""
}

// sentence is a doc comment without the name that it begins with.
func sentence(t *testing.T, doc *ast.CommentGroup, name string) string {
	text := strings.Join(strings.Fields(doc.Text()), " ")
	text, is := strings.CutPrefix(text, name+" ")
	if !is {
		t.Errorf("%s: its comment is %q: it should begin with the name", name, text)
	}
	for _, verb := range []string{"is ", "are ", "tells ", "says "} {
		if rest, is := strings.CutPrefix(text, verb); is && verb != "tells " && verb != "says " {
			text = rest
		}
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
