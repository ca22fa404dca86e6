// Package machine implements the first process of a node.
//
// A node is a set of namespaces that end with their first process, together with all other processes: killing it simulates a power loss.
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

// Namespaces are the new namespaces of a node's first process. It creates the cgroup namespace itself.
const Namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET

// Shared is the path on nodes of the folder that all nodes share.
const Shared = "/run/holdfast"

// Machine describes a node.
type Machine struct {
	// Name is the name of the node and of its host.
	Name string
	// Cgroup is its control group.
	Cgroup string
	// Dir is the shared folder, as a path on the machine. The other paths are paths on the node.
	Dir string
	// Disk is the folder of the files that survive a power cut.
	Disk string
	// Logs is the folder of the daemons' logs.
	Logs string
	// Files are written at each boot.
	Files map[string]string
	// Daemons are started in this order, and restarted when they end.
	Daemons []Daemon
}

// Daemon is a program that runs as long as the node.
type Daemon struct {
	Name    string
	Command []string
	// Socket, if set, is created by the daemon when it is ready. The next daemon starts afterwards.
	Socket string
}

// joined is the second argument after the process has joined its control groups.
const joined = "joined"

// Main runs the first process of a node. Its argument is the file of a Machine. It returns only with an error.
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
	// A thread joins control groups, so all threads are in them only after an exec.
	runtime.LockOSThread()
	if err := cgroup.Join(m.Cgroup); err != nil {
		return fmt.Errorf("joining control group %s: %w", m.Cgroup, err)
	}
	return syscall.Exec("/proc/self/exe", []string{arguments[0], arguments[1], joined}, os.Environ())
}

// Command returns the command that starts a node and writes its file; init is the program that calls Main. The node waits for the connection of
// its network until its standard input ends.
func (m Machine) Command(init, file string) (*exec.Cmd, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, fmt.Errorf("writing the file of node %s: %w", m.Name, err)
	}
	cmd := exec.Command(init, file)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	if gogc := os.Getenv("GOGC"); gogc != "" {
		cmd.Env = append(cmd.Env, "GOGC="+gogc) // for the programs of the node: containers have their own environment
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Namespaces}
	return cmd, nil
}
