package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// diskSize is the size of every disk, whatever its volume requests: a full disk must not fill the machine's.
const diskSize = 512 << 20

// disks are the disks of volumes: ext4 file systems on loop devices, mounted below one folder. They become read-only after an error.
type disks struct {
	mu      sync.Mutex
	devices map[string]string // by the path of the mounted folder
}

// volumes is the folder with the volumes of the cluster.
func (c *Cluster) volumes() string { return filepath.Join(c.config.Dir, volumesName) }

// shareVolumes makes mounts below the folder of volumes appear on nodes, also later ones.
func (c *Cluster) shareVolumes(context.Context) error {
	dir := c.volumes()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mounting the folder of volumes: %w", err)
	}
	c.later(func() error { return unix.Unmount(dir, 0) })
	if err := unix.Mount("", dir, "", unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the folder of volumes: %w", err)
	}
	c.disks.devices = map[string]string{}
	c.later(c.disks.removeAll)
	return nil
}

// Create mounts a new disk at a folder.
func (d *disks) Create(folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	image := folder + ".img"
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, diskSize); err != nil {
		return err
	}
	if _, err := command("mkfs.ext4", "-q", "-m", "0", image); err != nil {
		return err
	}
	return d.attach(folder)
}

// attach mounts the image of a folder on a loop device.
func (d *disks) attach(folder string) error {
	image := folder + ".img"
	device, err := command("losetup", "--find", "--show", image)
	if err != nil {
		return err
	}
	if _, err := command("mount", "-t", "ext4", "-o", "errors=remount-ro", device, folder); err != nil {
		_, detached := command("losetup", "--detach", device)
		return errors.Join(err, detached)
	}
	d.devices[folder] = device
	return nil
}

// Remove removes the disk of a folder.
func (d *disks) Remove(folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(folder)
}

func (d *disks) remove(folder string) error {
	device, ok := d.devices[folder]
	if !ok {
		return nil
	}
	delete(d.devices, folder)
	// The device goes with its last mount.
	_, detached := command("losetup", "--detach", device)
	return errors.Join(unix.Unmount(folder, unix.MNT_DETACH), detached, os.Remove(folder+".img"))
}

// loseCaches replaces disks by what is on them now, without the page cache of the machine.
func (d *disks) loseCaches(volumes ...string) error {
	var folders []string
	for _, volume := range volumes {
		folder, _, err := d.find(volume)
		if err != nil {
			return err
		}
		folders = append(folders, folder)
	}
	// All copies first: the kernel writes the cache any time.
	for _, folder := range folders {
		if _, err := command("cp", "--sparse=always", folder+".img", folder+".lost"); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, folder := range folders {
		if err := d.remove(folder); err != nil {
			return err
		}
		if err := os.Rename(folder+".lost", folder+".img"); err != nil {
			return err
		}
		if err := d.attach(folder); err != nil {
			return err
		}
	}
	return nil
}

func (d *disks) removeAll() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for folder := range d.devices {
		err = errors.Join(err, d.remove(folder))
	}
	return err
}

// find returns the mounted folder of a PersistentVolume and its device.
func (d *disks) find(volume string) (folder, device string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for folder, device := range d.devices {
		if filepath.Base(folder) == volume {
			return folder, device, nil
		}
	}
	return "", "", fmt.Errorf("volume %s has no disk", volume)
}

// ballast is the file that fills a disk.
const ballast = "ballast"

// FillDisks fills the disks of PersistentVolumes to the last block.
func (c *Cluster) FillDisks(_ context.Context, volumes ...string) error {
	for _, volume := range volumes {
		folder, _, err := c.disks.find(volume)
		if err != nil {
			return err
		}
		if err := fill(filepath.Join(folder, ballast)); err != nil {
			return fmt.Errorf("filling the disk of %s: %w", volume, err)
		}
	}
	return nil
}

// fill writes a file until there is no space: without data first, then block by block.
func fill(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var size int64
	for _, block := range []int64{64 << 20, 1 << 20, 4 << 10} {
		for err = nil; err == nil; {
			if err = unix.Fallocate(int(f.Fd()), 0, size, block); err == nil {
				size += block
			}
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
	}
	return nil
}

// FreeDisks removes what FillDisks wrote.
func (c *Cluster) FreeDisks(_ context.Context, volumes ...string) error {
	for _, volume := range volumes {
		folder, _, err := c.disks.find(volume)
		if err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(folder, ballast)); err != nil {
			return err
		}
	}
	return nil
}

// BreakDisks reports an error of the file systems of PersistentVolumes, which become read-only.
func (c *Cluster) BreakDisks(_ context.Context, volumes ...string) error {
	for _, volume := range volumes {
		_, device, err := c.disks.find(volume)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join("/sys/fs/ext4", filepath.Base(device), "trigger_fs_error"), []byte("1"), 0); err != nil {
			return fmt.Errorf("breaking the disk of %s: %w", volume, err)
		}
	}
	return nil
}

// KillWithCaches cuts the power of nodes like Kill. PersistentVolumes also lose what was only in the page cache, as on a machine of their own.
func (c *Cluster) KillWithCaches(ctx context.Context, volumes []string, names ...string) error {
	if err := c.Kill(ctx, names...); err != nil {
		return err
	}
	return c.disks.loseCaches(volumes...)
}

// command runs a command and returns its output.
func command(name string, arguments ...string) (string, error) {
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
