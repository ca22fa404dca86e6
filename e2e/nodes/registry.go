package nodes

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/holdfast-ha/holdfast/e2e/nodes/images"
)

// registryPort is the port of the registry, at the address of the control plane.
const registryPort = 5000

// serveImages starts the registry.
func (c *Cluster) serveImages(context.Context) error {
	listener, err := c.network.listen(fmt.Sprintf("%s:%d", master, registryPort))
	if err != nil {
		return fmt.Errorf("starting the registry: %w", err)
	}
	if c.registry, err = images.NewRegistry(filepath.Join(c.config.Dir, "registry")); err != nil {
		return err
	}
	server := &http.Server{Handler: c.registry}
	go server.Serve(listener)
	c.later(server.Close)
	return nil
}

func (c *Cluster) addImages() error {
	for _, image := range append(c.catalog, c.config.Images...) {
		if err := c.registry.Add(image); err != nil {
			return err
		}
	}
	return nil
}
