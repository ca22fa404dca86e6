package argoevents

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// EventBus is argoproj.io/v1alpha1 EventBus.
type EventBus struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		NATS *struct {
			Native *NativeBus `json:"native"`
			Exotic *struct{}  `json:"exotic"`
		} `json:"nats"`
		JetStream *JetStreamBus `json:"jetstream"`
		Kafka     *struct {
			URL string `json:"url"`
		} `json:"kafka"`
		JetStreamExotic *struct {
			URL          string `json:"url"`
			StreamConfig string `json:"streamConfig"`
		} `json:"jetstreamExotic"`
	} `json:"spec"`
}

// JetStreamBus is a bus of NATS servers with JetStream that the controller runs.
type JetStreamBus struct {
	Placement
	Version                   string       `json:"version"`
	Replicas                  *int32       `json:"replicas"`
	Persistence               *Persistence `json:"persistence"`
	StreamConfig              string       `json:"streamConfig"`
	ContainerTemplate         Container    `json:"containerTemplate"`
	ReloaderContainerTemplate Container    `json:"reloaderContainerTemplate"`
	MetricsContainerTemplate  Container    `json:"metricsContainerTemplate"`
}

// NativeBus is a bus of NATS Streaming servers, which is no longer maintained.
type NativeBus struct {
	Placement
	Replicas                 int32        `json:"replicas"`
	Persistence              *Persistence `json:"persistence"`
	ContainerTemplate        *Container   `json:"containerTemplate"`
	MetricsContainerTemplate Container    `json:"metricsContainerTemplate"`
}

// Persistence is the volume of a bus server.
type Persistence struct {
	StorageClassName *string                            `json:"storageClassName"`
	AccessMode       *corev1.PersistentVolumeAccessMode `json:"accessMode"`
	VolumeSize       *resource.Quantity                 `json:"volumeSize"`
}

// Dependents returns the objects that the controller creates for a bus (pkg/reconciler/eventbus/installer).
func (b *EventBus) Dependents() (Dependents, error) {
	switch {
	case b.Spec.NATS != nil && b.Spec.NATS.Native != nil:
		return b.native(b.Spec.NATS.Native), nil
	case b.Spec.NATS != nil && b.Spec.NATS.Exotic == nil:
		return Dependents{}, invalid("has neither native nor exotic, which the controller rejects", "spec", "nats")
	case b.Spec.JetStream != nil:
		return b.jetStream(b.Spec.JetStream)
	case b.Spec.NATS == nil && b.Spec.Kafka == nil && b.Spec.JetStreamExotic == nil:
		return Dependents{}, invalid("has none of jetstream, jetstreamExotic, kafka and nats, which the controller rejects", "spec")
	}
	return Dependents{}, nil
}

// OnKafka reports whether the bus is an external Kafka.
func (b *EventBus) OnKafka() bool {
	return b.Spec.NATS == nil && b.Spec.JetStream == nil && b.Spec.Kafka != nil
}

func (b *EventBus) labels() map[string]string {
	return map[string]string{"controller": "eventbus-controller", "eventbus-name": b.Name, "owner-name": b.Name}
}

// containerPorts and servicePorts are the ports of every NATS server. Probes use the monitor port.
var (
	containerPorts = []corev1.ContainerPort{{Name: "client", ContainerPort: 4222}, {Name: "cluster", ContainerPort: 6222}, {Name: "monitor", ContainerPort: 8222}}
	servicePorts   = []corev1.ServicePort{{Name: "tcp-client", Port: 4222}, {Name: "cluster", Port: 6222}, {Name: "monitor", Port: 8222}}
)

func (b *EventBus) jetStream(js *JetStreamBus) (Dependents, error) {
	replicas := int32(3)
	if js.Replicas != nil {
		replicas = *js.Replicas
	}
	if replicas == 2 || replicas < 1 {
		return Dependents{}, invalid(fmt.Sprintf("is %d, which the controller rejects: want 1, or 3 or more", replicas), "spec", "jetstream", "replicas")
	}
	server := js.ContainerTemplate.container("main", containerPorts...)
	server.StartupProbe = probe("/healthz", corev1.Probe{InitialDelaySeconds: 10, FailureThreshold: 30})
	server.LivenessProbe = probe("/", corev1.Probe{InitialDelaySeconds: 10, PeriodSeconds: 30})
	server.ReadinessProbe = probe("/healthz", corev1.Probe{InitialDelaySeconds: 10, PeriodSeconds: 5})
	server.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/nats-server", "-sl=ldm=/var/run/nats/nats.pid"}}}}
	pods := js.pods(b.labels(), server, js.ReloaderContainerTemplate.container("reloader"), js.MetricsContainerTemplate.container("metrics", metrics))
	grace, share := int64(60), true
	pods.Spec.TerminationGracePeriodSeconds, pods.Spec.ShareProcessNamespace = &grace, &share

	name := "eventbus-" + b.Name + "-js"
	set := b.statefulSet(name, replicas, pods)
	set.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
	set.Spec.VolumeClaimTemplates = js.Persistence.claims(name+"-vol", "20Gi")
	service := b.headless(name+"-svc", append(slices.Clone(servicePorts), corev1.ServicePort{Name: "metrics", Port: 7777})...)
	service.Spec.PublishNotReadyAddresses = true
	return Dependents{StatefulSet: set, Services: []*corev1.Service{service}}, nil
}

func (b *EventBus) native(stan *NativeBus) Dependents {
	// The controller's default CPU request is 0.
	container := Container{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0")}}}
	if stan.ContainerTemplate != nil {
		container = *stan.ContainerTemplate
	}
	server := container.container("stan", containerPorts...)
	server.LivenessProbe = probe("/", corev1.Probe{InitialDelaySeconds: 10})
	name := "eventbus-" + b.Name + "-stan"
	set := b.statefulSet(name, max(3, stan.Replicas), stan.pods(b.labels(), server, stan.MetricsContainerTemplate.container("metrics", metrics)))
	set.Spec.VolumeClaimTemplates = stan.Persistence.claims("stan-"+b.Name+"-vol", "10Gi")
	return Dependents{StatefulSet: set, Services: []*corev1.Service{b.headless(name+"-svc", servicePorts...)}}
}

// probe sets the path of a probe of the server's monitor port.
func probe(path string, timing corev1.Probe) *corev1.Probe {
	timing.HTTPGet = &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8222)}
	timing.TimeoutSeconds = 5
	return &timing
}

func (b *EventBus) statefulSet(name string, replicas int32, pods corev1.PodTemplateSpec) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: name, Labels: merge(b.Labels, b.labels())},
		Spec: appsv1.StatefulSetSpec{
			Replicas:    &replicas,
			ServiceName: name + "-svc",
			Selector:    &metav1.LabelSelector{MatchLabels: b.labels()},
			Template:    pods,
		},
	}
}

func (b *EventBus) headless(name string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone, Selector: b.labels(), Ports: ports},
	}
}

// claims returns the volumeClaimTemplates of a bus, nil without persistence.
func (p *Persistence) claims(name, defaultSize string) []corev1.PersistentVolumeClaim {
	if p == nil {
		return nil
	}
	mode, size, filesystem := corev1.ReadWriteOnce, resource.MustParse(defaultSize), corev1.PersistentVolumeFilesystem
	if p.AccessMode != nil {
		mode = *p.AccessMode
	}
	if p.VolumeSize != nil {
		size = *p.VolumeSize
	}
	return []corev1.PersistentVolumeClaim{{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{mode},
			VolumeMode:       &filesystem,
			StorageClassName: p.StorageClassName,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}}
}
