// Package stack loads the description of a system: its components and how each of them replicates.
//
// A stack is one YAML file, <name>.yaml. A system with objects of its own (custom resources, jobs, certificates) also has
// a folder <name>/ with files for the chart: templates/, crds/, values.yaml, values.schema.json, README.md, and the
// configuration files of its components.
package stack

import (
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Stack is the description of a system, as in a file in stacks/.
type Stack struct {
	// Name is the name of the chart.
	Name string `yaml:"name"`
	// Version is the version of the chart, AppVersion that of the system.
	Version    string `yaml:"version"`
	AppVersion string `yaml:"appVersion"`
	// Description is one sentence; Intro is the first paragraph of the chart's README.
	Description string   `yaml:"description"`
	Intro       string   `yaml:"intro"`
	Home        string   `yaml:"home"`
	Keywords    []string `yaml:"keywords"`
	// Defaults are fields of all components that set none themselves.
	Defaults Defaults `yaml:"defaults"`
	// Components are in the order for a reader.
	Components []Component `yaml:"components"`
	// Notes is Helm template text for the end of NOTES.txt.
	Notes string `yaml:"notes"`

	// File is the name of the file that the stack was read from.
	File string `yaml:"-"`
	// Own is the folder of the stack; nil if it has none.
	Own fs.FS `yaml:"-"`
}

// Replication is the replication model of a component. Most decisions about its availability follow from it.
type Replication string

// The replication models.
const (
	// Quorum members vote (raft): a majority must be up.
	Quorum Replication = "quorum"
	// Standby pods elect a leader, and the others stand by (Active-Passive).
	Standby Replication = "standby"
	// Stateless pods are interchangeable (Active-Active).
	Stateless Replication = "stateless"
	// Single has at most one pod.
	Single Replication = "single"
	// PerNode has one pod on every node.
	PerNode Replication = "per-node"
	// Shards are all needed: each pod does a part of the work, under a stable name.
	Shards Replication = "shards"
	// Needs is for pods with stable names of which a number must run, and any of the others may be missing.
	Needs Replication = "needs"
	// Finite pods end: those of a Job, or of a CronJob if the component has a schedule.
	Finite Replication = "finite"
)

// Replications lists the replication models.
var Replications = []Replication{Quorum, Standby, Stateless, Single, PerNode, Shards, Needs, Finite}

// Component is one workload of a stack.
type Component struct {
	Name        string      `yaml:"name"`
	Description string      `yaml:"description"`
	Replication Replication `yaml:"replication"`
	// Replicas is the number of pods of shards and needs components; users may change it. Other models have that of the profile.
	Replicas int `yaml:"replicas"`
	// Needs is how many pods of a needs component must run.
	Needs int `yaml:"needs"`
	// Managed reports whether another controller creates the pods from a custom resource in the stack's own templates. Only
	// the decisions that such a resource supports are made for it: anti-affinity instead of spread constraints.
	Managed bool `yaml:"managed"`
	// When is a Helm condition: the component is rendered if it is true; empty: always.
	When string `yaml:"when"`
	// Adjust is a helper of the stack's own templates that changes the component's values before its pods are rendered. It
	// receives a list of the root context and the values, and renders nothing.
	Adjust string `yaml:"adjust"`
	// Shows lists objects of the stack's own templates that depend on the decisions for the component, by their label
	// app.kubernetes.io/component. Their Kustomize patches have the reasons of the component.
	Shows []string `yaml:"shows"`

	Image Image `yaml:"image"`
	// InitContainers run one after the other before the component's container.
	InitContainers []Helper `yaml:"initContainers"`
	// Sidecars start before the init containers and end after the component's container. A Job ends without them.
	Sidecars []Helper `yaml:"sidecars"`
	Ports    []Port   `yaml:"ports"`
	Probes   Probes   `yaml:"probes"`
	Drain    *Drain   `yaml:"drain"`
	Config   Config   `yaml:"config"`
	Storage  Claims   `yaml:"storage"`
	// Service has further fields of the component's Service, which contains the ports with service: true.
	Service *Service `yaml:"service"`
	// Election is the way in which standbys elect their leader, if the component supports several.
	Election Election `yaml:"election"`
	// Schedule is when the CronJob of a finite component runs, in the form of cron: "30 2 * * *", "@daily". Without it, a Job runs at the
	// installation, and at each upgrade that changes its pod or configuration.
	Schedule string `yaml:"schedule"`
	// Store is the software that stores the component's data, if there are decisions about it.
	Store Store `yaml:"store"`
	// Exporter reports whether the stack's own templates add a sidecar with a port named metrics while monitoring.enabled is true.
	Exporter bool `yaml:"exporter"`
	// To lists further servers that the component may connect to: names of components with a port for anyone, CIDRs, a
	// NetworkPolicyPeer, or "anyone". If it is set, even to [], all other connections are denied but these: DNS, the ports of
	// components that list this one in from, and the API server for components with permissions or an election.
	To []yaml.Node `yaml:"to"`
	// Rules are RBAC rules for the component's service account in its own namespace.
	Rules yaml.Node `yaml:"rules"`
	// ClusterRules are RBAC rules in all namespaces, and for resources without a namespace.
	ClusterRules yaml.Node `yaml:"clusterRules"`
	// Autoscaling adds a HorizontalPodAutoscaler, off by default, to a stateless component.
	Autoscaling *Autoscaling `yaml:"autoscaling"`
	// Ingress is the name of the port behind an Ingress and an HTTPRoute, both off by default.
	Ingress string `yaml:"ingress"`
	// Container and Pod are fields of Kubernetes, copied unchanged; their strings may contain Helm expressions.
	Container yaml.Node `yaml:"container"`
	Pod       yaml.Node `yaml:"pod"`
	// Resources are the requests and limits of the container; of a managed component, a decision that its templates read.
	Resources yaml.Node `yaml:"resources"`
	// Values are further values of the component, with their comments; their schema is in the stack's folder.
	Values yaml.Node `yaml:"values"`

	// Line is the line of the component in the file.
	Line int `yaml:"-"`
}

// Defaults are fields of all components but managed ones. Maps are merged by key with the component's own, which take precedence; lists
// and other values of a component replace them.
type Defaults struct {
	// Registry is that of images without one, also of sidecars and init containers.
	Registry  string    `yaml:"registry"`
	Container yaml.Node `yaml:"container"`
	Pod       yaml.Node `yaml:"pod"`
	Resources yaml.Node `yaml:"resources"`
	// Drain is that of components without one, except finite ones.
	Drain *Drain `yaml:"drain"`
}

// Image is a container image.
type Image struct {
	Registry   string `yaml:"registry"`
	Repository string `yaml:"repository"`
	Tag        string `yaml:"tag"`
}

// Helper is a further container of the component's pods. Users may change its image and resources by the values of its name.
type Helper struct {
	// Name is like a component's: exporter, configReloader.
	Name string `yaml:"name"`
	// Image is the component's own if it is empty.
	Image Image `yaml:"image"`
	// Container are fields of Kubernetes, copied unchanged; Resources are the requests and limits.
	Container yaml.Node `yaml:"container"`
	Resources yaml.Node `yaml:"resources"`
}

// Port is a port of the component's pods.
type Port struct {
	Name string `yaml:"name"`
	Port int    `yaml:"port"`
	// Protocol is TCP, UDP or SCTP; empty: TCP.
	Protocol string `yaml:"protocol"`
	// Sidecar is the name of the sidecar that listens; empty: the component's container.
	Sidecar string `yaml:"sidecar"`
	// Service adds the port to the Service of the component.
	Service bool `yaml:"service"`
	// From lists the permitted clients: names of components ("bus"), "anyone", or a NetworkPolicyPeer. kubelet is always permitted.
	From []yaml.Node `yaml:"from"`
}

// Service are fields of a Service. Users may change all but Headless.
type Service struct {
	// Type is ClusterIP, NodePort or LoadBalancer; empty: ClusterIP.
	Type        string            `yaml:"type"`
	Annotations map[string]string `yaml:"annotations"`
	// SessionAffinity is None or ClientIP: a client stays with its pod; empty: None.
	SessionAffinity string `yaml:"sessionAffinity"`
	// ExternalTrafficPolicy is Cluster, or Local: only nodes with a ready pod accept connections, and the pod sees the client's address;
	// empty: Cluster.
	ExternalTrafficPolicy string `yaml:"externalTrafficPolicy"`
	// Headless gives clients the addresses of all ready pods instead of one virtual address: for clients that balance themselves.
	Headless bool `yaml:"headless"`
}

// Probes are the handlers of the probes; their periods and thresholds are decided in package ha.
type Probes struct {
	// Startup must fail until a rolling update may continue with the next pod.
	Startup yaml.Node `yaml:"startup"`
	// Ready must succeed only while the pod can serve.
	Ready yaml.Node `yaml:"ready"`
	// Alive must not depend on other pods: it may only fail if a restart can help.
	Alive yaml.Node `yaml:"alive"`
}

// Drain is the work of a pod before it stops.
type Drain struct {
	// Command runs in the container before it gets SIGTERM.
	Command []string `yaml:"command"`
	// SleepSeconds is how long the pod continues to serve after its removal from the Services.
	SleepSeconds int `yaml:"sleepSeconds"`
	// Seconds is the time for the process to hand over its work after that.
	Seconds int `yaml:"seconds"`
}

// Config is a ConfigMap, mounted as a folder. Its files are Helm templates with $c for the values of the component.
type Config struct {
	// Path is the mount path in the container.
	Path string `yaml:"path"`
	// Of is another component, whose files this one mounts.
	Of string `yaml:"of"`
	// Files maps the name of each file to its text.
	Files map[string]string `yaml:"files"`
	// Folder is a folder in the stack's folder, such as "config/bus"; Load adds its files to Files.
	Folder string `yaml:"folder"`
}

// Storage is one PersistentVolumeClaim of each pod.
type Storage struct {
	// Name is the name of the volume; empty: data.
	Name string `yaml:"name"`
	Size string `yaml:"size"`
	// Path is the mount path in the component's container. Sidecars mount the volume by its name.
	Path string `yaml:"path"`
	// AccessModes are those of the claim; empty: ReadWriteOnce. Each pod has a claim of its own, whatever the mode.
	AccessModes []string `yaml:"accessModes"`
	// ClassName is the StorageClass, unless users set another; empty: the default of the cluster.
	ClassName string `yaml:"className"`
}

// Claims are the claims of each pod: one map in the stack, or a list of maps.
type Claims []Storage

// Autoscaling bounds a HorizontalPodAutoscaler; its minimum is the profile's number of replicas.
type Autoscaling struct {
	MaxReplicas int `yaml:"maxReplicas"`
	// TargetCPUUtilization and TargetMemoryUtilization are in percent of the requests; 0: no target.
	TargetCPUUtilization    int `yaml:"targetCPUUtilization"`
	TargetMemoryUtilization int `yaml:"targetMemoryUtilization"`
	// Metrics are further metrics in the form of Kubernetes, copied unchanged; their strings may contain Helm expressions.
	Metrics yaml.Node `yaml:"metrics"`
	// Behavior limits the speed of scaling, in the form of Kubernetes. Users may change it.
	Behavior yaml.Node `yaml:"behavior"`
}

// Election is a way to elect a leader.
type Election string

// The ways to elect a leader.
const (
	// ElectionFixed: the component supports only one way, and the chart adds nothing for it.
	ElectionFixed Election = ""
	// ElectionLeases: Kubernetes Leases; the chart adds a ServiceAccount and RBAC.
	ElectionLeases Election = "leases"
)

// Store is the software that stores the data of a component.
type Store string

// StoreJetStream is NATS JetStream: its store has a size and an interval of flushes.
const StoreJetStream Store = "jetstream"

// Workload returns the Kubernetes kind that runs the component.
func (c Component) Workload() string {
	switch {
	case c.Managed:
		return "custom resource"
	case slices.Contains([]Replication{Quorum, Shards, Needs}, c.Replication):
		return "StatefulSet"
	case c.Replication == PerNode:
		return "DaemonSet"
	case c.Replication == Finite && c.Schedule != "":
		return "CronJob"
	case c.Replication == Finite:
		return "Job"
	case c.Storage != nil || c.Replication == Single:
		// A Deployment starts a second pod while the first may still run on a node that was cut off; a StatefulSet never does.
		return "StatefulSet"
	default:
		return "Deployment"
	}
}

// Helpers returns the further containers of the pods, in the order of their start.
func (c Component) Helpers() []Helper { return slices.Concat(c.Sidecars, c.InitContainers) }

// HasService reports whether the component has a Service.
func (c Component) HasService() bool {
	for _, p := range c.Ports {
		if p.Service {
			return true
		}
	}
	return false
}
