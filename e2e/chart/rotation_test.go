package chart

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"sigs.k8s.io/yaml"
)

// rotates limits tests of rotations to one case with three servers.
func (r release) rotates() bool { return r.Name == "multi-zone" }

// The Secrets of the release.
const (
	ownCertificate = "events-argo-events-bus-tls"
	ownCA          = "events-argo-events-bus-ca"
)

// TestRotation follows docs/guides/secrets.md while events are published: renewal, another CA, another password. The servers reload and do not
// restart, a server that restarts between two steps joins the others, and no acknowledged event is lost.
func TestRotation(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.rotates, func(t *testing.T, r release) {
		s := startRotation(t, r)
		load := s.publish(t)

		before := s.serial(t)
		for _, flags := range guide(t, "Renew the certificate", 1) {
			s.step(t, flags...)
			if s.serial(t) == before {
				t.Errorf("%q: the servers present the same certificate", flags)
			}
		}

		old := maps.Clone(s.b.Data)
		for _, flags := range guide(t, "Rotate the CA", 3) {
			step := flags[1]
			s.step(t, flags...)
			s.restartOne(t)
			if err := s.connects(s.b.Data); err != nil {
				t.Errorf("--rotate-ca %s: a client with the present CAs: %v", step, err)
			}
			if step == "add" {
				s.reconnect(t, load) // clients restart
			}
			// The old CA is accepted as long as the certificate is of it.
			if err := s.connects(old); (err == nil) != (step == "add") {
				t.Errorf("--rotate-ca %s: a client with the old CA: %v", step, err)
			}
		}

		old = maps.Clone(s.b.Data)
		for _, flags := range guide(t, "Rotate the password", 3) {
			step := flags[1]
			s.step(t, flags...)
			s.restartOne(t)
			if err := s.connects(s.b.Data); err != nil {
				t.Errorf("--rotate-password %s: a client with the present user: %v", step, err)
			}
			if err := s.connects(old); (err == nil) != (step != "drop") {
				t.Errorf("--rotate-password %s: a client with the old user: %v", step, err)
			}
			if step == "use" {
				s.reconnect(t, load) // clients restart
			}
		}
		expectAll(t, load)
	})
}

// TestCorporateCertificate: a bus gets certificates of another CA that are valid for 90 days, and a renewed one, in the steps of
// docs/guides/secrets.md and under load.
func TestCorporateCertificate(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.rotates, func(t *testing.T, r release) {
		s := startRotation(t, r)
		load := s.publish(t)
		corporate := newCA(t, "corporate")
		names := s.names(t)
		s.b.Data["Secret/bus-cas"] = map[string]string{"ca.crt": s.b.Data["Secret/"+ownCertificate]["ca.crt"] + corporate.pem}
		s.b.Data["Secret/corporate"] = corporate.issue(t, names)

		s.roll(t, "eventBus.tls.caSecret=bus-cas")
		s.reconnect(t, load)
		s.roll(t, "eventBus.tls.caSecret=bus-cas,eventBus.tls.existingSecret=corporate")
		before := s.serial(t)

		s.b.Data["Secret/corporate"] = corporate.issue(t, names)
		s.apply(t)
		if s.serial(t) == before {
			t.Error("the servers present the old certificate after it was renewed")
		}
		s.b.Data["Secret/bus-cas"] = map[string]string{"ca.crt": corporate.pem}
		s.apply(t)
		s.restartOne(t)
		expectAll(t, load)
	})
}

