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

// The addresses of a cluster. They exist in its namespaces only; nothing leads from there to the machine's own network.
var (
	nodeRange    = netip.MustParsePrefix("10.90.0.0/24")
	podRange     = netip.MustParsePrefix("10.246.0.0/16")
	serviceRange = netip.MustParsePrefix("10.97.0.0/16")
	// master is the address of the control plane and of what else is not on a node.
	master = netip.MustParseAddr("10.90.0.1")
	// dnsService is that of the Service kube-dns.
	dnsService = netip.MustParseAddr("10.97.0.10")
)

// address is that of the node at an index.
func address(index int) netip.Addr {
	a := nodeRange.Addr().As4()
	a[3] = byte(11 + index)
	return netip.AddrFrom4(a)
}

// pods is the range that the node at an index gives to its pods.
func pods(index int) netip.Prefix {
	a := podRange.Addr().As4()
	a[2] = byte(1 + index)
	return netip.PrefixFrom(netip.AddrFrom4(a), 24)
}

const bridge = "holdfast"

// network is the wire between the nodes and the control plane: a bridge in a namespace that the control plane is in.
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
		return nil, errors.Join(fmt.Errorf("making the bridge: %w", err), n.close())
	}
	return n, nil
}

// handle returns what configures a namespace.
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
	// A bridge without an address of its own takes one of its ports' and changes it with them: nodes would be deaf until
	// they ask again.
	attributes.HardwareAddr = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	if err := n.links.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
		return err
	}
	if err := assign(n.links, bridge, master); err != nil {
		return err
	}
	// To webhooks in pods.
	return routes(n.links, nodes, -1)
}

// connect gives a node its wire: space is the namespace of its first process.
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
		// It ends there: the control plane forwards nothing.
		func() error { return inside.RouteAdd(&netlink.Route{Gw: master.AsSlice()}) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("connecting node %s: %w", node, err)
		}
	}
	return nil
}

// port is the end of a node's wire at the bridge.
func port(node string) string { return "node-" + node }

// disconnect takes a node's wire away. The kernel may have done so already.
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

// set puts the end of a node's wire up or down.
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

// assign gives a link its address among the nodes, and puts it up.
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

// routes lead to the pods of all nodes but one.
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
