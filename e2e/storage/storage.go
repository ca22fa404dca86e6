// Package storage provisions volumes for PersistentVolumeClaims: folders in the zone of the claim's first pod, like the zonal disks of clouds,
// and of other classes on its node or on every node.
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

// Class is a StorageClass. Its volumes are created when the first pod of their claim is placed.
type Class struct {
	Name, Provisioner string
	// Label is the node label by which volumes are bound to nodes: those with the same value as the first pod's. "": usable on every node.
	Label string
}

// Classes are the zonal classes, the default one first. They differ only in their names; the golden cases use both.
var Classes = []string{"zonal", "fast"}

// Provisioner is the provisioner of Classes, and of other classes that name it.
const Provisioner = "holdfast.example/zonal"

// Disks mounts a disk at the folder of a volume, and removes it.
type Disks interface {
	Create(folder string) error
	Remove(folder string) error
}

// Start creates Classes and further ones, and provisions volumes until the context ends. The volumes are folders below dir, whose path on nodes
// is nodeDir, with a disk each unless disks is nil.
func Start(ctx context.Context, client kubernetes.Interface, dir, nodeDir string, disks Disks, more ...Class) error {
	labels := map[string]string{Provisioner: corev1.LabelTopologyZone}
	var all []Class
	for _, name := range Classes {
		all = append(all, Class{Name: name, Provisioner: Provisioner})
	}
	for _, c := range more {
		all = append(all, c)
		labels[c.Provisioner] = c.Label
	}
	for i, c := range all {
		class := c.object(i == 0)
		if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating StorageClass %s: %w", c.Name, err)
		}
	}
	// No log: the events of claims report actions and errors.
	ctx = klog.NewContext(ctx, klog.Logger{})
	for provisioner, label := range labels {
		// A single instance needs no leader election.
		c := controller.NewProvisionController(ctx, client, provisioner, folders{client, label, dir, nodeDir, disks}, controller.LeaderElection(false))
		go c.Run(ctx)
	}
	return nil
}

// object returns the API object of a class.
func (c Class) object(isDefault bool) *storagev1.StorageClass {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	return &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: c.Name, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": fmt.Sprint(isDefault)}},
		Provisioner: c.Provisioner, VolumeBindingMode: &mode,
	}
}

type folders struct {
	client              kubernetes.Interface
	label, dir, nodeDir string
	disks               Disks
}

// Provision creates the volume of a claim.
func (f folders) Provision(ctx context.Context, o controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	folder := filepath.Join("everywhere", o.PVName)
	var affinity *corev1.VolumeNodeAffinity
	if f.label != "" {
		node, err := f.client.CoreV1().Nodes().Get(ctx, o.SelectedNodeName, metav1.GetOptions{})
		if err != nil {
			return nil, controller.ProvisioningNoChange, err
		}
		value := node.Labels[f.label]
		if value == "" {
			return nil, controller.ProvisioningFinished, fmt.Errorf("node %s of the claim's pod has no label %s", o.SelectedNodeName, f.label)
		}
		folder = filepath.Join(value, o.PVName)
		affinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: f.label, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}},
		}}}}
	}
	// Pods run as any user.
	if err := os.MkdirAll(filepath.Join(f.dir, folder), 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if f.disks != nil {
		if err := f.disks.Create(filepath.Join(f.dir, folder)); err != nil {
			return nil, controller.ProvisioningFinished, err
		}
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
			PersistentVolumeSource:        f.source(folder),
			NodeAffinity:                  affinity,
		},
	}, controller.ProvisioningFinished, nil
}

// source returns the source of a volume. A local volume must have a node affinity.
func (f folders) source(folder string) corev1.PersistentVolumeSource {
	path := filepath.Join(f.nodeDir, folder)
	if f.label == "" {
		return corev1.PersistentVolumeSource{NFS: &corev1.NFSVolumeSource{Server: "localhost", Path: path}}
	}
	return corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}}
}

// path returns the folder of a volume on nodes.
func path(v *corev1.PersistentVolume) string {
	if v.Spec.NFS != nil {
		return v.Spec.NFS.Path
	}
	return v.Spec.Local.Path
}

// Delete removes the volume of a deleted claim.
func (f folders) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	folder, err := filepath.Rel(f.nodeDir, path(volume))
	if err != nil || !filepath.IsLocal(folder) {
		return fmt.Errorf("volume %s is not below %s: %s", volume.Name, f.nodeDir, path(volume))
	}
	if f.disks != nil {
		if err := f.disks.Remove(filepath.Join(f.dir, folder)); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(f.dir, folder))
}
