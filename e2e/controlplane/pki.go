package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Identity is the subject of a certificate: a user of the API server. With hosts, the certificate is also valid for a server.
type Identity struct {
	// Name is the user, "system:node:a1", and Groups are the user's groups, "system:nodes".
	Name   string
	Groups []string
	// Hosts are the names and addresses of the server.
	Hosts []string
}

// authority signs certificates; its files are in one folder.
type authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// validity of every certificate is longer than any test.
const validity = 30 * 24 * time.Hour

// newAuthority creates an authority, and the key that signs tokens of service accounts.
func newAuthority(dir string) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &authority{dir: dir}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "holdfast e2e"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	text, key, err := a.sign("ca", template)
	if err != nil {
		return nil, err
	}
	a.key = key
	if a.certificate, err = x509.ParseCertificate(text); err != nil {
		return nil, err
	}
	_, err = writeKey(a.file("service-accounts.key"))
	return a, err
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// issue writes the files NAME.crt and NAME.key, and returns their paths.
func (a *authority) issue(file string, id Identity) (certificate, key string, err error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: id.Name, Organization: id.Groups},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(id.Hosts) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, host := range id.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if _, _, err := a.sign(file, template); err != nil {
		return "", "", fmt.Errorf("issuing a certificate for %s: %w", id.Name, err)
	}
	return a.file(file + ".crt"), a.file(file + ".key"), nil
}

// sign creates a key and a certificate. The first certificate is self-signed: it is the authority's own.
func (a *authority) sign(file string, template *x509.Certificate) ([]byte, *ecdsa.PrivateKey, error) {
	key, err := writeKey(a.file(file + ".key"))
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, nil, err
	}
	// Clocks of nodes may differ a little.
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(validity)
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	text, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, err
	}
	return text, key, writePEM(a.file(file+".crt"), "CERTIFICATE", text)
}

func writeKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(file, "EC PRIVATE KEY", text)
}

func writePEM(file, kind string, content []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
