package schemas

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
)

// TestStrictness: a manifest is invalid if an API server would refuse it or drop a field without an error.
func TestStrictness(t *testing.T) {
	kubeconform, err := binaries.Path("kubeconform")
	if err != nil {
		t.Fatal(err)
	}
	location := Location(write(t))
	for _, c := range []struct {
		name, manifest string
		valid          bool
	}{
		{"target port by number", service("targetPort: 80"), true},
		{"target port by name", service("targetPort: http"), true},
		{"target port as a list", service("targetPort: [80]"), false},
		{"unknown field", service("targetport: 80"), false},
		{"memory with a unit", pod("memory: 64Mi"), true},
		{"memory as a number", pod("memory: 64"), true},
		{"memory with an unknown unit", pod("memory: 64MB"), false},
		{"duplicate key", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: x, a: y}", false},
		{"sensor without a spec", "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: a}", false},
		{"event bus", eventBus("replicas: 3"), true},
		{"event bus with a probe", eventBus("livenessProbe: {}"), false},
		{"certificate", certificate("secretName: tls, issuerRef: {name: ca}"), true},
		{"certificate without an issuer", certificate("secretName: tls"), false},
		{"certificate with an unknown field", certificate("secretName: tls, issuerRef: {name: ca}, dnsName: a"), false},
		{"route with a parent without a name", "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: {parentRefs: [{port: 1}]}", false},
		{"unknown kind", "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "manifest.yaml")
			if err := os.WriteFile(file, []byte(c.manifest), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(kubeconform, "-strict", "-verbose", "-schema-location", location, file).CombinedOutput()
			if valid := err == nil; valid != c.valid {
				t.Errorf("valid: got %v, want %v\n%s\n%s", valid, c.valid, out, c.manifest)
			}
		})
	}
}

func write(t *testing.T) string {
	t.Helper()
	version, err := cases.KubernetesVersion()
	if err != nil {
		t.Fatal(err)
	}
	set, err := Load(version, filepath.Join("..", "..", "stacks", "argo-events", "api.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := set.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func service(port string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, " + port + "}]}"
}

func pod(limit string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, resources: {limits: {" + limit + "}}}]}"
}

func eventBus(field string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: EventBus\nmetadata: {name: a}\nspec: {jetstream: {version: latest, " + field + "}}"
}

func certificate(spec string) string {
	return "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\nspec: {" + spec + "}"
}
