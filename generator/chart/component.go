package chart

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/generator/stack"
	"go.yaml.in/yaml/v3"
)

// object is a kind of object that a component can have.
type object struct {
	// file is the template's name in templates/component and the file's in the chart.
	file string
	// key is the object's key in values.overrides; %s stands for the component's label.
	key string
	// when reports whether a component has the object.
	when func(component) bool
	// enabled is the Helm condition for rendering the object, with $c for the component's values; empty: always.
	enabled string
}

// objects lists the objects that a component can have, in the order of a chart's folder.
var objects = []object{
	{"serviceaccount.yaml", "ServiceAccount/%s", always, ""},
	{"role.yaml", "Role/%s", component.HasRules, ""},
	{"rolebinding.yaml", "RoleBinding/%s", component.HasRules, ""},
	{"clusterrole.yaml", "ClusterRole/%s", component.HasClusterRules, ""},
	{"clusterrolebinding.yaml", "ClusterRoleBinding/%s", component.HasClusterRules, ""},
	{"configmap.yaml", "ConfigMap/%s", func(c component) bool { return len(c.Config.Files) > 0 }, ""},
	{"service.yaml", "Service/%s", component.HasService, ""},
	{"service-headless.yaml", "Service/%s-headless", func(c component) bool { return c.Workload() == "StatefulSet" }, ""},
	{"deployment.yaml", "Deployment/%s", func(c component) bool { return c.Workload() == "Deployment" }, ""},
	{"statefulset.yaml", "StatefulSet/%s", func(c component) bool { return c.Workload() == "StatefulSet" }, ""},
	{"daemonset.yaml", "DaemonSet/%s", func(c component) bool { return c.Workload() == "DaemonSet" }, ""},
	{"job.yaml", "Job/%s", func(c component) bool { return c.Workload() == "Job" }, ""},
	{"cronjob.yaml", "CronJob/%s", func(c component) bool { return c.Workload() == "CronJob" }, ""},
	{"horizontalpodautoscaler.yaml", "HorizontalPodAutoscaler/%s", func(c component) bool { return c.Autoscaling != nil }, "$c.autoscaling.enabled"},
	{"poddisruptionbudget.yaml", "PodDisruptionBudget/%s", func(c component) bool { return !c.PerNode() && !c.Single() && !c.Finite() }, "and $c.podDisruptionBudget (gt (int $c.replicas) 1)"},
	{"networkpolicy.yaml", "NetworkPolicy/%s", always, ".Values.networkPolicy.enabled"},
	{"ingress.yaml", "Ingress/%s", func(c component) bool { return c.Ingress != "" }, "$c.ingress.enabled"},
	{"httproute.yaml", "HTTPRoute/%s", func(c component) bool { return c.Ingress != "" }, "$c.httpRoute.enabled"},
	{"podmonitor.yaml", "PodMonitor/%s", component.Metrics, operatorMonitors},
	{"prometheusrule.yaml", "PrometheusRule/%s", always, operatorMonitors},
}

func always(component) bool { return true }

// operatorMonitors is the Helm condition for objects of the Prometheus Operator.
const operatorMonitors = "and .Values.monitoring.enabled .Values.monitoring.operator"

// component is a stack's component as the templates read it.
type component struct {
	stack.Component
	// Chart is the chart's name, the prefix of its helpers.
	Chart string
	// All are the components of the stack, this one included.
	All []stack.Component
}

// view returns a component as the templates read it.
func (g *generation) view(c stack.Component) component {
	return component{Component: c, Chart: g.Name, All: g.Stack.Components}
}

// components writes each object of each component into its own file.
func (g *generation) components() error {
	for _, c := range g.Components {
		if c.Managed {
			continue
		}
		view := g.view(c)
		for _, o := range objects {
			if !o.when(view) {
				continue
			}
			text, err := g.object(view, o)
			if err != nil {
				return fmt.Errorf("component %q: %w", c.Name, err)
			}
			g.files[fmt.Sprintf("templates/%s/%s", view.Label(), o.file)] = text
		}
		for file, text := range c.Config.Files {
			g.files[fmt.Sprintf("templates/%s/_%s.tpl", view.Label(), file)] = g.configFile(view, file, text)
		}
	}
	return nil
}

