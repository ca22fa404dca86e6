package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

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
	// The kernel may still release the loop devices, whose images are in this folder.
	c.later(func() error { return unix.Unmount(dir, unix.MNT_DETACH) })
	if err := unix.Mount("", dir, "", unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the folder of volumes: %w", err)
	}
	c.later(c.disks.RemoveAll)
	return nil
}

// ballast is the file that fills a disk.
const ballast = "ballast"

// FillDisks fills the disks of PersistentVolumes to the last block.
func (c *Cluster) FillDisks(_ context.Context, volumes ...string) error {
	for _, volume := range volumes {
		folder, _, err := c.disks.Find(volume)
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
		folder, _, err := c.disks.Find(volume)
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
		_, device, err := c.disks.Find(volume)
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
	var folders []string
	for _, volume := range volumes {
		folder, _, err := c.disks.Find(volume)
		if err != nil {
			return err
		}
		folders = append(folders, folder)
	}
	return c.disks.LoseCaches(folders...)
}
