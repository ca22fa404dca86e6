package rules

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/verify/cluster"
)

// TestUnknown: a rule reports nothing if a relevant object or setting may be outside the manifests.
func TestUnknown(t *testing.T) {
	const claim = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	ofClass := func(provisioner string) [2]string {
		return [2]string{claim, strings.Replace(claim, "{", "{storageClassName: c, ", 1) + "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: c}, provisioner: " + provisioner + "}\n"}
	}
	variants(t, 0, map[string][][2]string{
		// The ServiceAccount or one of its roles is not in the manifests, or aggregated; or the lock may be a ConfigMap.
		"lease-without-role": {{"kind: ServiceAccount\n", "kind: Secret\n"}, {"kind: Role, name: web", "kind: Role, name: other"}, {"kind: Role, name: web", "kind: ClusterRole, name: admin"},
			{"kind: RoleBinding\nmetadata: {name: web,", "kind: RoleBinding\nmetadata: {name: a, namespace: system}\nroleRef: {kind: ClusterRole, name: elects}\nsubjects: [{kind: ServiceAccount, name: web, namespace: system}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web,"},
			{"rules:\n", "rules:\n  - {apiGroups: [''], resources: [configmaps], verbs: ['*']}\n"}},
		// The EventBus is not in the manifests, or uses Kafka.
		"election-of-two": {{"metadata: {name: default}", "metadata: {name: other}"}, {"jetstreamExotic:\n    url: nats://bus:4222\n    streamConfig: |\n      replicas: 3", "kafka: {url: broker:9092}"}},
		// The Service of the servers is not in the manifests.
		"stream-dies-with-server": {{"nats://bus:4222", "nats://elsewhere.example:4222"}},
		// Volumes of this class are available on all nodes.
		"volume-before-pod": {{"ebs.csi.aws.com", "rook-ceph.rbd.csi.ceph.com"}, {"provisioner: ebs.csi.aws.com", "provisioner: pd.csi.storage.gke.io\nparameters: {replication-type: regional-pd}"}, {"provisioner: ebs.csi.aws.com", "provisioner: disk.csi.azure.com\nparameters: {skuName: Premium_ZRS}"},
			{"ebs.csi.aws.com", "nfs.csi.k8s.io"}, {"ebs.csi.aws.com", "k8s.io/minikube-hostpath"}},
		// The object comes from a cluster, or the autoscaler scales another one.
		"replicas-under-autoscaler": {{"kind: Deployment\nmetadata: {name: web}", "kind: Deployment\nmetadata: {name: web, uid: 1-2}"}, {"kind: Deployment, name: web", "kind: StatefulSet, name: web"}},
		// The webhook may fail, or its Service is not in the manifests.
		"webhook-has-one-pod": {{"sideEffects: None", "failurePolicy: Ignore"}, {"service: {name: web, namespace: system}", "service: {name: web, namespace: other}"}},
		// The namespace is excluded, or its labels are not in the manifests; the webhook may fail, selects other pods, or has a condition.
		"webhook-matches-its-own-pods": {{"    rules:", "    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [admission]}]}\n    rules:"},
			{"    rules:", "    namespaceSelector: {matchExpressions: [{key: admission, operator: DoesNotExist}]}\n    rules:"},
			{"    rules:", "    namespaceSelector: {matchLabels: {admission: enabled}}\n    rules:"}, {"    rules:", "    failurePolicy: Ignore\n    rules:"},
			{"    rules:", "    objectSelector: {matchLabels: {app: other}}\n    rules:"}, {"    rules:", "    matchConditions: [{name: a, expression: 'true'}]\n    rules:"},
			{"resources: [pods]", "resources: [pods/exec]"}, {"operations: [CREATE]", "operations: [UPDATE]"}, {"apiGroups: ['']", "apiGroups: [apps]"}},
		// The pods have labels at run time, or are in other manifests; the label is the name of another thing.
		"service-selects-nothing": {{"{app: shpo}", "{app: store}"}, {"{app: shpo}", "{app: shpo, role: primary}"}, {"{app: shpo}", "{app: shop2}"}, {"{name: shop}", "{name: shop, namespace: other}"},
			{"{app: shpo}", "{}"}, {"  selector: {app: shpo}", "  type: ExternalName\n  externalName: example.com\n  selector: {app: shpo}"}},
		// Something delays readiness, no other pod serves meanwhile, or clients make no requests.
		"readiness-missing": {{"image: shop:1", "image: shop:1\n          startupProbe: {tcpSocket: {port: 8080}}"}, {"image: shop:1", "image: shop:1\n          lifecycle: {postStart: {exec: {command: [wait-for-it]}}}"},
			{"      containers:", "      readinessGates: [{conditionType: example.com/ready}]\n      containers:"}, {"      containers:", "      containers:\n        - {name: side, image: side, readinessProbe: {tcpSocket: {port: 1}}}"},
			{"image: shop:1", "image: auto"}, {"replicas: 2", "replicas: 2\n  strategy: {type: Recreate}"}, {"kind: Deployment", "kind: DaemonSet"}, {"  replicas: 2", "  replicas: 0"},
			{"{app: shop}\n  ports", "{app: shop}\n  clusterIP: None\n  ports"}, {"name: http", "name: http-metrics"}, {"port: 80,", "port: 80, protocol: UDP,"}},
		// A condition may guard the removal, or the hook only hands over the leadership.
		"stop-removes-member": {{"[sh, -c, 'etcdctl", "[sh, -c, 'test -e /scale-down && etcdctl"}, {"etcdctl member remove", "etcdctl move-leader"}, {"replicas: 3", "replicas: 1"}, {"preStop", "postStart"},
			{"kind: StatefulSet\nmetadata: {name: store}", "kind: Deployment\nmetadata: {name: store, annotations: {holdfast-ha.github.io/replication: stateless}}"}},
		// A later release or a configuration of one's own may have the version; the bus is not JetStream.
		"bus-version-unknown":           {{"2.9.11", "2.99.1"}, {"2.9.11", "own"}, {"2.9.11", "latest"}, {"jetstream:", "jetstreamExotic:"}},
		"event-source-refuses-requests": {{"endpoint: /orders}", "endpoint: /orders, method: GET}"}, {"webhook:\n", "resource:\n"}},
		"event-source-unreachable":      {{"webhook:\n", "resource:\n"}, {"  webhook:", "  service: {ports: [{port: 12000}]}\n  webhook:"}},
		// The second operand may be left out; the controller refuses a filter without expression or fields.
		"filter-drops-all-events": {{`"paid" and total`, `"paid" || sum`}, {`status == "paid" and total > 10`, `""`}, {"fields: [{name: status, path: body.status}, {name: total, path: body.total}]", "fields: []"}},
		// Another bus or namespace may have the source; a pattern may match.
		"sensor-event-missing": {{"houly", "'*'"}, {"  calendar:", "  eventBusName: other\n  calendar:"}, {"kind: Sensor\nmetadata: {name: report}", "kind: Sensor\nmetadata: {name: report, namespace: other}"},
			{"    - {name: hour, eventSourceName: clock, eventName: houly}", "    - {name: hour, eventSourceName: clock, eventName: hourly}\n    - {name: order, eventSourceName: orders, eventName: paid}"}},
		// Clients of a headless Service use any port, an injector adds ports, or another pod has the port.
		"service-port-unknown": {{"{app: shop}\n  ports", "{app: shop}\n  clusterIP: None\n  ports"}, {"image: shop:1", "image: auto"}, {"targetPort: web", "targetPort: 8080"}, {"selector: {app: shop}\n  ports", "selector: {app: store}\n  ports"},
			{"      containers:", "      initContainers: [{name: side, image: side, restartPolicy: Always, ports: [{name: web, containerPort: 81}]}]\n      containers:"}},
		// All Services may be in other manifests.
		"quorum-service-missing": {{"selector: {app: bus}\n  ports", "selector: {app: other}\n  ports"}},
		// Addresses and namespaces may be those of the quorum members; the policy selects other pods; pods use the network of the node.
		"policy-cuts-voters": {{"from: [{podSelector: {matchLabels: {bus: client}}}]\n      ports: [{port: client}]", "from: [{ipBlock: {cidr: 10.0.0.0/8}}]"},
			{"from: [{podSelector: {matchLabels: {bus: client}}}]\n      ports: [{port: client}]", "from: [{namespaceSelector: {matchLabels: {a: b}}}]\n      ports: [{port: 6000, endPort: 7000}]"},
			{"podSelector: {matchLabels: {app: bus}}\n  ingress", "podSelector: {matchLabels: {app: web}}\n  ingress"}, {"      containers:", "      hostNetwork: true\n      containers:"}},
		// The pods share a node anyway, the volume is usable on several nodes or on one, the PersistentVolumeClaim is not in the manifests, or the pods finish.
		"claim-shared":        {{"apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2", "batch/v1\nkind: Job\nmetadata: {name: web}\nspec:\n  parallelism: 2"}, {"      containers:", "      nodeSelector: {kubernetes.io/hostname: a}\n      containers:"}, {"metadata: {name: data}", "metadata: {name: other}"}, ofClass("nfs.csi.k8s.io")},
		"claim-stops-rollout": {{"      containers:", "      nodeName: a\n      containers:"}, {"{type: RollingUpdate}", "{rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}"}, ofClass("nfs.csi.k8s.io"), ofClass("rancher.io/local-path")},
		"data-on-host-path":   {{"type: DirectoryOrCreate", "type: Directory"}, {"/srv/web", "/var/log/web"}, {"mountPath: /data", "mountPath: /data, readOnly: true"}},
		// A host port keeps them apart; a namespaceSelector may match their namespace.
		"quorum-not-spread": {{"image: nats:2.15.2", "image: nats:2.15.2\n          ports: [{containerPort: 4222, hostPort: 4222}]"},
			{"      containers:", "      hostNetwork: true\n      initContainers: [{name: side, image: side, restartPolicy: Always, ports: [{containerPort: 80}]}]\n      containers:"},
			{"      containers:", "      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: bus}}, namespaceSelector: {matchLabels: {a: b}}}]}}\n      containers:"}},
		"quorum-keeps-nothing": {{"emptyDir: {}", "hostPath: {path: /data}"}},
		// The probe only opens a connection, or concerns this server alone.
		"quorum-starts-in-order": {{"httpGet: {path: /healthz, port: 8222}", "tcpSocket: {port: 4222}"}, {"path: /healthz", "path: '/healthz?js-server-only=true'"}, {"readinessProbe", "livenessProbe"},
			{"readinessProbe: {httpGet: {path: /healthz, port: 8222}}", "ports: [{containerPort: 4222}]\n        - {name: side, image: 'envoy:1', readinessProbe: {httpGet: {path: /ready, port: 1}}}"}},
		// Without JetStream the probe concerns this server alone.
		"liveness-asks-cluster":     {{"volumeClaimTemplates:", "ordinals: {start: 0}\n  x:"}},
		"quorum-hidden-until-ready": {{"httpGet: {path: /healthz, port: 8222}", "tcpSocket: {port: 4222}"}},
		"probe-port-unknown":        {{"port: http}", "port: 8080}"}, {"port: http}", "port: '8080'}"}},
		"liveness-kills-starting":   {{"livenessProbe: {httpGet: {path: /healthz,", "livenessProbe: {httpGet: {path: /alive,"}, {"initialDelaySeconds: 10}", "initialDelaySeconds: 10, failureThreshold: 6}"}},
		"quorum-majority-in-zone":   {{"whenUnsatisfiable: DoNotSchedule", "whenUnsatisfiable: ScheduleAnyway"}, {"minDomains: 2", "minDomains: 3"}, {"values: [a, b]", "values: [a]"}},
	})
}

