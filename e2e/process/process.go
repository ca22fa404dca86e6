// Package process runs the programs of a test in the background: their output is in a file, and they end when the test
// does, however it ends.
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
	// Name is what errors call it; the file it writes to is NAME.log.
	Name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

// grace is how long a program may take to end when it is asked to.
const grace = 20 * time.Second

// Start runs a command with its output appended to dir/NAME.log. Where it writes to and how it ends is set here.
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
	// Ctrl-C is for the test; its death, and not before, is theirs.
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

// forks are calls for the one thread that starts programs: the kernel sends Pdeathsig when the thread that started a
// program ends, and the Go runtime ends threads as it likes unless a goroutine holds them.
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

// Err tells that the program has ended and how, with the last lines it wrote; nil while it runs.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s has ended: %v\n%s", p.Name, p.cmd.ProcessState, p.Tail())
	default:
		return nil
	}
}

// Wait waits for the program to end, and returns how if not well.
func (p *Process) Wait() error {
	<-p.done
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail())
	}
	return nil
}

// Tail returns the last lines that the program wrote.
func (p *Process) Tail() string {
	const lines = 20
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Stop asks the program to end, and kills it if it does not. That it had ended before is an error.
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

// Kill ends the program at once, as a crash would.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s: %w", p.Name, err)
	}
	<-p.done
	return nil
}
