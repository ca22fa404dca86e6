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

// System is an event system under load, in a namespace of its own: a webhook, a bus, a sensor that passes events on.
type System struct {
	// Name is its namespace, and its Helm release.
	Name string
	// Title is what tables call it.
	Title string
	// Values are flags of helm; a system without any is the naive one.
	Values []string
	// Survives says what the profile promises: nothing, node, or zone.
	Survives string

	busURL, busSecret, busKey, busPods string
}

// systems are those that promise something, side by side on the same nodes under the same failures; and beside them, to compare,
// one that promises nothing.
func systems(compare bool) []*System {
	all := []*System{guarded("zone"), managed("node", "multi-node", "node")}
	if compare {
		all = append(all, &System{Name: "naive", Title: "naive", busURL: "nats://eventbus-default-js-svc:4222",
			busSecret: "eventbus-default-js-client-auth", busKey: "client-auth", busPods: "eventbus-name=default"})
	}
	return all
}

// guarded is a system that survives a zone, and whose sources and sensors the admission policy mends.
func guarded(name string) *System {
	s := managed(name, "multi-zone", "zone")
	s.Title, s.Values = "multi-zone, admission policy", append(s.Values, "--set", "admissionPolicy.enabled=true")
	return s
}

// managed is a system of our chart.
func managed(name, profile, survives string) *System {
	return &System{Name: name, Title: profile, Survives: survives, Values: []string{"--set", "profile=" + profile},
		busURL: "nats://" + name + "-argo-events-bus:4222", busSecret: name + "-argo-events-bus-auth", busKey: "auth.yaml",
		busPods: "app.kubernetes.io/component=bus"}
}

//go:embed values.yaml
var values string

//go:embed naive/naive.yaml
var naive string

// install puts the system and its load on the cluster and waits until events flow from end to end.
func (s *System) install(ctx context.Context, k *kube, files files) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Name}}
	if _, err := k.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	// The sensor's trigger and the load need each other's names, so the Service comes first.
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
	if err := s.whole(ctx, k, patience); err != nil {
		return fmt.Errorf("installing %s: %w", s.Name, err)
	}
	return until(ctx, patience, func(ctx context.Context) (string, error) {
		from, err := s.now(ctx, k)
		if err != nil {
			return "", err
		}
		time.Sleep(2 * time.Second)
		r, err := s.reportUntilNow(ctx, k, from)
		if err != nil || r.Webhook.Acked == 0 || r.Webhook.Failed > 0 || r.Bus.Acked == 0 || r.Webhook.ArrivalGap > 1 || r.Bus.ArrivalGap > 1 {
			return fmt.Sprintf("events do not flow: %+v", r), err
		}
		return "", nil
	})
}

// upgrade changes bus, source and sensor in one go, so that all of them roll.
func (s *System) upgrade(ctx context.Context, k *kube, chart string) error {
	if s.naive() {
		changed := strings.NewReplacer("  template:\n", "  template:\n    metadata: {annotations: {revision: two}}\n",
			"    replicas: 3\n", "    replicas: 3\n    metadata: {annotations: {revision: two}}\n").Replace(naive)
		return k.apply(ctx, s.Name, changed)
	}
	return s.helm(ctx, k, "upgrade", chart, "--set", "bus.resources.requests.cpu=101m",
		"--set", "eventSources.load.template.metadata.annotations.revision=two", "--set", "sensors.load.template.metadata.annotations.revision=two")
}

// outdated names a Deployment of the controller's that the upgrade has not reached; "" when there is none.
func (s *System) outdated(ctx context.Context, k *kube) (string, error) {
	for _, selector := range []string{"eventsource-name=load", "sensor-name=load"} {
		list, err := k.AppsV1().Deployments(s.Name).List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return "", err
		}
		if len(list.Items) != 1 || list.Items[0].Spec.Template.Annotations["revision"] != "two" {
			return "the upgrade has not reached the Deployment with " + selector + " of " + s.Name, nil
		}
	}
	return "", nil
}

func (s *System) naive() bool { return len(s.Values) == 0 }

// helm installs or upgrades the release; more flags come last.
func (s *System) helm(ctx context.Context, k *kube, command, chart string, flags ...string) error {
	args := slices.Concat([]string{command, s.Name, chart, "-n", s.Name, "-f", "-"}, s.Values, flags)
	_, err := k.run(ctx, k.helm, values, args...)
	return err
}

const loadService = `
apiVersion: v1
kind: Service
metadata: {name: load}
spec:
  selector: {load: the}
  ports: [{name: record, port: 8080}]
`

// loadPod is the load, on the node that never fails. It bears the labels of the chart's own test, which may reach the bus.
func (s *System) loadPod() string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: load
  labels: {load: the, app.kubernetes.io/instance: %[1]s, app.kubernetes.io/component: test}
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

// now is the time of the clock that reports go by.
func (s *System) now(ctx context.Context, k *kube) (string, error) {
	var now string
	return now, k.ask(ctx, s.Name, "load", "8080", "now", nil, &now)
}

// reportUntilNow says what became of everything sent since a time: what is under way, too.
func (s *System) reportUntilNow(ctx context.Context, k *kube, from string) (report.Reports, error) {
	to, err := s.now(ctx, k)
	if err != nil {
		return report.Reports{}, err
	}
	return s.report(ctx, k, from, to)
}

// report says what became of everything sent in a window of time, and for how long nothing was acknowledged or arrived from its begin until now.
func (s *System) report(ctx context.Context, k *kube, from, to string) (report.Reports, error) {
	var r report.Reports
	return r, k.ask(ctx, s.Name, "load", "8080", "report", map[string]string{"from": from, "to": to}, &r)
}

// whole waits until every workload has all of its pods and every stream all of its replicas.
func (s *System) whole(ctx context.Context, k *kube, limit time.Duration) error {
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
				return fmt.Sprintf("stream %s: not all %d replicas are current", stream.Name, stream.Replicas), nil
			}
		}
		return "", nil
	})
	if err != nil {
		return fmt.Errorf("%s is not whole: %w%s", s.Title, err, s.describe(ctx, k))
	}
	return nil
}

func (s *System) streams(ctx context.Context, k *kube) ([]report.Stream, error) {
	var streams []report.Stream
	return streams, k.ask(ctx, s.Name, "load", "8080", "streams", nil, &streams)
}

// roles says what runs on which node: "leader of the stream", "active sensor", and how many sources and bus servers.
func (s *System) roles(ctx context.Context, k *kube) (map[string][]string, error) {
	roles := map[string][]string{}
	streams, err := s.streams(ctx, k)
	if err != nil {
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
		case active != "" && strings.HasPrefix(active, p.Name):
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
