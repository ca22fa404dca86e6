package images

import (
	"archive/tar"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// pack writes files as a reproducible tar archive.
func pack(w io.Writer, files []File) error {
	archive := tar.NewWriter(w)
	for _, file := range files {
		if err := file.pack(archive); err != nil {
			return fmt.Errorf("packing %s: %w", file.Path, err)
		}
	}
	return archive.Close()
}

func (f File) pack(archive *tar.Writer) error {
	header := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: 0o755, Typeflag: tar.TypeReg}
	var content io.Reader = strings.NewReader(f.Text)
	switch {
	case f.From != "":
		source, err := os.Open(f.From)
		if err != nil {
			return err
		}
		defer source.Close()
		info, err := source.Stat()
		if err != nil {
			return err
		}
		header.Size, content = info.Size(), source
	case f.Text != "":
		header.Size = int64(len(f.Text))
	case f.Link != "":
		header.Typeflag, header.Linkname = tar.TypeSymlink, f.Link
	default:
		// Any user may write: the only folders are /tmp and homes.
		header.Typeflag, header.Mode = tar.TypeDir, 0o1777
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

// base is part of every image: the users of charts, and a folder for temporary files.
var base = []File{
	{Path: "/tmp"},
	{Path: "/etc/passwd", Text: "root:x:0:0::/root:/bin/sh\nnats:x:1000:1000::/home/nats:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/false\n"},
	{Path: "/etc/group", Text: "root:x:0:\nnats:x:1000:\nnobody:x:65534:\n"},
}

// busybox returns the files of Debian's static busybox: the program, and a link for each of its commands.
var busybox = sync.OnceValues(func() ([]File, error) {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return nil, fmt.Errorf("finding busybox of the package busybox-static: %w", err)
	}
	if err := static(program); err != nil {
		return nil, err
	}
	commands, err := exec.Command(program, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the commands of busybox: %w", err)
	}
	files := []File{{Path: "/bin/busybox", From: program}, {Path: "/usr/bin/env", Link: "/bin/env"}}
	for command := range strings.FieldsSeq(string(commands)) {
		if command != "busybox" {
			files = append(files, File{Path: filepath.Join("/bin", command), Link: "busybox"})
		}
	}
	return files, nil
})

// static returns an error if a program needs libraries: images have none.
func static(program string) error {
	file, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("reading %s: %w", program, err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			return fmt.Errorf("%s needs libraries: apt-get install busybox-static", program)
		}
	}
	return nil
}

// WithLibraries returns the files of a program that is not static: the program at a path, and its libraries at theirs.
func WithLibraries(path, program string) ([]File, error) {
	files := []File{{Path: path, From: program}}
	if static(program) == nil {
		return files, nil
	}
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("listing the libraries of %s: %w", program, err)
	}
	for line := range strings.Lines(string(out)) {
		// "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)", and "/lib64/ld-linux-x86-64.so.2 (0x…)".
		for field := range strings.FieldsSeq(line) {
			if filepath.IsAbs(field) {
				files = append(files, File{Path: field, From: field})
				break
			}
		}
	}
	return files, nil
}
