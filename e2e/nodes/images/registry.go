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

// Registry holds images. To a node it is the mirror of all other registries: what it is asked for has the path and tag of
// a name, but not its registry.
type Registry struct{ handler http.Handler }

// NewRegistry makes an empty registry that keeps its layers in a folder.
func NewRegistry(dir string) (*Registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &Registry{registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(dir)), registry.Logger(log.New(io.Discard, "", 0)))}, nil
}

func (r *Registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.handler.ServeHTTP(w, request)
}

// Add puts an image into the registry, in the place of those with the same names.
func (r *Registry) Add(i Image) error {
	image, err := i.build()
	if err != nil {
		return fmt.Errorf("making image %v: %w", i.Names, err)
	}
	for _, text := range i.Names {
		reference, err := name.ParseReference(text, name.StrictValidation)
		if err != nil {
			return fmt.Errorf("making an image: %w", err)
		}
		if err := remote.Write(reference, image, remote.WithTransport(direct{r.handler})); err != nil {
			return fmt.Errorf("adding image %s: %w", text, err)
		}
	}
	return nil
}

// direct calls the handler without a network.
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
