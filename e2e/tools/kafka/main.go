// kafka runs three brokers in memory, with topics of six partitions: kafka IP TOPIC... IP is an address of this machine that clients connect to. It
// prints the addresses of the brokers, separated by commas. Each line on its standard input ends a broker: the leader of a partition of the
// first topic.
//
// They speak Kafka's protocol, so they test its clients. They do not replicate: what a real broker loses or keeps is not tested.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address string, topics []string) error {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(6, topics...), kfake.ListenFn(
		func(network, at string) (net.Listener, error) {
			_, port, err := net.SplitHostPort(at)
			if err != nil {
				return nil, err
			}
			// The address may not exist yet.
			l, err := net.Listen(network, net.JoinHostPort("", port))
			return &listener{Listener: l, ip: net.ParseIP(address)}, err
		}))
	if err != nil {
		return err
	}
	defer cluster.Close()
	fmt.Println(strings.Join(cluster.ListenAddrs(), ","))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		partition, err := strconv.ParseInt(lines.Text(), 10, 32)
		if err != nil {
			return err
		}
		if err := cluster.RemoveNode(cluster.LeaderFor(topics[0], int32(partition))); err != nil {
			return err
		}
	}
	return nil
}

// listener closes its connections when it closes, like a broker that ends.
type listener struct {
	net.Listener
	ip       net.IP
	mu       sync.Mutex
	accepted []net.Conn
}

// Addr returns the address that brokers advertise to clients.
func (l *listener) Addr() net.Addr {
	return &net.TCPAddr{IP: l.ip, Port: l.Listener.Addr().(*net.TCPAddr).Port}
}

func (l *listener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, connection)
	return connection, nil
}

func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, connection := range l.accepted {
		connection.Close()
	}
	return err
}
