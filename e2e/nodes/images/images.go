// Package images builds container images from local programs and serves them as a registry, under the names in charts and without the internet.
package images

import (
	"compress/gzip"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is a container image.
type Image struct {
	// Names are the names of the image, with registry and tag.
	Names []string
	// Entrypoint and Command are the defaults for containers. User is root by default.
	Entrypoint, Command []string
	User                string
	// Shell adds busybox.
	Shell bool
	Files []File
}

// File is a file in an image: a copy From this machine, a Text, a Link to another path, or otherwise a folder.
type File struct {
	Path             string
	From, Text, Link string
}

// path is the PATH of every image.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (i Image) build() (v1.Image, error) {
	image, err := mutate.Config(empty.Image, v1.Config{Entrypoint: i.Entrypoint, Cmd: i.Command, User: i.User, Env: []string{path}})
	if err != nil {
		return nil, err
	}
	// One layer for each file, so that images share layers.
	layers := [][]File{base}
	if i.Shell {
		shell, err := busybox()
		if err != nil {
			return nil, err
		}
		layers = append(layers, shell)
	}
	for _, file := range i.Files {
		layers = append(layers, []File{file})
	}
	for _, files := range layers {
		layer, err := layer(files)
		if err != nil {
			return nil, err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, err
		}
	}
	return image, nil
}

// layer packs files into a layer, uncompressed because it does not leave this machine.
func layer(files []File) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(pack(writer, files)) }()
		return reader, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.NoCompression))
}
