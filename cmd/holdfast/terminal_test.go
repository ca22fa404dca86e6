package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestColoured(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if !coloured(terminal) || coloured(file) || coloured(new(bytes.Buffer)) {
		t.Error("want colours on a terminal, and only there")
	}
	t.Setenv("TERM", "dumb")
	if coloured(terminal) {
		t.Error("want no colours on a dumb terminal")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if coloured(terminal) {
		t.Error("want no colours with NO_COLOR")
	}
}