// TestUnknownServer: a certificate of the same CA does not suffice to join the cluster as a server; it needs a name in routes.
func TestUnknownServer(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.rotates, func(t *testing.T, r release) {
		s := startRotation(t, r)
		ca := s.ownCA(t)
		for name, joins := range map[string]bool{"localhost": true, "other.example.org": false} {
			stop := s.startStranger(t, "stranger-"+name, ca.issue(t, []string{name}))
			joined := func() error {
				for _, n := range s.p.Nodes {
					routes, err := n.Routes(t.Context())
					if err != nil || routes["stranger-"+name] {
						return err
					}
				}
				return errors.New("no server has a route to it")
			}
			if joins {
				persist(t, joined)
			} else {
				for range 20 {
					time.Sleep(500 * time.Millisecond)
					if joined() == nil {
						t.Fatalf("a server with a certificate for %s has joined the cluster", name)
					}
				}
			}
			stop()
		}
	})
}

// TestEncryption: a bus with data gets a key, and all events remain. Without the key, and with another one, a server of a cluster does not start,
// and a standalone server has no stream. With the key again, all events are back.
func TestEncryption(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.Name == "single-node" || r.Name == "multi-zone" }, func(t *testing.T, r release) {
		t.Parallel()
		s := startRotation(t, r)
		load := s.publish(t)
		s.b.Data["Secret/disk"] = map[string]string{"key": "first key"}
		s.roll(t, "bus.encryption.existingSecret=disk")
		expectAll(t, load)

		for about, change := range map[string]func(){
			"without the key":  func() { s.b = s.render(t) },
			"with another key": func() { s.b.Data["Secret/disk"] = map[string]string{"key": "other key"} },
		} {
			kept := *s.b
			kept.Data = maps.Clone(s.b.Data)
			change()
			if err := s.p.Restart(s.b, 0); err != nil {
				t.Fatal(err)
			}
			persist(t, func() error { return s.wantNoData(t, s.p.Nodes[0]) })
			s.b = &kept
			if err := s.p.Restart(s.b, 0); err != nil {
				t.Fatalf("%s, then with the key again: %v", about, err)
			}
			if err := s.p.Await(t.Context()); err != nil {
				t.Fatalf("%s, then with the key again: %v", about, err)
			}
		}
		expectAll(t, load)
	})
}

// guide returns the flags of the commands "holdfast secrets --from-existing" in a section of the guide.
func guide(t *testing.T, section string, want int) (commands [][]string) {
	t.Helper()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "docs", "guides", "secrets.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(rest) {
		if _, flags, ok := strings.Cut(line, "holdfast secrets -n events --from-existing live.yaml "); ok {
			flags, _, _ = strings.Cut(flags, " | ")
			commands = append(commands, strings.Fields(flags))
		}
	}
	if len(commands) != want {
		t.Fatalf("section %q of the guide has the commands %q, want %d", section, commands, want)
	}
	return commands
}

// TestEncryptionRefusals: an upgrade by which the servers of a bus would lose the key of their disks is refused.
func TestEncryptionRefusals(t *testing.T) {
	t.Parallel()
	eachRelease(t, func(r release) bool { return r.Name == "single-node" || r.Name == "multi-zone" }, func(t *testing.T, r release) {
		bin, err := holdfast()
		if err != nil {
			t.Fatal(err)
		}
		const value = "bus.encryption.existingSecret="
		encrypted, err := bin.Render(r.Case, "--set", value+"disk")
		if err != nil {
			t.Fatal(err)
		}
		secrets, err := cases.Decode([]byte(`
apiVersion: v1
kind: Secret
metadata: {name: disk}
data: {key: Zmlyc3Q=}
---
apiVersion: v1
kind: Secret
metadata: {name: copy}
data: {key: Zmlyc3Q=}
---
apiVersion: v1
kind: Secret
metadata: {name: other}
data: {key: b3RoZXI=}
`))
		if err != nil {
			t.Fatal(err)
		}
		plain := r.objects
		for _, c := range []struct {
			from   []cases.Object
			to     string
			reason string
		}{
			{plain, "disk", ""},
			{encrypted, "disk", ""},
			{encrypted, "copy", ""},
			{encrypted, "", "its servers do not start without the key: set it to disk"},
			{encrypted, "other", "Secret other does not have the key of the disks, which is in Secret disk"},
			{encrypted, "missing", "Secret missing does not have the key of the disks"},
		} {
			r.objects = slices.Concat(c.from, secrets)
			_, err := r.upgrade(t, "--set", value+c.to)
			switch {
			case c.reason == "" && err != nil:
				t.Errorf("upgrade to %q: %v", c.to, err)
			case c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)):
				t.Errorf("upgrade to %q: want a refusal with %q, got %v", c.to, c.reason, err)
			}
		}
	})
}

