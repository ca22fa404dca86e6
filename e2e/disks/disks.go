// Package disks mounts disks that can lose their caches: ext4 file systems on loop devices. It needs root.
package disks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// size is the size of every disk, whatever its volume requests: a full disk must not fill the machine's.
const size = 512 << 20

// Disks are mounted disks. They become read-only after an error. The zero value has none.
type Disks struct {
	mu      sync.Mutex
	devices map[string]string // by the path of the mounted folder
}

// Create mounts a new disk at a folder. A disk that exists remains as it is: a provisioner may see a claim again before it sees the claim's volume.
func (d *Disks) Create(folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.devices[folder] != "" {
		return nil
	}
	image := folder + ".img"
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, size); err != nil {
		return err
	}
	if _, err := command("mkfs.ext4", "-q", "-m", "0", image); err != nil {
		return err
	}
	return d.attach(folder)
}

// attach mounts the image of a folder on a loop device.
func (d *Disks) attach(folder string) error {
	image := folder + ".img"
	device, err := command("losetup", "--find", "--show", image)
	if err != nil {
		return err
	}
	if _, err := command("mount", "-t", "ext4", "-o", "errors=remount-ro", device, folder); err != nil {
		return errors.Join(err, Detach(device))
	}
	if d.devices == nil {
		d.devices = map[string]string{}
	}
	d.devices[folder] = device
	return nil
}

// Remove removes the disk of a folder.
func (d *Disks) Remove(folder string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(folder)
}

func (d *Disks) remove(folder string) error {
	device, ok := d.devices[folder]
	if !ok {
		return nil
	}
	delete(d.devices, folder)
	// The device goes with its last mount.
	detached := Detach(device)
	return errors.Join(unix.Unmount(folder, unix.MNT_DETACH), detached, os.Remove(folder+".img"))
}

// LoseCaches replaces the disks of folders by what is on them now, without the page cache of the machine.
func (d *Disks) LoseCaches(folders ...string) error {
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

// RemoveAll removes all disks.
func (d *Disks) RemoveAll() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for folder := range d.devices {
		err = errors.Join(err, d.remove(folder))
	}
	return err
}

// Find returns the mounted folder with a name, that of a PersistentVolume, and its device.
func (d *Disks) Find(volume string) (folder, device string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for folder, device := range d.devices {
		if filepath.Base(folder) == volume {
			return folder, device, nil
		}
	}
	return "", "", fmt.Errorf("volume %s has no disk", volume)
}

// Detach detaches a loop device; it ends with its last mount.
func Detach(device string) error {
	_, err := command("losetup", "--detach", device)
	return err
}

// command runs a command and returns its output.
func command(name string, arguments ...string) (string, error) {
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
