package live

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/load/report"
	"github.com/holdfast-ha/holdfast/e2e/nodes"
)

// System is an event system under load, in a namespace of its own: a webhook, a bus, and a sensor that delivers events.
type System struct {
	// Name is the name of its namespace and Helm release.
	Name string
	// Title is its name in tables.
	Title string
	// Profile is the profile of the chart; the naive system has none.
	Profile string
	// Values are further flags of helm and of holdfast render.
	Values []string
	// Survives is the promise of its profile: "", "node" or "zone".
	Survives string

	busURL, busSecret, busKey, busPods string
}

// systems returns the systems that run side by side on the same nodes under the same failures. The naive system is for
// comparison and has no promise.
func systems(naive bool) []*System {
	all := []*System{withAdmissionPolicy("zone"), ofChart("node", "multi-node", "node")}
	if naive {
		all = append(all, &System{Name: "naive", Title: "naive", busURL: "nats://eventbus-default-js-svc:4222",
			busSecret: "eventbus-default-js-client-auth", busKey: "client-auth", busPods: "eventbus-name=default"})
	}
	return all
}

// withAdmissionPolicy is a system that survives a zone failure, with the admission policy for event sources and sensors.
func withAdmissionPolicy(name string) *System {
	s := ofChart(name, "multi-zone", "zone")
	s.Title, s.Values = "multi-zone, admission policy", []string{"--set", "admissionPolicy.enabled=true"}
	return s
}

// gated reports whether the system's sensors wait for their leaf before they elect a leader.
func (s *System) gated() bool { return slices.Contains(s.Values, "admissionPolicy.enabled=true") }

// ofChart is a system installed from the chart.
func ofChart(name, profile, survives string) *System {
	return &System{Name: name, Title: profile, Profile: profile, Survives: survives,
		busURL: "nats://" + name + "-argo-events-bus:4222", busSecret: name + "-argo-events-bus-auth", busKey: "auth.yaml",
		busPods: "app.kubernetes.io/component=bus"}
}

//go:embed values.yaml
var values string

//go:embed naive/naive.yaml
var naive string

// install installs the system and its load generator and waits until events flow from end to end.
func (s *System) install(ctx context.Context, k *kube, files files) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}
	if _, err := k.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	// The sensor's trigger needs the address of the load generator, and the load generator the Secret of the bus: the Service comes first.
	if err := k.apply(ctx, s.Name, loadService); err != nil {
		return err
	}
	if s.naive() {
		if err := k.apply(ctx, s.Name, strings.ReplaceAll(files.upstream, "namespace: argo-events", "namespace: "+s.Name)+"\n---\n"+naive); err != nil {
			return err
		}
	} else if err := s.helm(ctx, k, "install", files.chart); err != nil {
		return err
	}
	if err := k.apply(ctx, s.Name, s.loadPod()); err != nil {
		return err
	}
	if err := s.awaitRecovery(ctx, k, patience); err != nil {
		return fmt.Errorf("installing %s: %w", s.Name, err)
	}
	return s.awaitFlow(ctx, k)
}

// awaitFlow waits until events flow from end to end: for two seconds, none was refused and none was late.
func (s *System) awaitFlow(ctx context.Context, k *kube) error {
	return until(ctx, patience, func(ctx context.Context) (string, error) {
		from, err := s.now(ctx, k)
		if err != nil {
			return "", err
		}
		time.Sleep(2 * time.Second)
		to, err := s.now(ctx, k)
		if err != nil {
			return "", err
		}
		r, err := s.report(ctx, k, from, to)
		if err != nil || r.Webhook.Acked == 0 || r.Webhook.Failed > 0 || r.Bus.Acked == 0 || r.Webhook.ArrivalGap > 1.5 || r.Bus.ArrivalGap > 1.5 {
			return fmt.Sprintf("events do not flow: %+v", r), err
		}
		return "", nil
	})
}

// upgrade changes bus, source and sensor at once, so that each has a rollout.
func (s *System) upgrade(ctx context.Context, k *kube, chart string) error {
	if s.naive() {
		changed := strings.NewReplacer("  template:\n", "  template:\n    metadata: {annotations: {revision: two}}\n",
			"    replicas: 3\n", "    replicas: 3\n    metadata: {annotations: {revision: two}}\n").Replace(naive)
		return k.apply(ctx, s.Name, changed)
	}
	return s.helm(ctx, k, "upgrade", chart, "--set", "bus.resources.requests.cpu=101m",
		"--set", "eventSources.load.template.metadata.annotations.revision=two", "--set", "sensors.load.template.metadata.annotations.revision=two")
}

// outdated names a Deployment that the controller has not updated yet, or returns "".
func (s *System) outdated(ctx context.Context, k *kube) (string, error) {
	for _, selector := range []string{"eventsource-name=load", "sensor-name=load"} {
		list, err := k.AppsV1().Deployments(s.Name).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return "", err
		}
		if len(list.Items) != 1 || list.Items[0].Spec.Template.Annotations["revision"] != "two" {
			return "the controller has not updated the Deployment with " + selector + " of " + s.Name, nil
		}
	}
	return "", nil
}

