package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// module returns the folder with the sources of a Go module, which is downloaded, and checked by the checksum database,
// if it is not there. Nothing of it is built, so no go.mod has to name it.
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
