package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-ha/holdfast/e2e/disks"
	"golang.org/x/sys/unix"
)

// volumesName is the name of the folder with the volumes of a cluster. It marks the mounts and loop devices that clusters create.
const volumesName = "holdfast-volumes"

// removeRemains unmounts and detaches the disks of a killed cluster. Their images remain, as all files of a killed cluster.
func removeRemains(context.Context) error {
	mounts, err := remainingMounts()
	if err != nil {
		return err
	}
	devices, err := remainingDevices() // while their folder is mounted, which is part of their paths
	if err != nil {
		return err
	}
	var all []error
	for _, folder := range slices.Backward(mounts) { // the folder was mounted before the disks below it
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			all = append(all, fmt.Errorf("unmounting %s of a killed cluster: %w", folder, err))
		}
	}
	for _, device := range devices {
		all = append(all, disks.Detach(device))
	}
	return errors.Join(all...)
}

// remainingMounts returns the folders of volumes and the disks below them that are mounted, in the order of their mounts.
func remainingMounts() (all []string, err error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		// 36 35 98:0 /mnt1 /mnt2 rw,noatime ...: the fifth field is the folder (proc_pid_mountinfo(5)).
		if fields := strings.Fields(line); len(fields) > 4 && ofVolumes(unescape(fields[4])) {
			all = append(all, unescape(fields[4]))
		}
	}
	return all, nil
}

// unescape returns a path of mountinfo as it is.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// remainingDevices returns the loop devices of disks.
func remainingDevices() (all []string, err error) {
	files, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		// A device may be detached meanwhile.
		if image, err := os.ReadFile(file); err == nil && ofVolumes(strings.TrimSpace(string(image))) {
			all = append(all, "/dev/"+filepath.Base(filepath.Dir(filepath.Dir(file))))
		}
	}
	return all, nil
}

// ofVolumes reports whether a path is a folder of volumes, or below one.
func ofVolumes(path string) bool { return strings.Contains(path+"/", "/"+volumesName+"/") }
