package secrets_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	randv2 "math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/generator/secrets"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

const (
	users = "bus-auth"
	tls   = "bus-tls"
	ca    = "bus-ca"
)

// TestRotationsNeverSplit: after any sequence of steps and renewals, servers and clients with the Secrets before a change and after it accept
// each other. Steps in a wrong order are refused, and a repeated step changes nothing.
func TestRotationsNeverSplit(t *testing.T) {
	changes := []secrets.Options{{}, {Renew: true}}
	for _, step := range secrets.Steps {
		changes = append(changes, secrets.Options{RotateCA: secrets.Step(step)}, secrets.Options{RotatePassword: secrets.Step(step)})
	}
	const seed = 3
	random := randv2.New(randv2.NewPCG(seed, seed))
	done := map[string]int{}
	for range 20 {
		present := create(t)
		var history []string
		for range 30 {
			change := changes[random.IntN(len(changes))]
			change.Now, change.RenewBefore = now, 720*time.Hour
			after, _, err := secrets.Update(render, present, change)
			if err != nil {
				continue
			}
			name := fmt.Sprintf("ca %s, password %s, renew %v", change.RotateCA, change.RotatePassword, change.Renew)
			history = append(history, name)
			done[name]++
			expectAccepted(t, history, present, after)
			expectAccepted(t, history, after, present)
			repeated, _, err := secrets.Update(render, after, change)
			if !change.Renew && (err != nil || !reflect.DeepEqual(repeated, after)) {
				t.Fatalf("%q repeated: error %v, or another result", history, err)
			}
			present = after
		}
	}
	if len(done) != len(changes) {
		t.Errorf("only these changes were possible: %v", done)
	}
}

// expectAccepted: a server with the Secrets of one side accepts certificate and user of the other.
func expectAccepted(t *testing.T, history []string, server, client []secrets.Secret) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(data(server, tls)["ca.crt"]))
	block, _ := pem.Decode([]byte(data(client, tls)["tls.crt"]))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Fatalf("after %q: the certificate of one side is not accepted by the other: %v", history, err)
	}
	if user := data(client, users)["username"] + "=" + data(client, users)["password"]; !strings.Contains(data(server, users)["users.conf"], user+";") {
		t.Fatalf("after %q: the user of one side is not accepted by the other", history)
	}
}

// TestRenew: a certificate is renewed before it ends, when it lacks a name, and on request; otherwise it stays.
func TestRenew(t *testing.T) {
	valid := create(t)
	for _, c := range []struct {
		name   string
		change secrets.Options
		edit   func([]secrets.Secret)
		want   string
	}{
		{name: "valid"},
		{name: "30 days before its end", change: secrets.Options{Now: now.AddDate(0, 11, 15)}, want: "renewed, because the certificate ends on 2027-06-01"},
		{name: "on request", change: secrets.Options{Renew: true}, want: "renewed on request"},
		{name: "another name", edit: func(all []secrets.Secret) { maps.Copy(data(all, tls), issue(t, data(all, ca), "old")) }, want: "renewed, because the certificate lacks names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			existing := clone(valid)
			if c.edit != nil {
				c.edit(existing)
			}
			c.change.RenewBefore = 720 * time.Hour
			if c.change.Now.IsZero() {
				c.change.Now = now
			}
			after, notes, err := secrets.Update(render, existing, c.change)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(notes, "\n"); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
				t.Errorf("notes %q, want %q", got, c.want)
			}
			if renewed := data(after, tls)["tls.crt"] != data(existing, tls)["tls.crt"]; renewed != (c.want != "") {
				t.Errorf("renewed: %v", renewed)
			}
			if data(after, tls)["ca.crt"] != data(existing, tls)["ca.crt"] {
				t.Error("the accepted CAs have changed")
			}
		})
	}
}

