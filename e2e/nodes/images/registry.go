package images

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry serves images. Nodes use it as the mirror of all registries: requests contain the path and tag of an image, but not its registry.
type Registry struct{ handler http.Handler }

// NewRegistry returns an empty registry that stores layers in a folder.
func NewRegistry(dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &Registry{registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))}, nil
}

func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.handler.ServeHTTP(w, request)
}

// Add adds an image to the registry and replaces images with the same names.
func (r *Registry) Add(i Image) error {
	image, err := i.build()
	if err != nil {
		return fmt.Errorf("building image %v: %w", i.Names, err)
	}
	for _, text := range i.Names {
		reference, err := name.ParseReference(text, name.StrictValidation)
		if err != nil {
			return fmt.Errorf("parsing the name of an image: %w", err)
		}
		if err := remote.Write(reference, image, remote.WithTransport(direct{r.handler})); err != nil {
			return fmt.Errorf("adding image %s: %w", text, err)
		}
	}
	return nil
}

// direct is a transport that calls a handler.
type direct struct{ http.Handler }

func (d direct) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, request)
	response := w.Result()
	response.Request = request
	return response, nil
}
