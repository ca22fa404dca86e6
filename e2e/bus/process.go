package bus

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/binaries"
	"github.com/holdfast-ha/holdfast/e2e/process"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Processes is a bus whose servers are programs, each with the reloader of its pod: changed Secrets reach them as in a cluster.
type Processes struct {
	// Nodes are the servers by ordinal.
	Nodes []*Node
	dir   string
}

// Node is a server of Processes.
type Node struct {
	// Client, Cluster and Monitor are its addresses.
	Client, Cluster, Monitor string
	// Log is the file with the output of the server.
	Log string

	ordinal          int
	ended            bool
	mounts           Mounts
	server, reloader *process.Process
	// reloads is the log of the reloader, and started how often it had started to watch files before its present start.
	reloads string
	started int
}

// healthy limits the wait for healthy servers: far longer than they take on a slow machine.
const healthy = 5 * time.Minute

// Run starts all servers of the bus, with disks and files below dir. Stop stops them.
func (b *Bus) Run(ctx context.Context, dir string) (*Processes, error) {
	p := &Processes{dir: dir}
	_, ports, err := localRoutes(4 * b.Replicas())
	if err != nil {
		return p, err
	}
	for i := range b.Replicas() {
		address := func(n int) string { return fmt.Sprintf("localhost:%d", ports[4*i+n]) }
		p.Nodes = append(p.Nodes, &Node{Client: address(0), Cluster: address(1), Monitor: address(2), ordinal: i})
	}
	for _, n := range p.Nodes {
		if err := p.start(b, n); err != nil {
			return p, err
		}
	}
	return p, p.Await(ctx)
}

// start starts a server with the files of its pod in b.
func (p *Processes) start(b *Bus, n *Node) error {
	pod := b.Pod(n.ordinal)
	root := filepath.Join(p.dir, pod.Name)
	for _, v := range b.pod.Volumes {
		if v.PersistentVolumeClaim == nil { // of an earlier pod
			for _, m := range b.Container.VolumeMounts {
				if m.Name == v.Name {
					os.RemoveAll(filepath.Join(root, m.MountPath))
				}
			}
		}
	}
	var err error
	if n.mounts, err = Mount(root, b.pod, b.Container, b.claims, b.Data); err != nil {
		return err
	}
	if _, err := n.mounts.RewriteFile(b.ConfigPath); err != nil {
		return err
	}
	config, _ := n.mounts.Path(b.ConfigPath)
	if err := p.localize(b, n, config); err != nil {
		return err
	}
	if err := n.Apply(b); err != nil {
		return err
	}
	env, err := pod.Environment(b.Container.Env, b.Data)
	if err != nil {
		return err
	}
	env["CLUSTER_ADVERTISE"] = n.Cluster
	n.Log = filepath.Join(p.dir, "log", pod.Name+".log")
	if n.server, err = run("nats-server", filepath.Join(p.dir, "log"), pod.Name, env, "--config", config); err != nil {
		return err
	}
	return n.startReloader(b, filepath.Join(p.dir, "log"), pod.Name+"-reloader")
}

// localize replaces the addresses of the cluster in the configuration of a server.
func (p *Processes) localize(b *Bus, n *Node, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	port := func(address string) string { _, port, _ := net.SplitHostPort(address); return port }
	replaced := []string{"port: 4222\n", "port: " + port(n.Client) + "\n", "http: 8222\n", "http: " + port(n.Monitor) + "\n", "port: 6222\n", "port: " + port(n.Cluster) + "\n", "port: 7422\n", "port: -1\n"}
	for i, other := range p.Nodes {
		replaced = append(replaced, fmt.Sprintf("%s-%d.%s-headless:6222", b.StatefulSet.Name, i, b.StatefulSet.Name), other.Cluster)
	}
	local := strings.NewReplacer(replaced...).Replace(string(text))
	if strings.Contains(local, "headless") || strings.Contains(local, ": 4222\n") {
		return fmt.Errorf("%s still has addresses of the cluster:\n%s", file, local)
	}
	return os.WriteFile(file, []byte(local), 0o600)
}

// startReloader starts the reloader of the pod, which is a sidecar.
func (n *Node) startReloader(b *Bus, log, name string) (err error) {
	for _, c := range b.pod.InitContainers {
		if c.Name != "reloader" {
			continue
		}
		var arguments []string
		for _, a := range c.Args {
			rewritten, others := n.mounts.Rewrite(a)
			if len(others) > 0 {
				return fmt.Errorf("the reloader reads files outside of the volumes of the server: %q", others)
			}
			arguments = append(arguments, rewritten)
		}
		n.reloads = filepath.Join(log, name+".log")
		n.started = n.watched()
		n.reloader, err = run("nats-server-config-reloader", log, name, nil, arguments...)
		return err
	}
	return errors.New("the pod has no container reloader")
}

