// Package process runs programs in the background of a test. Their output is in a file, and they end with the test, also when it crashes.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a running program.
type Process struct {
	// Name is its name in errors. Its output is in NAME.log.
	Name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

// grace is how long a program may take to end after SIGTERM.
const grace = 20 * time.Second

// Start starts a command and appends its output to dir/NAME.log. It overwrites Stdout, Stderr and the attributes for signals.
func Start(name, dir string, cmd *exec.Cmd) (*Process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &Process{Name: name, cmd: cmd, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	// Ctrl-C reaches only the test. The programs end when the test ends.
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	if err := onForker(cmd.Start); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// forks are calls for the one thread that starts programs. The kernel sends Pdeathsig when the thread that started a program ends, and the
// Go runtime may end any thread that no goroutine has locked.
var forks = sync.OnceValue(func() chan<- func() {
	calls := make(chan func())
	go func() {
		runtime.LockOSThread()
		for call := range calls {
			call()
		}
	}()
	return calls
})

func onForker(start func() error) error {
	result := make(chan error)
	forks() <- func() { result <- start() }
	return <-result
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns nil while the program runs, and afterwards its exit status and its last lines of output.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s has ended: %v\n%s", p.Name, p.cmd.ProcessState, p.Tail())
	default:
		return nil
	}
}

// Wait waits for the program to end, and returns an error if it failed.
func (p *Process) Wait() error {
	<-p.done
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail())
	}
	return nil
}

// Tail returns the last lines of the program's output.
func (p *Process) Tail() string {
	const lines = 20
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Stop sends SIGTERM, and kills the program after a grace period. It returns an error if the program had ended before.
func (p *Process) Stop() error {
	if err := p.Err(); err != nil {
		return err
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.Name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
		return p.Kill()
	}
}

// Kill ends the program at once, like a crash.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p.Name, err)
	}
	<-p.done
	return nil
}
