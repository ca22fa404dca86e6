package chart

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/profile"
	"github.com/holdfast-ha/holdfast/generator/schema"
	"github.com/holdfast-ha/holdfast/generator/stack"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// node is a JSON schema, or a part of one.
type node = map[string]any

// valuesSchema writes values.schema.json (draft 7): every key that is not known is refused, by its path.
func (g *generation) valuesSchema() error {
	own, err := g.ownSchema()
	if err != nil {
		return err
	}
	properties := node{
		"profile":          node{"type": "string", "enum": profile.Names(g.Profiles), "description": "Which failures to survive."},
		"imageRegistry":    node{"type": "string"},
		"imagePullSecrets": array(ref[corev1.LocalObjectReference]()),
		"nameOverride":     dnsName,
		"fullnameOverride": dnsName,
		"networkPolicy":    strictObject(node{"enabled": boolean, "metricsFrom": array(ref[networkingv1.NetworkPolicyPeer]())}),
		"overrides":        g.overridesSchema(own.Overrides),
		"extraObjects":     array(node{"type": "object", "required": []string{"apiVersion", "kind", "metadata"}}),
		"global":           node{"type": "object"},
	}
	maps.Copy(properties, own.Properties)
	for _, c := range g.Components {
		properties[c.Name] = g.componentSchema(c, own.Components[c.Name])
	}
	definitions := schema.Definitions(kubernetesTypes...)
	for name, d := range definitions {
		definitions[name] = nullable(d.(node))
	}
	maps.Copy(definitions, own.Definitions)
	whole := strictObject(properties)
	whole["$schema"] = "http://json-schema.org/draft-07/schema#"
	whole["title"] = "Values of the chart " + g.Name
	whole["definitions"] = definitions
	text, err := marshal(whole)
	g.files["values.schema.json"] = text
	return err
}

// ownSchema is what a stack's folder adds to the schema: values.schema.json there.
type ownSchema struct {
	// Properties of the values' root; Components: of the components' values, by component.
	Properties node            `json:"properties"`
	Components map[string]node `json:"components"`
	// DefinitionsFrom names a file of the folder whose definitions are found at #/definitions/api.NAME.
	DefinitionsFrom string `json:"definitionsFrom"`
	Definitions     node   `json:"-"`
	// Overrides are patterns of further keys of values.overrides.
	Overrides []string `json:"overrides"`
}

func (g *generation) ownSchema() (ownSchema, error) {
	var own ownSchema
	text, err := g.ownFile("values.schema.json")
	if err != nil || text == nil {
		return own, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&own); err != nil {
		return own, fmt.Errorf("values.schema.json: %w", err)
	}
	if own.DefinitionsFrom == "" {
		return own, nil
	}
	text, err = g.ownFile(own.DefinitionsFrom)
	if err != nil {
		return own, err
	}
	// Under names of their own: a custom resource may know an older form of a Kubernetes type than this chart does.
	text = bytes.ReplaceAll(text, []byte(`"#/definitions/`), []byte(`"#/definitions/api.`))
	var from struct{ Definitions node }
	if err := json.Unmarshal(text, &from); err != nil {
		return own, fmt.Errorf("%s: %w", own.DefinitionsFrom, err)
	}
	own.Definitions = node{}
	for name, definition := range from.Definitions {
		own.Definitions["api."+name] = definition
	}
	return own, nil
}

// kubernetesTypes are the API types that components' values take over as they are.
var kubernetesTypes = []reflect.Type{
	reflect.TypeFor[corev1.Affinity](), reflect.TypeFor[corev1.EnvVar](), reflect.TypeFor[corev1.LocalObjectReference](),
	reflect.TypeFor[corev1.ResourceRequirements](), reflect.TypeFor[corev1.Toleration](),
	reflect.TypeFor[appsv1.DeploymentStrategy](), reflect.TypeFor[appsv1.StatefulSetUpdateStrategy](),
	reflect.TypeFor[appsv1.DaemonSetUpdateStrategy](), reflect.TypeFor[appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy](),
	reflect.TypeFor[networkingv1.NetworkPolicyPeer](),
}

var (
	boolean = node{"type": "boolean"}
	// dnsName is safe wherever a template puts it.
	dnsName   = node{"type": "string", "pattern": "^([a-z]([-a-z0-9]*[a-z0-9])?)?$"}
	text      = node{"type": "string"}
	stringMap = node{"type": "object", "additionalProperties": text}
)