// watched returns how often the reloader has started to watch files. It misses a change between the start of the server and that moment, up to a
// second later (nats-server-config-reloader 0.23.0: it waits for the process first, and takes the present content of the files as loaded).
func (n *Node) watched() int {
	text, _ := os.ReadFile(n.reloads)
	return strings.Count(string(text), "Live, ready to kick pid")
}

func run(program, log, name string, env map[string]string, arguments ...string) (*process.Process, error) {
	file, err := binaries.Path(program)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(file, arguments...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return process.Start(name, log, cmd)
}

// Apply writes the Secrets in b.Data into the volumes of a running pod, like the kubelet: all files of a volume change at the same moment.
func (n *Node) Apply(b *Bus) error {
	for _, mount := range b.Container.VolumeMounts {
		source, err := volume(mount.Name, b.pod, b.claims)
		if err != nil {
			return err
		}
		if source.Secret == nil && source.Projected == nil {
			continue
		}
		if err := swap(filepath.Join(n.mounts.root, mount.MountPath), source, b.Data); err != nil {
			return err
		}
	}
	return nil
}

// swap replaces the content of a volume atomically: its files are links into a folder that is a link itself.
func swap(dir string, source corev1.VolumeSource, data Data) error {
	content, err := os.MkdirTemp(dir, "..")
	if err != nil {
		return err
	}
	if err := fill(content, source, data); err != nil {
		return err
	}
	link := filepath.Join(dir, "..data_tmp")
	if err := os.Symlink(filepath.Base(content), link); err != nil {
		return err
	}
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	if err := os.Rename(link, filepath.Join(dir, "..data")); err != nil {
		return err
	}
	files, err := os.ReadDir(content)
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if _, err := os.Readlink(path); err == nil {
			continue
		}
		os.Remove(path)
		if err := os.Symlink(filepath.Join("..data", f.Name()), path); err != nil {
			return err
		}
	}
	if old != "" {
		return os.RemoveAll(filepath.Join(dir, old))
	}
	return nil
}

// Apply writes the Secrets in b.Data into all pods.
func (p *Processes) Apply(b *Bus) error {
	for _, n := range p.Nodes {
		if err := n.Apply(b); err != nil {
			return err
		}
	}
	return nil
}

// Roll replaces all pods by those of b, one after the other from the last, like a StatefulSet.
func (p *Processes) Roll(ctx context.Context, b *Bus) error {
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		n := p.Nodes[i]
		if err := n.stop(); err != nil {
			return err
		}
		if err := p.start(b, n); err != nil {
			return err
		}
		if err := p.Await(ctx); err != nil {
			return fmt.Errorf("%s: %w", b.Pod(i).Name, err)
		}
	}
	return nil
}

// Await waits until the full check of all servers succeeds and their reloaders watch their files.
func (p *Processes) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthy)
	defer cancel()
	for {
		var failed []error
		for _, n := range p.Nodes {
			if _, err := n.get(ctx, "/healthz"); err != nil {
				failed = append(failed, fmt.Errorf("server %d: %w", n.ordinal, err))
			}
			if n.watched() <= n.started {
				failed = append(failed, fmt.Errorf("server %d: its reloader watches no file", n.ordinal))
			}
		}
		if len(failed) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(failed...)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// get returns the answer of the monitoring of a server.
func (n *Node) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Monitor+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	return text, err
}

