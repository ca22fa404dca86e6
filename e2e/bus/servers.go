package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"sigs.k8s.io/yaml"
)

// Servers are the running servers of a bus.
type Servers struct {
	// URL is the URL of one server, URLs has the URLs of all servers, separated by commas.
	URL, URLs string
	// Leaves are the addresses for leaves, host and port; empty if the bus has none.
	Leaves  []string
	running []*server.Server
	ports   []int // of the clients, by ordinal
	data    Data
	// options returns the options of a server with an ordinal.
	options func(ordinal int) (*server.Options, error)
}

// patience limits the start of a server and the election of a leader: far longer than they take on a slow machine.
const patience = 10 * time.Minute

// Start starts all servers of the bus, with disks and files below dir. Only their addresses differ from the cluster: localhost, which their
// certificate contains, and free ports.
func (b *Bus) Start(dir string) (*Servers, error) {
	s := &Servers{data: b.Data}
	routes, ports, err := localRoutes(b.Replicas())
	if err != nil {
		return nil, err
	}
	s.options = func(ordinal int) (*server.Options, error) {
		options, err := b.Options(b.Folder(dir, ordinal), b.Pod(ordinal))
		if err == nil {
			localize(options, ports[ordinal], routes)
		}
		return options, err
	}
	for i := range b.Replicas() {
		options, err := s.options(i)
		if err != nil {
			return s, err
		}
		if err := s.add(options); err != nil {
			return s, fmt.Errorf("starting %s: %w", b.Pod(i).Name, err)
		}
		if options.LeafNode.Port > 0 {
			s.Leaves = append(s.Leaves, fmt.Sprintf("localhost:%d", options.LeafNode.Port)) // known after the start
		}
	}
	return s, s.await()
}

// Folder returns the folder of a pod's files and disk below the folder of the bus.
func (b *Bus) Folder(dir string, ordinal int) string { return filepath.Join(dir, b.Pod(ordinal).Name) }

// StartLeaf starts a leaf of the bus, with its files below dir, that connects to the addresses in remotes, host and port.
func StartLeaf(leaf *Server, dir string, pod Pod, remotes ...string) (*server.Server, error) {
	options, err := leaf.Options(dir, pod)
	if err != nil {
		return nil, err
	}
	localize(options, 0, nil)
	for _, r := range options.LeafNode.Remotes {
		r.URLs = nil
		for _, to := range remotes {
			r.URLs = append(r.URLs, &url.URL{Scheme: "tls", Host: to})
		}
	}
	s := &Servers{}
	if err := s.add(options); err != nil {
		return nil, err
	}
	return s.running[0], nil
}

// localize replaces the addresses of a cluster in a configuration.
func localize(o *server.Options, clusterPort int, routes []*url.URL) {
	o.Host, o.Port, o.PidFile = "127.0.0.1", server.RANDOM_PORT, ""
	o.HTTPHost, o.HTTPPort = "127.0.0.1", server.RANDOM_PORT
	o.NoLog, o.NoSigs = true, true
	if len(o.Routes) > 0 {
		o.Cluster.Host, o.Cluster.Port, o.Cluster.Advertise, o.Routes = "127.0.0.1", clusterPort, "", routes
		o.LeafNode.Host, o.LeafNode.Port = "127.0.0.1", server.RANDOM_PORT
	}
}

// localRoutes returns n free ports for connections between the servers. They are below the range of outgoing connections, which might take a
// port before its server does.
func localRoutes(n int) (routes []*url.URL, ports []int, err error) {
	for range n {
		listener, err := listenLow()
		if err != nil {
			return nil, nil, err
		}
		defer listener.Close()
		port := listener.Addr().(*net.TCPAddr).Port
		ports = append(ports, port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("localhost:%d", port)})
	}
	return routes, ports, nil
}

// listenLow listens on a free port from 20000 to 29999.
func listenLow() (listener net.Listener, err error) {
	for range 100 {
		listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			return listener, nil
		}
	}
	return nil, err
}

func (s *Servers) add(options *server.Options) error {
	one, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.running = append(s.running, one)
	go one.Start()
	if !one.ReadyForConnections(patience) {
		return fmt.Errorf("not ready for connections after %s", patience)
	}
	port := one.Addr().(*net.TCPAddr).Port
	s.ports = append(s.ports, port)
	s.URL = fmt.Sprintf("nats://localhost:%d", port)
	s.URLs = strings.TrimPrefix(s.URLs+","+s.URL, ",")
	return nil
}

// Probe returns the status codes of all servers for a path of the container's probes.
func (s *Servers) Probe(path string) (codes []int) {
	for _, one := range s.running {
		answer := httptest.NewRecorder()
		one.HandleHealthz(answer, httptest.NewRequest("GET", path, nil))
		codes = append(codes, answer.Code)
	}
	return codes
}

// await waits until the servers can create streams.
func (s *Servers) await() error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if len(s.running) == 1 || s.agree() {
			return nil
		}
	}
	return fmt.Errorf("%d servers have not elected a leader after %s", len(s.running), patience)
}

// agree reports whether the servers have a leader with all of them as peers, and are current.
func (s *Servers) agree() bool {
	led := false
	for _, one := range s.running {
		led = led || one.JetStreamIsLeader() && len(one.JetStreamClusterPeers()) == len(s.running)
		if !one.JetStreamIsCurrent() {
			return false
		}
	}
	return led
}

// Restart stops a server, if it runs, and starts it again with its disk and its addresses.
func (s *Servers) Restart(ordinal int) error {
	s.StopOne(ordinal)
	options, err := s.options(ordinal)
	if err != nil {
		return err
	}
	options.Port = s.ports[ordinal]
	one, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.running[ordinal] = one
	go one.Start()
	return nil
}

// StopOne stops a server; Restart starts it again.
func (s *Servers) StopOne(ordinal int) {
	s.running[ordinal].Shutdown()
	s.running[ordinal].WaitForShutdown()
}

// StreamLeader returns the ordinal of the server that leads a stream, or -1.
func (s *Servers) StreamLeader(account, stream string) int {
	for i, one := range s.running {
		if len(s.running) == 1 || one.JetStreamIsStreamLeader(account, stream) {
			return i
		}
	}
	return -1
}

// Monitor returns the port of a server's monitoring; 0 before it listens.
func (s *Servers) Monitor(ordinal int) int {
	if addr := s.running[ordinal].MonitorAddr(); addr != nil {
		return addr.Port
	}
	return 0
}

// Stop stops all servers.
func (s *Servers) Stop() { s.Scale(0) }

// Scale stops all servers but the first n, like a StatefulSet that is scaled down.
func (s *Servers) Scale(n int) {
	for _, one := range s.running[n:] {
		one.Shutdown()
	}
	for _, one := range s.running[n:] {
		one.WaitForShutdown()
	}
	s.running = s.running[:n]
}

// Connect connects like Argo Events: with the user of auth.yaml and the CA in ca.crt.
func (s *Servers) Connect(options ...nats.Option) (jetstream.JetStream, error) {
	var user struct{ Username, Password string }
	if err := yaml.Unmarshal([]byte(s.data.Find("auth.yaml")), &user); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(s.data.Find("ca.crt"))) {
		return nil, errors.New("ca.crt contains no certificate")
	}
	options = append(options, nats.UserInfo(user.Username, user.Password), nats.Secure(&tls.Config{RootCAs: roots}))
	connection, err := nats.Connect(s.URLs, options...)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s as %s: %w", s.URLs, user.Username, err)
	}
	return jetstream.New(connection)
}
