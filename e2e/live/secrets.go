package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// step is a step of docs/guides/secrets.md: flags of holdfast secrets, and what follows when servers and leaves have reloaded.
type step struct {
	flags []string
	then  func(r *runner, ctx context.Context, s *System) error
}

// rotationSteps are the renewal of the certificate, and the rotations of its CA and of the user, in the order of the guide.
var rotationSteps = []step{
	{flags: []string{"--renew"}},
	{flags: []string{"--rotate-ca", "add"}, then: (*runner).restartClients},
	{flags: []string{"--rotate-ca", "use"}},
	{flags: []string{"--rotate-ca", "drop"}},
	{flags: []string{"--rotate-password", "add"}},
	{flags: []string{"--rotate-password", "use"}, then: (*runner).awaitClients},
	{flags: []string{"--rotate-password", "drop"}},
}

// rotation changes all that clients and servers of each bus check about one another. Servers and leaves reload, and none restarts. Event sources
// and sensors are restarted when a CA is added, because they read the CAs only at their start; those that are connected restart by themselves when
// the password changes.
func rotation(r *runner, _ ...string) scenario {
	stable := map[string]int32{}
	return scenario{name: "rotation of certificate, CA and password", limits: handover, unpredicted: "simulates no change of a Secret",
		fail: func(ctx context.Context) error {
			for _, s := range r.systems {
				if err := s.countRestarts(ctx, r.kube, stable); err != nil {
					return err
				}
			}
			errs := make([]error, len(r.systems))
			each(r.systems, func(i int, s *System) {
				time.Sleep(time.Duration(i) * stagger)
				errs[i] = r.rotate(ctx, s)
			})
			return errors.Join(errs...)
		},
		settled: func(ctx context.Context) error {
			now := map[string]int32{}
			for _, s := range r.systems {
				if err := s.countRestarts(ctx, r.kube, now); err != nil {
					return err
				}
			}
			for pod, before := range stable {
				if after, ok := now[pod]; !ok || after != before {
					return fmt.Errorf("%s was restarted by a change of its Secrets", pod)
				}
			}
			return nil
		}}
}

// countRestarts adds the restarts of servers and leaves, by namespace, pod and its UID.
func (s *System) countRestarts(ctx context.Context, k *kube, all map[string]int32) error {
	if s.naive() {
		return nil
	}
	pods, err := k.pods(ctx, s.Name, "app.kubernetes.io/component in (bus,leaf)")
	for _, p := range pods {
		all[fmt.Sprintf("%s/%s %s", s.Name, p.Name, p.UID)] = restarts(p)
	}
	return err
}

// rotate takes all steps on a system. The naive system has no such procedure.
func (r *runner) rotate(ctx context.Context, s *System) error {
	if s.naive() {
		return nil
	}
	for _, step := range rotationSteps {
		begin := time.Now()
		if err := r.changeSecrets(ctx, s, step.flags...); err != nil {
			return fmt.Errorf("%s %q: %w", s.Name, step.flags, err)
		}
		reloaded := time.Since(begin)
		if step.then != nil {
			if err := step.then(r, ctx, s); err != nil {
				return fmt.Errorf("%s, after %q: %w", s.Name, step.flags, err)
			}
		}
		r.log("%s %s: servers have reloaded after %s, done after %s", s.Title, strings.Join(step.flags, " "), reloaded.Round(time.Second), time.Since(begin).Round(time.Second))
	}
	return nil
}

