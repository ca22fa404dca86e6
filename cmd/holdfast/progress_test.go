package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestProgress: the current step is written again and again; after done nothing is.
func TestProgress(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := newProgress(writer, 20*time.Millisecond, "[%s %s]", "end")
	p.set("lose zone zone-2, 14 of 210")
	first := make([]byte, 64)
	n, err := reader.Read(first)
	if err != nil || !strings.HasPrefix(string(first[:n]), "[lose zone zone-2, 14 of 210 ") {
		t.Errorf("%q %v", first[:n], err)
	}
	p.done()
	p.done()
	writer.Close()
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(reader); err != nil || !strings.HasSuffix(rest.String(), "end") {
		t.Errorf("the output ends with %q", rest.String())
	}
}

// TestShowProgress: a short task shows nothing.
func TestShowProgress(t *testing.T) {
	var buffer bytes.Buffer
	showProgress(&buffer).done()
	if buffer.Len() > 0 {
		t.Errorf("%q", buffer.String())
	}
}
