// Package stack loads the description of a system: its components and how each of them replicates.
//
// A stack is one YAML file, <name>.yaml, and where the system has objects of its own (custom resources, jobs,
// certificates) a folder <name>/ beside it with what the chart takes over: templates/, crds/, values.yaml,
// values.schema.json, README.md, and the configuration files of its components.
package stack

import (
	"io/fs"

	"go.yaml.in/yaml/v3"
)

// Stack is a system to be made highly available, as a file in stacks/ describes it.
type Stack struct {
	// Name becomes the chart's name.
	Name string `yaml:"name"`
	// Version is the chart's own version, AppVersion that of the system it runs.
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	// Description is one sentence; Intro is the paragraph that opens the chart's README.
	Description string   `yaml:"description"`
	Intro       string   `yaml:"intro"`
	Home        string   `yaml:"home"`
	Keywords    []string `yaml:"keywords"`
	// Components in the order in which a person would read about them.
	Components []Component `yaml:"components"`
	// Notes is Helm template text for the end of NOTES.txt.
	Notes string `yaml:"notes"`

	// File is the name of the file that the stack was read from.
	File string `yaml:"-"`
	// Own is the stack's folder, nil when it has none.
	Own fs.FS `yaml:"-"`
}

// Replication is how a component replicates, in the field's words; it decides almost everything about its availability.
type Replication string

// The replication models.
const (
	// Quorum members vote (raft): a majority must be up.
	Quorum Replication = "quorum"
	// Standby pods elect a leader; the others wait (Active-Passive).
	Standby Replication = "standby"
	// Stateless pods are interchangeable (Active-Active).
	Stateless Replication = "stateless"
	// Single cannot be doubled.
	Single Replication = "single"
	// PerNode runs on every node.
	PerNode Replication = "per-node"
)

// Replications lists the replication models.
var Replications = []Replication{Quorum, Standby, Stateless, Single, PerNode}

// Component is one workload of a stack.
type Component struct {
	Name        string      `yaml:"name"`
	Description string      `yaml:"description"`
	Replication Replication `yaml:"replication"`
	// Managed is true where another controller makes the pods out of a custom resource, which the stack's own templates hold:
	// the component then only gets the decisions that such a resource can carry (anti-affinity instead of spread constraints).
	Managed bool `yaml:"managed"`
	// When is a Helm condition; the component is left out of a release where it is false. Empty: always there.
	When string `yaml:"when"`
	// Shows lists objects of the stack's own templates that change with what is decided for the component, by their label
	// app.kubernetes.io/component: their patches are explained by it.
	Shows []string `yaml:"shows"`

	Image   Image    `yaml:"image"`
	Ports   []Port   `yaml:"ports"`
	Probes  Probes   `yaml:"probes"`
	Drain   *Drain   `yaml:"drain"`
	Config  Config   `yaml:"config"`
	Storage *Storage `yaml:"storage"`
	// Election says how standbys choose their leader, where the component leaves the choice: "", leases or nats.
	Election Election `yaml:"election"`
	// Rules are RBAC rules for the component's service account in its own namespace.
	Rules yaml.Node `yaml:"rules"`
	// Autoscaling, for stateless components, adds a HorizontalPodAutoscaler that can be switched on.
	Autoscaling *Autoscaling `yaml:"autoscaling"`
	// Ingress names the port that an Ingress and an HTTPRoute, both off by default, lead to.
	Ingress string `yaml:"ingress"`
	// Container and Pod are Kubernetes fields taken over as they are; their strings may hold Helm expressions.
	Container yaml.Node `yaml:"container"`
	Pod       yaml.Node `yaml:"pod"`
	Resources yaml.Node `yaml:"resources"`
	// Values are further keys of the component's values, with their comments; the stack's folder holds their schema.
	Values yaml.Node `yaml:"values"`
}

// Image is where a container image comes from.
type Image struct {
	Registry   string `yaml:"registry"`
	Repository string `yaml:"repository"`
	Tag        string `yaml:"tag"`
}

// Port is a port that the component's container listens on.
type Port struct {
	Name string `yaml:"name"`
	Port int    `yaml:"port"`
	// Service puts the port into the component's Service.
	Service bool `yaml:"service"`
	// From lists who may connect: names of components ("bus"), "anyone", or a NetworkPolicyPeer. Nobody else may; kubelet always does.
	From []yaml.Node `yaml:"from"`
}

// Probes are the questions that kubelet asks; how often it asks is decided in package ha.
type Probes struct {
	// Startup must fail until the pod may count in a rolling update.
	Startup yaml.Node `yaml:"startup"`
	// Ready tells whether the pod can serve.
	Ready yaml.Node `yaml:"ready"`
	// Alive must not depend on any other pod: a restart has to be the cure.
	Alive yaml.Node `yaml:"alive"`
}

// Drain is what a pod does before it is told to stop.
type Drain struct {
	// Command runs in the container first.
	Command []string `yaml:"command"`
	// SleepSeconds lets the pod work on after it was taken out of its Services.
	SleepSeconds int `yaml:"sleepSeconds"`
	// Seconds is how long the process may then take to hand over its work.
	Seconds int `yaml:"seconds"`
}

// Config is a ConfigMap, mounted as a folder. The files are Helm template text with $c, the component's values.
type Config struct {
	// Path is where the ConfigMap is mounted in the container.
	Path string `yaml:"path"`
	// Files has the text of each file by its name.
	Files map[string]string `yaml:"files"`
	// Folder is a folder inside the stack's own, such as "config/bus"; Load adds its files to Files.
	Folder string `yaml:"folder"`
}

// Storage is one claim per pod.
type Storage struct {
	Size string `yaml:"size"`
	Path string `yaml:"path"`
}

// Autoscaling bounds a HorizontalPodAutoscaler; its minimum is the profile's number of replicas.
type Autoscaling struct {
	MaxReplicas          int `yaml:"maxReplicas"`
	TargetCPUUtilization int `yaml:"targetCPUUtilization"`
}

// Election is how standbys choose a leader.
type Election string

// The ways to elect a leader that a stack may leave open.
const (
	// ElectionFixed: the component has one way, and it needs nothing from us.
	ElectionFixed Election = ""
	// ElectionLeases: Kubernetes leases, with a service account that may write them.
	ElectionLeases Election = "leases"
)

// Workload is the Kubernetes kind that runs the component.
func (c Component) Workload() string {
	switch {
	case c.Managed:
		return "custom resource"
	case c.Replication == Quorum:
		return "StatefulSet"
	case c.Replication == PerNode:
		return "DaemonSet"
	case c.Storage != nil:
		return "StatefulSet"
	default:
		return "Deployment"
	}
}

// HasService reports whether any port of the component is offered by a Service.
func (c Component) HasService() bool {
	for _, p := range c.Ports {
		if p.Service {
			return true
		}
	}
	return false
}
