package secrets

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"

	"go.yaml.in/yaml/v3"
)

// object is a Secret or a list of them, as kubectl prints it.
type object struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type,omitempty"`
	Data       map[string]string `yaml:"data,omitempty"`
	StringData map[string]string `yaml:"stringData,omitempty"`
	Items      []object          `yaml:"items,omitempty"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

func newReader(text []byte) io.Reader { return bytes.NewReader(text) }
func isEnd(err error) bool            { return errors.Is(err, io.EOF) }

func (o object) secret() (Secret, error) {
	s := Secret{Name: o.Metadata.Name, Type: o.Type, Labels: o.Metadata.Labels, Annotations: o.Metadata.Annotations, Data: map[string]string{}}
	for key, value := range o.Data {
		text, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return Secret{}, fmt.Errorf("data.%s is not base64", key)
		}
		s.Data[key] = string(text)
	}
	maps.Copy(s.Data, o.StringData)
	return s, nil
}

// Encoded returns the data in base64.
func (s Secret) Encoded() map[string]string {
	all := map[string]string{}
	for key, value := range s.Data {
		all[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return all
}

// YAML returns the Secret as a manifest.
func (s Secret) YAML() (string, error) {
	o := object{APIVersion: "v1", Kind: "Secret", Metadata: metadata{s.Name, s.Labels, s.Annotations}, Type: s.Type, Data: s.Encoded()}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(o)
	return out.String(), err
}
