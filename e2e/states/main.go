// Command states publishes the state of workloads, budgets, pods and nodes as kube-state-metrics does: with its names of metrics and labels, and
// only those that the alerts of the charts read. The module of kube-state-metrics cannot be downloaded as a Go module in every environment.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func main() {
	listen := flag.String("listen", ":8080", "address of GET /metrics")
	flag.Parse()
	if err := serve(*listen); err != nil {
		log.Fatal("states: ", err)
	}
}

func serve(listen string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	// From caches, so that an outage of the API server does not empty the metrics.
	factory := informers.NewSharedInformerFactory(client, 0)
	all := newCollector(factory)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	server := &http.Server{Addr: listen, Handler: all}
	go func() { <-ctx.Done(); _ = server.Close() }()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
