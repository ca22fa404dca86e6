package importer

import (
	"fmt"
	"strings"
)

// Step is a step of the move, with its commands.
type Step struct {
	Text     string   `json:"text"`
	Commands []string `json:"commands,omitempty"`
}

func (i *importing) step(text string, commands ...string) {
	i.Steps = append(i.Steps, Step{text, commands})
}

// resources are the custom resources as an argument of kubectl.
const resources = "eventbus,eventsources,sensors"

// steps lists the steps of the move.
func (i *importing) steps() {
	i.Steps = []Step{}
	if len(i.Imported) == 0 {
		return
	}
	in := "-n " + i.Namespace
	if len(i.Findings) > 0 {
		i.step("Decide the findings above.")
	}
	if i.outdated() {
		i.step(fmt.Sprintf("Upgrade the controller to %s with the tool that installed it. It replaces the pods of all event sources and sensors.", i.least()))
	}
	i.step("Keep a copy of what is there.", fmt.Sprintf("kubectl get %s %s -o yaml > before.yaml", resources, in))
	for _, o := range i.imported() {
		if release := i.otherRelease(o); release != "" {
			i.step(fmt.Sprintf("Take %s out of Helm release %s. Helm then does not delete it when an upgrade of that release no longer has it.", o, release),
				fmt.Sprintf("kubectl annotate %s %s %s helm.sh/resource-policy=keep", strings.ToLower(o.Kind), o.Name, in))
		}
	}
	skip := ""
	if i.Controller != nil && i.request.Replace && !i.moves() {
		i.step("Stop the old controller. Event sources, sensors and bus keep running without one.",
			fmt.Sprintf("kubectl scale deployment %s -n %s --replicas=0", i.Controller.name, i.Controller.namespace))
	}
	if !i.request.Replace && child(i.Values, "controller")["enabled"] == false {
		skip = " --skip-crds"
	}
	install := fmt.Sprintf("helm install %s charts/argo-events %s -f values.yaml%s --take-ownership", i.Release, in, skip)
	if i.moves() {
		i.moveSteps(install, in)
	} else {
		i.step("Install the chart over the existing objects, which keep their names. --take-ownership needs Helm 3.18: older ones leave custom resources as they are. "+
			"The pods of event sources and sensors are replaced, one revision after the other.", install)
	}
	i.step("Wait until all pods are replaced, and until the stream and the buckets have their replicas.",
		fmt.Sprintf("kubectl rollout status deployment %s -l 'controller in (eventsource-controller, sensor-controller)'", in),
		fmt.Sprintf("helm test %s %s", i.Release, in))
	for _, name := range i.surplus {
		i.step("Delete the second budget of pods: with two, no pod can be evicted.", fmt.Sprintf("kubectl delete poddisruptionbudget %s %s", name, in))
	}
	if i.moves() {
		i.afterMove(in)
	}
	if i.Controller != nil && i.request.Replace {
		i.step("Remove the old controller with the tool that installed it, without the custom resource definitions: deleting them deletes every EventBus, EventSource and Sensor.")
	}
	i.step("Verify what is running.", fmt.Sprintf("holdfast verify --kubeconfig ~/.kube/config %s", in))
}
