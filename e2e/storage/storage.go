// Package storage provisions volumes for PersistentVolumeClaims: folders in the zone of the claim's first pod, like the zonal disks of clouds.
package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// Classes are the StorageClasses, the default one first. They differ only in their names; the golden cases use both.
var Classes = []string{"zonal", "fast"}

// Provisioner is the provisioner of Classes, and of other classes that name it.
const Provisioner = "holdfast.example/zonal"

// Start creates the StorageClasses and provisions volumes until the context ends. The volumes are folders below dir, whose path on nodes is
// nodeDir.
func Start(ctx context.Context, client kubernetes.Interface, dir, nodeDir string) error {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	for i, name := range Classes {
		isDefault := map[string]string{"storageclass.kubernetes.io/is-default-class": fmt.Sprint(i == 0)}
		class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: isDefault}, Provisioner: Provisioner, VolumeBindingMode: &mode}
		if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating StorageClass %s: %w", name, err)
		}
	}
	// No log: the events of claims report actions and errors.
	ctx = klog.NewContext(ctx, klog.Logger{})
	// A single instance needs no leader election.
	c := controller.NewProvisionController(ctx, client, Provisioner, folders{client, dir, nodeDir}, controller.LeaderElection(false))
	go c.Run(ctx)
	return nil
}

type folders struct {
	client       kubernetes.Interface
	dir, nodeDir string
}

// Provision creates the volume of a claim.
func (f folders) Provision(ctx context.Context, o controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	node, err := f.client.CoreV1().Nodes().Get(ctx, o.SelectedNodeName, metav1.GetOptions{})
	if err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	zone := node.Labels[corev1.LabelTopologyZone]
	if zone == "" {
		return nil, controller.ProvisioningFinished, fmt.Errorf("node %s of the claim's pod has no zone", o.SelectedNodeName)
	}
	// Pods run as any user.
	folder := filepath.Join(zone, o.PVName)
	if err := os.MkdirAll(filepath.Join(f.dir, folder), 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.Chmod(filepath.Join(f.dir, folder), 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			Capacity:                      o.PVC.Spec.Resources.Requests,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: filepath.Join(f.nodeDir, folder)}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}},
			}}}},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the volume of a deleted claim.
func (f folders) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	folder, err := filepath.Rel(f.nodeDir, volume.Spec.Local.Path)
	if err != nil || !filepath.IsLocal(folder) {
		return fmt.Errorf("volume %s is not below %s: %s", volume.Name, f.nodeDir, volume.Spec.Local.Path)
	}
	return os.RemoveAll(filepath.Join(f.dir, folder))
}
