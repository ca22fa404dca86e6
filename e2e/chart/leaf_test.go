package chart

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/bus"
)

// hasLeaf reports whether each node has a leaf of the bus.
func (r release) hasLeaf() bool { return r.hasBus() && len(r.ofKind("DaemonSet")) > 0 }

// TestLeaf: a leaf reconnects after a failed TLS handshake. Otherwise, event sources and sensors on its node would have no bus.
func TestLeaf(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.hasLeaf, func(t *testing.T, r release) {
		b := busOf(t, r)
		leaf, err := bus.FindLeaf(r.objects, b.data)
		if err != nil || leaf == nil {
			t.Fatalf("finding the leaf: %v, error %v", leaf, err)
		}
		servers, _ := start(t, b.Bus)
		const times = 3
		proxy := startProxy(t, servers.Leaves[0], times)
		one, err := bus.StartLeaf(leaf, t.TempDir(), b.Pod(0), proxy.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Shutdown)
		persist(t, func() error {
			if one.NumLeafNodes() == 0 {
				return fmt.Errorf("the leaf is not connected after %d attempts, want success at attempt %d", proxy.connections.Load(), times+1)
			}
			return nil
		})
	})
}

// proxy is between a leaf and its server.
type proxy struct {
	address     string
	connections atomic.Int32
}

// startProxy listens for leaves of a server. It closes the first connections after the server's part of the TLS handshake, like a server whose
// timeout for the handshake has passed.
func startProxy(t *testing.T, server string, times int32) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	p := &proxy{address: "localhost:" + port}
	go func() {
		for {
			leaf, err := listener.Accept()
			if err != nil {
				return
			}
			n := p.connections.Add(1)
			go forward(leaf, server, n <= times)
		}
	}()
	return p
}

// forward forwards both directions, or closes the connection after the server's answer to the first message of the leaf.
func forward(leaf net.Conn, server string, closeEarly bool) {
	defer leaf.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	if !closeEarly {
		go io.Copy(to, leaf)
		io.Copy(leaf, to)
		return
	}
	buffer := make([]byte, 1<<16)
	info, _ := to.Read(buffer)
	leaf.Write(buffer[:info])
	hello, _ := leaf.Read(buffer)
	to.Write(buffer[:hello])
	// Send the whole answer, then close: the leaf reads it before it detects the end.
	var answer bytes.Buffer
	for {
		to.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := to.Read(buffer)
		answer.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	leaf.Write(answer.Bytes())
}
