package snapshot

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/holdfast-ha/holdfast/verify/live"
	"github.com/holdfast-ha/holdfast/verify/manifest"
	"github.com/holdfast-ha/holdfast/verify/workload"
)

// Installation is what will be installed.
type Installation struct {
	// Objects are its manifests, System has their workloads.
	Objects []*manifest.Object
	System  *workload.System
	// Nodes and Zones are the smallest cluster that its profile needs; 0 without a profile.
	Nodes, Zones int
	// Served are the kinds that the API server has, of the API versions of the objects.
	Served map[schema.GroupVersionKind]bool
}

// NewInstallation reads the workloads of manifests.
func NewInstallation(objects []*manifest.Object) (*Installation, error) {
	system, err := workload.Read(objects)
	return &Installation{Objects: objects, System: system}, err
}

// discover sets Served.
func (i *Installation) discover(ctx context.Context, c *live.Cluster) error {
	var versions []string
	for _, o := range i.Objects {
		versions = append(versions, o.APIVersion)
	}
	slices.Sort(versions)
	i.Served = map[schema.GroupVersionKind]bool{}
	for _, v := range slices.Compact(versions) {
		kinds, err := c.Kinds(ctx, v)
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			i.Served[schema.FromAPIVersionAndKind(v, kind)] = true
		}
	}
	return nil
}
