package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTick: the line is rewritten and then removed, and nothing is written after it.
func TestTick(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := tick(writer, "placing pods", time.Millisecond)
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
		t.Errorf("the output ends with %q", rest.String())
	}
}

// TestShowProgress: nothing is written to a file or a buffer.
func TestShowProgress(t *testing.T) {
	var buffer bytes.Buffer
	showProgress(&buffer, "placing pods")()
	file, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	showProgress(file, "placing pods")()
	if info, err := file.Stat(); err != nil || info.Size() > 0 || buffer.Len() > 0 {
		t.Errorf("%v %q", err, buffer.String())
	}
}
