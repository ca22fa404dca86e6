package control

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// reconciled compares every EventBus, EventSource and Sensor of a release with the objects of the controller, and these with the predictions of
// verify. It returns the number of custom resources.
func (r *release) reconciled(ctx context.Context) (resources int, c comparison, err error) {
	compare := map[string]func(context.Context, *comparison, []byte) error{
		"EventBus":    r.compareEventBus,
		"EventSource": r.compareEventSource,
		"Sensor":      r.compareSensor,
	}
	return r.compareEach(ctx, func(c *comparison, kind string, text []byte) error {
		if err := compare[kind](ctx, c, text); err != nil {
			return err
		}
		return r.compareDependents(ctx, c, kind, text)
	})
}

// compareEach calls compare for every EventBus, EventSource and Sensor of a release, and counts them.
func (r *release) compareEach(ctx context.Context, compare func(c *comparison, kind string, text []byte) error) (resources int, c comparison, err error) {
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
			resources++
		}
	}
	return resources, c, nil
}

func (r *release) compareEventSource(ctx context.Context, c *comparison, text []byte) error {
	var wanted events.EventSource
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	created, err := c.deploymentOf(wanted.UID)
	if err != nil {
		return err
	}
	at := "EventSource " + wanted.Name
	c.pods(at, wanted.Spec.Template, created.Spec.Template)
	c.within(at+": replicas", wanted.Spec.GetReplicas(), created.Spec.Replicas)
	c.within(at+": labels", wanted.Labels, created.Labels)
	c.election(at, wanted.Annotations, created.Spec.Template)
	if wanted.Spec.Service != nil {
		service, err := kube.Kube.CoreV1().Services(r.namespace).Get(ctx, wanted.Name+"-eventsource-svc", metav1.GetOptions{})
		if err != nil {
			return err
		}
		c.within(at+": service ports", wanted.Spec.Service.Ports, service.Spec.Ports)
		if wanted.Spec.Service.Metadata != nil {
			c.within(at+": service metadata", wanted.Spec.Service.Metadata, service.ObjectMeta)
		}
	}
	return c.spec(at, text, created.Spec.Template, events.EnvVarEventSourceObject)
}

func (r *release) compareSensor(_ context.Context, c *comparison, text []byte) error {
	var wanted events.Sensor
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	created, err := c.deploymentOf(wanted.UID)
	if err != nil {
		return err
	}
	at := "Sensor " + wanted.Name
	c.pods(at, wanted.Spec.Template, created.Spec.Template)
	c.within(at+": replicas", wanted.Spec.GetReplicas(), created.Spec.Replicas)
	c.within(at+": labels", wanted.Labels, created.Labels)
	c.election(at, wanted.Annotations, created.Spec.Template)
	return c.spec(at, text, created.Spec.Template, events.EnvVarSensorObject)
}

// election searches the annotation for the kind of leader election in the environment of the pod.
func (c *comparison) election(at string, annotations map[string]string, created corev1.PodTemplateSpec) {
	if wanted, ok := annotations[events.AnnotationLeaderElection]; ok {
		c.within(at+": election", wanted, environment(created, events.EnvVarLeaderElection))
	}
}

