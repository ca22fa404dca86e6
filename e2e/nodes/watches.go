package nodes

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// raiseWatches raises the kernel's limit of inotify instances: it applies to all nodes together, and a kubelet needs about twenty.
func raiseWatches() (restore func() error, err error) {
	const (
		setting = "/proc/sys/fs/inotify/max_user_instances"
		enough  = 1024
	)
	before, err := os.ReadFile(setting)
	if err != nil {
		return nil, err
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(before)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", setting, err)
	}
	if limit >= enough {
		return func() error { return nil }, nil
	}
	restore = func() error { return os.WriteFile(setting, before, 0o644) }
	return restore, os.WriteFile(setting, []byte(strconv.Itoa(enough)), 0o644)
}
