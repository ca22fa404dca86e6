// Command up runs the cluster of the tests for manual use: nodes a1, a2, b1, b2, c1 and c2 in three zones, and load. Lines on the standard
// input cause failures, such as "kill a1 a2".
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/nodes"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "", "folder for state and logs (default: a new one)")
	grace := flag.Duration("grace", 0, "time without a heartbeat after which a node is unreachable (default 8s)")
	toleration := flag.Duration("toleration", 0, "how long pods stay bound to an unreachable node (default 5s)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, nodes.Config{Dir: *dir, Nodes: nodes.Zones(), Grace: *grace, Toleration: *toleration}); err != nil {
		log.Fatal("up: ", err)
	}
}

// run runs a cluster until the context ends.
func run(ctx context.Context, config nodes.Config) (err error) {
	if config.Dir == "" {
		if config.Dir, err = os.MkdirTemp("", "holdfast-nodes-"); err != nil {
			return err
		}
	}
	start := time.Now()
	cluster, err := nodes.Up(ctx, config)
	if err != nil {
		return err
	}
	log.Printf("up in %s; logs in %s/log", time.Since(start).Round(time.Second/10), config.Dir)
	fmt.Printf("export KUBECONFIG=%s\n", cluster.Kubeconfig())
	log.Print(usage)
	go execute(ctx, cluster, os.Stdin)
	<-ctx.Done()
	return cluster.Close()
}

const usage = `kill, boot, cut or heal NODE..., stop-control-plane, start-control-plane; Ctrl-C stops the cluster`

// execute executes the commands in lines.
func execute(ctx context.Context, cluster *nodes.Cluster, lines io.Reader) {
	for input := bufio.NewScanner(lines); input.Scan(); {
		words := strings.Fields(input.Text())
		if len(words) == 0 {
			continue
		}
		start := time.Now()
		if err := do(ctx, cluster, words[0], words[1:]); err != nil {
			log.Print(err)
			continue
		}
		log.Printf("done in %s", time.Since(start).Round(time.Second/100))
	}
}

func do(ctx context.Context, cluster *nodes.Cluster, verb string, names []string) error {
	switch verb {
	case "stop-control-plane":
		return cluster.StopControlPlane(ctx)
	case "start-control-plane":
		return cluster.StartControlPlane(ctx)
	}
	failure, ok := map[string]func(context.Context, ...string) error{
		"kill": cluster.Kill, "boot": cluster.Boot, "cut": cluster.Cut, "heal": cluster.Heal,
	}[verb]
	if !ok || len(names) == 0 {
		return fmt.Errorf("unknown command %s %s: use %s", verb, strings.Join(names, " "), usage)
	}
	return failure(ctx, names...)
}
