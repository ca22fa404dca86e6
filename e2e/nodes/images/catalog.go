package images

import (
	_ "embed"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
)

// Pause is the image of the container that holds a pod's namespaces.
const Pause = "registry.k8s.io/pause:3.10"

//go:embed scripts/nats.sh
var natsEntrypoint string

// programs returns the files of programs by name.
func programs(names ...string) (map[string]string, error) {
	files := map[string]string{}
	for _, name := range names {
		file, err := binaries.Path(name)
		if err != nil {
			return nil, err
		}
		files[name] = file
	}
	return files, nil
}

// Catalog returns the images of the golden cases and of Kubernetes. They contain the real programs; the rest differs from the published images:
// the shell is busybox, and nothing unused is included.
func Catalog() ([]Image, error) {
	program, err := programs("argo-events", "etcd", "kubectl", "nats", "nats-server", "nats-server-config-reloader", "prometheus-nats-exporter")
	if err != nil {
		return nil, err
	}
	binary := func(name string) File { return File{Path: "/usr/local/bin/" + name, From: program[name]} }
	return []Image{
		// It is the first process of pods with shareProcessNamespace, and must wait for orphaned processes, as the published image
		// does: the commands of probes leave some, and a full process table stops the machine.
		{Names: []string{Pause}, Shell: true, Command: []string{"sh", "-c", "trap exit TERM; while :; do sleep 2147483647 & wait $!; done"}, User: "65534:65534"},
		{Names: []string{"docker.io/library/busybox:1.37"}, Shell: true, Command: []string{"sh"}},
		{
			Names: []string{
				"docker.io/library/nats:2.15.2-alpine",
				// A version that the Argo Events controller supports. The program is the same.
				"docker.io/library/nats:2.10.29",
			},
			Shell: true, Entrypoint: []string{"docker-entrypoint.sh"}, Command: []string{"nats-server", "--config", "/etc/nats/nats-server.conf"},
			Files: []File{
				binary("nats-server"),
				{Path: "/nats-server", Link: "/usr/local/bin/nats-server"},
				{Path: "/usr/local/bin/docker-entrypoint.sh", Text: natsEntrypoint},
				{Path: "/etc/nats/nats-server.conf", Text: "port: 4222\nhttp: 8222\n"},
			},
		},
		{Names: []string{"docker.io/natsio/nats-box:0.19.7"}, Shell: true, Command: []string{"sh", "-l"}, Files: []File{binary("nats")}},
		{
			Names:      []string{"docker.io/natsio/nats-server-config-reloader:0.23.0", "docker.io/natsio/nats-server-config-reloader:0.14.0"},
			Entrypoint: []string{"/usr/local/bin/nats-server-config-reloader"}, Files: []File{binary("nats-server-config-reloader")},
		},
		{
			Names:      []string{"docker.io/natsio/prometheus-nats-exporter:0.20.1", "docker.io/natsio/prometheus-nats-exporter:0.14.0"},
			Entrypoint: []string{"/usr/local/bin/prometheus-nats-exporter"}, Files: []File{binary("prometheus-nats-exporter")},
		},
		{
			Names:      []string{"quay.io/argoproj/argo-events:v1.9.11"},
			Entrypoint: []string{"/bin/argo-events"}, Files: []File{{Path: "/bin/argo-events", From: program["argo-events"]}},
		},
		{
			Names:      []string{"registry.k8s.io/kubectl:v1.36.3"},
			Entrypoint: []string{"/bin/kubectl"}, Files: []File{{Path: "/bin/kubectl", From: program["kubectl"]}},
		},
		{Names: []string{"registry.k8s.io/etcd:3.6.5-0"}, Files: []File{binary("etcd")}},
	}, nil
}
