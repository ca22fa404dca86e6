// Package apiserver reports the objects that the Kubernetes API server would refuse, by its own validation code.
//
// Where the validation depends on feature gates or on objects of the cluster, it is as permissive as any release from 1.31 to
// 1.37. It runs no admission plugin. Of custom resources and of kinds without a validator it checks the metadata.
package apiserver

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// linked is the minor release of the linked validation code.
const linked = 36

// most is the maximum of reported errors.
const most = 20

// Check returns an error that names each object which Kubernetes 1.minor would refuse, with file, line and key, one on each
// line. A minor of 0 stands for the linked release, and then kinds of newer releases are accepted, too.
//
// Objects that were read from an API server are accepted.
func Check(objects []*manifest.Object, minor int) error {
	var all []string
	for _, o := range objects {
		if o.Accepted {
			continue
		}
		for _, err := range check(o, minor) {
			all = append(all, strings.Split(err.Error(), "\n")...) // a type error has a line for each value
		}
	}
	if len(all) == 0 {
		return nil
	}
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("and %d more errors", more))
	}
	return errors.New(strings.Join(all, "\n"))
}

// CheckStrict is Check for the linked release that also returns an error for each field that the object's kind does not have. The
// API server ignores such fields, but kubectl apply and Helm's server-side apply refuse them.
func CheckStrict(objects []*manifest.Object) error {
	if err := Check(objects, 0); err != nil {
		return err
	}
	var all []error
	for _, o := range objects {
		typed, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(o.APIVersion, o.Kind))
		if err != nil {
			continue // a custom resource
		}
		unknown, err := o.DecodeStrict(typed)
		if err != nil {
			return err
		}
		for _, path := range unknown {
			all = append(all, o.Errorf(path, "%s has no such field", o.APIVersion))
		}
	}
	return errors.Join(all...)
}

func check(o *manifest.Object, minor int) []error {
	if err := checkKind(o, minor); err != nil {
		return []error{err}
	}
	gvk := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
	if typed, err := internal().New(gvk); err == nil {
		return checkObject(o, gvk, typed)
	}
	if typed, err := scheme.Scheme.New(gvk); err == nil {
		if err := o.Decode(typed); err != nil {
			return []error{err}
		}
	}
	return checkMeta(o)
}

// checkObject validates an object of a kind with internal types.
func checkObject(o *manifest.Object, gvk schema.GroupVersionKind, typed runtime.Object) []error {
	if err := o.Decode(typed); err != nil {
		return []error{err}
	}
	internal().Default(typed)
	object, err := internal().ConvertToVersion(typed, schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return []error{o.Errorf(nil, "%w", err)}
	}
	validate := validators()[reflect.TypeOf(object)]
	metadata, ok := object.(metav1.Object)
	if validate == nil || !ok {
		return checkMeta(o)
	}
	existing := prepare(metadata, !o.IsClusterScoped())
	return describe(o, append(validate(object, existing), checkQuantities(typed)...))
}

// prepare fills in the metadata that the client or the API server completes before the validation. It reports whether an API
// server has stored the object already.
func prepare(object metav1.Object, namespaced bool) (existing bool) {
	switch {
	case !namespaced:
		object.SetNamespace("") // ignored by the API server
	case object.GetNamespace() == "":
		object.SetNamespace(metav1.NamespaceDefault)
	}
	if base := object.GetGenerateName(); object.GetName() == "" && base != "" {
		const most = 58 // of 63 characters, as the API server generates names
		object.SetName(base[:min(len(base), most)] + "00000")
		object.SetGenerateName("")
	}
	object.SetManagedFields(nil)
	owners := object.GetOwnerReferences()
	for i := range owners {
		if owners[i].UID == "" { // only the cluster knows it
			owners[i].UID = "unknown"
		}
	}
	return object.GetUID() != "" || object.GetResourceVersion() != ""
}

// checkMeta validates the metadata of an object without a validator.
func checkMeta(o *manifest.Object) []error {
	var object metav1.PartialObjectMetadata
	if err := o.Decode(&object); err != nil {
		return []error{err}
	}
	prepare(&object, object.Namespace != "")
	return describe(o, validation.ValidateObjectMeta(&object.ObjectMeta, object.Namespace != "", nameRule(o), field.NewPath("metadata")))
}

// nameRule returns the rule for the name of an object without a validator. The API server requires a DNS subdomain of custom
// resources. Other API servers, such as those of OpenShift and Calico, and some kinds of Kubernetes have rules of their own.
func nameRule(o *manifest.Object) validation.ValidateNameFunc {
	group := o.Group()
	if groups()[group] || strings.HasSuffix(group, ".openshift.io") || group == "projectcalico.org" {
		return func(name string, prefix bool) []string {
			if prefix {
				return content.IsPathSegmentPrefix(name)
			}
			return content.IsPathSegmentName(name)
		}
	}
	return validation.NameIsDNSSubdomain
}