// object returns the template of one object: its definition, and below it the call that renders it with the user's override
// merged in.
func (g *generation) object(c component, o object) ([]byte, error) {
	var body bytes.Buffer
	if err := g.set.ExecuteTemplate(&body, "component/"+o.file, c); err != nil {
		return nil, err
	}
	key := fmt.Sprintf(o.key, c.Label())
	var out bytes.Buffer
	out.WriteString(header(fmt.Sprintf("component %s of stack %s", c.Name, g.File)))
	fmt.Fprintf(&out, "{{- define %q -}}\n%s{{- end }}\n\n", g.Name+"."+key, body.String())
	call := fmt.Sprintf("{{- include %q (list . %q %q .) }}\n", g.Name+".object", key, g.Name+"."+key)
	if strings.Contains(o.enabled, "$c") {
		fmt.Fprintf(&out, "{{- $c := include %q (list . %q) | fromYaml }}\n", g.Name+".component", c.Name)
	}
	switch condition := allOf(c.When, o.enabled); condition {
	case "":
		out.WriteString(call)
	default:
		fmt.Fprintf(&out, "{{- if %s }}\n  %s{{- end }}\n", condition, call)
	}
	return out.Bytes(), nil
}

// allOf joins two Helm conditions with and; an empty condition is always true.
func allOf(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return fmt.Sprintf("and (%s) (%s)", a, b)
}

// configFile returns the template of a configuration file of the component, without indentation.
func (g *generation) configFile(c component, file, text string) []byte {
	return fmt.Appendf(nil, "%s{{- define %q -}}\n{{- $c := include %q (list . %q) | fromYaml -}}\n%s\n{{- end }}\n",
		header(g.configSource(c, file)), c.Chart+"."+c.Label()+"/"+file, c.Chart+".component", c.Name, strings.TrimSpace(text))
}

// configSource names the source of a configuration file: a file in the stack's folder, or the stack itself.
func (g *generation) configSource(c component, file string) string {
	inFolder := path.Join(c.Config.Folder, file)
	if text, err := g.ownFile(inFolder); c.Config.Folder != "" && err == nil && text != nil {
		return path.Join(strings.TrimSuffix(g.File, path.Ext(g.File)), inFolder)
	}
	return fmt.Sprintf("component %s of stack %s", c.Name, g.File)
}

// Fullname is the Helm expression for the name of the component's objects; root is the expression of the root context, "." if
// omitted. Objects of a quorum have the name of its StatefulSet, see members in _names.tpl.
func (c component) Fullname(root ...string) string {
	if c.Quorum() {
		return fmt.Sprintf("{{ include %q (list %s %q) }}", c.Chart+".members", dot(root), c.Label())
	}
	return c.ServiceName(root...)
}

// ServiceName is the Helm expression for the name of the component's Service, the same for a standalone server and a cluster.
func (c component) ServiceName(root ...string) string {
	return fmt.Sprintf("{{ include %q %s }}-%s", c.Chart+".fullname", dot(root), c.Label())
}

// NameExpression is the Helm expression of Fullname, without braces, in the root context.
func (c component) NameExpression() string {
	if c.Quorum() {
		return fmt.Sprintf("include %q (list . %q)", c.Chart+".members", c.Label())
	}
	return fmt.Sprintf("printf %q (include %q .)", "%s-"+c.Label(), c.Chart+".fullname")
}

func dot(root []string) string {
	if len(root) > 0 {
		return root[0]
	}
	return "."
}

// Workloads lists the components whose pods the chart runs itself.
func (g *generation) Workloads() []component {
	var workloads []component
	for _, c := range g.Components {
		if !c.Managed {
			workloads = append(workloads, g.view(c))
		}
	}
	return workloads
}