func (s *System) naive() bool { return s.Profile == "" }

// helm installs or upgrades the release; flags are added to the system's values.
func (s *System) helm(ctx context.Context, k *kube, command, chart string, flags ...string) error {
	args := slices.Concat([]string{command, s.Name, chart, "-n", s.Name, "-f", "-", "--set", "profile=" + s.Profile}, s.Values, flags)
	_, err := k.run(ctx, k.helm, values, args...)
	return err
}

const loadService = `
apiVersion: v1
kind: Service
metadata: {name: load}
spec:
  selector: {load: generator}
  ports: [{name: record, port: 8080}]
`

// loadPod is the load generator, on the node that never fails. It has the labels of the chart's own test pod, which may connect to the bus.
func (s *System) loadPod() string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: load
  labels: {load: generator, app.kubernetes.io/instance: %[1]s, app.kubernetes.io/component: test}
spec:
  nodeSelector: {%[6]s: "true"}
  tolerations: [{operator: Exists}]
  terminationGracePeriodSeconds: 0
  containers:
    - name: load
      image: %[2]s
      args: [--webhook=http://load-eventsource-svc:12000/number, --bus=%[3]s, --auth=/auth/%[5]s]
      ports: [{containerPort: 8080}]
      volumeMounts: [{name: auth, mountPath: /auth}]
  volumes: [{name: auth, secret: {secretName: %[4]s}}]
`, s.Name, loadImage, s.busURL, s.busSecret, s.busKey, nodes.LoadKey)
}

// now returns the time of the load generator's clock, to which reports refer.
func (s *System) now(ctx context.Context, k *kube) (string, error) {
	var now string
	return now, k.get(ctx, s.Name, "load", "8080", "now", nil, &now)
}

// report returns counts of everything sent in a window of time, and the longest gaps between acknowledgements and between arrivals from its
// begin until now.
func (s *System) report(ctx context.Context, k *kube, from, to string) (report.Reports, error) {
	var r report.Reports
	return r, k.get(ctx, s.Name, "load", "8080", "report", map[string]string{"from": from, "to": to}, &r)
}

// awaitRecovery waits until every workload has all of its pods and every stream all of its replicas.
func (s *System) awaitRecovery(ctx context.Context, k *kube, limit time.Duration) error {
	err := until(ctx, limit, func(ctx context.Context) (string, error) {
		if what, err := k.incomplete(ctx, s.Name); what != "" || err != nil {
			return what, err
		}
		streams, err := s.streams(ctx, k)
		if err != nil {
			return "", err
		}
		for _, stream := range streams {
			if !stream.Current {
				return fmt.Sprintf("stream %s: some of the %d replicas are not current", stream.Name, stream.Replicas), nil
			}
		}
		return "", nil
	})
	if err != nil {
		return fmt.Errorf("%s has not recovered: %w%s", s.Title, err, s.describe(ctx, k))
	}
	return nil
}

func (s *System) streams(ctx context.Context, k *kube) ([]report.Stream, error) {
	var streams []report.Stream
	return streams, k.get(ctx, s.Name, "load", "8080", "streams", nil, &streams)
}

// roles returns, by node, the roles of the system's pods: "leader of default" (a stream), "active sensor", "sensor", "source", "bus server".
func (s *System) roles(ctx context.Context, k *kube) (map[string][]string, error) {
	roles := map[string][]string{}
	streams, err := s.streams(ctx, k)
	if err != nil && !s.naive() { // a naive bus may have no majority, and then no leader
		return nil, err
	}
	pods, err := k.pods(ctx, s.Name, "")
	if err != nil {
		return nil, err
	}
	active := ""
	if lease, err := k.CoordinationV1().Leases(s.Name).Get(ctx, "sensor-load", metav1.GetOptions{}); err == nil && lease.Spec.HolderIdentity != nil {
		active = *lease.Spec.HolderIdentity
	}
	for _, p := range pods {
		node := p.Spec.NodeName
		for _, stream := range streams {
			if stream.Leader == p.Name {
				roles[node] = append(roles[node], "leader of "+stream.Name)
			}
		}
		switch {
		case p.Labels["sensor-name"] != "" && (active == p.Name || strings.HasPrefix(active, p.Name+"_")):
			roles[node] = append(roles[node], "active sensor")
		case p.Labels["sensor-name"] != "":
			roles[node] = append(roles[node], "sensor")
		case p.Labels["eventsource-name"] != "":
			roles[node] = append(roles[node], "source")
		case strings.Contains(p.Name, "-bus-") && p.Labels["app.kubernetes.io/component"] == "bus", p.Labels["eventbus-name"] != "":
			roles[node] = append(roles[node], "bus server")
		}
	}
	return roles, nil
}
