// Package images makes container images out of programs that were built here, and is the registry that they are pulled
// from: under the names that charts ask for, and without the internet.
package images

import (
	"compress/gzip"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is what a container starts from.
type Image struct {
	// Names are those it is asked for by, each with its registry and tag.
	Names []string
	// Entrypoint and Command are what is run unless a pod says otherwise; User is root unless it is said.
	Entrypoint, Command []string
	User                string
	// Shell puts busybox under the files.
	Shell bool
	Files []File
}

// File is one in an image: a copy of one From this machine, a Text, a Link to another path, or else a folder.
type File struct {
	Path             string
	From, Text, Link string
}

// path is that of the shell and of programs in every image.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (i Image) build() (v1.Image, error) {
	image, err := mutate.Config(empty.Image, v1.Config{Entrypoint: i.Entrypoint, Cmd: i.Command, User: i.User, Env: []string{path}})
	if err != nil {
		return nil, err
	}
	// A layer for each file, so that images which share one share its layer.
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

// layer packs files. It is not compressed: it travels within this machine.
func layer(files []File) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(pack(writer, files)) }()
		return reader, nil
	}
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.NoCompression))
}
