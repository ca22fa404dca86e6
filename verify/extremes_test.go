package verify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-ha/holdfast/verify/cluster"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/report"
	"github.com/holdfast-ha/holdfast/verify/verdict"
)

// extremes is a system with most of the fields that verify reads.
const extremes = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  minReadySeconds: 1
  progressDeadlineSeconds: 600
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 30
      tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]
      topologySpreadConstraints: [{maxSkew: 1, minDomains: 2, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]
      affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}}]}}
      initContainers: [{name: i, image: i, resources: {requests: {cpu: 1, memory: 1}}}]
      containers:
        - name: web
          image: registry.example/web:1
          ports: [{containerPort: 80, hostPort: 80}]
          lifecycle: {preStop: {sleep: {seconds: 1}}}
          readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 1}
          livenessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1}
          startupProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1}
          resources: {requests: {cpu: 1, memory: 1, ephemeral-storage: 1}, limits: {cpu: 2, memory: 2}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 2, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 3
  serviceName: store
  selector: {matchLabels: {app: store}}
  updateStrategy: {rollingUpdate: {partition: 1}}
  template:
    metadata: {labels: {app: store}}
    spec:
      priority: 0
      containers: [{name: etcd, image: etcd}]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1}}}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {rollingUpdate: {maxUnavailable: 1}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: a, image: a, resources: {requests: {cpu: 1}}}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {parallelism: 1, completions: 1, backoffLimit: 1, activeDeadlineSeconds: 1, template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: 100, persistentvolumeclaims: 100}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: roll}
spec:
  replicas: 2
  selector: {matchLabels: {app: roll}}
  strategy: {canary: {maxSurge: 1, maxUnavailable: 0}}
  template: {metadata: {labels: {app: roll}}, spec: {terminationGracePeriodSeconds: 30, containers: [{name: a, image: a, resources: {requests: {cpu: 1, memory: 1}}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: EventBus
metadata: {name: default}
spec: {jetstream: {version: 2.10.10, replicas: 3, persistence: {volumeSize: 1}, containerTemplate: {resources: {requests: {cpu: 1}}}}}
`

// TestExtremes checks that no number of a manifest makes verify panic, fail in the simulation or take long: each number in turn is
// replaced by values at the ends of its range and beyond.
func TestExtremes(t *testing.T) {
	if _, err := runExtremes(t.Context(), t, extremes); err != nil {
		t.Fatal(err)
	}
	var numbers int
	for n := 0; ; n++ {
		texts := replaceNumber(t, n)
		if texts == nil {
			break
		}
		numbers++
		for value, text := range texts {
			checkRun(t, text, value)
		}
	}
	if numbers < 50 {
		t.Errorf("only %d numbers", numbers)
	}
}

// replaceNumber returns the extreme texts in which the n-th number is replaced, by its value; nil if there are fewer numbers.
func replaceNumber(t *testing.T, n int) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, value := range []string{"-1", "0", "2147483647", "9223372036854775807", "1e100", "101%", "null"} {
		var text strings.Builder
		left, decoder, encoder := n, yaml.NewDecoder(strings.NewReader(extremes)), yaml.NewEncoder(&text)
		for {
			var document yaml.Node
			if decoder.Decode(&document) != nil {
				break
			}
			eachNumber(&document, func(number *yaml.Node) {
				if left == 0 {
					*number = yaml.Node{Kind: yaml.ScalarNode, Value: value}
				}
				left--
			})
			if err := encoder.Encode(&document); err != nil {
				t.Fatal(err)
			}
		}
		if left >= 0 {
			return nil
		}
		texts[value] = text.String()
	}
	return texts
}

func eachNumber(n *yaml.Node, do func(*yaml.Node)) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!int" {
		do(n)
	}
	for _, c := range n.Content {
		eachNumber(c, do)
	}
}

// runExtremes verifies a text on a small cluster.
func runExtremes(ctx context.Context, t *testing.T, text string) (report.Report, error) {
	t.Helper()
	objects, err := manifest.Parse("m.yaml", []byte(text))
	if err != nil {
		return report.Report{}, err
	}
	c, err := cluster.Uniform(2, 2)
	if err != nil {
		t.Fatal(err)
	}
	requirement, err := verdict.ParseRequirement("zone", nil)
	if err != nil {
		t.Fatal(err)
	}
	return Run(ctx, Input{Objects: objects, Cluster: c, Requirement: requirement})
}

// checkRun fails the test if verify panics, does not end, or reports an error that is not about the input.
func checkRun(t *testing.T, text, about string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: panic: %v", about, r)
		}
	}()
	r, err := runExtremes(ctx, t, text)
	if fault := (SimulationError{}); errors.As(err, &fault) {
		t.Errorf("%s: %v", about, err)
	}
	if err != nil {
		return
	}
	for _, w := range r.Workloads {
		for _, worst := range w.Worst {
			if worst.Least < 0 || worst.RecoverySeconds < 0 {
				t.Errorf("%s: %s: %+v", about, w.Name, worst)
			}
		}
	}
}

// FuzzRun checks that no manifest makes verify panic or fail in the simulation.
func FuzzRun(f *testing.F) {
	f.Add(extremes)
	f.Add(api)
	f.Add(strings.ReplaceAll(extremes, "1}", "1e100}"))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 8000 {
			checkRun(t, text, text)
		}
	})
}
