package chart

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
	"github.com/nats-io/nats-server/v2/server"
	corev1 "k8s.io/api/core/v1"
)

// TestNATSConfig: every server accepts its configuration with the files and variables of its pod, and has the intended settings.
func TestNATSConfig(t *testing.T) {
	eachRelease(t, release.hasBus, func(t *testing.T, r release) {
		b := busOf(t, r).Bus
		for i := range b.Replicas() {
			pod := b.Pod(i)
			options, err := b.Options(filepath.Join(t.TempDir(), pod.Name), pod)
			if err != nil {
				t.Fatal(err)
			}
			checkIdentity(t, b, pod, options)
			checkDomain(t, r, b, pod, options)
			checkPorts(t, b, options)
			checkAccess(t, options)
			checkLimits(t, r, b, options)
			checkShutdown(t, b, options)
			// NewServer also refuses some combinations. Last, because it changes the options.
			if _, err := server.NewServer(options); err != nil {
				t.Errorf("%s: nats-server refuses the configuration: %v", pod.Name, err)
			}
		}
		checkCertificate(t, r, b)
	})
}

// TestServerOptions: the options of the user reach the servers and leaves of the case that sets them all, with the values of the case.
func TestServerOptions(t *testing.T) {
	eachRelease(t, func(r release) bool { return r.Name == "server-options" }, func(t *testing.T, r release) {
		b := busOf(t, r)
		o, err := b.Bus.Options(filepath.Join(t.TempDir(), "bus"), b.Pod(0))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "max_connections", o.MaxConn, 5000)
		equal(t, "max_control_line", o.MaxControlLine, 4096)
		equal(t, "max_pending", o.MaxPending, 64<<20)
		equal(t, "write_deadline", o.WriteDeadline, 5*time.Second)
		equal(t, "jetstream.max_buffered_msgs", o.StreamMaxBufferedMsgs, 20000)
		equal(t, "jetstream.limits.max_ha_assets", o.JetStreamLimits.MaxHAAssets, 1000)
		equal(t, "cluster.pool_size", o.Cluster.PoolSize, 4)
		equal(t, "cluster.compression", o.Cluster.Compression.Mode, server.CompressionS2Fast)
		equal(t, "leafnodes.write_deadline", o.LeafNode.WriteDeadline, 7*time.Second)
		leaf, err := bus.FindLeaf(r.objects, b.data)
		if err != nil || leaf == nil {
			t.Fatalf("finding the leaf: %v, error %v", leaf, err)
		}
		o, err = leaf.Options(filepath.Join(t.TempDir(), "leaf"), b.Pod(0))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "max_connections of the leaf", o.MaxConn, 3000)
		equal(t, "leafnodes.write_deadline of the leaf", o.LeafNode.WriteDeadline, 8*time.Second)
	})
}

// checkIdentity: a clustered server has the name of its pod and a route to every pod; a standalone server has no cluster.
func checkIdentity(t *testing.T, b *bus.Bus, pod bus.Pod, o *server.Options) {
	t.Helper()
	equal(t, "server_name", o.ServerName, pod.Name)
	if b.Replicas() == 1 {
		equal(t, "routes", len(o.Routes), 0)
		equal(t, "cluster.name", o.Cluster.Name, "")
		return
	}
	equal(t, "routes", len(o.Routes), b.Replicas())
	host := func(p bus.Pod) string { return p.Name + "." + b.StatefulSet.Spec.ServiceName + ":6222" }
	for i, route := range o.Routes {
		equal(t, "route", route.Host, host(b.Pod(i)))
	}
	equal(t, "cluster_advertise", o.Cluster.Advertise, host(pod))
	equal(t, "no_advertise", o.Cluster.NoAdvertise, true)
}

// checkDomain: with more servers than replicas, servers have a tag with their failure domain, and no two replicas may have the same one.
func checkDomain(t *testing.T, r release, b *bus.Bus, pod bus.Pod, o *server.Options) {
	t.Helper()
	domain := map[string]string{"multi-node": "node", "multi-zone": "zone"}[r.Profile]
	place := map[string]string{"node": pod.Node, "zone": pod.Zone}[domain]
	if b.Replicas() <= 3 {
		domain = ""
	}
	equal(t, "unique_tag", o.JetStreamUniqueTag, domain)
	if domain != "" && !slices.Equal(o.Tags, []string{domain + ":" + place}) {
		t.Errorf("server_tags: got %v, want %s:%s", o.Tags, domain, place)
	}
}

