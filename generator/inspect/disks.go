package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/holdfast-ha/holdfast/generator/plan"
	"github.com/holdfast-ha/holdfast/internal/kubeconfig"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/client-go/kubernetes"
)

// disks are the claims of a namespace with their PersistentVolumes, and the nodes of the cluster.
type disks struct {
	volumes map[string]*corev1.PersistentVolume // by claim
	nodes   []corev1.Node
}

// Disks returns the places of the disks in a namespace. It reads the cluster at the first call of the result, whose error tells why
// a place is unknown: no permission, for example.
func Disks(ctx context.Context, kubeconfigFile, kubeContext, namespace string) plan.Domains {
	read := sync.OnceValues(func() (disks, error) {
		config, _, err := kubeconfig.Load(kubeconfigFile, kubeContext)
		if err != nil {
			return disks{}, err
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return disks{}, err
		}
		return readDisks(ctx, client, namespace)
	})
	return func(claim, label string) (string, error) {
		d, err := read()
		if err != nil {
			return "", err
		}
		return d.domain(claim, label)
	}
}

func readDisks(ctx context.Context, client kubernetes.Interface, namespace string) (disks, error) {
	claims, err := client.CoreV1().PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return disks{}, err
	}
	volumes, err := client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return disks{}, err
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return disks{}, err
	}
	byName := map[string]*corev1.PersistentVolume{}
	for i, v := range volumes.Items {
		byName[v.Name] = &volumes.Items[i]
	}
	d := disks{map[string]*corev1.PersistentVolume{}, nodes.Items}
	for _, c := range claims.Items {
		if v := byName[c.Spec.VolumeName]; v != nil {
			d.volumes[c.Name] = v
		}
	}
	return d, nil
}

// domain returns the value of a label that all nodes have where the disk of a claim can be used; "" for a disk without node affinity.
func (d disks) domain(claim, label string) (value string, err error) {
	v := d.volumes[claim]
	switch {
	case v == nil:
		return "", errors.New("no volume")
	case v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil:
		return "", nil
	}
	for _, node := range d.nodes {
		has := node.Labels[label]
		switch {
		case !usable(v, node.Labels):
		case has == "":
			return "", fmt.Errorf("node %s has no label %s", node.Name, label)
		case value != "" && has != value:
			return "", fmt.Errorf("usable in %s and %s", value, has)
		default:
			value = has
		}
	}
	if value == "" {
		return "", errors.New("no node can use it")
	}
	return value, nil
}

// operators maps the operators of a node affinity to those of a label selector.
var operators = map[corev1.NodeSelectorOperator]selection.Operator{
	corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn, corev1.NodeSelectorOpExists: selection.Exists,
	corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist, corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
}

// usable reports whether a node with these labels has all labels of one of the terms of a volume's node affinity.
func usable(v *corev1.PersistentVolume, node labels.Set) bool {
	return slices.ContainsFunc(v.Spec.NodeAffinity.Required.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
		for _, e := range term.MatchExpressions {
			r, err := labels.NewRequirement(e.Key, operators[e.Operator], e.Values)
			if err != nil || !r.Matches(node) {
				return false
			}
		}
		return len(term.MatchExpressions) > 0 && len(term.MatchFields) == 0
	})
}
