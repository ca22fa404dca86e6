// Package machine is a node from the inside: what its first process does from the moment of power on.
//
// The node is a set of namespaces that the kernel takes down with its first process, and everything in it: to kill that
// process is to cut its power.
package machine

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/holdfast-ha/holdfast/e2e/nodes/cgroup"
	"golang.org/x/sys/unix"
)

// Namespaces are those that the first process of a node has to be started in. It makes that of the control groups itself.
const Namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET

// Shared is where a node sees the folder that it has in common with the others.
const Shared = "/run/holdfast"

// Machine is what a node is made of.
type Machine struct {
	// Name is the node's, and that of its host.
	Name string
	// Cgroup is its control group.
	Cgroup string
	// Dir is the folder of the machine that all nodes share, as the machine sees it; the other paths are the node's view.
	Dir string
	// Disk is the folder with what survives a power cut.
	Disk string
	// Logs is the folder that the daemons write to.
	Logs string
	// Files are written at each boot.
	Files map[string]string
	// Daemons are started in this order, and again whenever they end.
	Daemons []Daemon
}

// Daemon is a program that runs as long as the node does.
type Daemon struct {
	Name    string
	Command []string
	// Socket, if there is one, appears when the daemon can be used: the next is not started before.
	Socket string
}

// joined is the argument that follows the file when the process has joined its control groups.
const joined = "joined"

// Main is the first process: its argument is the file that a Machine was saved in. It returns only with an error.
func Main(arguments []string) error {
	text, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	var m Machine
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("reading %s: %w", arguments[1], err)
	}
	if len(arguments) > 2 && arguments[2] == joined {
		return m.boot()
	}
	// Control groups are joined by thread, so only a new program has all its threads in them.
	runtime.LockOSThread()
	if err := cgroup.Join(m.Cgroup); err != nil {
		return fmt.Errorf("joining control group %s: %w", m.Cgroup, err)
	}
	return syscall.Exec("/proc/self/exe", []string{arguments[0], arguments[1], joined}, os.Environ())
}

// Command returns how a node is started: init is the program that calls Main. Its network is still to be connected; it
// waits for that until its standard input ends.
func (m Machine) Command(init, file string) (*exec.Cmd, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, fmt.Errorf("writing what node %s is made of: %w", m.Name, err)
	}
	cmd := exec.Command(init, file)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	if often := os.Getenv("GOGC"); often != "" {
		cmd.Env = append(cmd.Env, "GOGC="+often) // for the node's own programs: containers have an environment of their own
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Namespaces}
	return cmd, nil
}