// checkPorts: the server listens on the ports of its container.
func checkPorts(t *testing.T, b *bus.Bus, o *server.Options) {
	t.Helper()
	got := map[string]int{"client": o.Port, "monitor": o.HTTPPort, "cluster": o.Cluster.Port, "leaf": o.LeafNode.Port}
	for _, port := range b.Container.Ports {
		if (port.Name == "cluster" || port.Name == "leaf") && b.Replicas() == 1 {
			continue
		}
		equal(t, "port "+port.Name, got[port.Name], int(port.ContainerPort))
	}
}

// checkAccess: all connections need TLS and a user, and there is a system account for administrators.
func checkAccess(t *testing.T, o *server.Options) {
	t.Helper()
	if o.TLSConfig == nil || o.AllowNonTLS {
		t.Error("tls: not required from clients")
	}
	if len(o.Routes) > 0 && (o.Cluster.TLSConfig == nil || o.Cluster.TLSConfig.ClientAuth != tls.RequireAndVerifyClientCert) {
		t.Error("cluster.tls: no certificate required from servers")
	}
	if o.LeafNode.Port > 0 && (o.LeafNode.TLSConfig == nil || o.LeafNode.TLSConfig.ClientAuth != tls.RequireAndVerifyClientCert || !o.LeafNode.TLSMap || len(o.LeafNode.Users) != 1) {
		t.Error("leafnodes: want a required certificate that maps to the only user")
	}
	equal(t, "system_account", o.SystemAccount, "SYS")
	if len(o.Users) != 2 || o.NoAuthUser != "" {
		t.Errorf("accounts: got %d users, want events and sys", len(o.Users))
	}
}

// checkLimits: the limits of the server fit its volume and its memory.
func checkLimits(t *testing.T, r release, b *bus.Bus, o *server.Options) {
	t.Helper()
	equal(t, "jetstream", o.JetStream, true)
	for _, claim := range b.StatefulSet.Spec.VolumeClaimTemplates {
		size := claim.Spec.Resources.Requests.Storage().Value()
		if o.JetStreamMaxStore < size*8/10 || o.JetStreamMaxStore >= size*95/100 {
			t.Errorf("max_file_store: got %d, want about nine tenths of the volume's %d", o.JetStreamMaxStore, size)
		}
	}
	memory := b.Container.Resources.Limits[corev1.ResourceMemory]
	if o.JetStreamMaxMemory <= 0 || o.JetStreamMaxMemory >= memory.Value() {
		t.Errorf("max_memory_store: got %d, want less than the container's %d", o.JetStreamMaxMemory, memory.Value())
	}
	if limit := promiseOf(t, r.eventBus()).MaxBytes; limit <= 0 || limit > o.JetStreamMaxStore*7/10 {
		t.Errorf("maxBytes: got %d, want at most 70 %% of max_file_store, %d", limit, o.JetStreamMaxStore)
	}
	// Only zones have power supplies of their own.
	if always := r.Profile != "multi-zone"; o.SyncAlways != always {
		t.Errorf("sync_interval: got always %v in profile %s", o.SyncAlways, r.Profile)
	}
}

// checkShutdown: the lame duck mode ends before the grace period of the pod.
func checkShutdown(t *testing.T, b *bus.Bus, o *server.Options) {
	t.Helper()
	grace := time.Duration(*b.StatefulSet.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
	if o.LameDuckDuration+20*time.Second > grace {
		t.Errorf("lame_duck_duration: got %s, want at least 20 s less than the grace period of %s", o.LameDuckDuration, grace)
	}
}

// checkCertificate: the certificate has every host name that servers and clients use.
func checkCertificate(t *testing.T, r release, b *bus.Bus) {
	t.Helper()
	block, _ := pem.Decode([]byte(b.Data.With("ca.crt")["tls.crt"])) // the Secret of the CA has a tls.crt, too
	if block == nil {
		t.Fatal("tls.crt contains no certificate")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"localhost"}
	for i := range b.Replicas() {
		hosts = append(hosts, b.Pod(i).Name+"."+b.StatefulSet.Spec.ServiceName)
	}
	eventBus, err := url.Parse(r.eventBus().JetStreamExotic.URL)
	if err != nil {
		t.Fatal(err)
	}
	hosts = append(hosts, eventBus.Hostname())
	for _, host := range hosts {
		if err := certificate.VerifyHostname(host); err != nil {
			t.Errorf("certificate: %v", err)
		}
	}
}
