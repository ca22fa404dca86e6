package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/storage"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// planned is the part of holdfast plan's output that is compared with a cluster.
type planned struct {
	Verdict string
	Summary string
	Objects []struct {
		APIVersion, Kind, Name, Action string
		Rolls                          bool
		Fields                         []struct {
			Path      string
			Immutable bool
		}
	}
	Helm, Kubectl []struct{ Run string }
}

// refused reports whether the plan expects the API server to refuse a field.
func (p planned) refused() bool {
	for _, o := range p.Objects {
		for _, f := range o.Fields {
			if f.Immutable {
				return true
			}
		}
	}
	return false
}

// plan runs holdfast plan. Findings are not an error.
func plan(arguments ...string) (p planned, err error) {
	out, err := exec.Command(string(holdfast), append([]string{"plan", "-o", "json"}, arguments...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != 1 {
		return p, fmt.Errorf("holdfast plan %s: %w\n%s", strings.Join(arguments, " "), err, exit.Stderr)
	} else if err != nil && exit == nil {
		return p, err
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return p, err
	}
	if ok := p.Verdict == "nothing" || p.Verdict == "in-place"; ok == (exit != nil) {
		return p, fmt.Errorf("holdfast plan %s: verdict %s with exit status %v", strings.Join(arguments, " "), p.Verdict, err)
	}
	return p, nil
}

// mutations are changes of one object, accepted or refused by the API server.
var mutations = []struct{ about, before, after string }{
	{"StatefulSet: claims", statefulSet("serviceName: a", "1Gi"), statefulSet("serviceName: a", "2Gi")},
	{"StatefulSet: serviceName", statefulSet("serviceName: a", "1Gi"), statefulSet("serviceName: b", "1Gi")},
	{"StatefulSet: podManagementPolicy", statefulSet("podManagementPolicy: Parallel", "1Gi"), statefulSet("podManagementPolicy: OrderedReady", "1Gi")},
	{"StatefulSet: all mutable fields", statefulSet("replicas: 1", "1Gi"),
		statefulSet("{replicas: 3, ordinals: {start: 1}, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}, revisionHistoryLimit: 3, minReadySeconds: 3, persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}}", "1Gi")},
	{"Deployment: selector", selecting("Deployment", "a: b", "pause"), selecting("Deployment", "a: c", "pause")},
	{"Deployment: image", selecting("Deployment", "a: b", "pause"), selecting("Deployment", "a: b", "other")},
	{"DaemonSet: selector", selecting("DaemonSet", "a: b", "pause"), selecting("DaemonSet", "a: c", "pause")},
	{"ReplicaSet: selector", selecting("ReplicaSet", "a: b", "pause"), selecting("ReplicaSet", "a: c", "pause")},
	{"Job: image", job("", "pause"), job("", "other")},
	{"Job: backoffLimit", job("backoffLimit: 1", "pause"), job("backoffLimit: 2", "pause")},
	{"Job: completions", job("completions: 1", "pause"), job("completions: 2", "pause")},
	{"Job: completions of an indexed Job", job("{completionMode: Indexed, completions: 1, parallelism: 1}", "pause"), job("{completionMode: Indexed, completions: 2, parallelism: 2}", "pause")},
	{"Job: completionMode", job("{completionMode: Indexed, completions: 1}", "pause"), job("{completionMode: NonIndexed, completions: 1}", "pause")},
	{"Job: podFailurePolicy", job("", "pause"), job("podFailurePolicy: {rules: [{action: Ignore, onExitCodes: {operator: In, values: [1]}}]}", "pause")},
	{"Service: to headless", one("v1", "Service", "spec: {ports: [{port: 80}]}"), one("v1", "Service", "spec: {clusterIP: None, ports: [{port: 80}]}")},
	{"Service: from headless", one("v1", "Service", "spec: {clusterIP: None, ports: [{port: 80}]}"), one("v1", "Service", "spec: {ports: [{port: 80}]}")},
	{"Service: to ExternalName", one("v1", "Service", "spec: {clusterIP: None, ports: [{port: 80}]}"), one("v1", "Service", "spec: {type: ExternalName, externalName: example.org, ports: [{port: 80}]}")},
	{"Service: loadBalancerClass", one("v1", "Service", "spec: {type: LoadBalancer, loadBalancerClass: a/b, ports: [{port: 80}]}"), one("v1", "Service", "spec: {type: LoadBalancer, loadBalancerClass: a/c, ports: [{port: 80}]}")},
	{"Service: loadBalancerClass removed", one("v1", "Service", "spec: {type: LoadBalancer, loadBalancerClass: a/b, ports: [{port: 80}]}"), one("v1", "Service", "spec: {type: NodePort, ports: [{port: 80}]}")},
	{"PersistentVolumeClaim: class", claim("storageClassName: a", "1Gi"), claim("storageClassName: b", "1Gi")},
	{"PersistentVolumeClaim: smaller", claim("storageClassName: a", "2Gi"), claim("storageClassName: a", "1Gi")},
	{"Pod: command", pod("image: pause", "command: [a]"), pod("image: pause", "command: [b]")},
	{"Pod: image", pod("image: pause", "command: [a]"), pod("image: other", "command: [a]")},
	{"Secret: type", one("v1", "Secret", "type: a/b"), one("v1", "Secret", "type: a/c")},
	{"Secret: data", one("v1", "Secret", "data: {a: YQ==}"), one("v1", "Secret", "data: {a: Yg==}")},
	{"Secret: immutable data", one("v1", "Secret", "immutable: true\ndata: {a: YQ==}"), one("v1", "Secret", "immutable: true\ndata: {a: Yg==}")},
	{"ConfigMap: immutable data", one("v1", "ConfigMap", "immutable: true\ndata: {a: a}"), one("v1", "ConfigMap", "immutable: true\ndata: {a: b}")},
	{"ConfigMap: immutable to mutable", one("v1", "ConfigMap", "immutable: true"), one("v1", "ConfigMap", "immutable: false")},
	{"ConfigMap: mutable to immutable", one("v1", "ConfigMap", "data: {a: a}"), one("v1", "ConfigMap", "immutable: true\ndata: {a: a}")},
	{"RoleBinding: roleRef", one(rbac, "RoleBinding", "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}"), one(rbac, "RoleBinding", "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: b}")},
	{"ClusterRoleBinding: roleRef", one(rbac, "ClusterRoleBinding", "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}"), one(rbac, "ClusterRoleBinding", "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: b}")},
	{"Role: rules", one(rbac, "Role", "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"), one(rbac, "Role", "rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]")},
	{"IngressClass: controller", one("networking.k8s.io/v1", "IngressClass", "spec: {controller: a/b}"), one("networking.k8s.io/v1", "IngressClass", "spec: {controller: a/c}")},
	{"NetworkPolicy: podSelector", one("networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {matchLabels: {a: b}}}"), one("networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {matchLabels: {a: c}}}")},
	{"PodDisruptionBudget: selector", one("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}"), one("policy/v1", "PodDisruptionBudget", "spec: {maxUnavailable: 1, selector: {matchLabels: {a: c}}}")},
	{"StorageClass: provisioner", one("storage.k8s.io/v1", "StorageClass", "provisioner: a/b"), one("storage.k8s.io/v1", "StorageClass", "provisioner: a/c")},
	{"StorageClass: allowVolumeExpansion", one("storage.k8s.io/v1", "StorageClass", "provisioner: a/b"), one("storage.k8s.io/v1", "StorageClass", "provisioner: a/b\nallowVolumeExpansion: true")},
	{"CSIDriver: attachRequired", one("storage.k8s.io/v1", "CSIDriver", "spec: {attachRequired: true}"), one("storage.k8s.io/v1", "CSIDriver", "spec: {attachRequired: false}")},
	{"PriorityClass: value", one("scheduling.k8s.io/v1", "PriorityClass", "value: 1"), one("scheduling.k8s.io/v1", "PriorityClass", "value: 2")},
	{"RuntimeClass: handler", one("node.k8s.io/v1", "RuntimeClass", "handler: a"), one("node.k8s.io/v1", "RuntimeClass", "handler: b")},
	{"EndpointSlice: addressType", one("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4\nendpoints: []"), one("discovery.k8s.io/v1", "EndpointSlice", "addressType: FQDN\nendpoints: []")},
	{"HorizontalPodAutoscaler: target", one("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}"), one("autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: b}}")},
}

const rbac = "rbac.authorization.k8s.io/v1"

func one(apiVersion, kind, rest string) string {
	return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: plan}\n%s\n", apiVersion, kind, rest)
}

// merged returns a spec merged from parts, each a line of YAML.
func merged(parts ...string) string {
	spec := map[string]any{}
	for _, part := range parts {
		var more map[string]any
		if err := yaml.Unmarshal([]byte(part), &more); err != nil {
			panic(err)
		}
		maps.Copy(spec, more)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err)
	}
	return "spec: " + string(text)
}

