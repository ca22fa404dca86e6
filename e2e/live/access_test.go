package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// access: who belongs reaches the bus with TLS and a user, and nothing less; who does not reaches nothing of it.
func access(t *testing.T, s *System) {
	t.Parallel()
	bus, leaf := s.Name+"-argo-events-bus", s.Name+"-argo-events-leaf"
	member := client(t, s, "member", fmt.Sprintf("app.kubernetes.io/instance: %s, app.kubernetes.io/component: test", s.Name))
	source := client(t, s, "source", "controller: eventsource-controller")
	stranger := client(t, s, "stranger", "app: stranger")
	server := bus + "-0." + bus + "-headless"

	const nats = "nats --server %s --tlsca /etc/bus/ca.crt --timeout 10s %s stream ls"
	credentials := "--user $(sed -n 's/^username: *//p' /etc/bus/auth.yaml) --password $(sed -n 's/^password: *//p' /etc/bus/auth.yaml)"
	for _, c := range []struct{ name, pod, command, want string }{
		{"a member with its user", member, fmt.Sprintf(nats, "tls://"+bus, credentials), "default"},
		{"a member without a user", member, fmt.Sprintf(nats, "tls://"+bus, ""), "Authorization Violation"},
		{"a member with a wrong password", member, fmt.Sprintf(nats, "tls://"+bus, "--user events --password wrong"), "Authorization Violation"},
		{"a member that does not know the CA", member, strings.Replace(fmt.Sprintf(nats, "tls://"+bus, credentials), "--tlsca /etc/bus/ca.crt", "", 1), "certificate signed by unknown authority"},
		{"a member at the leaves' port", member, port(server, 7422), refused},
		{"a member at the servers' own port", member, port(server, 6222), refused},
		{"a member at the monitor", member, port(server, 8222), refused},
		{"a source at its leaf", source, port(leaf, 4222), reached},
		{"a source at the servers' own port", source, port(server, 6222), refused},
		{"a source at the monitor", source, port(server, 8222), refused},
		{"a stranger at the bus", stranger, port(bus, 4222), refused},
		{"a stranger at a server", stranger, port(server, 4222), refused},
		{"a stranger at the servers' own port", stranger, port(server, 6222), refused},
		{"a stranger at the leaves' port", stranger, port(server, 7422), refused},
		{"a stranger at the monitor", stranger, port(server, 8222), refused},
		{"a stranger at the leaf", stranger, port(leaf, 4222), refused},
		{"a stranger at the webhook", stranger, port("load-eventsource-svc", 12000), reached},
		{"a stranger at a source's metrics", stranger, port(podIP(t, s, "eventsource-name=load"), 7777), refused},
		{"a stranger at a sensor's metrics", stranger, port(podIP(t, s, "sensor-name=load"), 7777), refused},
		{"a stranger at the controller's metrics", stranger, port(podIP(t, s, "app.kubernetes.io/component=controller"), 7777), refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inPod(t, s, c.pod, c.command); !strings.Contains(got, c.want) {
				t.Errorf("%s\ngot %q, want %q", c.command, got, c.want)
			}
		})
	}
}

const (
	reached = "reached"
	refused = "refused"
)

// port is a command that says whether a port can be reached.
func port(host string, number int) string {
	return fmt.Sprintf("if timeout 3 nc %s %d </dev/null >/dev/null 2>&1 || [ $? = 143 ]; then echo %s; else echo %s; fi", host, number, reached, refused)
}

// client runs a pod that can be asked to connect, and deletes it at the end.
func client(t *testing.T, s *System, name, labels string) string {
	t.Helper()
	manifest := fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: client-%[1]s
  labels: {%[2]s}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: client, image: "docker.io/natsio/nats-box:0.19.7", command: [sleep, infinity], volumeMounts: [{name: bus, mountPath: /etc/bus}], env: [{name: XDG_CONFIG_HOME, value: /tmp}]}
  volumes:
    - name: bus
      projected:
        sources:
          - secret: {name: %[3]s-argo-events-bus-auth, items: [{key: auth.yaml, path: auth.yaml}]}
          - secret: {name: %[3]s-argo-events-bus-tls, items: [{key: ca.crt, path: ca.crt}]}
`, name, labels, s.Name)
	if err := the.kube.apply(t.Context(), s.Name, manifest); err != nil {
		t.Fatal(err)
	}
	pod := "client-" + name
	t.Cleanup(func() {
		if _, err := the.kube.run(context.Background(), the.kube.kubectl, "", "delete", "pod", pod, "-n", s.Name, "--now"); err != nil {
			t.Error(err)
		}
	})
	if _, err := the.kube.run(t.Context(), the.kube.kubectl, "", "wait", "pod", pod, "-n", s.Name, "--for=condition=Ready", "--timeout="+patience.String()); err != nil {
		t.Fatal(err)
	}
	// Whoever enforces policies hears of a new pod after a moment, and nothing is denied to it until then.
	time.Sleep(3 * time.Second)
	return pod
}

// inPod runs a command in a pod's shell and returns what it prints, however it ends.
func inPod(t *testing.T, s *System, pod, command string) string {
	t.Helper()
	out, err := the.kube.run(t.Context(), the.kube.kubectl, "", "exec", "-n", s.Name, pod, "--", "sh", "-c", command+" 2>&1")
	if out == "" && err != nil {
		t.Fatal(err)
	}
	return out
}

func podIP(t *testing.T, s *System, selector string) string {
	t.Helper()
	pods, err := the.kube.pods(t.Context(), s.Name, selector)
	if err != nil || len(pods) == 0 {
		t.Fatalf("no pod is %s: %v", selector, err)
	}
	return pods[0].Status.PodIP
}
