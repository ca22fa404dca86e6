package secrets

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// The keys of a Secret with a certificate, as in type kubernetes.io/tls; only the Secret of a CA has no bundle.
const (
	certKey   = "tls.crt"
	keyKey    = "tls.key"
	bundleKey = "ca.crt"
)

// certificates renews the certificate, or takes a step in the rotation of its CA. The CA in its Secret issues certificates; the bundle beside the
// certificate is what servers and clients accept. During a rotation, the bundle has two CAs.
func (u *update) certificates() error {
	leaf := slices.IndexFunc(u.created, func(s Secret) bool { return s.Data[certKey] != "" && s.Data[bundleKey] != "" })
	newCA := slices.IndexFunc(u.created, func(s Secret) bool { return s.Data[certKey] != "" && s.Data[bundleKey] == "" })
	if leaf < 0 || newCA < 0 {
		if u.RotateCA != "" || u.Renew {
			return fmt.Errorf("this release has no certificate of its own: it is in eventBus.tls.existingSecret or comes from cert-manager")
		}
		return nil
	}
	c := certificate{update: u, template: u.created[leaf], secret: &u.created[leaf], ca: &u.created[newCA]}
	if i := index(u.all, c.secret.Name); i >= 0 {
		c.secret = &u.all[i]
	}
	if i := index(u.all, c.ca.Name); i >= 0 {
		c.ca = &u.all[i]
	} else if u.RotateCA != Add { // of an older release: its CA is lost
		c.ca = nil
	}
	if err := c.next(); err != nil {
		return fmt.Errorf("Secret %s: %w", c.secret.Name, err)
	}
	for _, s := range []*Secret{c.secret, c.ca} {
		if s != nil && index(u.all, s.Name) < 0 {
			u.all = append(u.all, *s)
		}
	}
	return nil
}

// certificate is the certificate of a release with its CA.
type certificate struct {
	*update
	// template is a new certificate for the same values, with the names that it needs.
	template   Secret
	secret, ca *Secret
}

// next takes the step of the rotation, or renews the certificate if it is time.
func (c *certificate) next() error {
	leaf, err := parse(c.secret.Data[certKey])
	if err != nil {
		return err
	}
	switch c.RotateCA {
	case Add:
		return c.add(leaf)
	case Use:
		return c.use(leaf)
	case Drop:
		return c.drop(leaf)
	}
	return c.renew(leaf)
}

// add makes a new CA and adds it to the bundle.
func (c *certificate) add(leaf *x509.Certificate) error {
	switch state := c.state(leaf); {
	case state == added:
		return nil
	case state == used:
		return fmt.Errorf("the CA of an earlier rotation is still accepted: run --rotate-ca drop first")
	}
	i := slices.IndexFunc(c.created, func(s Secret) bool { return s.Name == c.ca.Name })
	c.ca.Data = c.created[i].Data
	c.secret.Data[bundleKey] = strings.TrimSpace(c.secret.Data[bundleKey]) + "\n" + c.ca.Data[certKey]
	c.note("Secret %s: accepts a new CA beside the old one. Next: apply, wait until all pods have it, then --rotate-ca use", c.secret.Name)
	return nil
}

// use issues the certificate with the new CA.
func (c *certificate) use(leaf *x509.Certificate) error {
	switch state := c.state(leaf); {
	case state == used:
		return nil
	case state != added:
		return fmt.Errorf("there is no new CA: run --rotate-ca add first")
	}
	c.note("Secret %s: a certificate of the new CA. Next: apply, wait until all servers present it, then --rotate-ca drop", c.secret.Name)
	return c.issue()
}

// drop removes the old CA from the bundle.
func (c *certificate) drop(leaf *x509.Certificate) error {
	switch state := c.state(leaf); {
	case state == steady:
		return nil
	case state != used:
		return fmt.Errorf("the certificate is of the old CA: run --rotate-ca use first")
	}
	c.secret.Data[bundleKey] = c.ca.Data[certKey]
	c.note("Secret %s: accepts the new CA only. The rotation is complete when this is applied", c.secret.Name)
	return nil
}