// TestRefusals: what cannot be done without an interruption is refused with the way round.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		change secrets.Options
		edit   func([]secrets.Secret) []secrets.Secret
		want   string
	}{
		{"a renewal without the CA", secrets.Options{Renew: true}, without(ca), "there is no Secret with its CA: start a new CA with --rotate-ca add"},
		{"a CA that ends", secrets.Options{Renew: true, Now: now.AddDate(9, 11, 20)}, nil, "the CA ends on 2036-06-01: start a new one with --rotate-ca add"},
		{"a user that a person has edited", secrets.Options{RotatePassword: secrets.Add}, func(all []secrets.Secret) []secrets.Secret {
			data(all, users)["users.conf"] += "admin=secret;"
			return all
		}, "users.conf was edited: rotate this user by hand"},
		{"no certificate", secrets.Options{Renew: true}, func(all []secrets.Secret) []secrets.Secret {
			data(all, tls)["tls.crt"] = "nothing"
			return all
		}, "tls.crt has no certificate in PEM"},
		{"no Secret of the release", secrets.Options{}, func([]secrets.Secret) []secrets.Secret { return []secrets.Secret{{Name: "other"}} }, "none of the Secrets of this release"},
	} {
		t.Run(c.name, func(t *testing.T) {
			existing := create(t)
			if c.edit != nil {
				existing = c.edit(existing)
			}
			c.change.RenewBefore = 720 * time.Hour
			if c.change.Now.IsZero() {
				c.change.Now = now
			}
			if _, _, err := secrets.Update(render, existing, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzParse: any text is read or refused, and what was read is written so that it is read again.
func FuzzParse(f *testing.F) {
	for _, s := range create(f) {
		text, err := s.YAML()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("kind: List\nitems: [{kind: Secret, metadata: {name: a}, data: {a: YQ==}}, {kind: ConfigMap}]")
	f.Add("kind: Secret\nmetadata: {name: a, annotations: {a: b}}\nstringData: {a: b}\n---\nkind: Secret\ndata: {a: '*'}")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := secrets.Parse("file", []byte(text))
		if err != nil {
			return
		}
		for _, s := range all {
			again, err := s.YAML()
			if err != nil {
				continue // names that YAML cannot write
			}
			back, err := secrets.Parse("again", []byte(again))
			if err != nil || len(back) != 1 || back[0].Name != s.Name || !maps.Equal(back[0].Data, s.Data) {
				t.Fatalf("%q was written as %q and read as %v, %v", text, again, back, err)
			}
		}
	})
}

// FuzzUpdate: existing Secrets with any content are completed or refused, and their certificate is kept if nothing is requested.
func FuzzUpdate(f *testing.F) {
	valid := create(f)
	f.Add(data(valid, tls)["tls.crt"], data(valid, tls)["ca.crt"], data(valid, ca)["tls.key"], byte(0))
	f.Add("", "", "", byte(1))
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", data(valid, ca)["tls.crt"], "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", byte(2))
	f.Fuzz(func(_ *testing.T, leaf, bundle, key string, kind byte) {
		existing := clone(valid)
		data(existing, tls)["tls.crt"], data(existing, tls)["ca.crt"], data(existing, ca)["tls.key"] = leaf, bundle, key
		step := secrets.Step(append([]string{""}, secrets.Steps...)[kind%4])
		_, _, _ = secrets.Update(render, existing, secrets.Options{RotateCA: step, Renew: step == "", Now: now})
	})
}

// render stands for the chart: it keeps existing Secrets and adds what is missing.
func render(existing []secrets.Secret) ([]secrets.Secret, error) {
	user := maps.Clone(data(existing, users))
	if user == nil {
		user = map[string]string{"username": "events", "password": fmt.Sprint(randv2.Uint64()), "system-password": fmt.Sprint(randv2.Uint64())}
	}
	if _, ok := user["users.conf"]; !ok {
		for _, prefix := range []string{"", "next-", "previous-"} {
			if name, ok := user[prefix+"username"]; ok {
				user["users.conf"] += name + "=" + user[prefix+"password"] + ";"
			}
		}
	}
	all := []secrets.Secret{{Name: users, Data: user}}
	authority, server := data(existing, ca), data(existing, tls)
	if authority == nil && server == nil {
		authority = newAuthority()
		server = issueBy(authority, "bus")
	}
	for name, content := range map[string]map[string]string{ca: authority, tls: server} {
		if content != nil {
			all = append(all, secrets.Secret{Name: name, Data: maps.Clone(content)})
		}
	}
	slices.SortFunc(all, func(a, b secrets.Secret) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func create(t testing.TB) []secrets.Secret {
	t.Helper()
	all, err := render(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func clone(all []secrets.Secret) []secrets.Secret {
	copied := slices.Clone(all)
	for i := range copied {
		copied[i].Data = maps.Clone(copied[i].Data)
	}
	return copied
}

func without(name string) func([]secrets.Secret) []secrets.Secret {
	return func(all []secrets.Secret) []secrets.Secret {
		return slices.DeleteFunc(all, func(s secrets.Secret) bool { return s.Name == name })
	}
}

func data(all []secrets.Secret, name string) map[string]string {
	for _, s := range all {
		if s.Name == name {
			return s.Data
		}
	}
	return nil
}

func issue(t *testing.T, authority map[string]string, name string) map[string]string {
	t.Helper()
	return issueBy(authority, name)
}

func newAuthority() map[string]string {
	key := newKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: fmt.Sprint("ca ", randv2.Uint64())}, NotBefore: now, NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return map[string]string{"tls.crt": certificate(der), "tls.key": private(key)}
}

func issueBy(authority map[string]string, name string) map[string]string {
	block, _ := pem.Decode([]byte(authority["tls.crt"]))
	parent, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		panic(err)
	}
	block, _ = pem.Decode([]byte(authority["tls.key"]))
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	key := newKey()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	return map[string]string{"tls.crt": certificate(der), "tls.key": private(key), "ca.crt": authority["tls.crt"]}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func certificate(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func private(key *ecdsa.PrivateKey) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
