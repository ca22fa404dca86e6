package machine

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/nodes/cgroup"
	"golang.org/x/sys/unix"
)

func (m Machine) boot() error {
	for _, step := range []func() error{m.mount, m.identify, m.write, m.connect} {
		if err := step(); err != nil {
			return err
		}
	}
	return m.run()
}

// overlaid are folders of the machine under an overlay with the node's changes, which are on its disk.
var overlaid = []string{"/etc", "/var"}

// disks are folders of the node alone. Containerd mounts overlays there, and kubelet measures their usage.
var disks = []string{"/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"}

func (m Machine) mount() error {
	// First detach mounts from the machine's, then share them within the node for kubelet. New mounts of the machine still appear on the node:
	// disks of new volumes.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("detaching from the machine's mounts: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing mounts: %w", err)
	}
	if err := errors.Join(
		mount("proc", "/proc", ""),
		// /sys shows the network namespace of the process that mounts it.
		mount("sysfs", "/sys", ""),
		cgroup.Mount(),
	); err != nil {
		return err
	}
	if err := m.mountShared(); err != nil {
		return err
	}
	for _, dir := range overlaid {
		upper, work := m.Disk+dir, m.Disk+"/work"+dir
		if err := errors.Join(os.MkdirAll(upper, 0o755), os.MkdirAll(work, 0o755)); err != nil {
			return err
		}
		if err := mount("overlay", dir, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)); err != nil {
			return err
		}
	}
	for _, dir := range disks {
		disk := filepath.Join(m.Disk, filepath.Base(dir))
		if err := errors.Join(os.MkdirAll(disk, 0o755), os.MkdirAll(dir, 0o755)); err != nil {
			return err
		}
		if err := bind(disk, dir); err != nil {
			return err
		}
	}
	return nil
}

// mountShared mounts an empty /run, as after a reboot, with the shared folder in it.
func (m Machine) mountShared() error {
	dir, err := os.Open(m.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := mount("tmpfs", "/run", "mode=755"); err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir("/run/lock", 0o755), os.Mkdir(Shared, 0o755)); err != nil {
		return err
	}
	// With the disks of volumes below it.
	if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", dir.Fd()), Shared, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("binding %s to %s: %w", m.Dir, Shared, err)
	}
	return nil
}

// masked are kernel settings of the whole machine, with the values that kubelet requires, so that it changes none. The list is kubelet's.
var masked = map[string]string{
	"vm/overcommit_memory":     "1",
	"vm/panic_on_oom":          "0",
	"kernel/panic":             "10",
	"kernel/panic_on_oops":     "1",
	"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
}

// settings are the kernel settings of the node's network.
var settings = map[string]string{
	"net/ipv4/ip_forward": "1",
	// A reply may arrive on another link than its request.
	"net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0",
	// Services and NetworkPolicies apply also between pods of one node.
	"net/bridge/bridge-nf-call-iptables": "1",
}

// identify gives the node its host name, boot ID, machine ID and kernel settings.
func (m Machine) identify() error {
	if err := unix.Sethostname([]byte(m.Name)); err != nil {
		return fmt.Errorf("setting the host's name: %w", err)
	}
	files := map[string]string{"kernel/random/boot_id": uuid()}
	for name, value := range masked {
		files[name] = value
	}
	for name, value := range files {
		file := filepath.Join("/run/lock", strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bind(file, "/proc/sys/"+name); err != nil {
			return err
		}
	}
	for name, value := range settings {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0o644); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	id := m.Disk + "/machine-id"
	if _, err := os.Stat(id); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(id, []byte(strings.ReplaceAll(uuid(), "-", "")+"\n"), 0o444); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(id)
	if err != nil {
		return err
	}
	return replace("/etc/machine-id", string(text))
}

func uuid() string {
	random := make([]byte, 16)
	rand.Read(random)
	h := hex.EncodeToString(random)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (m Machine) write() error {
	for file, text := range m.Files {
		if err := replace(file, text); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file. An existing file is removed first, because it may be a link to a file outside of the node.
func replace(file, text string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// connect waits until the node's network is connected: then the standard input ends.
func (m Machine) connect() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// run starts the daemons. Then it reaps orphaned processes and restarts daemons that end.
func (m Machine) run() error {
	running := map[int]Daemon{}
	for _, daemon := range m.Daemons {
		pid, err := m.start(daemon)
		if err != nil {
			return err
		}
		running[pid] = daemon
		if err := daemon.await(); err != nil {
			return err
		}
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("waiting for daemons: %w", err)
		}
		daemon, ok := running[pid]
		if !ok {
			continue
		}
		log.Printf("%s has ended with status %d and is restarted", daemon.Name, status.ExitStatus())
		delete(running, pid)
		// A pause keeps its log readable.
		time.Sleep(time.Second)
		if pid, err = m.start(daemon); err != nil {
			return err
		}
		running[pid] = daemon
	}
}

func (m Machine) start(daemon Daemon) (pid int, err error) {
	if err := os.MkdirAll(m.Logs, 0o755); err != nil {
		return 0, err
	}
	output, err := os.OpenFile(filepath.Join(m.Logs, daemon.Name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return 0, err
	}
	defer output.Close()
	// Not by package os/exec: run waits for every child, and os/exec would wait for this one.
	pid, err = syscall.ForkExec(daemon.Command[0], daemon.Command, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{os.Stdin.Fd(), output.Fd(), output.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", daemon.Name, err)
	}
	return pid, nil
}

// await waits for the daemon's socket.
func (d Daemon) await() error {
	if d.Socket == "" {
		return nil
	}
	const patience = 10 * time.Minute
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(d.Socket); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s has not created %s within %s", d.Name, d.Socket, patience)
}

func mount(kind, path, options string) error {
	if err := unix.Mount(kind, path, kind, 0, options); err != nil {
		return fmt.Errorf("mounting %s on %s: %w", kind, path, err)
	}
	return nil
}

func bind(from, to string) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("binding %s to %s: %w", from, to, err)
	}
	return nil
}
