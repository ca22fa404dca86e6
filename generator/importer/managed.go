package importer

import (
	"fmt"
	"slices"
	"strings"
)

// managed adds the values of a bus of the chart that takes the place of a native one. Its disks are new: the events move in the steps.
func (i *importing) managed(bus Object, js, values map[string]any) {
	i.moving = true
	replicas := nativeReplicas(js)
	i.setProfile(replicas > 1)
	put(values, "managed", "eventBus", "mode")
	if replicas == 5 {
		put(values, replicas, "bus", "replicas")
	}
	put(values, volumeSizeOf(js), "bus", "storage", "size")
	i.serverValues(js, "bus", values)
	for _, field := range []string{"settings", "affinity", "containerTemplate", "reloaderContainerTemplate", "metricsContainerTemplate", "securityContext", "startArgs"} {
		own := child(js, field)
		if resources, only := own["resources"]; only && resources != nil && len(own) == 1 {
			continue // carried over
		}
		if js[field] != nil {
			i.find(bus.String(), "%s of its servers is not carried over: set what you need of it in bus", field)
		}
	}
	i.note(bus.String(), "its servers are replaced by those of the chart, with other disks. The steps move events and positions of the sensors. Meanwhile event sources accept nothing: "+
		"callers of webhooks must repeat what was refused, and other origins deliver later")
	i.stream(bus, text(js, "streamConfig"), values)
}

// clients selects the Deployments and pods of event sources and sensors.
const clients = "-l 'controller in (eventsource-controller, sensor-controller)'"

// moveSteps lists the steps of a move of the events from a native bus to that of the chart. Nothing publishes between the copy and the end, so
// that no event is only on the old bus.
func (i *importing) moveSteps(install string, in string) {
	exotic := child(i.pods.custom["EventBus/"+i.bus], "spec", "jetstreamExotic")
	auth, ca := child(exotic, "accessSecret"), child(exotic, "tls", "caCertSecret")
	service := strings.TrimSuffix(text(auth, "name"), "-auth")
	old := "eventbus-" + i.bus + "-js"
	i.step("Stop the controller, then event sources and sensors. From here on webhooks refuse events, and their callers must repeat them.",
		append(i.scaleController(0),
			fmt.Sprintf("kubectl delete deployment %s %s", in, clients),
			fmt.Sprintf("kubectl wait pod %s %s --for=delete --timeout=5m", in, clients))...)
	i.step("Save the streams, the buckets and the positions of the sensors.",
		fmt.Sprintf(`kubectl get secret %s-client-auth %s -o jsonpath='{.data.client-auth}' | base64 -d > old-auth.yaml`, old, in),
		fmt.Sprintf(`kubectl get secret %s-server %s -o jsonpath='{.data.ca-cert}' | base64 -d > old-ca.crt`, old, in),
		fmt.Sprintf("kubectl port-forward %s service/%s-svc 4222 &", in, old),
		fmt.Sprintf("holdfast backup moved-events --bus nats://localhost:4222 --bus-auth old-auth.yaml --bus-ca old-ca.crt --bus-server-name %s-svc.%s.svc", old, i.Namespace))
	i.step("Install the chart over the existing objects, still without a controller. --take-ownership needs Helm 3.18: older ones leave custom resources as they are.",
		install+" --set controller.enabled=false",
		fmt.Sprintf("kubectl wait job %s -l app.kubernetes.io/component=bootstrap --for=condition=complete --timeout=10m", in))
	// argo-events v1.9.11 pkg/reconciler/eventsource/resource.go: the pods get the address in the status, and wait only for a bus that is not ready.
	i.step("Remove the old servers from the EventBus, also from its status. Helm leaves fields that its object does not have, and the controller would give the old address to event sources and sensors.",
		fmt.Sprintf(`kubectl patch eventbus %s %s --type=json -p '[{"op": "remove", "path": "/spec/jetstream"}]'`, i.bus, in),
		fmt.Sprintf(`kubectl patch eventbus %s %s --subresource=status --type=merge -p '{"status": null}'`, i.bus, in))
	i.step("Restore on the new servers. The command compares messages and positions with those of the old bus.",
		fmt.Sprintf(`kubectl get secret %s %s -o jsonpath='{.data.%s}' | base64 -d > auth.yaml`, text(auth, "name"), in, strings.ReplaceAll(text(auth, "key"), ".", `\.`)),
		fmt.Sprintf(`kubectl get secret %s %s -o jsonpath='{.data.%s}' | base64 -d > ca.crt`, text(ca, "name"), in, strings.ReplaceAll(text(ca, "key"), ".", `\.`)),
		fmt.Sprintf("kubectl port-forward %s service/%s 4223:4222 &", in, service),
		"holdfast restore moved-events --bus nats://localhost:4223 --bus-auth auth.yaml --bus-ca ca.crt")
	if child(i.Values, "controller")["enabled"] != false {
		i.step("Start the controller of the chart. It creates event sources and sensors, which continue where they were.",
			strings.Replace(strings.TrimSuffix(install, " --take-ownership"), "helm install", "helm upgrade", 1))
	} else {
		i.step("Start the controller. It creates event sources and sensors, which continue where they were.", i.scaleController(max(1, i.controllerReplicas()))...)
	}
}

// afterMove lists the steps that delete the servers of a native bus.
func (i *importing) afterMove(in string) {
	i.step("When everything works, delete the old servers and their disks. They have all events from before the move.",
		fmt.Sprintf("kubectl delete statefulset,service,configmap,secret,pvc %s -l controller=eventbus-controller,eventbus-name=%s", in, i.bus))
}

// scaleController lists the commands that change the number of the controller's pods; none without a controller.
func (i *importing) scaleController(replicas int) []string {
	if i.Controller == nil {
		return nil
	}
	deployment := fmt.Sprintf("deployment %s -n %s", i.Controller.name, i.Controller.namespace)
	return []string{fmt.Sprintf("kubectl scale %s --replicas=%d", deployment, replicas), "kubectl rollout status " + deployment}
}

// controllerReplicas is the number of pods of the existing controller.
func (i *importing) controllerReplicas() int {
	at := slices.IndexFunc(i.objects, func(o Object) bool {
		return o.Kind == "Deployment" && i.Controller != nil && o.Namespace == i.Controller.namespace && o.Name == i.Controller.name
	})
	if at < 0 {
		return 1
	}
	if n, ok := number(i.objects[at].spec()["replicas"]); ok {
		return int(n)
	}
	return 1
}

// moves reports whether the events move to servers of the chart.
func (i *importing) moves() bool { return i.moving && i.bus != "" }
