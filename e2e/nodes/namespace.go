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

// namespace is a network namespace held by a thread of this process. It has no name and no file: it ends with its last process, together with
// its links, also when this process crashes.
type namespace struct {
	// path is its file in /proc.
	path  string
	calls chan func()
}

func newNamespace() (*namespace, error) {
	n := &namespace{calls: make(chan func())}
	ready := make(chan error)
	go n.hold(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("creating a network namespace: %w", err)
	}
	return n, nil
}

// hold creates the namespace and runs calls in it on one thread. It returns with the thread locked, which ends the thread.
func (n *namespace) hold(ready chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		// The first thread never ends. While it is locked here, the new goroutine gets another one.
		result := make(chan error)
		go n.hold(result)
		ready <- <-result
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

// do calls a function in the namespace. Sockets that it opens stay in the namespace.
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

// prefix returns the words that precede a command to run it in the namespace.
func (n *namespace) prefix() []string { return []string{"nsenter", "--net=" + n.path, "--"} }

func (n *namespace) command(ctx context.Context, command []string) *exec.Cmd {
	prefix := n.prefix()
	return exec.CommandContext(ctx, prefix[0], append(prefix[1:], command...)...)
}

// close releases the namespace.
func (n *namespace) close() { close(n.calls) }
