package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"
)

// file is one entry of an archive.
type file struct {
	name       string
	data       []byte
	executable bool
}

func (f file) mode() fs.FileMode {
	if f.executable {
		return 0o755
	}
	return 0o644
}

// epoch is the time of every entry: the earliest that zip can store.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// tarball returns a gzipped tar archive of files in the given order.
func tarball(files []file) ([]byte, error) {
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: int64(f.mode()), Size: int64(len(f.data)), ModTime: epoch, Format: tar.FormatPAX}
		if err := tw.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := tw.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// zipped returns a zip archive of files in the given order.
func zipped(files []file) ([]byte, error) {
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch}
		header.SetMode(f.mode())
		w, err := zw.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// chart writes the Helm chart in dir to NAME-VERSION.tgz in folder out, with the name and version of its Chart.yaml.
func chart(dir, out string) error {
	text, err := os.ReadFile(filepath.Join(dir, "Chart.yaml"))
	if err != nil {
		return err
	}
	var meta struct{ Name, Version string }
	if err := yaml.Unmarshal(text, &meta); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "Chart.yaml"), err)
	}
	var names []string
	if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}); err != nil {
		return err
	}
	files, err := readFiles(dir, names...)
	if err != nil {
		return err
	}
	for i := range files {
		files[i].name = meta.Name + "/" + files[i].name
	}
	data, err := tarball(files)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, meta.Name+"-"+meta.Version+".tgz"), data, 0o644)
}

// readFiles reads the named files in dir.
func readFiles(dir string, names ...string) ([]file, error) {
	var files []file
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: name, data: data})
	}
	return files, nil
}
