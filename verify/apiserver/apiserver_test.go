package apiserver

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/manifest"
)

// TestAccepts checks that no manifest of the golden cases and of the rules is refused.
func TestAccepts(t *testing.T) {
	n := 0
	for _, root := range []string{"../../golden", "../rules/testdata"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "cluster.yaml" || root == "../../golden" && filepath.Base(filepath.Dir(path)) != "objects" {
				return err
			}
			objects, _, err := manifest.Load([]string{path}, nil)
			if err != nil {
				return err
			}
			n += len(objects)
			if err := Check(objects, 0); err != nil {
				t.Errorf("%v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 100 {
		t.Errorf("only %d objects", n)
	}
}

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestKinds checks which kinds a release serves, and what to use instead of the others. A minor of 0 is the linked release.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		apiVersion, kind string
		minor            int
		want             string
	}{
		{"v1", "ConfigMap", 0, ""},
		{"autoscaling/v1", "HorizontalPodAutoscaler", 0, "spec.maxReplicas: is 0: must be greater than or equal to `minReplicas`"},
		{"resource.k8s.io/v1", "DeviceTaintRule", 0, ""},
		{"scheduling.k8s.io/v1alpha1", "Workload", 35, ""},
		{"flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", 31, ""},
		{"apiextensions.k8s.io/v1", "CustomResourceDefinition", 0, ""},

		{"policy/v1beta1", "PodDisruptionBudget", 0, "apiVersion: policy/v1beta1 PodDisruptionBudget was removed in Kubernetes 1.25: use policy/v1"},
		{"policy/v1beta1", "PodSecurityPolicy", 0, "apiVersion: policy/v1beta1 PodSecurityPolicy was removed in Kubernetes 1.25: use Pod Security Admission"},
		{"extensions/v1beta1", "Deployment", 0, "apiVersion: extensions/v1beta1 Deployment was removed in Kubernetes 1.16: use apps/v1"},
		{"extensions/v1beta1", "Ingress", 0, "apiVersion: extensions/v1beta1 Ingress was removed in Kubernetes 1.22: use networking.k8s.io/v1"},
		{"apps/v1beta2", "StatefulSet", 31, "apiVersion: apps/v1beta2 StatefulSet was removed in Kubernetes 1.16: use apps/v1"},
		{"batch/v1beta1", "CronJob", 0, "apiVersion: batch/v1beta1 CronJob was removed in Kubernetes 1.25: use batch/v1"},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", 0, "apiVersion: autoscaling/v2beta2 HorizontalPodAutoscaler was removed in Kubernetes 1.26: use autoscaling/v2"},
		{"networking.k8s.io/v1beta1", "Ingress", 0, "apiVersion: networking.k8s.io/v1beta1 Ingress was removed in Kubernetes 1.22: use networking.k8s.io/v1"},
		{"rbac.authorization.k8s.io/v1alpha1", "Role", 0, "apiVersion: rbac.authorization.k8s.io/v1alpha1 Role was removed in Kubernetes 1.22: use rbac.authorization.k8s.io/v1"},
		{"flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", 0, "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema was removed in Kubernetes 1.32: use flowcontrol.apiserver.k8s.io/v1"},
		{"settings.k8s.io/v1alpha1", "PodPreset", 0, "apiVersion: settings.k8s.io/v1alpha1 PodPreset was removed in Kubernetes 1.20: delete the object"},
		{"resource.k8s.io/v1", "ResourceClaim", 33, "apiVersion: resource.k8s.io/v1 ResourceClaim exists from Kubernetes 1.34, and the cluster has 1.33"},

		{"app/v1", "Deployment", 0, `apiVersion: Kubernetes has no API group "app", and the group of a custom resource contains a dot: use apps/v1 Deployment`},
		{"v1", "Deployment", 0, "kind: v1 has no kind Deployment: use apps/v1 Deployment"},
		{"apps/v2", "Deployment", 0, "apiVersion: Kubernetes has no API version apps/v2: use apps/v1 Deployment"},
		{"apps/v1", "Deploymnet", 0, "kind: apps/v1 has no kind Deploymnet: use apps/v1 Deployment"},
		{"apps/v1", "statefulset", 0, "kind: apps/v1 has no kind statefulset: use apps/v1 StatefulSet"},
		{"apps/v1", "CronJob", 0, "kind: apps/v1 has no kind CronJob: use batch/v1 CronJob"},
		{"apps/v1", "Rollout", 0, "kind: apps/v1 has no kind Rollout: correct it, or remove the object"},
		{"policy.k8s.io/v1", "PodDisruptionBudget", 0, `apiVersion: Kubernetes has no API group "policy.k8s.io": use policy/v1 PodDisruptionBudget`},
		{"networking.k8.io/v1", "NetworkPolicy", 0, `apiVersion: Kubernetes has no API group "networking.k8.io": use networking.k8s.io/v1 NetworkPolicy`},

		// Custom resources.
		{"apps.example.com/v1", "Deployment", 0, ""},
		{"apps.kruise.io/v1alpha1", "StatefulSet", 0, ""},
		{"serving.knative.dev/v1", "Service", 0, ""},
		{"autoscaling.k8s.io/v1", "VerticalPodAutoscaler", 0, ""},
		{"gateway.networking.k8s.io/v1", "HTTPRoute", 0, ""},
		{"argoproj.io/v1alpha1", "Workflow", 0, ""},
	} {
		err := Check(parse(t, "apiVersion: "+c.apiVersion+"\nkind: "+c.kind+"\nmetadata: {name: a}"), c.minor)
		got := ""
		if err != nil {
			_, got, _ = strings.Cut(strings.SplitN(err.Error(), "\n", 2)[0], c.kind+" a: ")
		}
		if got != c.want {
			t.Errorf("%s %s on 1.%d:\ngot  %s\nwant %s", c.apiVersion, c.kind, c.minor, got, c.want)
		}
	}
}

