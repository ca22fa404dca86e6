package nodes

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// The addresses of a cluster. They exist only in its namespaces, which have no route to the machine's network.
var (
	nodeRange    = netip.MustParsePrefix("10.90.0.0/24")
	podRange     = netip.MustParsePrefix("10.246.0.0/16")
	serviceRange = netip.MustParsePrefix("10.97.0.0/16")
	// master is the address of the control plane, DNS and the registry.
	master = netip.MustParseAddr("10.90.0.1")
	// dnsService is the address of the Service kube-dns.
	dnsService = netip.MustParseAddr("10.97.0.10")
)

// address returns the address of the node at an index.
func address(index int) netip.Addr {
	a := nodeRange.Addr().As4()
	a[3] = byte(11 + index)
	return netip.AddrFrom4(a)
}

// pods returns the range of pod addresses of the node at an index.
func pods(index int) netip.Prefix {
	a := podRange.Addr().As4()
	a[2] = byte(1 + index)
	return netip.PrefixFrom(netip.AddrFrom4(a), 24)
}

const bridge = "holdfast"

// network connects nodes and the control plane: a bridge in the namespace of the control plane.
type network struct {
	*namespace
	links *netlink.Handle
}

func newNetwork(nodes int) (*network, error) {
	space, err := newNamespace()
	if err != nil {
		return nil, err
	}
	n := &network{namespace: space}
	if n.links, err = handle(netns.GetFromPath(space.path)); err != nil {
		return nil, errors.Join(err, n.close())
	}
	if err := n.addBridge(nodes); err != nil {
		return nil, errors.Join(fmt.Errorf("creating the bridge: %w", err), n.close())
	}
	return n, nil
}

// handle returns a netlink handle for a namespace, and closes space.
func handle(space netns.NsHandle, err error) (*netlink.Handle, error) {
	if err != nil {
		return nil, fmt.Errorf("opening a network namespace: %w", err)
	}
	defer space.Close()
	return netlink.NewHandleAt(space)
}

func (n *network) addBridge(nodes int) error {
	if err := up(n.links, "lo"); err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = bridge
	// A bridge without its own hardware address uses that of a port and changes it with its ports. Nodes would not reach it until their ARP
	// entries expire.
	attributes.HardwareAddr = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	if err := n.links.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
		return err
	}
	if err := assign(n.links, bridge, master); err != nil {
		return err
	}
	// The API server calls webhooks in pods.
	return routes(n.links, nodes, -1)
}

// connect connects a node by a veth pair. pid is the node's first process.
func (n *network) connect(node string, index, nodes, pid int) error {
	space, err := netns.GetFromPid(pid)
	if err != nil {
		return fmt.Errorf("connecting node %s: %w", node, err)
	}
	defer space.Close()
	attributes := netlink.NewLinkAttrs()
	attributes.Name = port(node)
	inside, err := netlink.NewHandleAt(space)
	if err != nil {
		return fmt.Errorf("connecting node %s: %w", node, err)
	}
	defer inside.Close()
	for _, step := range []func() error{
		func() error {
			return n.links.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: "eth0", PeerNamespace: netlink.NsFd(space)})
		},
		func() error { return enslave(n.links, attributes.Name) },
		func() error { return up(inside, "lo") },
		func() error { return assign(inside, "eth0", address(index)) },
		func() error { return routes(inside, nodes, index) },
		// The control plane forwards no packets.
		func() error { return inside.RouteAdd(&netlink.Route{Gw: master.AsSlice()}) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("connecting node %s: %w", node, err)
		}
	}
	return nil
}

// port returns the name of a node's link at the bridge.
func port(node string) string { return "node-" + node }

// disconnect removes a node's link, if the kernel has not removed it already.
func (n *network) disconnect(node string) error {
	link, err := n.links.LinkByName(port(node))
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err == nil {
		err = n.links.LinkDel(link)
	}
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("disconnecting node %s: %w", node, err)
	}
	return nil
}

// set changes a node's link at the bridge.
func (n *network) set(node string, change func(netlink.Link) error) error {
	link, err := n.links.LinkByName(port(node))
	if err == nil {
		err = change(link)
	}
	if err != nil {
		return fmt.Errorf("setting the link of node %s: %w", node, err)
	}
	return nil
}

func (n *network) close() error {
	if n.links != nil {
		n.links.Close()
	}
	n.namespace.close()
	return nil
}

func up(h *netlink.Handle, name string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	return h.LinkSetUp(link)
}

func enslave(h *netlink.Handle, name string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	to, err := h.LinkByName(bridge)
	if err != nil {
		return err
	}
	return errors.Join(h.LinkSetMaster(link, to), h.LinkSetUp(link))
}

// assign gives a link an address in nodeRange and activates it.
func assign(h *netlink.Handle, name string, a netip.Addr) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	mask := net.CIDRMask(nodeRange.Bits(), 32)
	if err := h.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: mask}}); err != nil {
		return err
	}
	return h.LinkSetUp(link)
}

// routes adds routes to the pods of all nodes but one.
func routes(h *netlink.Handle, nodes, except int) error {
	for i := range nodes {
		if i == except {
			continue
		}
		to := pods(i)
		destination := &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), 32)}
		if err := h.RouteAdd(&netlink.Route{Dst: destination, Gw: address(i).AsSlice()}); err != nil {
			return err
		}
	}
	return nil
}
