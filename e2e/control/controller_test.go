package control

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/e2e/control/local"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// startController starts the controller of the release, or restarts it if its container has changed.
func (r *release) startController() error {
	ctx := r.t.Context()
	pod, err := r.controllerPod(ctx)
	if err != nil || pod == nil {
		return err
	}
	container, err := local.Prepare(ctx, kube, r.namespace, *pod)
	if err != nil {
		return err
	}
	if r.controller != nil && container.Same(r.container) {
		return nil
	}
	r.stopController()
	r.container = container
	// Controllers share one address here, so they use random ports. Each is alone, and on a busy machine it would lose its lease and end.
	r.controller, err = container.Start(ctx, "controller-"+r.namespace, "argo-events", "--metrics-port=0", "--health-port=0", "--leader-election=false")
	return err
}

// controllerPod returns the pod of the controller, or nil if the release needs none.
func (r *release) controllerPod(ctx context.Context) (*corev1.PodSpec, error) {
	if filepath.Base(r.chart) != "argo-events" {
		return nil, nil
	}
	found, err := kube.Kube.AppsV1().Deployments(r.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=controller"})
	if err != nil {
		return nil, err
	}
	switch len(found.Items) {
	case 0:
		return r.clusterController(ctx)
	case 1:
		return &found.Items[0].Spec.Template.Spec, nil
	}
	return nil, fmt.Errorf("found %d Deployments of the controller, want one", len(found.Items))
}

// clusterController returns the pod of a cluster-wide controller, for releases without one, as in the manifests of Argo Events.
func (r *release) clusterController(ctx context.Context) (*corev1.PodSpec, error) {
	const name = "argo-events-sa"
	if r.controller != nil {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(argoEvents, "manifests/base/controller-manager/controller-config.yaml"))
	if err != nil {
		return nil, err
	}
	var config corev1.ConfigMap
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	_, err = kube.Kube.CoreV1().ConfigMaps(r.namespace).Create(ctx, &config, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	_, err = kube.Kube.CoreV1().ServiceAccounts(r.namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	_, err = kube.Kube.RbacV1().RoleBindings(r.namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: r.namespace}},
	}, metav1.CreateOptions{})
	return &corev1.PodSpec{
		ServiceAccountName: name,
		Containers: []corev1.Container{{
			Name:         "controller-manager",
			Args:         []string{"controller", "--namespaced", "--managed-namespace=" + r.namespace},
			Env:          []corev1.EnvVar{{Name: "ARGO_EVENTS_IMAGE", Value: "quay.io/argoproj/argo-events:latest"}},
			VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/argo-events"}},
		}},
		Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: config.Name}},
		}}},
	}, err
}

func (r *release) stopController() {
	if r.controller == nil {
		return
	}
	if err := r.controller.Stop(); err != nil {
		r.t.Error(err)
	}
	r.controller = nil
}
