package control

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// reconciled compares every EventBus, EventSource and Sensor of a release with what the controller made of them, and that
// with what verify takes them for.
func (r *release) reconciled(ctx context.Context) (made int, c comparison, err error) {
	compare := map[string]func(context.Context, *comparison, []byte) error{
		"EventBus":    r.compareEventBus,
		"EventSource": r.compareEventSource,
		"Sensor":      r.compareSensor,
	}
	return r.comparing(ctx, func(c *comparison, kind string, text []byte) error {
		if err := compare[kind](ctx, c, text); err != nil {
			return err
		}
		return r.compareMade(ctx, c, kind, text)
	})
}

// comparing walks over every EventBus, EventSource and Sensor of a release, and counts them.
func (r *release) comparing(ctx context.Context, compare func(c *comparison, kind string, text []byte) error) (made int, c comparison, err error) {
	deployments, err := kube.Kube.AppsV1().Deployments(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, c, err
	}
	c.deployments = deployments.Items
	for _, kind := range []string{"EventBus", "EventSource", "Sensor"} {
		collection, err := resource(events.SchemeGroupVersion.String(), kind, r.namespace)
		if err != nil {
			return 0, c, err
		}
		found, err := collection.List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, c, err
		}
		for _, o := range found.Items {
			text, err := o.MarshalJSON()
			if err != nil {
				return 0, c, err
			}
			if err := compare(&c, kind, text); err != nil {
				return 0, c, fmt.Errorf("%s %s: %w", kind, o.GetName(), err)
			}
			made++
		}
	}
	return made, c, nil
}

func (r *release) compareEventSource(ctx context.Context, c *comparison, text []byte) error {
	var asked events.EventSource
	if err := json.Unmarshal(text, &asked); err != nil {
		return err
	}
	made, err := c.deploymentOf(asked.UID)
	if err != nil {
		return err
	}
	at := "EventSource " + asked.Name
	c.pods(at, asked.Spec.Template, made.Spec.Template)
	c.within(at+": replicas", asked.Spec.GetReplicas(), made.Spec.Replicas)
	c.within(at+": labels", asked.Labels, made.Labels)
	c.election(at, asked.Annotations, made.Spec.Template)
	if asked.Spec.Service != nil {
		service, err := kube.Kube.CoreV1().Services(r.namespace).Get(ctx, asked.Name+"-eventsource-svc", metav1.GetOptions{})
		if err != nil {
			return err
		}
		c.within(at+": service ports", asked.Spec.Service.Ports, service.Spec.Ports)
		if asked.Spec.Service.Metadata != nil {
			c.within(at+": service metadata", asked.Spec.Service.Metadata, service.ObjectMeta)
		}
	}
	return c.spec(at, text, made.Spec.Template, events.EnvVarEventSourceObject)
}

func (r *release) compareSensor(_ context.Context, c *comparison, text []byte) error {
	var asked events.Sensor
	if err := json.Unmarshal(text, &asked); err != nil {
		return err
	}
	made, err := c.deploymentOf(asked.UID)
	if err != nil {
		return err
	}
	at := "Sensor " + asked.Name
	c.pods(at, asked.Spec.Template, made.Spec.Template)
	c.within(at+": replicas", asked.Spec.GetReplicas(), made.Spec.Replicas)
	c.within(at+": labels", asked.Labels, made.Labels)
	c.election(at, asked.Annotations, made.Spec.Template)
	return c.spec(at, text, made.Spec.Template, events.EnvVarSensorObject)
}

// election looks for the annotation that chooses who elects the leader: it is read by the process in the pod.
func (c *comparison) election(at string, annotations map[string]string, made corev1.PodTemplateSpec) {
	if asked, is := annotations[events.AnnotationLeaderElection]; is {
		c.within(at+": election", asked, environment(made, events.EnvVarLeaderElection))
	}
}

// spec looks for the whole of a specification in what the process in the pod reads it from.
func (c *comparison) spec(at string, text []byte, made corev1.PodTemplateSpec, variable string) error {
	var asked, given struct{ Spec map[string]any }
	if err := json.Unmarshal(text, &asked); err != nil {
		return err
	}
	decoded, err := base64.StdEncoding.DecodeString(environment(made, variable))
	if err != nil {
		return fmt.Errorf("decoding %s: %w", variable, err)
	}
	if err := json.Unmarshal(decoded, &given); err != nil {
		return fmt.Errorf("decoding %s: %w", variable, err)
	}
	c.within(at+": "+variable, asked.Spec, given.Spec)
	return nil
}