// renew issues a certificate with the same CA if the present one ends soon, or lacks names.
func (c *certificate) renew(leaf *x509.Certificate) error {
	want, err := parse(c.template.Data[certKey])
	if err != nil {
		return err
	}
	var reason string
	switch end := leaf.NotAfter.UTC().Format(time.DateOnly); {
	case c.Renew:
		reason = "renewed on request"
	case leaf.NotAfter.Before(c.Now.Add(c.RenewBefore)):
		reason = "renewed, because the certificate ends on " + end
	case slices.ContainsFunc(want.DNSNames, func(name string) bool { return !slices.Contains(leaf.DNSNames, name) }):
		reason = "renewed, because the certificate lacks names"
	default:
		return nil
	}
	if c.ca == nil {
		return fmt.Errorf("must be %s, but there is no Secret with its CA: start a new CA with --rotate-ca add", reason)
	}
	if c.state(leaf) == added {
		return fmt.Errorf("must be %s, but a rotation of its CA has begun: continue it with --rotate-ca use", reason)
	}
	c.note("Secret %s: %s", c.secret.Name, reason)
	return c.issue()
}

// state is the state of a rotation.
type state int

const (
	// steady: one CA. added: the bundle has a new CA, the certificate is of the old one. used: the certificate is of the new one, and
	// the bundle has the old one, too. lost: the certificate is of another CA than the Secret of the CA has, or there is none.
	steady state = iota
	added
	used
	lost
)

func (c *certificate) state(leaf *x509.Certificate) state {
	ca, err := parse(c.ca.Data[certKey])
	if err != nil || !slices.ContainsFunc(bundle(c.secret.Data[bundleKey]), ca.Equal) {
		return lost
	}
	switch issued := leaf.CheckSignatureFrom(ca) == nil; {
	case !issued:
		return added
	case len(bundle(c.secret.Data[bundleKey])) > 1:
		return used
	}
	return steady
}

// issue replaces certificate and key by new ones from the CA, valid as long as a new release's.
func (c *certificate) issue() error {
	ca, err := parse(c.ca.Data[certKey])
	if err != nil {
		return fmt.Errorf("Secret %s: %w", c.ca.Name, err)
	}
	signer, err := parseKey(c.ca.Data[keyKey])
	if err != nil {
		return fmt.Errorf("Secret %s: %w", c.ca.Name, err)
	}
	template, err := parse(c.template.Data[certKey])
	if err != nil {
		return err
	}
	end := c.Now.Add(template.NotAfter.Sub(template.NotBefore))
	if ca.NotAfter.Before(end) {
		end = ca.NotAfter
	}
	if end.Equal(ca.NotAfter) && end.Before(c.Now.Add(c.RenewBefore)) {
		return fmt.Errorf("Secret %s: the CA ends on %s: start a new one with --rotate-ca add", c.ca.Name, ca.NotAfter.UTC().Format(time.DateOnly))
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: template.Subject, DNSNames: template.DNSNames, NotBefore: c.Now.Add(-5 * time.Minute), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: template.ExtKeyUsage, BasicConstraintsValid: true,
	}, ca, key.Public(), signer)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	c.secret.Data[certKey] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	c.secret.Data[keyKey] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return nil
}

// bundle returns all certificates in a PEM text.
func bundle(text string) (all []*x509.Certificate) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return all
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
}

func parse(text string) (*x509.Certificate, error) {
	all := bundle(text)
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no certificate in PEM", certKey)
	}
	return all[0], nil
}

// parseKey returns a private key in PEM, in any form that Helm or a person may have written.
func parseKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode(bytes.TrimSpace([]byte(text)))
	if block == nil {
		return nil, fmt.Errorf("%s has no private key in PEM", keyKey)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if signer, ok := key.(crypto.Signer); ok && err == nil {
		return signer, nil
	}
	return nil, fmt.Errorf("%s has no private key of a known kind", keyKey)
}
