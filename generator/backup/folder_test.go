package backup

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes a backup of one stream with right checksums.
func write(t testing.TB, stream, meta string) string {
	t.Helper()
	dir := t.TempDir()
	sums := ""
	for name, text := range map[string]string{metaFile: meta, dataFile: "data"} {
		if err := os.MkdirAll(filepath.Join(dir, stream), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, stream, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sums += fmt.Sprintf("%x  %s/%s\n", sha256.Sum256([]byte(text)), stream, name)
	}
	if err := os.WriteFile(filepath.Join(dir, sumFile), []byte(sums), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRead(t *testing.T) {
	all, err := read(write(t, "default", `{"config": {"name": "default", "max_age": 3600000000000, "later": true}, "state": {"messages": 2, "last_seq": 5}, "consumers": [{"name": "sensor", "acknowledged": 4}]}`))
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	s := all[0]
	if s.config.MaxAge.Hours() != 1 || s.state.LastSeq != 5 || s.Consumers[0].Acknowledged != 4 {
		t.Errorf("got %+v", s)
	}
	// Fields that this version does not have reach the server.
	if !strings.Contains(string(s.Config), `"later": true`) {
		t.Errorf("config: got %s", s.Config)
	}
	for meta, want := range map[string]string{
		`{}`: "want config and state", `{"config": {"name": "default"}}`: "want config and state", `{"config": {"name": "a.b"}, "state": {}}`: `config.name is "a.b"`,
		`{"config": [], "state": {}}`: "want config and state", `{"config": {"name": "default"}, "state": {"messages": -1}}`: "want config and state",
	} {
		if _, err := read(write(t, "default", meta)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", meta, err, want)
		}
	}
	if _, err := read(write(t, "a.b", `{"config": {"name": "a.b"}, "state": {}}`)); err == nil {
		t.Error("a name with a dot is part of a subject: want an error")
	}
}

// TestTruncated: no part of a backup is accepted in place of the whole.
func TestTruncated(t *testing.T) {
	dir := write(t, "default", `{"config": {"name": "default"}, "state": {}}`)
	for _, name := range []string{"default/" + metaFile, "default/" + dataFile, sumFile} {
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(text) - 1 { // the last byte of the checksums is a line break
			if err := os.WriteFile(file, text[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(dir); err == nil {
				t.Errorf("%s with %d of %d bytes: want an error", name, n, len(text))
			}
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(dir); err != nil {
		t.Error(err)
	}
}

// FuzzRead: no file leads out of the folder or into a subject.
func FuzzRead(f *testing.F) {
	f.Add("default", `{"config": {"name": "default"}, "state": {}}`, "")
	f.Add("default", `{"config": {"name": "KV_>"}, "state": {}}`, "abc  ../../etc/backup.json\n")
	f.Fuzz(func(t *testing.T, name, meta, sums string) {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00\n") || len(name) > 100 {
			t.Skip()
		}
		dir := write(t, name, meta)
		if sums != "" {
			if err := os.WriteFile(filepath.Join(dir, sumFile), []byte(sums), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all, err := read(dir)
		if err != nil {
			return
		}
		for _, s := range all {
			if s.config.Name != name || strings.ContainsAny(name, " .*>") || filepath.Dir(s.dir) != dir {
				t.Errorf("accepted %q in %s", s.config.Name, s.dir)
			}
		}
	})
}