func environment(pod corev1.PodTemplateSpec, name string) string {
	for _, variable := range pod.Spec.Containers[0].Env {
		if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}

// pods looks for every field of a template in the pods. Fields of the same name mean the same, but for two.
func (c *comparison) pods(at string, asked *events.Template, made corev1.PodTemplateSpec) {
	fields := map[string]any{}
	if asked == nil || convert(asked, &fields) != nil {
		return
	}
	c.placed(at, fields, made, map[string]string{"container": made.Spec.Containers[0].Name})
}

// placed looks for the fields of a custom resource that are a pod's; containers say which field is whose container's.
func (c *comparison) placed(at string, fields map[string]any, made corev1.PodTemplateSpec, containers map[string]string) {
	for key, asked := range fields {
		switch name := containers[key]; {
		case key == "metadata":
			c.within(at+": metadata", asked, made.ObjectMeta)
		case name != "":
			container := slices.IndexFunc(made.Spec.Containers, func(c corev1.Container) bool { return c.Name == name })
			if container < 0 {
				c.missing = append(c.missing, fmt.Sprintf("%s: there is no container %s for %s", at, name, key))
				continue
			}
			c.within(at+": container "+name, asked, made.Spec.Containers[container])
		default:
			c.within(at+": template", map[string]any{key: asked}, made.Spec)
		}
	}
}

func (r *release) compareEventBus(ctx context.Context, c *comparison, text []byte) error {
	var asked events.EventBus
	if err := json.Unmarshal(text, &asked); err != nil {
		return err
	}
	at := "EventBus " + asked.Name
	if asked.Spec.JetStream != nil {
		return r.compareJetStream(ctx, c, at, asked)
	}
	// What sources and sensors are told of somebody else's bus is the specification itself.
	if asked.Spec.JetStreamExotic != nil {
		c.within(at, asked.Spec.JetStreamExotic, asked.Status.Config.JetStream)
	}
	c.within(at, asked.Spec.Kafka, asked.Status.Config.Kafka)
	return nil
}

// compareJetStream compares a bus that the controller runs.
func (r *release) compareJetStream(ctx context.Context, c *comparison, at string, asked events.EventBus) error {
	made, err := kube.Kube.AppsV1().StatefulSets(r.namespace).Get(ctx, "eventbus-"+asked.Name+"-js", metav1.GetOptions{})
	if err != nil {
		return err
	}
	configMap, err := kube.Kube.CoreV1().ConfigMaps(r.namespace).Get(ctx, made.Name+"-config", metav1.GetOptions{})
	if err != nil {
		return err
	}
	conf := fmt.Sprint(configMap.Data)
	fields := map[string]any{}
	if err := convert(asked.Spec.JetStream, &fields); err != nil {
		return err
	}
	js := asked.Spec.JetStream
	c.within(at+": replicas", js.GetReplicas(), made.Spec.Replicas)
	if js.Settings != nil {
		c.contains(at+": settings", conf, strings.Split(*js.Settings, "\n")...)
	}
	if js.MaxPayload != nil {
		c.contains(at+": maxPayload", conf, *js.MaxPayload)
	}
	c.within(at+": startArgs", js.StartArgs, made.Spec.Template.Spec.Containers[0].Args)
	if asked.Status.Config.JetStream == nil {
		return fmt.Errorf("it has no status yet")
	}
	if js.StreamConfig != nil {
		for line := range strings.Lines(*js.StreamConfig) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, value, _ := strings.Cut(line, ":")
			c.contains(at+": streamConfig", strings.ToLower(asked.Status.Config.JetStream.StreamConfig), strings.ToLower(key+":"+value))
		}
	}
	if js.Persistence != nil {
		claim := made.Spec.VolumeClaimTemplates[0].Spec
		if js.Persistence.StorageClassName != nil {
			c.within(at+": storageClassName", js.Persistence.StorageClassName, claim.StorageClassName)
		}
		if js.Persistence.VolumeSize != nil {
			c.within(at+": volumeSize", js.Persistence.VolumeSize.String(), claim.Resources.Requests.Storage().String())
		}
		if js.Persistence.AccessMode != nil {
			c.within(at+": accessMode", []any{*js.Persistence.AccessMode}, claim.AccessModes)
		}
	}
	// The version is a line of the controller's configuration: its image is in the pod.
	for _, key := range []string{"version", "replicas", "settings", "maxPayload", "startArgs", "streamConfig", "persistence"} {
		delete(fields, key)
	}
	c.placed(at, fields, made.Spec.Template, map[string]string{
		"containerTemplate": "main", "reloaderContainerTemplate": "reloader", "metricsContainerTemplate": "metrics",
	})
	return nil
}

// deploymentOf returns the one Deployment that the controller made for an object.
func (c *comparison) deploymentOf(owner types.UID) (*appsv1.Deployment, error) {
	var owned []appsv1.Deployment
	for _, d := range c.deployments {
		if by := metav1.GetControllerOf(&d); by != nil && by.UID == owner {
			owned = append(owned, d)
		}
	}
	if len(owned) != 1 {
		return nil, fmt.Errorf("it has %d Deployments, not one", len(owned))
	}
	return &owned[0], nil
}
