package nodes

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace that a thread of this process holds. It has no name and no file: it goes with the
// last process in it, and so does all that is connected to it, however this process ends.
type namespace struct {
	// path is where the kernel shows it.
	path  string
	calls chan func()
}

func newNamespace() (*namespace, error) {
	n := &namespace{calls: make(chan func())}
	ready := make(chan error)
	go n.hold(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("making a network namespace: %w", err)
	}
	return n, nil
}

// hold does the calls, on a thread that is in the namespace. It returns with the thread locked, which so ends.
func (n *namespace) hold(ready chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		// The first thread never ends. While it is held here, another goroutine gets another.
		handed := make(chan error)
		go n.hold(handed)
		ready <- <-handed
		runtime.UnlockOSThread()
		return
	}
	err := unix.Unshare(unix.CLONE_NEWNET)
	n.path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
	ready <- err
	if err != nil {
		return
	}
	for call := range n.calls {
		call()
	}
}

// do calls a function in the namespace: the sockets that it makes are there, and stay there.
func (n *namespace) do(f func()) {
	done := make(chan struct{})
	n.calls <- func() { defer close(done); f() }
	<-done
}

func (n *namespace) dial(ctx context.Context, network, address string) (connection net.Conn, err error) {
	n.do(func() { connection, err = new(net.Dialer).DialContext(ctx, network, address) })
	return connection, err
}

func (n *namespace) listen(address string) (listener net.Listener, err error) {
	n.do(func() { listener, err = net.Listen("tcp", address) })
	return listener, err
}

// prefix is what stands before a command to run it in the namespace.
func (n *namespace) prefix() []string { return []string{"nsenter", "--net=" + n.path, "--"} }

func (n *namespace) command(ctx context.Context, command []string) *exec.Cmd {
	prefix := n.prefix()
	return exec.CommandContext(ctx, prefix[0], append(prefix[1:], command...)...)
}

// close lets the namespace go.
func (n *namespace) close() { close(n.calls) }
