package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// testAccess: a permitted client needs TLS and a user to connect to the bus. Other clients reach only the webhook.
func testAccess(t *testing.T, s *System) {
	t.Parallel()
	bus, leaf := s.Name+"-argo-events-bus", s.Name+"-argo-events-leaf"
	permitted := client(t, s, "permitted", fmt.Sprintf("app.kubernetes.io/instance: %s, app.kubernetes.io/component: test", s.Name))
	source := client(t, s, "source", "controller: eventsource-controller")
	other := client(t, s, "other", "app: other")
	server := bus + "-0." + bus + "-headless"

	const nats = "nats --server %s --tlsca /etc/bus/ca.crt --timeout 10s %s stream ls"
	credentials := "--user $(sed -n 's/^username: *//p' /etc/bus/auth.yaml) --password $(sed -n 's/^password: *//p' /etc/bus/auth.yaml)"
	for _, c := range []struct{ name, pod, command, want string }{
		{"permitted client with its user", permitted, fmt.Sprintf(nats, "tls://"+bus, credentials), "default"},
		{"permitted client without a user", permitted, fmt.Sprintf(nats, "tls://"+bus, ""), "Authorization Violation"},
		{"permitted client with a wrong password", permitted, fmt.Sprintf(nats, "tls://"+bus, "--user events --password wrong"), "Authorization Violation"},
		{"permitted client without the CA", permitted, strings.Replace(fmt.Sprintf(nats, "tls://"+bus, credentials), "--tlsca /etc/bus/ca.crt", "", 1), "certificate signed by unknown authority"},
		{"permitted client, port of the leaves", permitted, port(server, 7422), refused},
		{"permitted client, cluster port", permitted, port(server, 6222), refused},
		{"permitted client, monitoring port", permitted, port(server, 8222), refused},
		{"event source, its leaf", source, port(leaf, 4222), reached},
		{"event source, cluster port", source, port(server, 6222), refused},
		{"event source, monitoring port", source, port(server, 8222), refused},
		{"other client, bus", other, port(bus, 4222), refused},
		{"other client, one server", other, port(server, 4222), refused},
		{"other client, cluster port", other, port(server, 6222), refused},
		{"other client, port of the leaves", other, port(server, 7422), refused},
		{"other client, monitoring port", other, port(server, 8222), refused},
		{"other client, leaf", other, port(leaf, 4222), refused},
		{"other client, webhook", other, port("load-eventsource-svc", 12000), reached},
		{"other client, metrics of an event source", other, port(podIP(t, s, "eventsource-name=load"), 7777), refused},
		{"other client, metrics of a sensor", other, port(podIP(t, s, "sensor-name=load"), 7777), refused},
		{"other client, metrics of the controller", other, port(podIP(t, s, "app.kubernetes.io/component=controller"), 7777), refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			// kube-router applies NetworkPolicies to a new pod after a moment, and a leaf may still be connecting.
			if err := until(t.Context(), time.Minute, func(ctx context.Context) (string, error) {
				out, err := execIn(ctx, s, c.pod, c.command)
				if strings.Contains(out, c.want) {
					return "", nil
				}
				return fmt.Sprintf("got %q, want %q", out, c.want), err
			}); err != nil {
				t.Errorf("%s\n%v", c.command, err)
			}
		})
	}
}

const (
	reached = "reached"
	refused = "refused"
)

// port returns a command that prints whether a TCP connection to a port can be opened.
func port(host string, number int) string {
	return fmt.Sprintf("if timeout 3 nc %s %d </dev/null >/dev/null 2>&1 || [ $? = 143 ]; then echo %s; else echo %s; fi", host, number, reached, refused)
}

// client starts a pod with labels for commands of the test, and deletes it at the end.
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
	if err := shared.kube.apply(t.Context(), s.Name, manifest); err != nil {
		t.Fatal(err)
	}
	pod := "client-" + name
	t.Cleanup(func() {
		if _, err := shared.kube.run(context.Background(), shared.kube.kubectl, "", "delete", "pod", pod, "-n", s.Name, "--now"); err != nil {
			t.Error(err)
		}
	})
	if _, err := shared.kube.run(t.Context(), shared.kube.kubectl, "", "wait", "pod", pod, "-n", s.Name, "--for=condition=Ready", "--timeout="+patience.String()); err != nil {
		t.Fatal(err)
	}
	return pod
}

// execIn runs a command in a pod's shell and returns its output. The error is nil if there is output, whatever the exit code.
func execIn(ctx context.Context, s *System, pod, command string) (string, error) {
	out, err := shared.kube.run(ctx, shared.kube.kubectl, "", "exec", "-n", s.Name, pod, "--", "sh", "-c", command+" 2>&1")
	if out != "" {
		err = nil
	}
	return out, err
}

func podIP(t *testing.T, s *System, selector string) string {
	t.Helper()
	pods, err := shared.kube.pods(t.Context(), s.Name, selector)
	if err != nil || len(pods) == 0 {
		t.Fatalf("no pod has the label %s: %v", selector, err)
	}
	return pods[0].Status.PodIP
}
