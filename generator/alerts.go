package generator

import (
	"bytes"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// ruleFile is a rule file of Prometheus.
type ruleFile struct {
	Groups []yaml.Node `yaml:"groups"`
}

// Alerts returns the rules of all PrometheusRules of the release as a rule file of Prometheus, whether or not the values enable
// monitoring.
func (c *Chart) Alerts(o Options) ([]byte, error) {
	objects, err := c.Render(monitored(o))
	if err != nil {
		return nil, err
	}
	var file ruleFile
	for _, object := range objects {
		if object.Kind != "PrometheusRule" {
			continue
		}
		var rule struct{ Spec ruleFile }
		if err := yaml.Unmarshal([]byte(object.Text), &rule); err != nil {
			return nil, fmt.Errorf("PrometheusRule %s: %w", object.Name, err)
		}
		file.Groups = append(file.Groups, rule.Spec.Groups...)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err = enc.Encode(file)
	return out.Bytes(), err
}

// monitored returns the options with monitoring by the Prometheus Operator.
func monitored(o Options) Options {
	monitoring := map[string]any{}
	if own, ok := o.Values["monitoring"].(map[string]any); ok {
		maps.Copy(monitoring, own)
	}
	monitoring["enabled"], monitoring["operator"] = true, true
	values := map[string]any{}
	maps.Copy(values, o.Values)
	values["monitoring"] = monitoring
	o.Values = values
	return o
}
