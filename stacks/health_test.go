package stacks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBusProbes runs the probes of a bus server against answers of its /healthz.
func TestBusProbes(t *testing.T) {
	const (
		current = `{"status":"ok"}`
		lags    = `{"status":"error","errors":[{"type":"STREAM","account":"EVENTS","stream":"200 ok","error":"JetStream stream 'EVENTS \u003e 200 ok' is not current: stream catching up"}]}`
		broken  = `{"status":"error","errors":[{"type":"STREAM","account":"EVENTS","stream":"default","error":"JetStream stream 'EVENTS \u003e default' is not current: stream write error: no space left on device"}]}`
		skewed  = `{"status":"error","errors":[{"type":"STREAM","account":"EVENTS","stream":"default","error":"JetStream stream 'EVENTS \u003e default' is not current: cluster node skew detected"}]}`
	)
	tests := []struct {
		name          string
		enabled, full string // answers with js-enabled-only and details; "" is none
		started, ok   bool   // startup; readiness and liveness
		says          string // in the output of the failing probe
	}{
		{"current", "200 OK\n" + current, "200 OK\n" + current, true, true, ""},
		{"a replica lags", "200 OK\n" + current, "503 Service Unavailable\n" + lags, false, true, "stream catching up"},
		{"write error", "200 OK\n" + current, "503 Service Unavailable\n" + broken, true, false, "no space left on device"},
		{"node skew", "200 OK\n" + current, "503 Service Unavailable\n" + skewed, true, false, "cluster node skew detected"},
		{"JetStream is disabled", "503 Service Unavailable\n" + lags, "503 Service Unavailable\n" + lags, false, false, "503 Service Unavailable"},
		{"full check without an answer", "200 OK\n" + current, "", false, true, "no answer"},
		{"no answer", "", "", false, false, "no answer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := fakeServer(t, test.enabled, test.full)
			started, startSays := probe(t, server, "--start")
			ok, says := probe(t, server, "js-enabled-only=true")
			if started != test.started || ok != test.ok {
				t.Errorf("started %t, ok %t; want %t, %t\n%s%s", started, ok, test.started, test.ok, startSays, says)
			}
			if ok { // only the startup probe can have failed
				says = startSays
			}
			if !strings.Contains(says, test.says) {
				t.Errorf("output %q, want %q in it", says, test.says)
			}
		})
	}
}

// fakeServer returns a folder with an nc that prints these answers, as nc does that sends the request of its standard input to a server.
func fakeServer(t *testing.T, enabled, full string) string {
	t.Helper()
	dir := t.TempDir()
	for name, answer := range map[string]string{"enabled": enabled, "full": full} {
		if status, body, found := strings.Cut(answer, "\n"); found {
			answer = "HTTP/1.0 " + status + "\r\nContent-Type: application/json\r\n\r\n" + body
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(answer), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\nread -r request\ncase $request in *js-enabled-only=true*) cat '" + dir + "/enabled' ;; *details=true*) cat '" + dir + "/full' ;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "nc"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// probe runs health.sh and reports whether it succeeded, and what it printed.
func probe(t *testing.T, server, arg string) (bool, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "argo-events/config/bus/health.sh", arg)
	cmd.Env = append(os.Environ(), "PATH="+server+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return err == nil, string(out)
}
