package facts

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestHasAddress: which texts of pods in namespace shop have the address of Service cache in that namespace.
func TestHasAddress(t *testing.T) {
	cache := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "cache", Namespace: "shop"}}
	for text, want := range map[string]bool{
		"redis://cache:6379/0":                  true,
		"redis://user:word@cache":               true,
		"http://cache.shop/x":                   true,
		"http://cache.shop.svc.cluster.local":   true,
		"a=http://other,b=http://cache:80":      true,
		"http://cache.other":                    false,
		"http://cache.shop.example.com":         false,
		"http://cache-2:80":                     false,
		"cache":                                 false,
		"cache.shop.svc:80":                     false,
		"http://":                               false,
		"http://example.com/cache?next=/cache:": false,
	} {
		if hasAddress(text, cache, "shop") != want {
			t.Errorf("%s: want %t", text, want)
		}
	}
	if hasAddress("http://cache", cache, "billing") {
		t.Error("a name alone is a Service of the same namespace")
	}
}