// TestRefuses checks the positions and texts of errors.
func TestRefuses(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: a}}\n"
	const pods = "  template:\n    metadata: {labels: {app: a}}\n    spec:\n      containers:\n        - name: c\n          image: i\n"
	quantity := func(q string) string {
		return head + pods + "          resources: {requests: {" + q + "}}"
	}
	for _, c := range []struct{ text, want string }{
		{quantity("cpu: -5"), `12: Deployment a: spec.template.spec.containers[0].resources.requests.cpu: is -5: must be greater than or equal to 0`},
		{quantity(`cpu: "-5"`), `12: Deployment a: spec.template.spec.containers[0].resources.requests.cpu: is "-5": must be greater than or equal to 0`},
		{quantity("cpu: 1e100"), "12: Deployment a: spec.template.spec.containers[0].resources.requests.cpu: is 1e100: want 9T or less, more than any machine has"},
		{quantity("memory: 10Ei"), `12: Deployment a: spec.template.spec.containers[0].resources.requests.memory: is "10Ei": want 8Pi or less, more than any machine has`},
		{quantity("ephemeral-storage: -1Gi"), `12: Deployment a: spec.template.spec.containers[0].resources.requests.ephemeral-storage: is "-1Gi": must be greater than or equal to 0`},
		{quantity("gpu: 1"), "12: Deployment a: spec.template.spec.containers[0].resources.requests.gpu: is 1: must be a standard resource for containers\nm.yaml:12: Deployment a: spec.template.spec.containers[0].resources.requests.gpu: is 1: must be a standard resource type or fully qualified"},
		{head + pods + "  replicas: -3", "12: Deployment a: spec.replicas: is -3: must be greater than or equal to 0"},
		{head + pods + "  replicas: 99999999999", "12: Deployment a: spec.replicas: is 99999999999: want a whole number up to 2147483647"},
		{head + pods + "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}", "12: Deployment a: spec.strategy.rollingUpdate.maxUnavailable: is 0: may not be 0 when `maxSurge` is 0"},
		{head + pods + "  strategy: {rollingUpdate: {maxUnavailable: 101%}}", `12: Deployment a: spec.strategy.rollingUpdate.maxUnavailable: is "101%": must not be greater than 100%`},
		{head + pods + "  strategy: {rollingUpdate: {maxSurge: many}}", `12: Deployment a: spec.strategy.rollingUpdate.maxSurge: is "many": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%')`},
		{head + pods + "  strategy: {type: Sometimes}", `12: Deployment a: spec.strategy: is invalid: want one of "Recreate", "RollingUpdate"`},
		{head + strings.Replace(pods, "app: a", "app: b", 1), "7: Deployment a: spec.template.metadata.labels: is invalid: `selector` does not match template `labels`"},
		{head + pods + "          ports: [{containerPort: -1}, {containerPort: 70000}]", "12: Deployment a: spec.template.spec.containers[0].ports[0].containerPort: is -1: must be between 1 and 65535, inclusive\nm.yaml:12: Deployment a: spec.template.spec.containers[0].ports[1].containerPort: is 70000: must be between 1 and 65535, inclusive"},
		{head + pods + "          readinessProbe: {periodSeconds: -1}", "12: Deployment a: spec.template.spec.containers[0].readinessProbe.periodSeconds: is -1: must be greater than or equal to 0\nm.yaml:12: Deployment a: spec.template.spec.containers[0].readinessProbe: is missing: must specify a handler type"},
		{head + pods + "        - {name: c, image: i}", `12: Deployment a: spec.template.spec.containers[1].name: is "c", which is a duplicate: remove one`},
		{head + pods + "          volumeMounts: [{name: data, mountPath: /data}]", `12: Deployment a: spec.template.spec.containers[0].volumeMounts[0].name: is "data", which does not exist`},
		{head + pods + "      terminationGracePeriodSeconds: 99999999999999999999", "12: Deployment a: spec.template.spec.terminationGracePeriodSeconds: is 99999999999999999999: want a whole number"},
		{head + pods + "      terminationGracePeriodSeconds: -1", "<nil>"},
		{head + pods + "      topologySpreadConstraints: [{maxSkew: 0, topologyKey: a, whenUnsatisfiable: Never}]", "12: Deployment a: spec.template.spec.topologySpreadConstraints[0].maxSkew: is 0: must be greater than zero\nm.yaml:12: Deployment a: spec.template.spec.topologySpreadConstraints[0].whenUnsatisfiable: is \"Never\": want one of \"DoNotSchedule\", \"ScheduleAnyway\""},
		{strings.Replace(head, "name: a", `name: "a\nb", namespace: Ops, labels: {"a b": c}`, 1) + pods, "3: Deployment Ops/a\\nb: metadata.labels: is \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc')\nm.yaml:3: Deployment Ops/a\\nb: metadata.name: is \"a\\nb\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')\nm.yaml:3: Deployment Ops/a\\nb: metadata.namespace: is \"Ops\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc')"},
		{"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 1, maxUnavailable: 1}}", "1: PodDisruptionBudget a: spec: is invalid: minAvailable and maxUnavailable cannot be both set"},
		{"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: -1}}", "1: PodDisruptionBudget a: spec.minAvailable: is -1: must be greater than or equal to 0"},
		{"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 200%}}", `1: PodDisruptionBudget a: spec.maxUnavailable: is "200%": must not be greater than 100%`},
		{"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: A}, spec: {selector: {matchExpressions: [{key: a, operator: Near}]}}}", "1: PodDisruptionBudget A: metadata.name: is \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')\nm.yaml:1: PodDisruptionBudget A: spec.selector.matchExpressions[0].operator: is \"Near\": not a valid selector operator"},
		{"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 3, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}", "1: HorizontalPodAutoscaler a: spec.maxReplicas: is 2: must be greater than or equal to `minReplicas`"},
		{"{apiVersion: v1, kind: ReplicationController, metadata: {name: a}, spec: {replicas: 1}}", "1: ReplicationController a: spec.selector: is missing\nm.yaml:1: ReplicationController a: spec.template: is missing"},
		{"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {parallelism: -1, template: {spec: {restartPolicy: Always, containers: [{name: a, image: a}]}}}}", "1: Job a: spec.parallelism: is -1: must be greater than or equal to 0\nm.yaml:1: Job a: spec.template.spec.restartPolicy: is missing: valid values: \"OnFailure\", \"Never\""},
		{"{apiVersion: v1, kind: Service, metadata: {name: 1.a}, spec: {ports: [{port: 0}]}}", "1: Service 1.a: metadata.name: is \"1.a\": must not contain dots\nm.yaml:1: Service 1.a: spec.ports[0].port: is 0: must be between 1 and 65535, inclusive\nm.yaml:1: Service 1.a: spec.ports[0].targetPort: is 0: must be between 1 and 65535, inclusive"},
		{"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0}}}}", `1: PersistentVolumeClaim a: spec.resources.storage: is "0": must be greater than zero`},
		{"{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}", `1: Namespace a.b: metadata.name: is "a.b": must not contain dots`},
		{"{apiVersion: example.com/v1, kind: Thing, metadata: {name: a_b}}", `1: Thing a_b: metadata.name: is "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')`},
		{"{apiVersion: v1, kind: Pod, metadata: {generateName: A-}, spec: {containers: [{name: a, image: a}]}}", `1: Pod A-: metadata.generateName: is "A-": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')`},
	} {
		err := Check(parse(t, c.text), 0)
		if got := strings.TrimPrefix(fmt.Sprint(err), "m.yaml:"); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestPermits checks objects whose validity depends on feature gates, on the cluster, or on fields that the API server or its
// controllers add.
func TestPermits(t *testing.T) {
	for _, text := range []string{
		"{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: true, containers: [{name: a, image: a, securityContext: {privileged: true}, lifecycle: {preStop: {sleep: {seconds: 0}}}}]}}",
		"{apiVersion: v1, kind: Pod, metadata: {name: a, uid: 1-2, resourceVersion: '1'}, spec: {nodeName: node, containers: [{name: a, image: a}], ephemeralContainers: [{name: e, image: a}]}, status: {phase: Running}}",
		"{apiVersion: v1, kind: Pod, metadata: {generateName: a-, ownerReferences: [{apiVersion: v1, kind: Thing, name: b, controller: true}]}, spec: {containers: [{name: a, image: a}]}}",
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'system:a', namespace: b}, rules: []}",
		"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}",
		"{apiVersion: batch/v1, kind: Job, metadata: {name: a, uid: 1-2}, spec: {selector: {matchLabels: {controller-uid: 1-2}}, template: {metadata: {labels: {controller-uid: 1-2}}, spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}}",
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, ports: [{port: 1}]}}",
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 1}]}}",
		"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], dataSource: {kind: PersistentVolumeClaim, name: b}, resources: {requests: {storage: 1Gi}}}}",
		"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 0, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, metrics: [{type: External, external: {metric: {name: a}, target: {type: Value, value: 1}}}]}}",
		"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/24}}]}]}}",
		"{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: '2001:db8::1'}}",
		"{apiVersion: user.openshift.io/v1, kind: Identity, metadata: {name: 'ldap:a'}}",
	} {
		if err := Check(parse(t, text), 0); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
	live := parse(t, "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node}}")
	live[0].Accepted = true
	if err := Check(live, 0); err != nil {
		t.Errorf("an object of an API server: %v", err)
	}
}

func TestLimit(t *testing.T) {
	err := Check(parse(t, strings.Repeat("{apiVersion: v2, kind: Pod, metadata: {name: a}}\n---\n", 25)), 0)
	if lines := strings.Split(err.Error(), "\n"); len(lines) != most+1 || lines[most] != "and 5 more errors" {
		t.Errorf("got\n%v", err)
	}
}
