package apiserver

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// strictIP matches messages of the feature gate StrictIPCIDRValidation, which is off until 1.35.
var strictIP = regexp.MustCompile(`^must not (have leading 0s|(be|have) an IPv4-mapped IPv6 address|have bits set beyond the prefix length)`)

// describe returns the errors of the validation with their positions, in the order of the text.
func describe(o *manifest.Object, all field.ErrorList) []error {
	type located struct {
		line int
		text string
	}
	var list []located
	for _, e := range all {
		if strictIP.MatchString(e.Detail) {
			continue
		}
		path := steps(e.Field)
		if e.Field == "metadata.name" && o.Given(path...) == "" {
			path = []string{"metadata", "generateName"}
		}
		list = append(list, located{o.Line(path...), o.Errorf(path, "%s", problem(e, o.Given(path...))).Error()})
	}
	slices.SortFunc(list, func(a, b located) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text)) })
	var errs []error
	for _, e := range slices.Compact(list) {
		errs = append(errs, errors.New(e.text))
	}
	return errs
}

// steps splits the path of a validation error: "spec.ports[0].name", "metadata.labels[example.org/a]".
func steps(path string) []string {
	var all []string
	for path != "" {
		path = strings.TrimPrefix(path, ".")
		if rest, ok := strings.CutPrefix(path, "["); ok {
			key, after, _ := strings.Cut(rest, "]")
			all, path = append(all, key), after
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		all, path = append(all, path[:end]), path[end:]
	}
	return all
}

// pattern matches the regular expression in a message of Kubernetes. The text before it describes the valid values.
var pattern = regexp.MustCompile(`,? ?regex used for validation is '[^']*'`)

// problem is the text of a validation error after its path. given is the value in the text, "" without one.
func problem(e *field.Error, given string) string {
	detail := pattern.ReplaceAllString(e.Detail, "")
	given = shorten(cmp.Or(given, value(e.BadValue)))
	is := "is " + cmp.Or(given, "invalid")
	switch e.Type {
	case field.ErrorTypeRequired:
		return join("is missing", detail)
	case field.ErrorTypeForbidden:
		return join("is not allowed", detail)
	case field.ErrorTypeDuplicate:
		return is + ", which is a duplicate: remove one"
	case field.ErrorTypeNotFound:
		return join(is+", which does not exist", detail)
	case field.ErrorTypeNotSupported:
		return is + ": want one of " + strings.TrimPrefix(detail, "supported values: ")
	}
	if given != "" && detail == "" {
		return is + ", which is invalid"
	}
	return join(is, detail)
}

func join(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + ": " + detail
}

// shorten returns the start of a long value.
func shorten(value string) string {
	const most = 60
	if len(value) <= most {
		return value
	}
	return strings.ToValidUTF8(value[:most], "") + "..."
}

// value describes an invalid value, "" for maps and lists.
func value(v any) string {
	switch v := v.(type) {
	case nil, field.OmitValueType:
		return ""
	case resource.Quantity:
		return v.String()
	case *resource.Quantity:
		return v.String()
	case intstr.IntOrString:
		return v.String()
	case *intstr.IntOrString:
		return v.String()
	}
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	switch r.Kind() {
	case reflect.String:
		return fmt.Sprintf("%q", r.String())
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return fmt.Sprint(r.Interface())
	}
	return ""
}
