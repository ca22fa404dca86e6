package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTicking: the line is written over and taken away, and nothing comes after.
func TestTicking(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := ticking(writer, "placing pods", time.Millisecond)
	first := make([]byte, 64)
	n, err := reader.Read(first)
	if err != nil || !strings.HasPrefix(string(first[:n]), "\rplacing pods: ") {
		t.Errorf("%q %v", first[:n], err)
	}
	done()
	done()
	writer.Close()
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(reader); err != nil || !strings.HasSuffix(rest.String(), "\r\x1b[K") {
		t.Errorf("it ends with %q", rest.String())
	}
}

// TestWaiting: what is no terminal is told nothing.
func TestWaiting(t *testing.T) {
	var buffer bytes.Buffer
	waiting(&buffer, "placing pods")()
	file, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	waiting(file, "placing pods")()
	if info, err := file.Stat(); err != nil || info.Size() > 0 || buffer.Len() > 0 {
		t.Errorf("%v %q", err, buffer.String())
	}
}