func statefulSet(part, size string) string {
	return one("apps/v1", "StatefulSet", merged("{replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: pause}]}}}",
		fmt.Sprintf("volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}}]", size), part))
}

func selecting(kind, label, image string) string {
	return one("apps/v1", kind, merged(fmt.Sprintf("{selector: {matchLabels: {%s}}, template: {metadata: {labels: {%s}}, spec: {nodeSelector: {a: b}, containers: [{name: a, image: %s}]}}}", label, label, image)))
}

func job(part, image string) string {
	return one("batch/v1", "Job", merged(fmt.Sprintf("template: {spec: {restartPolicy: Never, containers: [{name: a, image: %s}]}}", image), part))
}

func claim(part, size string) string {
	return one("v1", "PersistentVolumeClaim", merged(fmt.Sprintf("{accessModes: [ReadWriteOnce], resources: {requests: {storage: %s}}}", size), part))
}

func pod(image, command string) string {
	return one("v1", "Pod", fmt.Sprintf("spec: {automountServiceAccountToken: false, containers: [{name: a, %s, %s}]}", image, command))
}

// TestPlanImmutable: the API server refuses exactly the changes that holdfast plan reports as immutable.
func TestPlanImmutable(t *testing.T) {
	t.Parallel()
	const namespace = "plan-immutable"
	if err := kube.Namespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	for _, m := range mutations {
		t.Run(m.about, func(t *testing.T) {
			files := map[string]string{}
			for side, text := range map[string]string{"from": m.before, "to": m.after} {
				files[side] = filepath.Join(t.TempDir(), "values.yaml")
				values := "extraObjects:\n  - " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
				if err := os.WriteFile(files[side], []byte(values), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p, err := plan("web", "--from", "single-node", "--from-values", files["from"], "--to-values", files["to"])
			if err != nil {
				t.Fatal(err)
			}
			refusal, err := update(t, namespace, m.before, m.after)
			if err != nil {
				t.Fatal(err)
			}
			if p.refused() != (refusal != nil) {
				t.Errorf("holdfast plan: %q; API server: %v", p.Summary, refusal)
			}
		})
	}
}

// update creates an object and changes it like Helm, with a merge patch. The first error is the API server's refusal of the change.
func update(t *testing.T, namespace, before, after string) (refusal, err error) {
	ctx := t.Context()
	var was, now unstructured.Unstructured
	if err := errors.Join(yaml.Unmarshal([]byte(before), &was.Object), yaml.Unmarshal([]byte(after), &now.Object)); err != nil {
		return nil, err
	}
	patch, err := json.Marshal(patchOf(was.Object, now.Object))
	if err != nil {
		return nil, err
	}
	collection, err := resource(was.GetAPIVersion(), was.GetKind(), namespace)
	if err != nil {
		return nil, err
	}
	if _, err := collection.Create(ctx, &was, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	_, refusal = collection.Patch(ctx, was.GetName(), types.MergePatchType, patch, metav1.PatchOptions{})
	if refusal != nil && !apierrors.IsInvalid(refusal) && !apierrors.IsForbidden(refusal) {
		return nil, refusal
	}
	// The next object has the same name. Finalizers would wait for controllers.
	zero, background := int64(0), metav1.DeletePropagationBackground
	if _, err := collection.Patch(ctx, was.GetName(), types.MergePatchType, []byte(`{"metadata": {"finalizers": null}}`), metav1.PatchOptions{}); err != nil {
		return refusal, err
	}
	return refusal, collection.Delete(ctx, was.GetName(), metav1.DeleteOptions{GracePeriodSeconds: &zero, PropagationPolicy: &background})
}

// patchOf returns the merge patch from one object to another.
func patchOf(a, b map[string]any) map[string]any {
	patch := map[string]any{}
	for key := range a {
		if _, ok := b[key]; !ok {
			patch[key] = nil
		}
	}
	for key, value := range b {
		was, isMap := a[key].(map[string]any)
		now, ok := value.(map[string]any)
		if isMap && ok {
			value = patchOf(was, now)
		}
		patch[key] = value
	}
	return patch
}

// TestPlanRelease: helm upgrade changes the objects that holdfast plan predicts, with both versions of Helm. A change that the plan reports as
// refused fails, and the commands of the plan achieve it.
func TestPlanRelease(t *testing.T) {
	t.Parallel()
	for _, helm := range helms {
		t.Run(helm, func(t *testing.T) {
			t.Parallel()
			testPlanRelease(t, helm)
		})
	}
}

func testPlanRelease(t *testing.T, helm string) {
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, helm, "plan-"+helm, profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	values := filepath.Join(repository, "values", "webhook.yaml")
	if _, err := r.run("install", cases.Release, r.chart, "--skip-crds", "--set", "profile=multi-node", "--values", values, "--set", r.ownNodes("leaf")); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ verdict, profile, set string }{
		{"nothing", "multi-node", "bus.replicas=3"},
		{"confirm", "multi-zone", "bus.replicas=3"},
		{"in-place", "multi-zone", "bus.replicas=5"},
		{"by-hand", "multi-zone", "leaf.enabled=false"},
		{"refused", "multi-zone", "bus.storage.className=other"},
	} {
		p, err := plan("--from-release", cases.Release, "-n", r.namespace, "--kubeconfig", kube.Kubeconfig(), "--to", step.profile, "--to-set", step.set)
		if err != nil {
			t.Fatal(err)
		}
		if p.Verdict != step.verdict {
			t.Errorf("to %s, %s: %s, want %s: %s", step.profile, step.set, p.Verdict, step.verdict, p.Summary)
		}
		before, err := r.applied()
		if err != nil {
			t.Fatal(err)
		}
		upgrade := []string{"upgrade", cases.Release, r.chart, "--reset-then-reuse-values", "--set", "profile=" + step.profile, "--set", step.set}
		_, err = r.run(upgrade...)
		if step.verdict == "refused" {
			if err == nil || !strings.Contains(err.Error(), "which is immutable") {
				t.Fatalf("to %s, %s: helm upgrade: %v", step.profile, step.set, err)
			}
			err = r.follow(p.Helm)
		}
		if err != nil {
			t.Fatalf("to %s, %s: %v", step.profile, step.set, err)
		}
		after, err := r.applied()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.actions(), differ(before, after); !maps.Equal(got, want) {
			t.Errorf("to %s, %s: planned:\n%v\nactual:\n%v", step.profile, step.set, got, want)
		}
	}
}

// follow runs the commands of a plan in a shell with the programs and the cluster of this test.
func (r *release) follow(commands []struct{ Run string }) error {
	kubectl, err := binaries.Path("kubectl")
	if err != nil {
		return err
	}
	dir := r.t.TempDir()
	for name, file := range map[string]string{"kubectl": kubectl, "helm": r.helm, "holdfast": string(holdfast)} {
		if err := os.Symlink(file, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, command := range commands {
		cmd := exec.Command("sh", "-c", command.Run)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+dir, "KUBECONFIG="+kube.Kubeconfig())
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", command.Run, err, out)
		}
	}
	return nil
}

// TestPlanKubectl: the plan's commands without Helm create the planned objects, delete the removed ones, and enlarge the volumes.
func TestPlanKubectl(t *testing.T) {
	t.Parallel()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	zones, err := readProfile("multi-zone")
	if err != nil {
		t.Fatal(err)
	}
	growing := storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: "growing"}, Provisioner: storage.Provisioner,
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer), AllowVolumeExpansion: new(true),
	}
	if _, err := kube.Kube.StorageV1().StorageClasses().Create(t.Context(), &growing, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "plan-kubectl", zones, "", selectors(nil))
	common := []string{"--release", cases.Release, "-n", r.namespace, "-f", filepath.Join(repository, "values", "webhook.yaml"), "--set", "bus.storage.className=growing"}
	apply := "holdfast render --profile multi-zone --no-hooks " + strings.Join(common, " ") + " --set overrides.DaemonSet/leaf.spec.template.spec.nodeSelector.none=yes | kubectl apply -n " + r.namespace + " -f -"
	if err := r.follow([]struct{ Run string }{{apply}}); err != nil {
		t.Fatal(err)
	}
	if err := r.eventually(func() error { return r.claimsHave("10Gi") }); err != nil {
		t.Fatal(err)
	}
	p, err := plan(append(common, "--from", "multi-zone", "--from-set", "overrides.DaemonSet/leaf.spec.template.spec.nodeSelector.none=yes", "--to-set", "leaf.enabled=false", "--to-set", "bus.storage.size=20Gi")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.follow(p.Kubectl); err != nil {
		t.Fatal(err)
	}
	if err := r.claimsHave("20Gi"); err != nil {
		t.Error(err)
	}
	count := map[string]int{}
	for _, o := range p.Objects {
		count[o.Action]++
		collection, err := resource(o.APIVersion, o.Kind, r.namespace)
		if err != nil {
			t.Fatal(err)
		}
		_, err = collection.Get(t.Context(), o.Name, metav1.GetOptions{})
		if gone := apierrors.IsNotFound(err); err != nil && !gone || gone != (o.Action == "removed") {
			t.Errorf("%s/%s: planned action %s, but reading it: %v", o.Kind, o.Name, o.Action, err)
		}
	}
	if count["removed"] == 0 || count["changed"] == 0 {
		t.Errorf("want removed and changed objects, got %v", count)
	}
}

