package chart

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	events "github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/process"
)

// kafkaVersion is the version in the values. With 3.6.0, the consumer group of Argo Events' client (sarama 1.43.0) fails on the brokers of the test.
const kafkaVersion = "2.1.0"

// TestKafka: in mode kafka, an event source and two replicas of a sensor deliver every acknowledged event while a broker ends, and while a
// replica of the sensor ends. Source and sensor are the program of Argo Events, with the rendered objects. The brokers keep events in memory
// without replication: this tests the clients. Needs root, for networks.
func TestKafka(t *testing.T) {
	t.Parallel()
	k := &kafka{t: t, dir: t.TempDir(), acked: map[int]bool{}, arrived: map[int]int{}}
	recorder := k.record()
	brokers, remove := k.startBrokers("events", "events-load-trigger", "events-load-action")
	objects := k.render(brokers, recorder)
	for n, name := range []string{"source", "sensor-0", "sensor-1"} {
		k.pods = append(k.pods, &kafkaPod{name: name, network: network(n + 1), objects: objects})
	}
	go k.send()
	k.flow("the start", 50)
	remove(0)
	k.flow("the end of a broker", 200)
	if err := k.pods[2].Kill(); err != nil {
		t.Error(err)
	}
	k.pods = k.pods[:2]
	k.flow("the end of a replica of the sensor", 200)
}

// kafka is Argo Events with brokers on this machine. Each program has a network of its own, because the port of its metrics is fixed.
type kafka struct {
	t   *testing.T
	dir string
	// pods run Argo Events. As the kubelet does, a test starts those again that end.
	pods     []*kafkaPod
	restarts int

	mu sync.Mutex
	// sent is the number of events; acked are the numbers of those with an answer 200; arrived counts deliveries by number.
	sent    int
	acked   map[int]bool
	arrived map[int]int
	// refused counts events without an answer 200. last is the time of the last first delivery, gap the longest time between two.
	refused int
	last    time.Time
	gap     time.Duration
}

// kafkaPod is a pod of Argo Events: one program.
type kafkaPod struct {
	*process.Process
	name    string
	network network
	objects []cases.Object
}

// keepRunning starts each pod that does not run.
func (k *kafka) keepRunning() {
	k.t.Helper()
	for _, p := range k.pods {
		if p.Process == nil {
			p.Process = k.start(p)
		} else if p.Err() != nil {
			k.restarts++
			p.Process = k.start(p)
		}
	}
}

// network is the network of a program: a pair of addresses, one for this machine and one for the program. They are for tests of networks (RFC 2544).
type network int

func (n network) machine() string { return fmt.Sprintf("198.18.%d.1", int(n)) }
func (n network) program() string { return fmt.Sprintf("198.18.%d.2", int(n)) }

// join waits for the network in a new namespace, then becomes the program.
const join = `ip link set lo up; until ip link set eth0 up 2>/dev/null; do sleep 0.1; done
ip addr add "$1"/24 dev eth0; ip route add default via "$2"; shift 2; exec "$@"`

// start starts Argo Events with the rendered objects, as its controller does.
func (k *kafka) start(pod *kafkaPod) *process.Process {
	k.t.Helper()
	n, command := pod.network, "sensor-service"
	if pod.name == "source" {
		command = "eventsource-service"
	}
	cmd := exec.Command("sh", "-c", join, "sh", n.program(), n.machine(), program(k.t, "argo-events"), command)
	// The kernel makes the namespace with the process: a program that unshares may still be in this one when the link is moved.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	cmd.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig(), "EVENTBUS_SUBJECT=default", "POD_NAME="+pod.name)
	for _, o := range pod.objects {
		switch {
		case o.Hook():
		case o.Kind() == "EventBus":
			var bus events.EventBus
			if err := o.Into(&bus); err != nil {
				k.t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "EVENTBUS_CONFIG="+k.encode(events.BusConfig{Kafka: bus.Spec.Kafka}))
		case o.Kind() == "EventSource" && o.Name() == "load":
			cmd.Env = append(cmd.Env, "EVENTSOURCE_OBJECT="+k.encode(o.Content))
		case o.Kind() == "Sensor" && o.Name() == "load":
			cmd.Env = append(cmd.Env, "SENSOR_OBJECT="+k.encode(o.Content))
		}
	}
	p := k.run(pod.name, cmd)
	// The link ends with the program's network, but some time after the program: one that is started again replaces it.
	link := fmt.Sprintf("hfkafka%d", int(n))
	_ = exec.Command("ip", "link", "del", link).Run()
	k.ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprint(cmd.Process.Pid))
	k.ip("addr", "add", n.machine()+"/24", "dev", link)
	k.ip("link", "set", link, "up")
	return p
}

func (k *kafka) run(name string, cmd *exec.Cmd) *process.Process {
	k.t.Helper()
	p, err := process.Start(name, k.dir, cmd)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if k.t.Failed() {
			k.t.Logf("%s:\n%s", name, p.Tail())
		}
		if err := p.Kill(); err != nil {
			k.t.Error(err)
		}
	})
	return p
}