// spec searches the whole specification in the environment of the pod.
func (c *comparison) spec(at string, text []byte, created corev1.PodTemplateSpec, variable string) error {
	var wanted, given struct{ Spec map[string]any }
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	decoded, err := base64.StdEncoding.DecodeString(environment(created, variable))
	if err != nil {
		return fmt.Errorf("decoding %s: %w", variable, err)
	}
	if err := json.Unmarshal(decoded, &given); err != nil {
		return fmt.Errorf("decoding %s: %w", variable, err)
	}
	c.within(at+": "+variable, wanted.Spec, given.Spec)
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

// pods searches every field of a template in the pods. Fields have the same names, except two.
func (c *comparison) pods(at string, wanted *events.Template, created corev1.PodTemplateSpec) {
	fields := map[string]any{}
	if wanted == nil || convert(wanted, &fields) != nil {
		return
	}
	c.placed(at, fields, created, map[string]string{"container": created.Spec.Containers[0].Name})
}

// placed searches fields of a custom resource in a pod; containers has the container by field.
func (c *comparison) placed(at string, fields map[string]any, created corev1.PodTemplateSpec, containers map[string]string) {
	for key, wanted := range fields {
		switch name := containers[key]; {
		case key == "metadata":
			c.within(at+": metadata", wanted, created.ObjectMeta)
		case name != "":
			container := slices.IndexFunc(created.Spec.Containers, func(c corev1.Container) bool { return c.Name == name })
			if container < 0 {
				c.missing = append(c.missing, fmt.Sprintf("%s: no container %s for %s", at, name, key))
				continue
			}
			c.within(at+": container "+name, wanted, created.Spec.Containers[container])
		default:
			c.within(at+": template", map[string]any{key: wanted}, created.Spec)
		}
	}
}

func (r *release) compareEventBus(ctx context.Context, c *comparison, text []byte) error {
	var wanted events.EventBus
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	at := "EventBus " + wanted.Name
	if wanted.Spec.JetStream != nil {
		return r.compareJetStream(ctx, c, at, wanted)
	}
	// For an external bus, event sources and sensors get the specification itself.
	if wanted.Spec.JetStreamExotic != nil {
		c.within(at, wanted.Spec.JetStreamExotic, wanted.Status.Config.JetStream)
	}
	c.within(at, wanted.Spec.Kafka, wanted.Status.Config.Kafka)
	return nil
}

// compareJetStream compares a native bus.
func (r *release) compareJetStream(ctx context.Context, c *comparison, at string, wanted events.EventBus) error {
	created, err := kube.Kube.AppsV1().StatefulSets(r.namespace).Get(ctx, "eventbus-"+wanted.Name+"-js", metav1.GetOptions{})
	if err != nil {
		return err
	}
	configMap, err := kube.Kube.CoreV1().ConfigMaps(r.namespace).Get(ctx, created.Name+"-config", metav1.GetOptions{})
	if err != nil {
		return err
	}
	conf := fmt.Sprint(configMap.Data)
	fields := map[string]any{}
	if err := convert(wanted.Spec.JetStream, &fields); err != nil {
		return err
	}
	js := wanted.Spec.JetStream
	c.within(at+": replicas", js.GetReplicas(), created.Spec.Replicas)
	if js.Settings != nil {
		c.contains(at+": settings", conf, strings.Split(*js.Settings, "\n")...)
	}
	if js.MaxPayload != nil {
		c.contains(at+": maxPayload", conf, *js.MaxPayload)
	}
	c.within(at+": startArgs", js.StartArgs, created.Spec.Template.Spec.Containers[0].Args)
	if wanted.Status.Config.JetStream == nil {
		return errors.New("the EventBus has no status yet")
	}
	if js.StreamConfig != nil {
		for line := range strings.Lines(*js.StreamConfig) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, value, _ := strings.Cut(line, ":")
			c.contains(at+": streamConfig", strings.ToLower(wanted.Status.Config.JetStream.StreamConfig), strings.ToLower(key+":"+value))
		}
	}
	if js.Persistence != nil {
		claim := created.Spec.VolumeClaimTemplates[0].Spec
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
	// The version selects images in the controller's configuration.
	for _, key := range []string{"version", "replicas", "settings", "maxPayload", "startArgs", "streamConfig", "persistence"} {
		delete(fields, key)
	}
	c.placed(at, fields, created.Spec.Template, map[string]string{
		"containerTemplate": "main", "reloaderContainerTemplate": "reloader", "metricsContainerTemplate": "metrics",
	})
	return nil
}

// deploymentOf returns the Deployment that the controller has created for an object.
func (c *comparison) deploymentOf(owner types.UID) (*appsv1.Deployment, error) {
	var owned []appsv1.Deployment
	for _, d := range c.deployments {
		if by := metav1.GetControllerOf(&d); by != nil && by.UID == owner {
			owned = append(owned, d)
		}
	}
	if len(owned) != 1 {
		return nil, fmt.Errorf("found %d Deployments of the object, want one", len(owned))
	}
	return &owned[0], nil
}