// TestPlanRollouts: holdfast plan predicts the workloads whose template changes, with a running controller of Argo Events. Event sources keep the
// old bus until the controller restarts, as the plan predicts.
func TestPlanRollouts(t *testing.T) {
	t.Parallel()
	repository, err := cases.Repository()
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, "helm4", "plan-rollouts", profile{}, filepath.Join(repository, "charts", "argo-events"), nil)
	if err := r.deploy("install", "multi-zone", filepath.Join(repository, "values", "webhook.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := r.awaitReconciled(false); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		profile string
		set     []string
		// rollouts are the event sources and sensors with a rollout.
		rollouts string
	}{
		{"multi-zone", []string{"sensors.processor.replicas=3"}, "[Sensor/processor]"},
		{"multi-zone", []string{"sensors.processor.replicas=2", "leaf.enabled=false"}, "[Sensor/processor]"},
		{"multi-node", nil, "[EventSource/orders EventSource/users Sensor/processor]"},
	} {
		arguments := []string{"--from-release", cases.Release, "-n", r.namespace, "--kubeconfig", kube.Kubeconfig(), "--to", step.profile}
		upgrade := []string{"upgrade", cases.Release, r.chart, "--reset-then-reuse-values", "--set", "profile=" + step.profile}
		for _, value := range step.set {
			arguments, upgrade = append(arguments, "--to-set", value), append(upgrade, "--set", value)
		}
		p, err := plan(arguments...)
		if err != nil {
			t.Fatal(err)
		}
		before, err := r.templates()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.run(upgrade...); err != nil {
			t.Fatal(err)
		}
		if err := r.startController(); err != nil {
			t.Fatal(err)
		}
		if err := r.awaitReconciled(false); err != nil {
			t.Fatal(err)
		}
		// The controller may update Deployments later.
		var planned, rolled []string
		err = r.eventually(func() error {
			after, err := r.templates()
			if err != nil {
				return err
			}
			planned, rolled = p.rollouts(), changed(before, after)
			if !slices.Equal(planned, rolled) {
				return fmt.Errorf("to %s, %v: planned rollouts of %v, got %v", step.profile, step.set, planned, rolled)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		events := slices.DeleteFunc(rolled, func(name string) bool { return strings.Contains(name, cases.Release+"-") })
		if fmt.Sprint(events) != step.rollouts {
			t.Errorf("to %s, %v: got rollouts of %v, want %s", step.profile, step.set, events, step.rollouts)
		}
		if !slices.Contains(step.set, "leaf.enabled=false") {
			continue
		}
		if before, err = r.templates(); err != nil {
			t.Fatal(err)
		}
		r.stopController()
		if err := r.startController(); err != nil {
			t.Fatal(err)
		}
		err = r.eventually(func() error {
			after, err := r.templates()
			if rolled := fmt.Sprint(changed(before, after)); err == nil && rolled != "[EventSource/orders EventSource/users]" {
				err = fmt.Errorf("rollouts after a restart of the controller: %s", rolled)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// rollouts returns the objects with a planned rollout, sorted.
func (p planned) rollouts() []string {
	var all []string
	for _, o := range p.Objects {
		if o.Rolls {
			all = append(all, o.Kind+"/"+o.Name)
		}
	}
	slices.Sort(all)
	return all
}

// templates returns all pod templates by the object of the release.
func (r *release) templates() (map[string]string, error) {
	all := map[string]string{}
	for _, kind := range []string{"DaemonSet", "Deployment", "StatefulSet"} {
		collection, err := resource("apps/v1", kind, r.namespace)
		if err != nil {
			return nil, err
		}
		found, err := collection.List(r.t.Context(), metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, o := range found.Items {
			template, _, err := unstructured.NestedMap(o.Object, "spec", "template")
			if err != nil {
				return nil, err
			}
			text, err := json.Marshal(template)
			if err != nil {
				return nil, err
			}
			labels, _, _ := unstructured.NestedStringMap(template, "metadata", "labels")
			name := kind + "/" + o.GetName()
			for label, of := range map[string]string{"eventsource-name": "EventSource/", "sensor-name": "Sensor/"} {
				if labels[label] != "" {
					name = of + labels[label]
				}
			}
			all[name] = string(text)
		}
	}
	return all, nil
}

// changed returns the names with different texts in both, sorted.
func changed(before, after map[string]string) []string {
	var all []string
	for name, text := range after {
		if was, ok := before[name]; ok && was != text {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// claimsHave returns an error unless there are three bound claims of a size.
func (r *release) claimsHave(size string) error {
	claims, err := kube.Kube.CoreV1().PersistentVolumeClaims(r.namespace).List(r.t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, c := range claims.Items {
		if requested := c.Spec.Resources.Requests.Storage().String(); c.Status.Phase != corev1.ClaimBound || requested != size {
			return fmt.Errorf("claim %s is %s and requests %s", c.Name, c.Status.Phase, requested)
		}
	}
	if len(claims.Items) != 3 {
		return fmt.Errorf("got %d claims, want 3", len(claims.Items))
	}
	return nil
}

// applied returns the objects in Helm's record of the release, by kind and name.
func (r *release) applied() (map[string]string, error) {
	text, err := r.run("get", "manifest", cases.Release)
	if err != nil {
		return nil, err
	}
	found, err := cases.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, o := range found {
		content, err := json.Marshal(o.Content)
		if err != nil {
			return nil, err
		}
		all[o.Kind()+"/"+o.Name()] = string(content)
	}
	return all, nil
}

func (p planned) actions() map[string]string {
	all := map[string]string{}
	for _, o := range p.Objects {
		all[o.Kind+"/"+o.Name] = o.Action
	}
	return all
}

func differ(before, after map[string]string) map[string]string {
	all := map[string]string{}
	for name, text := range after {
		was, ok := before[name]
		switch {
		case !ok:
			all[name] = "created"
		// The first upgrade renders the existing Secrets in the encoding of the API instead of the chart's.
		case was == text, strings.HasPrefix(name, "Secret/"):
			all[name] = "unchanged"
		default:
			all[name] = "changed"
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			all[name] = "removed"
		}
	}
	return all
}
