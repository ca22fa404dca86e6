package nodes

import (
	"context"
	"fmt"
	"io"
	"net"
)

// forward forwards connections from the machine's network to the API server, and returns the address to connect to.
func (c *Cluster) forward(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("forwarding to the API server: %w", err)
	}
	c.later(listener.Close)
	go func() {
		for {
			outside, err := listener.Accept()
			if err != nil {
				return
			}
			go c.splice(outside)
		}
	}()
	return listener.Addr().String(), nil
}

func (c *Cluster) splice(outside net.Conn) {
	defer outside.Close()
	inside, err := c.network.dial(context.Background(), "tcp", fmt.Sprintf("%s:6443", master))
	if err != nil {
		return
	}
	defer inside.Close()
	// If one direction ends, close both: HTTP needs no half-closed connections.
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
		go func() {
			io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}
