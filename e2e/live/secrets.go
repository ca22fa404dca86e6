package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// changeSecrets takes a step of a rotation on the Secrets of a system, and waits until all servers and leaves have reloaded them. After a new CA is
// accepted, event sources and sensors restart, because they read the CAs only at their start.
func (r *runner) changeSecrets(ctx context.Context, s *System, flags ...string) error {
	if s.Profile == "" { // the naive system is not of the chart
		return nil
	}
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
	if err := until(ctx, patience, func(ctx context.Context) (string, error) { return s.notReloaded(ctx, r.kube, begin) }); err != nil {
		return err
	}
	if slices.Contains(flags, "add") {
		for _, controller := range []string{"eventsource-controller", "sensor-controller"} {
			if _, err := r.kube.run(ctx, r.kube.kubectl, "", "rollout", "restart", "deployment", "-n", s.Name, "-l", "controller="+controller); err != nil {
				return err
			}
		}
		return until(ctx, patience, func(ctx context.Context) (string, error) { return r.kube.incomplete(ctx, s.Name) })
	}
	return nil
}

// notReloaded names a server or leaf that has not reloaded its configuration since a time; empty if all have.
func (s *System) notReloaded(ctx context.Context, k *kube, since time.Time) (string, error) {
	for _, component := range []string{"bus", "leaf"} {
		pods, err := k.pods(ctx, s.Name, "app.kubernetes.io/component="+component)
		if err != nil {
			return "", err
		}
		if len(pods) == 0 {
			return s.Name + " has no pods of " + component, nil
		}
		for _, p := range pods {
			text, err := k.run(ctx, k.kubectl, "", "exec", "-n", s.Name, p.Name, "-c", component, "--", "wget", "-q", "-O-", "http://127.0.0.1:8222/varz")
			if err != nil {
				return "", err
			}
			var server struct {
				Loaded time.Time `json:"config_load_time"`
			}
			if err := json.Unmarshal([]byte(text), &server); err != nil {
				return "", err
			}
			if server.Loaded.Before(since) {
				return fmt.Sprintf("%s has loaded its Secrets at %s, before %s", p.Name, server.Loaded, since), nil
			}
		}
	}
	return "", nil
}