// keySchemas are the schemas of all keys that components can have.
func keySchemas(c stack.Component) node {
	update := ref[appsv1.StatefulSetUpdateStrategy]()
	if c.Replication == stack.PerNode {
		update = ref[appsv1.DaemonSetUpdateStrategy]()
	}
	count := node{"type": []string{"integer", "null"}, "minimum": 0}
	replicas := node{"type": []string{"integer", "null"}, "minimum": 0, "maximum": 99}
	// What is asked is the stack's.
	timing := nullable(strictObject(node{"periodSeconds": count, "timeoutSeconds": count, "failureThreshold": count, "successThreshold": count, "initialDelaySeconds": count, "terminationGracePeriodSeconds": count}))
	constraint := less[corev1.TopologySpreadConstraint]("labelSelector")
	constraint["required"] = []string{"maxSkew", "topologyKey", "whenUnsatisfiable"}
	number := node{"type": []string{"integer", "string", "null"}}
	budget := nullable(strictObject(node{"maxUnavailable": number, "minAvailable": number, "unhealthyPodEvictionPolicy": node{"enum": []any{"AlwaysAllow", "IfHealthyBudget", nil}}}))
	return node{
		"image":                                strictObject(node{"registry": text, "repository": text, "tag": text, "digest": text, "pullPolicy": node{"enum": []string{"Always", "IfNotPresent", "Never"}}}),
		"replicas":                             replicas,
		"topologySpreadConstraints":            array(constraint),
		"antiAffinity":                         array(strictObject(node{"topologyKey": text, "hardUpTo": node{"type": "integer", "minimum": 0}})),
		"affinity":                             ref[corev1.Affinity](),
		"nodeSelector":                         stringMap,
		"tolerations":                          array(ref[corev1.Toleration]()),
		"priorityClassName":                    text,
		"podDisruptionBudget":                  budget,
		"updateStrategy":                       update,
		"strategy":                             ref[appsv1.DeploymentStrategy](),
		"internalTrafficPolicy":                node{"enum": []any{"Local", "Cluster", nil}},
		"minReadySeconds":                      count,
		"terminationGracePeriodSeconds":        count,
		"startupProbe":                         timing,
		"readinessProbe":                       timing,
		"livenessProbe":                        timing,
		"election":                             nullable(strictObject(node{"by": node{"enum": []string{"leases", "nats"}}, "leaseDuration": text, "renewDeadline": text, "retryPeriod": text})),
		"persistentVolumeClaimRetentionPolicy": ref[appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy](),
		"storage":                              strictObject(node{"size": node{"type": "string", "pattern": `^([1-9][0-9]{2,}Mi|[1-9][0-9]*(Gi|Ti))$`}, "className": text}),
		"resources":                            ref[corev1.ResourceRequirements](),
		"env":                                  array(envVar(c)),
		"podLabels":                            stringsBut("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"),
		"podAnnotations":                       stringsBut("checksum/config"),
		"allowFrom":                            array(ref[networkingv1.NetworkPolicyPeer]()),
		"autoscaling":                          strictObject(node{"enabled": boolean, "maxReplicas": node{"type": "integer", "minimum": 1}, "targetCPUUtilization": node{"type": "integer", "minimum": 1}}),
		"ingress":                              strictObject(node{"enabled": boolean, "className": text, "host": text, "tlsSecret": text, "annotations": stringMap}),
		"httpRoute":                            strictObject(node{"enabled": boolean, "parentRefs": array(node{"type": "object"}), "hostnames": array(text)}),
	}
}

func (g *generation) componentSchema(c stack.Component, own node) node {
	entries, _ := g.entries(c)
	known, properties := keySchemas(c), node{}
	for _, e := range entries {
		properties[e.key] = known[e.key]
	}
	maps.Copy(properties, own)
	return strictObject(properties)
}

// stringsBut is a map of strings without the keys that the templates write themselves.
func stringsBut(keys ...string) node {
	properties := node{}
	for _, key := range keys {
		properties[key] = false
	}
	return node{"type": "object", "properties": properties, "additionalProperties": text}
}

// envVar is a variable of another name than the stack's own.
func envVar(c stack.Component) node {
	var own []string
	for _, v := range field(c.Container, "env").Content {
		own = append(own, field(*v, "name").Value)
	}
	if own == nil {
		return ref[corev1.EnvVar]()
	}
	return node{"allOf": []node{ref[corev1.EnvVar]()}, "required": []string{"name"}, "properties": node{"name": node{"not": node{"enum": own}}}}
}

// overridesSchema knows the key of every object of the chart, so that an override of nothing is refused.
func (g *generation) overridesSchema(patterns []string) node {
	properties, more := node{}, node{}
	for _, c := range g.Components {
		view := component{Component: c, Chart: g.Name}
		for _, o := range objects {
			if !c.Managed && o.when(view) {
				properties[fmt.Sprintf(o.key, view.Label())] = node{"type": "object"}
			}
		}
	}
	for _, p := range patterns {
		more[p] = node{"type": "object"}
	}
	s := strictObject(properties)
	s["patternProperties"] = more
	return s
}

func strictObject(properties node) node {
	return node{"type": "object", "additionalProperties": false, "properties": properties}
}

func array(items node) node { return node{"type": []string{"array", "null"}, "items": items} }

// less is the definition of a type without the fields that the templates fill in.
func less[T any](fields ...string) node {
	t := reflect.TypeFor[T]()
	all := schema.Definitions(t)[strings.TrimPrefix(schema.Ref(t)["$ref"].(string), "#/definitions/")].(node)
	for _, f := range fields {
		delete(all["properties"].(node), f)
	}
	return all
}

func ref[T any]() node { return schema.Ref(reflect.TypeFor[T]()) }

// nullable also admits null, which stands for "from the profile".
func nullable(s node) node {
	s["type"] = []string{"object", "null"}
	return s
}