// changeSecrets changes the Secrets of a system with flags of holdfast secrets, and waits until all servers and leaves have reloaded.
func (r *runner) changeSecrets(ctx context.Context, s *System, flags ...string) error {
	present, err := r.kube.run(ctx, r.kube.kubectl, "", "get", "secrets", "-n", s.Name, "-o", "yaml")
	if err != nil {
		return err
	}
	arguments := slices.Concat([]string{"secrets", "--release", s.Name, "-n", s.Name, "--profile", s.Profile, "--from-existing", "-"}, s.Values, flags)
	cmd := exec.CommandContext(ctx, r.files.holdfast, arguments...)
	cmd.Stdin = strings.NewReader(present)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	changed, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("holdfast %s: %w\n%s", strings.Join(arguments, " "), err, stderr.String())
	}
	begin := time.Now()
	if err := r.kube.apply(ctx, s.Name, string(changed)); err != nil {
		return err
	}
	return until(ctx, patience, func(ctx context.Context) (string, error) { return s.notReloaded(ctx, r.kube, begin) })
}

// notReloaded names a server or leaf that has not reloaded its configuration since a time; empty if all have.
func (s *System) notReloaded(ctx context.Context, k *kube, since time.Time) (string, error) {
	var server struct {
		Loaded time.Time `json:"config_load_time"`
	}
	return s.eachServer(ctx, k, "varz", &server, func(pod string) string {
		if server.Loaded.Before(since) {
			return fmt.Sprintf("%s has loaded its Secrets at %s, before %s", pod, server.Loaded, since)
		}
		return ""
	})
}

// eachServer reads a path of the monitoring port of each server and leaf, and calls a function until it returns what is missing.
func (s *System) eachServer(ctx context.Context, k *kube, path string, into any, missing func(pod string) string) (string, error) {
	for _, component := range []string{"bus", "leaf"} {
		pods, err := k.pods(ctx, s.Name, "app.kubernetes.io/component="+component)
		if err != nil {
			return "", err
		}
		if len(pods) == 0 {
			return s.Name + " has no pods of " + component, nil
		}
		for _, p := range pods {
			text, err := k.run(ctx, k.kubectl, "", "exec", "-n", s.Name, p.Name, "-c", component, "--", "wget", "-q", "-O-", "http://127.0.0.1:8222/"+path)
			if err != nil {
				return "", err
			}
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return "", err
			}
			if what := missing(p.Name); what != "" {
				return what, nil
			}
		}
	}
	return "", nil
}

// restartClients restarts event sources and sensors.
func (r *runner) restartClients(ctx context.Context, s *System) error {
	for _, controller := range []string{"eventsource-controller", "sensor-controller"} {
		if _, err := r.kube.run(ctx, r.kube.kubectl, "", "rollout", "restart", "deployment", "-n", s.Name, "-l", "controller="+controller); err != nil {
			return err
		}
	}
	return until(ctx, patience, func(ctx context.Context) (string, error) { return r.kube.incomplete(ctx, s.Name) })
}

// awaitClients waits until no event source and sensor is connected as the old user, and until the load generator reads the new one. Those that are
// connected restart by themselves; a standby sensor reads the user when it becomes active.
func (r *runner) awaitClients(ctx context.Context, s *System) error {
	return until(ctx, patience, func(ctx context.Context) (string, error) {
		secret, err := r.kube.CoreV1().Secrets(s.Name).Get(ctx, s.busSecret, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		old, user := string(secret.Data["previous-username"]), string(secret.Data["username"])
		if old == "" || user == old {
			return fmt.Sprintf("Secret %s has user %q and old user %q", s.busSecret, user, old), nil
		}
		var server struct {
			Connections []struct {
				Name string
				User string `json:"authorized_user"`
			}
		}
		what, err := s.eachServer(ctx, r.kube, "connz?auth=1&limit=10000", &server, func(pod string) string {
			for _, c := range server.Connections {
				if c.User == old && !strings.HasPrefix(c.Name, "load-") {
					return pod + " has a connection of the old user"
				}
			}
			return ""
		})
		if what != "" || err != nil {
			return what, err
		}
		var present string
		if err := r.kube.get(ctx, s.Name, "load", "8080", "user", nil, &present); err != nil {
			return "", err
		}
		if present != user {
			return fmt.Sprintf("the load generator reads user %q, want %q", present, user), nil
		}
		return "", nil
	})
}
