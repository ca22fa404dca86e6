// Package admission reads the objects by which the API server refuses pods: ResourceQuotas, LimitRanges and admission webhooks.
//
// It decides as the admission plugins of Kubernetes do, with their code. Package sim keeps the count of what is used.
package admission

import (
	"cmp"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	coredefaults "k8s.io/kubernetes/pkg/apis/core/v1"

	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Objects are the objects of a system by which the API server refuses pods.
type Objects struct {
	Quotas   []*Quota
	Webhooks []*Webhook
	// Claims are the PersistentVolumeClaims.
	Claims []*corev1.PersistentVolumeClaim
	limits []*corev1.LimitRange
}

// Read reads the objects of a system. Errors are those of objects that cannot be decoded.
func Read(s *workload.System) (*Objects, error) {
	all := &Objects{}
	for _, o := range s.Objects {
		var err error
		switch {
		case o.Group() == "" && o.Kind == "ResourceQuota":
			err = decode(o, func(d *corev1.ResourceQuota) { all.Quotas = append(all.Quotas, newQuota(o, d)) })
		case o.Group() == "" && o.Kind == "LimitRange":
			err = decode(o, func(d *corev1.LimitRange) {
				coredefaults.SetObjectDefaults_LimitRange(d)
				all.limits = append(all.limits, d)
			})
		case o.Group() == "" && o.Kind == "PersistentVolumeClaim":
			err = decode(o, func(d *corev1.PersistentVolumeClaim) { all.Claims = append(all.Claims, d) })
		case o.Group() == admissionv1.GroupName && o.Kind == "ValidatingWebhookConfiguration":
			err = decode(o, func(d *admissionv1.ValidatingWebhookConfiguration) { all.addValidating(s, o, d) })
		case o.Group() == admissionv1.GroupName && o.Kind == "MutatingWebhookConfiguration":
			err = decode(o, func(d *admissionv1.MutatingWebhookConfiguration) { all.addMutating(s, o, d) })
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all.limits, func(a, b *corev1.LimitRange) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func decode[T any](o *manifest.Object, add func(*T)) error {
	typed := new(T)
	if err := o.Decode(typed); err != nil {
		return err
	}
	add(typed)
	return nil
}