// ConfigOwner is the component with the ConfigMap that this one mounts: itself, unless it mounts that of another.
func (c component) ConfigOwner() component {
	for _, other := range c.All {
		if other.Name == c.Config.Of {
			c.Component = other
			return c
		}
	}
	return c
}

// ConfigFiles are the files of the ConfigMap that the component mounts.
func (c component) ConfigFiles() map[string]string { return c.ConfigOwner().Config.Files }

// Quorums lists the components that the chart runs as a quorum.
func (g *generation) Quorums() []component {
	var quorums []component
	for _, c := range g.Components {
		if c.Replication == stack.Quorum && !c.Managed {
			quorums = append(quorums, g.view(c))
		}
	}
	return quorums
}

// NameLength is the maximum length of a release's full name, so that the longest name or label with it has at most 63 characters.
func (g *generation) NameLength() int {
	length := 40
	for _, c := range g.Components {
		if !c.Managed {
			length = min(length, c.NameLength())
		}
	}
	return length
}

// Quorum reports whether the component's pods are quorum members.
func (c component) Quorum() bool { return c.Replication == stack.Quorum }

// Model is the component's replication model as verify reads it.
func (c component) Model() string {
	if c.Replication == stack.Needs {
		return fmt.Sprintf("needs:%d", c.Needs)
	}
	return string(c.Replication)
}

// Shards reports whether every pod of the component is needed, or a number of them; each has a stable name.
func (c component) Shards() bool {
	return c.Replication == stack.Shards || c.Replication == stack.Needs
}

// Single reports whether at most one pod of the component may run.
func (c component) Single() bool { return c.Replication == stack.Single }

// Finite reports whether the component's pods end.
func (c component) Finite() bool { return c.Replication == stack.Finite }

// PerNode reports whether the component runs one pod on each node.
func (c component) PerNode() bool { return c.Replication == stack.PerNode }

// IngressPort is the number of the backend port of Ingress and HTTPRoute.
func (c component) IngressPort() int {
	for _, p := range c.Ports {
		if p.Name == c.Ingress {
			return p.Port
		}
	}
	return 0
}

// Metrics reports whether the component's pods have a port named metrics, if only in their exporter.
func (c component) Metrics() bool {
	return c.Exporter || slices.ContainsFunc(c.Ports, func(p stack.Port) bool { return p.Name == "metrics" })
}

// allowed is a port with the peers that may connect to it.
type allowed struct {
	Name       string
	Protocol   string
	Anyone     bool
	Components []string
	Peers      []yaml.Node
}

// AllowedPorts lists the ports that accept connections from peers other than the kubelet.
func (c component) AllowedPorts() []allowed {
	var ports []allowed
	for _, p := range c.Ports {
		if len(p.From) == 0 {
			continue
		}
		a := allowed{Name: p.Name, Protocol: p.Protocol}
		for _, from := range p.From {
			switch {
			case from.Kind != yaml.ScalarNode:
				a.Peers = append(a.Peers, from)
			case from.Value == "anyone":
				a.Anyone = true
			default:
				a.Components = append(a.Components, stack.Component{Name: from.Value}.Label())
			}
		}
		ports = append(ports, a)
	}
	return ports
}

// HasRules reports whether the component's ServiceAccount has permissions in the Kubernetes API.
func (c component) HasRules() bool { return !c.Rules.IsZero() || c.Elects() }

// HasClusterRules reports whether the component's ServiceAccount has permissions outside of its namespace.
func (c component) HasClusterRules() bool { return !c.ClusterRules.IsZero() }

// ClusterName is the Helm expression for the name of the component's objects without a namespace. It begins with the namespace of
// the release, which has no dot: releases of one name in two namespaces do not share an object.
func (c component) ClusterName() string { return "{{ .Release.Namespace }}." + c.Fullname() }

// Elects reports whether the component's pods elect their leader by a Lease that has the name of the component's objects.
func (c component) Elects() bool { return c.Election == stack.ElectionLeases }
