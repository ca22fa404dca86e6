package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// module returns the source folder of a Go module, and downloads it if necessary; the checksum database verifies it. It is not compiled, so no
// go.mod contains it.
func module(path, version string) (string, error) {
	outside, err := os.MkdirTemp("", "holdfast-e2e-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(outside)
	cmd := exec.Command("go", "mod", "download", "-json", path+"@"+version)
	cmd.Dir = outside
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if decodeErr := json.Unmarshal(out, &got); decodeErr != nil || err != nil || got.Dir == "" {
		return "", fmt.Errorf("downloading %s@%s: %v %s", path, version, err, got.Error)
	}
	return got.Dir, nil
}
