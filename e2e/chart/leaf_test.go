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

// hasLeaf tells whether each node of a case has a leaf of the bus.
func (r release) hasLeaf() bool { return r.hasBus() && len(r.ofKind("DaemonSet")) > 0 }

// TestLeaf: a leaf connects again and again until a server lets it finish. One that gives up leaves all sources and sensors of its node
// without a bus.
func TestLeaf(t *testing.T) {
	t.Parallel()
	eachRelease(t, release.hasLeaf, func(t *testing.T, r release) {
		b := busOf(t, r)
		leaf, err := bus.FindLeaf(r.objects, b.data)
		if err != nil || leaf == nil {
			t.Fatalf("the leaf %v: %v", leaf, err)
		}
		servers, _ := start(t, b.Bus)
		const times = 3
		middle := hangUp(t, servers.Leaves[0], times)
		one, err := bus.StartLeaf(leaf, t.TempDir(), b.Pod(0), middle.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(one.Shutdown)
		persist(t, func() error {
			if one.NumLeafNodes() == 0 {
				return fmt.Errorf("the leaf has no server: it connected %d times, and of %d the server would have let the last finish", middle.connections.Load(), times+1)
			}
			return nil
		})
	})
}

// between stands between a leaf and its server.
type between struct {
	address     string
	connections atomic.Int32
}

// hangUp listens for leaves of a server, and ends the first connections when the server has said its part of the TLS handshake: what the
// leaf then says reaches nobody, as when the server's time for the handshake is up.
func hangUp(t *testing.T, server string, times int32) *between {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	b := &between{address: "localhost:" + port}
	go func() {
		for {
			leaf, err := listener.Accept()
			if err != nil {
				return
			}
			n := b.connections.Add(1)
			go pass(leaf, server, n <= times)
		}
	}()
	return b
}

// pass passes on what the two say. If it is to hang up, it does when the server has answered to the leaf's first words.
func pass(leaf net.Conn, server string, hang bool) {
	defer leaf.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	if !hang {
		go io.Copy(to, leaf)
		io.Copy(leaf, to)
		return
	}
	buffer := make([]byte, 1<<16)
	info, _ := to.Read(buffer)
	leaf.Write(buffer[:info])
	hello, _ := leaf.Read(buffer)
	to.Write(buffer[:hello])
	// All of it, and then the end: the leaf reads it whole before it learns that nobody listens any more.
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