// Routes returns the names of the servers to which a server has routes.
func (n *Node) Routes(ctx context.Context) (map[string]bool, error) {
	text, err := n.get(ctx, "/routez")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Routes []struct {
			Name string `json:"remote_name"`
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, r := range answer.Routes {
		names[r.Name] = true
	}
	return names, nil
}

// Presented returns the certificate that a server presents to clients.
func (n *Node) Presented() (*x509.Certificate, error) {
	connection, err := net.DialTimeout("tcp", n.Client, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	// The server sends a line before TLS begins.
	one := make([]byte, 1)
	for one[0] != '\n' {
		if _, err := connection.Read(one); err != nil {
			return nil, err
		}
	}
	//nolint:gosec // the certificate itself is the result
	client := tls.Client(connection, &tls.Config{InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		return nil, err
	}
	return client.ConnectionState().PeerCertificates[0], nil
}

// Present returns an error until all servers present the certificate in their Secret.
func (p *Processes) Present(b *Bus) error {
	block, _ := pem.Decode([]byte(b.Data["Secret/"+b.Certificate()]["tls.crt"]))
	if block == nil {
		return fmt.Errorf("Secret %s has no certificate in PEM", b.Certificate())
	}
	for _, n := range p.Nodes {
		switch got, err := n.Presented(); {
		case err != nil:
			return fmt.Errorf("server %d: %w", n.ordinal, err)
		case !bytes.Equal(got.Raw, block.Bytes):
			return fmt.Errorf("server %d does not present the certificate of its Secret", n.ordinal)
		}
	}
	return nil
}

// stop stops a server in lame duck mode, like the kubelet after the preStop hook, and its reloader.
func (n *Node) stop() error {
	if n.server == nil {
		return nil
	}
	if n.reloader != nil {
		if err := n.reloader.Stop(); err != nil {
			return err
		}
	}
	stopped, ended := n.server, n.ended
	n.server, n.reloader, n.ended = nil, nil, false
	if ended {
		return nil
	}
	return stopped.Stop()
}

// Kill ends all servers at the same moment, like a loss of power. Restart starts them again.
func (p *Processes) Kill() error {
	killed := make(chan error)
	for _, n := range p.Nodes {
		go func() { killed <- n.server.Kill() }()
	}
	var failed []error
	for range p.Nodes {
		failed = append(failed, <-killed)
	}
	for _, n := range p.Nodes {
		n.ended = true // Restart does not expect it to run
	}
	return errors.Join(failed...)
}

// Ended reports whether a server has ended by itself. If a test does not expect that, Stop returns an error.
func (n *Node) Ended() bool {
	n.ended = n.server.Err() != nil
	return n.ended
}

// Loaded returns when a server has last loaded its configuration.
func (n *Node) Loaded(ctx context.Context) (time.Time, error) {
	text, err := n.get(ctx, "/varz")
	if err != nil {
		return time.Time{}, err
	}
	var answer struct {
		Loaded time.Time `json:"config_load_time"`
	}
	return answer.Loaded, json.Unmarshal(text, &answer)
}

// RunServer starts a nats-server with a configuration; its output is in NAME.log below dir.
func RunServer(dir, name, config string) (*process.Process, error) {
	return run("nats-server", dir, name, nil, "--config", config)
}

// Certificate and Trust are the names of the Secrets with the certificate of the servers, and with the CAs that they accept.
func (s *Server) Certificate() string { return s.tlsSecrets()[0] }
func (s *Server) Trust() string       { return s.tlsSecrets()[1] }

func (s *Server) tlsSecrets() [2]string {
	for _, v := range s.pod.Volumes {
		if v.Name == "tls" && v.Projected != nil && len(v.Projected.Sources) == 2 {
			return [2]string{v.Projected.Sources[0].Secret.Name, v.Projected.Sources[1].Secret.Name}
		}
	}
	return [2]string{}
}

// Restart stops a server and starts it again with its disk and the files of its pod in b.
func (p *Processes) Restart(b *Bus, ordinal int) error {
	if err := p.Nodes[ordinal].stop(); err != nil {
		return err
	}
	return p.start(b, p.Nodes[ordinal])
}

// Stop stops all servers.
func (p *Processes) Stop() error {
	var failed []error
	for _, n := range p.Nodes {
		failed = append(failed, n.stop())
	}
	return errors.Join(failed...)
}

// Connect connects like Argo Events, with the user and the CAs in data.
func (p *Processes) Connect(data Data, trust string, options ...nats.Option) (jetstream.JetStream, error) {
	var user struct{ Username, Password string }
	if err := yaml.Unmarshal([]byte(data.Find("auth.yaml")), &user); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(data["Secret/"+trust]["ca.crt"])) {
		return nil, fmt.Errorf("Secret %s has no certificate in ca.crt", trust)
	}
	var urls []string
	for _, n := range p.Nodes {
		urls = append(urls, "nats://"+n.Client)
	}
	options = append(options, nats.UserInfo(user.Username, user.Password), nats.Secure(&tls.Config{RootCAs: roots}))
	connection, err := nats.Connect(strings.Join(urls, ","), options...)
	if err != nil {
		return nil, err
	}
	return jetstream.New(connection)
}