// wantNoData returns an error while a server serves events: it must have ended, or be standalone and have no stream.
func (s *rotation) wantNoData(t *testing.T, n *bus.Node) error {
	t.Helper()
	if n.Ended() {
		return nil
	}
	if s.b.Replicas() > 1 {
		return errors.New("the server runs")
	}
	js, err := s.p.Connect(s.b.Data, s.b.Trust())
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	names := js.StreamNames(t.Context())
	for name := range names.Name() {
		return fmt.Errorf("the server has stream %s", name)
	}
	return names.Err()
}

// rotation is a running bus whose Secrets change.
type rotation struct {
	r release
	// b is the bus as it should be: its Secrets are in b.Data.
	b *bus.Bus
	p *bus.Processes
}

func startRotation(t *testing.T, r release) *rotation {
	t.Helper()
	b := *busOf(t, r).Bus
	b.Data = maps.Clone(b.Data)
	s := &rotation{r: r, b: &b}
	var err error
	s.p, err = s.b.Run(t.Context(), t.TempDir())
	t.Cleanup(func() { s.p.Stop() })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// render returns the bus with other values and the present Secrets.
func (s *rotation) render(t *testing.T, set ...string) *bus.Bus {
	t.Helper()
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, one := range set {
		flags = append(flags, "--set", one)
	}
	objects, err := bin.Render(s.r.Case, flags...)
	if err != nil {
		t.Fatal(err)
	}
	data := maps.Clone(s.b.Data)
	if err := data.Add(objects); err != nil {
		t.Fatal(err)
	}
	b, _, err := bus.Find(objects, data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// roll replaces the servers by those with other values, one by one.
func (s *rotation) roll(t *testing.T, set ...string) {
	t.Helper()
	s.b = s.render(t, set...)
	if err := s.p.Roll(t.Context(), s.b); err != nil {
		t.Fatalf("rolling update with %s: %v", set, err)
	}
}

// step runs holdfast secrets on the present Secrets, and applies the result.
func (s *rotation) step(t *testing.T, flags ...string) {
	t.Helper()
	var live strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s.b.Data)) {
		kind, name, _ := strings.Cut(key, "/")
		if kind != "Secret" {
			continue
		}
		encoded := map[string]string{}
		for k, v := range s.b.Data[key] {
			encoded[k] = base64.StdEncoding.EncodeToString([]byte(v))
		}
		text, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]string{"name": name}, "data": encoded})
		if err != nil {
			t.Fatal(err)
		}
		live.WriteString("---\n" + string(text))
	}
	file := filepath.Join(t.TempDir(), "live.yaml")
	if err := os.WriteFile(file, []byte(live.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	bin, err := holdfast()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := bin.Secrets(s.r.Case, append([]string{"--from-existing", file}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.b.Data.Add(objects); err != nil {
		t.Fatal(err)
	}
	s.apply(t)
}

// apply writes the Secrets into the pods, and waits until every server has reloaded them.
func (s *rotation) apply(t *testing.T) {
	t.Helper()
	// The reloader watches replaced files again after a second. A kubelet replaces them once a minute.
	time.Sleep(3 * time.Second)
	before := time.Now()
	if err := s.p.Apply(s.b); err != nil {
		t.Fatal(err)
	}
	persist(t, func() error {
		for i, n := range s.p.Nodes {
			if loaded, err := n.Loaded(t.Context()); err != nil || !loaded.After(before) {
				return fmt.Errorf("server %d has not reloaded since %s: %s, %v", i, before, loaded, err)
			}
		}
		return nil
	})
	if err := s.p.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// restartOne restarts a server: with its Secrets it must join the others.
func (s *rotation) restartOne(t *testing.T) {
	t.Helper()
	if err := s.p.Restart(s.b, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.p.Await(t.Context()); err != nil {
		t.Fatalf("after the restart of a server: %v", err)
	}
}

// serial returns the serial number of the certificate that all servers present.
func (s *rotation) serial(t *testing.T) string {
	t.Helper()
	want, err := parseCertificate(s.b.Data["Secret/"+s.b.Certificate()]["tls.crt"])
	if err != nil {
		t.Fatal(err)
	}
	persist(t, func() error { return s.p.Present(s.b) })
	return want.SerialNumber.String()
}

// connects connects with the user and the CAs in data.
func (s *rotation) connects(data bus.Data) error {
	js, err := s.p.Connect(data, s.b.Trust())
	if err == nil {
		js.Conn().Close()
	}
	return err
}

// names are the names in the certificate of the release.
func (s *rotation) names(t *testing.T) []string {
	t.Helper()
	c, err := parseCertificate(s.b.Data["Secret/"+ownCertificate]["tls.crt"])
	if err != nil {
		t.Fatal(err)
	}
	return c.DNSNames
}

// ownCA returns the CA of the release.
func (s *rotation) ownCA(t *testing.T) authority {
	t.Helper()
	data := s.b.Data["Secret/"+ownCA]
	c, err := parseCertificate(data["tls.crt"])
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair([]byte(data["tls.crt"]), []byte(data["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	return authority{c, pair.PrivateKey, data["tls.crt"]}
}

// startStranger starts a server that connects to the cluster with a certificate, and returns a function that stops it.
func (s *rotation) startStranger(t *testing.T, name string, certificate map[string]string) (stop func()) {
	t.Helper()
	dir := t.TempDir()
	for key, text := range certificate {
		if err := os.WriteFile(filepath.Join(dir, key), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var routes []string
	for _, n := range s.p.Nodes {
		routes = append(routes, "nats://"+n.Cluster)
	}
	tls := fmt.Sprintf("tls {cert_file: %q, key_file: %q, ca_file: %q}", filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "ca.crt"))
	config := fmt.Sprintf("server_name: %s\nlisten: \"127.0.0.1:-1\"\ncluster {name: %s, listen: \"127.0.0.1:-1\", no_advertise: true, routes: [%s], %s}\n",
		name, s.b.StatefulSet.Name, strings.Join(routes, ", "), tls)
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := bus.RunServer(dir, name, file)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// publish starts a load with the present Secrets.
func (s *rotation) publish(t *testing.T) *bus.Load {
	t.Helper()
	l, err := s.p.Publish(t.Context(), s.b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// reconnect: the clients restart with the present Secrets.
func (s *rotation) reconnect(t *testing.T, l *bus.Load) {
	t.Helper()
	if err := l.Use(s.b); err != nil {
		t.Fatal(err)
	}
}

// expectAll: the bus has every acknowledged event once.
func expectAll(t *testing.T, l *bus.Load) {
	t.Helper()
	var result bus.Result
	persist(t, func() (err error) { result, err = l.End(t.Context()); return err })
	t.Log(result)
	if result.Lost > 0 || result.Acked == 0 {
		t.Errorf("%d of %d acknowledged events are not stored exactly once", result.Lost, result.Acked)
	}
}

// authority is a CA.
type authority struct {
	certificate *x509.Certificate
	key         any
	pem         string
}

func newCA(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	certificate, err := parseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, text}
}

// issue returns the data of a Secret with a certificate for 90 days.
func (a authority) issue(t *testing.T, names []string) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: serial, DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 90),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		"ca.crt":  a.pem,
	}
}

func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
