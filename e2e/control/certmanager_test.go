package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/process"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

const (
	certManager = "cert-manager.io/v1"
	// The Secrets of the release: of the chart's certificate, and of cert-manager's.
	ownTLS    = "events-argo-events-bus-tls"
	issuedTLS = "events-argo-events-bus-certificate"
)

// authorities is a CA that cert-manager has made, and an issuer with it.
const authorities = `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: root}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: corporate-ca}
spec: {isCA: true, commonName: corporate, secretName: corporate-ca, issuerRef: {name: root}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: corporate}
spec: {ca: {secretName: corporate-ca}}
`

// TestCertManager: a bus with the chart's certificate gets one of cert-manager, by its own controllers, in the steps of docs/guides/secrets.md
// and under load, and its servers present a renewed certificate without a restart. Steps that would split the bus are refused.
func TestCertManager(t *testing.T) {
	t.Parallel()
	startCertManager(t)
	p, err := readProfile("multi-node")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm3", "cert-manager", p, chartFolder(t, "argo-events"), selectors(nil))
	found, err := cases.Decode([]byte(authorities))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range found {
		if _, err := apply(t.Context(), r.namespace, o); err != nil {
			t.Fatal(err)
		}
	}
	corporate := r.awaitSecret(t, "corporate-ca", "tls.crt")

	r.set(t, "install")
	b := r.bus(t)
	servers, err := b.Run(t.Context(), t.TempDir())
	t.Cleanup(func() { servers.Stop() })
	if err != nil {
		t.Fatal(err)
	}
	load, err := servers.Publish(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	roll := func(set ...string) {
		t.Helper()
		if err := r.eventually(func() error { return r.settled(t.Context()) }); err != nil { // the chart refuses an upgrade before
			t.Fatal(err)
		}
		r.set(t, "upgrade", set...)
		if strings.Contains(strings.Join(set, ","), "certManager") {
			r.awaitReady(t)
		}
		b = r.bus(t)
		if err := servers.Roll(t.Context(), b); err != nil {
			t.Fatalf("rolling update with %q: %v", set, err)
		}
		if err := load.Use(b); err != nil { // event sources restart
			t.Fatal(err)
		}
	}

	const issuer = "eventBus.tls.certManager.enabled=true,eventBus.tls.certManager.issuerRef.name="
	r.refuses(t, "the servers of this bus may not accept the CA of issuer corporate", issuer+"corporate")
	both := r.secret(t, ownTLS)["ca.crt"] + corporate
	r.refuses(t, "lacks the CA of the running servers", "eventBus.tls.caSecret=corporate-ca")
	r.createSecret(t, "bus-cas", map[string]string{"ca.crt": both})
	roll("eventBus.tls.caSecret=bus-cas")
	roll("eventBus.tls.caSecret=bus-cas", issuer+"corporate")
	if r.secret(t, ownTLS)["tls.key"] == "" {
		t.Error("the upgrade has deleted the certificate of pods that had not restarted")
	}
	r.expectLifetime(t)

	before := r.secret(t, issuedTLS)["tls.crt"]
	r.renew(t)
	if err := r.eventually(func() error {
		if r.secret(t, issuedTLS)["tls.crt"] == before {
			return errors.New("cert-manager has not renewed the certificate")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	r.awaitReady(t)
	b.Data["Secret/"+issuedTLS] = r.secret(t, issuedTLS)
	if err := servers.Apply(b); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Eventually(t.Context(), patience, func() error { return servers.Present(b) }); err != nil {
		t.Fatal(err)
	}
	r.createSecret(t, "bus-cas", map[string]string{"ca.crt": corporate})
	roll(issuer + "corporate")
	r.refuses(t, "the servers of this bus may not accept the CA of issuer root", issuer+"root")

	result, err := load.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(result)
	if result.Lost > 0 || result.Acked == 0 {
		t.Errorf("%d of %d acknowledged events are not stored exactly once", result.Lost, result.Acked)
	}
}

// startCertManager starts the controllers of cert-manager for this test.
func startCertManager(t *testing.T) {
	t.Helper()
	definitions, err := certManagerDefinitions()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range definitions {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found, err := cases.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range found {
			if _, err := apply(t.Context(), "", o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cluster.Eventually(t.Context(), patience, func() error {
		mapper.Reset()
		for _, kind := range []string{"Certificate", "CertificateRequest", "ClusterIssuer", "Issuer"} {
			if _, err := resource(certManager, kind, "default"); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	file, err := binaries.Path("cert-manager")
	if err != nil {
		t.Fatal(err)
	}
	controllers, err := process.Start("cert-manager", kube.Dir("log"), exec.Command(file, "--kubeconfig", kube.Kubeconfig()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := controllers.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// certManagerDefinitions returns the CustomResourceDefinitions of cert-manager, of the version of its controllers.
func certManagerDefinitions() ([]string, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	module := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager")
	module.Dir = filepath.Join(root, "tools", "cert-manager")
	out, err := module.Output()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "deploy", "crds", "cert-manager.io_*.yaml"))
	if err == nil && len(files) == 0 {
		err = errors.New("no CustomResourceDefinitions of cert-manager")
	}
	return files, err
}

// set runs helm install or upgrade with values for the test.
func (r *release) set(t *testing.T, command string, set ...string) {
	t.Helper()
	if err := r.deploy(command, "multi-node", r.setFile(t, set...)); err != nil {
		t.Fatalf("helm %s with %q: %v", command, set, err)
	}
}

// refuses: the chart refuses an upgrade with values.
func (r *release) refuses(t *testing.T, reason string, set ...string) {
	t.Helper()
	err := r.deploy("upgrade", "multi-node", r.setFile(t, set...))
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("helm upgrade with %q: want a refusal with %q, got %v", set, reason, err)
	}
}

// setFile writes a values file for lists of path=value.
func (r *release) setFile(t *testing.T, set ...string) string {
	t.Helper()
	values := map[string]any{}
	for _, pair := range strings.Split(strings.Join(set, ","), ",") {
		path, text, _ := strings.Cut(pair, "=")
		if path == "" {
			continue
		}
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		at := values
		keys := strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			if at[key] == nil {
				at[key] = map[string]any{}
			}
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
	}
	return r.valuesFile(values)
}

// bus returns the bus of the installed release, with the Secrets of its namespace.
func (r *release) bus(t *testing.T) *bus.Bus {
	t.Helper()
	text, err := r.run("get", "manifest", cases.Release)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cases.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data := bus.Data{}
	if err := data.Add(objects); err != nil {
		t.Fatal(err)
	}
	secrets, err := kube.Kube.CoreV1().Secrets(r.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets.Items {
		if s.Type == "helm.sh/release.v1" {
			continue
		}
		data["Secret/"+s.Name] = textOf(&s)
	}
	b, _, err := bus.Find(objects, data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func textOf(s *corev1.Secret) map[string]string {
	all := map[string]string{}
	for key, value := range s.Data {
		all[key] = string(value)
	}
	return all
}

// secret returns the content of a Secret; nil if there is none.
func (r *release) secret(t *testing.T, name string) map[string]string {
	t.Helper()
	s, err := kube.Kube.CoreV1().Secrets(r.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	return textOf(s)
}

// awaitSecret waits for a key of a Secret, and returns its value.
func (r *release) awaitSecret(t *testing.T, name, key string) string {
	t.Helper()
	if err := r.eventually(func() error {
		if r.secret(t, name)[key] == "" {
			return fmt.Errorf("there is no %s in Secret %s", key, name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return r.secret(t, name)[key]
}

// createSecret creates a Secret, or replaces its content.
func (r *release) createSecret(t *testing.T, name string, data map[string]string) {
	t.Helper()
	_, err := apply(t.Context(), r.namespace, cases.Object{Content: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name}, "stringData": data,
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// certificate is the part of a Certificate that this test reads.
type certificate struct {
	Metadata struct{ Generation int64 }
	Status   struct {
		Conditions []struct {
			Type, Status, Message string
			ObservedGeneration    int64
		}
		NotBefore, NotAfter, RenewalTime time.Time
	}
}

func (r *release) certificate(ctx context.Context) (c certificate, err error) {
	collection, err := resource(certManager, "Certificate", r.namespace)
	if err != nil {
		return c, err
	}
	o, err := collection.Get(ctx, "events-argo-events-bus", metav1.GetOptions{})
	if err != nil {
		return c, err
	}
	text, err := o.MarshalJSON()
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

// awaitReady waits until cert-manager reports the certificate of the bus as ready, and does not issue another one.
func (r *release) awaitReady(t *testing.T) {
	t.Helper()
	if err := r.eventually(func() error {
		c, err := r.certificate(t.Context())
		if err != nil {
			return err
		}
		ready := false
		for _, condition := range c.Status.Conditions {
			ready = ready || condition.Type == "Ready" && condition.Status == "True" && condition.ObservedGeneration == c.Metadata.Generation
			if condition.Type == "Issuing" && condition.Status == "True" {
				return fmt.Errorf("a certificate is being issued: %s", condition.Message)
			}
		}
		if !ready {
			return fmt.Errorf("the certificate is not ready: %+v", c.Status.Conditions)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// expectLifetime: the certificate is valid for 90 days, and cert-manager renews it 30 days before its end.
func (r *release) expectLifetime(t *testing.T) {
	t.Helper()
	c, err := r.certificate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	if valid, left := c.Status.NotAfter.Sub(c.Status.NotBefore), c.Status.NotAfter.Sub(c.Status.RenewalTime); valid != 90*day || left != 30*day {
		t.Errorf("the certificate is valid for %s and renewed %s before its end, want 90 and 30 days", valid, left)
	}
}

// renew requests a renewal, like cmctl renew.
func (r *release) renew(t *testing.T) {
	t.Helper()
	collection, err := resource(certManager, "Certificate", r.namespace)
	if err != nil {
		t.Fatal(err)
	}
	o, err := collection.Get(t.Context(), "events-argo-events-bus", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	conditions, _ := o.Object["status"].(map[string]any)["conditions"].([]any)
	issuing := map[string]any{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "renewed by a test", "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": append(conditions, issuing)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := collection.Patch(t.Context(), o.GetName(), types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
}
