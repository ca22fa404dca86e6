package bus

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"sigs.k8s.io/yaml"
)

// Collect returns the ConfigMaps of a case and the Secrets of its bus, as an installation creates them. Where the case uses existing Secrets, they
// have these names.
func Collect(h cases.Holdfast, c cases.Case, objects []cases.Object) (Data, error) {
	secrets, err := h.Secrets(c, "--set", "eventBus.mode=managed,eventBus.auth.existingSecret=,eventBus.tls.existingSecret=,eventBus.tls.certManager.enabled=false")
	if err != nil {
		return nil, err
	}
	data := Data{}
	if err := data.Add(append(secrets, objects...)); err != nil {
		return nil, err
	}
	for _, o := range objects {
		if o.Kind() == "EventBus" {
			data.addNative(o.Name())
		}
	}
	for _, o := range objects {
		if o.Kind() == "Certificate" {
			spec, _ := o.Content["spec"].(map[string]any)
			data["Secret/"+fmt.Sprint(spec["secretName"])] = data.With("ca.crt")
		}
	}
	return data, data.rename(c)
}

// With returns the content of an object with a key; nil if there is none.
func (d Data) With(key string) map[string]string {
	for _, content := range d {
		if _, ok := content[key]; ok {
			return content
		}
	}
	return nil
}

// Add adds the ConfigMaps and Secrets among objects.
func (d Data) Add(objects []cases.Object) error {
	for _, o := range objects {
		if o.Kind() != "Secret" && o.Kind() != "ConfigMap" {
			continue
		}
		content, err := contents(o)
		if err != nil {
			return err
		}
		d[o.Kind()+"/"+o.Name()] = content
	}
	return nil
}

// addNative adds the Secrets that the Argo Events controller creates for a native bus.
func (d Data) addNative(eventBus string) {
	d["Secret/eventbus-"+eventBus+"-js-client-auth"] = map[string]string{"client-auth": d.Find("auth.yaml")}
	d["Secret/eventbus-"+eventBus+"-js-server"] = map[string]string{"ca-cert": d.Find("ca.crt")}
}

// contents returns the data of a ConfigMap or Secret as text.
func contents(o cases.Object) (map[string]string, error) {
	var holder struct{ Data, StringData map[string]string }
	if err := o.Into(&holder); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for key, value := range holder.Data {
		if o.Kind() == "Secret" {
			text, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, fmt.Errorf("%s: key %s: %w", o.Key(), key, err)
			}
			value = string(text)
		}
		all[key] = value
	}
	maps.Copy(all, holder.StringData)
	return all, nil
}

// rename gives Secrets the names in the case's values.
func (d Data) rename(c cases.Case) error {
	text, err := os.ReadFile(c.Values)
	if err != nil {
		return err
	}
	type secret struct{ ExistingSecret string }
	var values struct {
		EventBus struct{ Auth, TLS secret }
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("decoding %s: %w", c.Values, err)
	}
	names := map[string]string{"users.conf": values.EventBus.Auth.ExistingSecret, "ca.crt": values.EventBus.TLS.ExistingSecret}
	for key, name := range names {
		if name == "" {
			continue
		}
		d["Secret/"+name] = d.With(key)
	}
	return nil
}