func (k *kafka) ip(args ...string) {
	k.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		k.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// encode encodes an object like the controller.
func (k *kafka) encode(object any) string {
	k.t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		k.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

// kubeconfig returns a file with a cluster that does not exist: the sensor reads one, and uses it for triggers of Kubernetes only.
func (k *kafka) kubeconfig() string {
	k.t.Helper()
	file := filepath.Join(k.dir, "kubeconfig")
	text := `{"apiVersion": "v1", "kind": "Config", "current-context": "none", "clusters": [{"name": "none", "cluster": {"server": "https://192.0.2.1"}}],
		"users": [{"name": "none", "user": {}}], "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
	return file
}

// startBrokers starts three brokers with topics, and returns their addresses and a function that ends the leader of a partition of the first topic.
func (k *kafka) startBrokers(topics ...string) (addresses string, remove func(partition int)) {
	k.t.Helper()
	cmd := exec.Command(program(k.t, "kafka"), append([]string{network(1).machine()}, topics...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	p := k.run("brokers", cmd)
	persist(k.t, func() error {
		if err := p.Err(); err != nil {
			k.t.Fatal(err)
		}
		file, err := os.Open(filepath.Join(k.dir, "brokers.log"))
		if err != nil {
			return err
		}
		defer file.Close()
		addresses, err = bufio.NewReader(file).ReadString('\n')
		return err
	})
	return strings.TrimSpace(addresses), func(partition int) {
		if _, err := fmt.Fprintln(in, partition); err != nil {
			k.t.Fatal(err)
		}
	}
}

// render renders the chart in mode kafka with the values of the live tests, whose sensor delivers to a URL.
func (k *kafka) render(brokers, url string) []cases.Object {
	k.t.Helper()
	bin, err := holdfast()
	if err != nil {
		k.t.Fatal(err)
	}
	version, err := cases.KubernetesVersion()
	if err != nil {
		k.t.Fatal(err)
	}
	values, err := filepath.Abs("../live/values.yaml")
	if err != nil {
		k.t.Fatal(err)
	}
	c := cases.Case{Name: "kafka", Stack: "argo-events", Profile: "multi-node", Values: values, KubeVersion: version}
	objects, err := bin.Render(c, "--set", "eventBus.mode=kafka,eventBus.kafka.topic=events,eventBus.kafka.consumerGroup.oldest=true,eventBus.kafka.version="+kafkaVersion,
		"--set", "eventBus.kafka.url="+strings.ReplaceAll(brokers, ",", `\,`),
		"--set", "sensors.load.triggers[0].template.http.url="+url)
	if err != nil {
		k.t.Fatal(err)
	}
	return objects
}

// record starts the server that the sensor delivers to, and returns its URL.
func (k *kafka) record() string {
	k.t.Helper()
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		k.t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		var event struct{ Number json.Number } // a trigger sends numbers as text
		err := json.NewDecoder(request.Body).Decode(&event)
		number, numberErr := event.Number.Int64()
		if err := errors.Join(err, numberErr); err != nil {
			k.t.Error(err)
			return
		}
		k.arrive(int(number))
	})}
	go server.Serve(listener)
	k.t.Cleanup(func() { server.Close() })
	return fmt.Sprintf("http://%s:%d/", network(1).machine(), listener.Addr().(*net.TCPAddr).Port)
}

func (k *kafka) arrive(number int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.arrived[number]++
	if k.arrived[number] > 1 {
		return
	}
	if now := time.Now(); !k.last.IsZero() {
		k.gap = max(k.gap, now.Sub(k.last))
	}
	k.last = time.Now()
}

// send posts numbered events to the webhook, about ten per second, until the test ends.
func (k *kafka) send() {
	client := &http.Client{Timeout: 30 * time.Second}
	for tick := time.NewTicker(100 * time.Millisecond); k.t.Context().Err() == nil; <-tick.C {
		k.mu.Lock()
		number := k.sent
		k.sent++
		k.mu.Unlock()
		answer, err := client.Post(fmt.Sprintf("http://%s:12000/number", network(1).program()), "application/json",
			strings.NewReader(fmt.Sprintf(`{"number": %d}`, number)))
		acked := err == nil && answer.StatusCode == http.StatusOK
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		k.mu.Lock()
		if acked {
			k.acked[number] = true
		} else {
			k.refused++
		}
		k.mu.Unlock()
	}
}

// flow waits until a number of events more have been acknowledged after a failure, and all of them have arrived.
func (k *kafka) flow(after string, more int) {
	k.t.Helper()
	k.mu.Lock()
	wanted := len(k.acked) + more
	k.gap, k.refused, k.last = 0, 0, time.Time{}
	k.mu.Unlock()
	end := 0
	persist(k.t, func() error {
		k.keepRunning()
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.acked) < wanted {
			return fmt.Errorf("after %s: %d events acknowledged, want %d", after, len(k.acked), wanted)
		}
		if end == 0 {
			end = k.sent
		}
		if missing := k.missing(end); len(missing) > 0 {
			return fmt.Errorf("after %s: acknowledged, but not delivered: %v", after, missing)
		}
		return nil
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	twice := 0
	for _, times := range k.arrived {
		twice += times - 1
	}
	k.t.Logf("after %s: %d acknowledged, %d refused, longest time without a delivery %.1f s; %d deliveries too many and %d restarts since the start", after, len(k.acked), k.refused, k.gap.Seconds(), twice, k.restarts)
}

// missing returns the acknowledged events before a number that have not arrived, in order.
func (k *kafka) missing(end int) (numbers []int) {
	for number := range k.acked {
		if number < end && k.arrived[number] == 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}
