package live

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/nodes"
	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
)

// The images of Prometheus, and of the states of objects.
const (
	prometheusImage = "holdfast.example/prometheus:e2e"
	statesImage     = "holdfast.example/states:e2e"
)

// monitoringImages returns the images for TestAlarms. Without Prometheus on this machine, its image is missing, and only TestAlarms fails.
func monitoringImages() ([]images.Image, error) {
	states, err := binaries.Own("./states")
	if err != nil {
		return nil, err
	}
	all := []images.Image{{Names: []string{statesImage}, Entrypoint: []string{"/states"}, Files: []images.File{{Path: "/states", From: states}}}}
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return all, nil
	}
	files, err := images.WithLibraries("/bin/prometheus", program)
	return append(all, images.Image{Names: []string{prometheusImage}, Entrypoint: []string{"/bin/prometheus"}, Files: files}), err
}

//go:embed prometheus.yaml
var prometheusManifests string

// prometheus is a Prometheus with the alerts of a system, in a namespace of its own.
type prometheus struct {
	kube      *kube
	namespace string
	system    *System
}

// installPrometheus installs a Prometheus that reads a system, with the job of docs/guides/monitoring.md and the rules of holdfast alerts. It returns
// when Prometheus reads all metrics that the alerts need.
func installPrometheus(ctx context.Context, k *kube, files files, s *System) (*prometheus, error) {
	if _, err := exec.LookPath("prometheus"); err != nil {
		return nil, fmt.Errorf("%w: run e2e/alerts/packages.sh", err)
	}
	p := &prometheus{k, "monitoring", s}
	if _, err := k.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: p.namespace}}, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	config, err := p.config(filepath.Dir(filepath.Dir(files.chart)))
	if err != nil {
		return nil, err
	}
	rules, err := p.rules(ctx, files.holdfast)
	if err != nil {
		return nil, err
	}
	data := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "prometheus"}, Data: map[string]string{"prometheus.yaml": config, "rules.yaml": rules}}
	if _, err := k.CoreV1().ConfigMaps(p.namespace).Create(ctx, data, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	manifests := strings.NewReplacer("NAMESPACE", p.namespace, "LOADKEY", nodes.LoadKey, "STATES", statesImage, "PROMETHEUS", prometheusImage).Replace(prometheusManifests)
	if err := k.apply(ctx, p.namespace, manifests); err != nil {
		return nil, err
	}
	return p, until(ctx, patience, p.blind)
}

// job matches the configuration of Prometheus in the guide.
var job = regexp.MustCompile("(?s)```yaml\n(- job_name: holdfast\n.*?)```")

// config returns the configuration: the job of the guide, for the namespace of the system, and a job for the states of objects.
func (p *prometheus) config(root string) (string, error) {
	guide, err := os.ReadFile(filepath.Join(root, "docs", "guides", "monitoring.md"))
	if err != nil {
		return "", err
	}
	found := job.FindSubmatch(guide)
	if found == nil {
		return "", fmt.Errorf("docs/guides/monitoring.md has no job holdfast")
	}
	return fmt.Sprintf(`global: {scrape_interval: 5s, evaluation_interval: 5s}
rule_files: [/etc/prometheus/rules.yaml]
scrape_configs:
- job_name: kube-state-metrics
  static_configs: [{targets: ["states.%s.svc.cluster.local:8080"]}]
%s`, p.namespace, strings.ReplaceAll(string(found[1]), "[events]", "["+p.system.Name+"]")), nil
}

// rules returns the rule file that holdfast alerts prints for the system.
func (p *prometheus) rules(ctx context.Context, holdfast string) (string, error) {
	args := append([]string{"alerts", "argo-events", "--profile", p.system.Profile, "--release", p.system.Name, "--namespace", p.system.Name, "--values", "-"}, p.system.Values...)
	return p.kube.run(ctx, holdfast, values, args...)
}

// blind names metrics that Prometheus does not have yet, or returns "".
func (p *prometheus) blind(ctx context.Context) (string, error) {
	in := fmt.Sprintf("{namespace=%q}", p.system.Name)
	for _, query := range []string{
		"count(kube_node_labels) > 5", "count(kube_statefulset_replicas" + in + ")", "count(gnatsd_healthz_status_value" + in + ") > 2",
		"count(jetstream_stream_total_messages" + in + ")", "count(argo_events_event_service_running_total" + in + ")", "count(argo_events_action_triggered_total" + in + ")",
	} {
		n, err := p.query(ctx, query)
		if n == 0 || err != nil {
			return "no result of " + query, err
		}
	}
	return "", nil
}

// query returns the value of the first result of a query, 0 without one.
func (p *prometheus) query(ctx context.Context, query string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct {
				Value []any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := p.kube.get(ctx, p.namespace, "prometheus", "9090", "api/v1/query", map[string]string{"query": query}, &answer); err != nil || len(answer.Data.Result) == 0 {
		return 0, err
	}
	return strconv.ParseFloat(fmt.Sprint(answer.Data.Result[0].Value[1]), 64)
}

// alarmOf is an alert of Prometheus that is pending or fires.
type alarmOf struct {
	Labels map[string]string `json:"labels"`
	State  string            `json:"state"`
}

// name identifies an alert for a reader: its name, its workload, and the pod or node.
func (a alarmOf) name() string {
	about := a.Labels["workload"]
	for _, label := range []string{"pod", "node", "consumer_name", "stream_name", "event_name", "trigger_name", "poddisruptionbudget"} {
		if v := a.Labels[label]; v != "" && !strings.Contains(about, v) {
			about += ", " + v
		}
	}
	return a.Labels["alertname"] + " (" + about + ")"
}

// alerts returns the alerts that are pending or fire.
func (p *prometheus) alerts(ctx context.Context) ([]alarmOf, error) {
	var answer struct {
		Data struct {
			Alerts []alarmOf `json:"alerts"`
		} `json:"data"`
	}
	return answer.Data.Alerts, p.kube.get(ctx, p.namespace, "prometheus", "9090", "api/v1/alerts", nil, &answer)
}