// TestVariants: a rule finds its fault in other spellings.
func TestVariants(t *testing.T) {
	variants(t, 1, map[string][][2]string{
		"lease-without-role": {{"verbs: [get, list]", "verbs: [list, watch]"}, {"resources: [leases]", "resources: ['*']"}, {"kind: ServiceAccount, name: web, namespace: system", "kind: Group, name: 'system:serviceaccounts:system'"},
			{"kind: Role\nmetadata: {name: web, namespace: system}", "kind: Role\nmetadata: {name: web, namespace: system, labels: {a: b}}"}},
		"election-of-two":         {{"url: nats://bus:4222", "url: nats://elsewhere.example:4222"}, {"jetstreamExotic:\n    url: nats://bus:4222\n    streamConfig: |\n      replicas: 3", "jetstream: {version: latest, affinity: {podAntiAffinity: {}}}"}},
		"stream-dies-with-server": {{"nats://bus:4222", "tls://bus.events.svc:4222"}, {"maxAge: 168h", "Replicas: 2"}},
		// An empty selector of topology spread counts no pod; nor does anti-affinity to other pods.
		"quorum-not-spread": {{"      containers:", "      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]\n      containers:"},
			{"      containers:", "      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}\n      containers:"}},
		"topology-key-misspelt":   {{"labelSelector:", "namespaces: [other]\n              labelSelector:"}},
		"claim-shared":            {{"ReadWriteOnce", "ReadWriteOncePod"}, {"kind: Deployment", "kind: DaemonSet"}},
		"claim-stops-rollout":     {{"metadata: {name: data}", "metadata: {name: data, labels: {a: b}}"}},
		"data-on-host-path":       {{"kind: Deployment", "kind: StatefulSet"}},
		"probe-port-unknown":      {{"httpGet: {path: /ready, port: http}", "tcpSocket: {port: http}"}, {"readinessProbe", "startupProbe"}},
		"quorum-starts-in-order":  {{"      containers:", "      containers:\n        - {name: side, image: 'envoy:1', readinessProbe: {tcpSocket: {port: 1}}}"}},
		"quorum-majority-in-zone": {{"maxSkew: 1, minDomains: 2", "maxSkew: 2"}},
		"policy-cuts-voters":      {{"  ingress:", "  policyTypes: [Ingress, Egress]\n  egress: [{}]\n  ingress:"}, {"[{port: client}]", "[{port: 6222, endPort: 6222, protocol: UDP}]"}, {"ports: [{port: client}]", "ports: [{port: 4000, endPort: 5000}]"}},
		"webhook-matches-its-own-pods": {{"    rules:", "    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}\n    rules:"},
			{"    rules:", "    objectSelector: {matchExpressions: [{key: skip, operator: DoesNotExist}]}\n    rules:"}, {"resources: [pods]", "resources: ['*']"}, {"operations: [CREATE]", "operations: ['*']"},
			{"apiVersion: admissionregistration", "apiVersion: v1\nkind: Namespace\nmetadata: {name: admission, labels: {a: b}}\n---\napiVersion: admissionregistration"}},
		"service-selects-nothing": {{"{app: shpo}", "{appp: shop}"}, {"{name: shop-web}", "{name: shop}"}, {"{app: shpo}", "{app: shops}"}, {"kind: Deployment\nmetadata: {name: shop-web}\nspec:", "kind: StatefulSet\nmetadata: {name: x}\nspec:\n  serviceName: shop"}},
		"readiness-missing":       {{"targetPort: 8080", "targetPort: 8080, protocol: TCP"}, {"replicas: 2", "replicas: 1"}, {"kind: Deployment", "kind: StatefulSet"}, {"{app: shop}\n  ports", "{app: shpo}\n  ports"}, {"image: shop:1", "image: shop:1\n          livenessProbe: {tcpSocket: {port: 8080}}"}},
		"stop-removes-member": {{`etcdctl member remove "$(cat /data/member-id)"`, "consul leave"}, {`etcdctl member remove "$(cat /data/member-id)"`, "nodetool -h localhost decommission"},
			{`etcdctl member remove "$(cat /data/member-id)"`, "cd /data && rabbitmqctl stop_app && rabbitmqctl reset"}, {`etcdctl member remove "$(cat /data/member-id)"`, "mongosh --eval rs.remove(1)"}},
		"liveness-asks-cluster": {{"httpGet: {path: /healthz, port: 8222}", "exec: {command: [sh, -c, redis-cli -p 26379 sentinel ckquorum main]}"},
			{"image: nats:2.15.2\n          livenessProbe: {httpGet: {path: /healthz, port: 8222}}", "image: own:1\n          livenessProbe: {exec: {command: [mariadb, -e, 'SHOW STATUS LIKE \"wsrep_ready\"']}}"}},
		"bus-version-unknown":           {{"2.9.11", "2.8.1-debug"}, {"    version: 2.9.11\n", ""}, {"apiVersion", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {controller-config.yaml: 'eventBus: {jetstream: {versions: [{version: 2.9.12}]}}'}\n---\napiVersion"}},
		"event-source-refuses-requests": {{"endpoint: /orders}", "endpoint: /orders, method: post}"}, {"endpoint: /orders}", "endpoint: /orders, method: PUT}"}},
		"event-source-unreachable":      {{"webhook:\n", "github:\n"}, {"  webhook:", "  service: {ports: []}\n  webhook:"}},
		"sensor-event-missing":          {{"eventSourceName: clock, eventName: houly", "eventSourceName: clokc, eventName: hourly"}, {"eventSourceName: clock, eventName: houly", "eventSourceName: orders, eventName: hourly"}},
		"filter-drops-all-events":       {{`"paid" and total > 10`, "paid"}, {`status == "paid" and total > 10`, `state == "paid"`}, {`"paid" and total`, `"paid`}, {`status == "paid" and`, `body.status == "paid" &&`}},
		"service-port-unknown":          {{"kind: Deployment", "kind: StatefulSet"}, {"targetPort: web", "targetPort: htttp"}},
		"webhook-has-one-pod":           {{"sideEffects: None", "failurePolicy: Fail"}, {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}},
		"replicas-under-autoscaler":     {{"autoscaling/v2", "autoscaling/v1"}},
		"field-is-dropped":              {{"livenessProbe: {httpGet: {path: /healthz, port: 8080}}", "env: [{name: A, val: b}]"}},
		"volume-before-pod":             {{"provisioner:", "volumeBindingMode: Immediate\nprovisioner:"}},
	})
}

// variants checks the number of findings of a rule in its broken example with one change at a time.
func variants(t *testing.T, want int, changes map[string][][2]string) {
	t.Helper()
	for rule, changes := range changes {
		broken := text(t, filepath.Join("testdata", rule, "broken.yaml"))
		for _, c := range changes {
			if !strings.Contains(broken, c[0]) {
				t.Fatalf("%q is not in the broken example of %s", c[0], rule)
			}
			found := slices.DeleteFunc(Check(system(t, strings.ReplaceAll(broken, c[0], c[1])), cluster.Cluster{}), func(f Finding) bool { return f.Rule.ID != rule })
			if len(found) != want {
				t.Errorf("%s, %q instead of %q: %d findings, want %d", rule, c[1], c[0], len(found), want)
			}
		}
	}
}
