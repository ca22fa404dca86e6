package inspect

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// TestDisks: the zone of a disk is that of all nodes which can use it.
func TestDisks(t *testing.T) {
	var objects []runtime.Object
	for name, zone := range map[string]string{"n1": "a", "n2": "a", "n3": "b", "n4": ""} {
		labels := map[string]string{"kubernetes.io/hostname": name}
		if zone != "" {
			labels["topology.kubernetes.io/zone"] = zone
		}
		objects = append(objects, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	}
	// where has the nodes of each disk: the values of a label.
	disk := func(claim, label string, where ...string) {
		volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv-" + claim}}
		if label != "" {
			volume.Spec.NodeAffinity = &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
				{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: label, Operator: corev1.NodeSelectorOpIn, Values: where}}}}}}
		}
		objects = append(objects, volume, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: claim, Namespace: "events"}, Spec: corev1.PersistentVolumeClaimSpec{VolumeName: volume.Name}})
	}
	const zone, host = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
	disk("zonal", zone, "a")
	disk("regional", zone, "a", "b")
	disk("local", host, "n3")
	disk("local-without-zone", host, "n4")
	disk("lost", host, "n5")
	disk("network", "")
	objects = append(objects, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "pending", Namespace: "events"}})

	d, err := readDisks(t.Context(), fake.NewClientset(objects...), "events")
	if err != nil {
		t.Fatal(err)
	}
	for claim, want := range map[string]string{
		"zonal": "a", "local": "b", "network": "", "regional": "unknown: usable in a and b", "local-without-zone": "unknown: node n4 has no label topology.kubernetes.io/zone",
		"lost": "unknown: no node can use it", "pending": "unknown: no volume", "missing": "unknown: no volume",
	} {
		got, err := d.domain(claim, zone)
		if err != nil {
			got = "unknown: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", claim, got, want)
		}
	}
}

// TestDisksForbidden: without permission the places are unknown, for the reason of the API server.
func TestDisksForbidden(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("list", "persistentvolumes", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "persistentvolumes"}, "", errors.New("no permission"))
	})
	if _, err := readDisks(t.Context(), client, "events"); !apierrors.IsForbidden(err) {
		t.Errorf("got %v, want Forbidden", err)
	}
}
