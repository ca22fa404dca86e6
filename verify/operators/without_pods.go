package operators

import "slices"

// withoutPods are the kinds of well-known operators that create no pods: they configure pods that exist, or what reads them.
// Kinds that create pods only in some installations, like Gateway of the Gateway API, are not listed. Nor are those that deploy
// other manifests.
var withoutPods = []struct {
	group string
	kinds []string
	// source is the project whose API reference describes the kinds.
	source string
}{
	{"acme.cert-manager.io", []string{"Order"}, "github.com/cert-manager/cert-manager"},
	{"argoproj.io", []string{"AnalysisTemplate", "AppProject", "ClusterAnalysisTemplate", "ClusterWorkflowTemplate", "WorkflowTemplate"}, "github.com/argoproj"},
	{"barmancloud.cnpg.io", []string{"ObjectStore"}, "github.com/cloudnative-pg/plugin-barman-cloud"},
	{"bitnami.com", []string{"SealedSecret"}, "github.com/bitnami-labs/sealed-secrets"},
	{"ceph.rook.io", []string{"CephBlockPool", "CephClient", "CephFilesystemSubVolumeGroup", "CephObjectStoreUser"}, "github.com/rook/rook"},
	{"cert-manager.io", []string{"Certificate", "CertificateRequest", "ClusterIssuer", "Issuer"}, "github.com/cert-manager/cert-manager"},
	{"cilium.io", []string{"CiliumBGPAdvertisement", "CiliumBGPClusterConfig", "CiliumBGPPeerConfig", "CiliumBGPPeeringPolicy", "CiliumCIDRGroup", "CiliumClusterwideEnvoyConfig", "CiliumClusterwideNetworkPolicy", "CiliumEgressGatewayPolicy", "CiliumEnvoyConfig", "CiliumL2AnnouncementPolicy", "CiliumLoadBalancerIPPool", "CiliumLocalRedirectPolicy", "CiliumNetworkPolicy", "CiliumNodeConfig"}, "github.com/cilium/cilium"},
	{"cloud.google.com", []string{"BackendConfig"}, "github.com/kubernetes/ingress-gce"},
	{"configuration.konghq.com", []string{"IngressClassParameters", "KongClusterPlugin", "KongConsumer", "KongConsumerGroup", "KongCustomEntity", "KongIngress", "KongLicense", "KongPlugin", "KongUpstreamPolicy", "KongVault", "TCPIngress", "UDPIngress"}, "github.com/Kong/kubernetes-ingress-controller"},
	{"config.gatekeeper.sh", []string{"Config"}, "github.com/open-policy-agent/gatekeeper"},
	{"crd.projectcalico.org", calico, "github.com/projectcalico/calico"},
	{"elbv2.k8s.aws", []string{"IngressClassParams", "TargetGroupBinding"}, "github.com/kubernetes-sigs/aws-load-balancer-controller"},
	{"extensions.istio.io", []string{"WasmPlugin"}, "github.com/istio/api"},
	{"external-secrets.io", []string{"ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore", "ExternalSecret", "PushSecret", "SecretStore"}, "github.com/external-secrets/external-secrets"},
	{"flagger.app", []string{"AlertProvider", "MetricTemplate"}, "github.com/fluxcd/flagger"},
	{"grafana.integreatly.org", []string{"GrafanaAlertRuleGroup", "GrafanaContactPoint", "GrafanaDashboard", "GrafanaDatasource", "GrafanaFolder", "GrafanaLibraryPanel", "GrafanaMuteTiming", "GrafanaNotificationPolicy", "GrafanaNotificationTemplate"}, "github.com/grafana/grafana-operator"},
	{"image.toolkit.fluxcd.io", []string{"ImagePolicy", "ImageRepository", "ImageUpdateAutomation"}, "github.com/fluxcd/flux2"},
	{"jetstream.nats.io", []string{"Account", "Consumer", "KeyValue", "ObjectStore", "Stream"}, "github.com/nats-io/nack"},
	{"k8s.cni.cncf.io", []string{"NetworkAttachmentDefinition"}, "github.com/k8snetworkplumbingwg/multus-cni"},
	{"k8s.mariadb.com", []string{"Connection", "Database", "ExternalMariaDB", "Grant", "User"}, "github.com/mariadb-operator/mariadb-operator"},
	{"k8s.nginx.org", []string{"GlobalConfiguration", "Policy", "TransportServer", "VirtualServer", "VirtualServerRoute"}, "github.com/nginx/kubernetes-ingress"},
	{"kafka.strimzi.io", []string{"KafkaConnector", "KafkaRebalance", "KafkaTopic", "KafkaUser"}, "github.com/strimzi/strimzi-kafka-operator"},
	{"karpenter.k8s.aws", []string{"EC2NodeClass"}, "github.com/aws/karpenter-provider-aws"},
	{"karpenter.sh", []string{"NodeClaim", "NodePool"}, "github.com/kubernetes-sigs/karpenter"},
	{"keda.sh", []string{"ClusterTriggerAuthentication", "TriggerAuthentication"}, "github.com/kedacore/keda"},
	{"kyverno.io", []string{"ClusterPolicy", "GlobalContextEntry", "Policy", "PolicyException"}, "github.com/kyverno/kyverno"},
	{"linkerd.io", []string{"ServiceProfile"}, "github.com/linkerd/linkerd2"},
	{"logging.banzaicloud.io", []string{"ClusterFlow", "ClusterOutput", "Flow", "Output"}, "github.com/kube-logging/logging-operator"},
	{"metallb.io", []string{"BFDProfile", "BGPAdvertisement", "BGPPeer", "Community", "IPAddressPool", "L2Advertisement"}, "github.com/metallb/metallb"},
	{"monitoring.coreos.com", []string{"AlertmanagerConfig", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "ServiceMonitor"}, "github.com/prometheus-operator/prometheus-operator"},
	{"mutations.gatekeeper.sh", []string{"Assign", "AssignImage", "AssignMetadata", "ModifySet"}, "github.com/open-policy-agent/gatekeeper"},
	{"networking.gke.io", []string{"FrontendConfig", "ManagedCertificate"}, "github.com/kubernetes/ingress-gce"},
	{"networking.istio.io", []string{"DestinationRule", "EnvoyFilter", "Gateway", "ProxyConfig", "ServiceEntry", "Sidecar", "VirtualService", "WorkloadEntry", "WorkloadGroup"}, "github.com/istio/api"},
	{"notification.toolkit.fluxcd.io", []string{"Alert", "Provider", "Receiver"}, "github.com/fluxcd/flux2"},
	{"opentelemetry.io", []string{"Instrumentation"}, "github.com/open-telemetry/opentelemetry-operator"},
	{"policies.kyverno.io", []string{"DeletingPolicy", "GeneratingPolicy", "ImageValidatingPolicy", "MutatingPolicy", "PolicyException", "ValidatingPolicy"}, "github.com/kyverno/kyverno"},
	{"policy.linkerd.io", []string{"AuthorizationPolicy", "HTTPRoute", "MeshTLSAuthentication", "NetworkAuthentication", "Server", "ServerAuthorization"}, "github.com/linkerd/linkerd2"},
	{"postgresql.cnpg.io", []string{"Backup", "ClusterImageCatalog", "Database", "ImageCatalog", "Publication", "ScheduledBackup", "Subscription"}, "github.com/cloudnative-pg/cloudnative-pg"},
	{"projectcalico.org", calico, "github.com/projectcalico/calico"},
	{"projectcontour.io", []string{"ExtensionService", "HTTPProxy", "TLSCertificateDelegation"}, "github.com/projectcontour/contour"},
	{"rabbitmq.com", []string{"Binding", "Exchange", "Federation", "OperatorPolicy", "Permission", "Policy", "Queue", "SchemaReplication", "Shovel", "TopicPermission", "User", "Vhost"}, "github.com/rabbitmq/messaging-topology-operator"},
	{"secrets-store.csi.x-k8s.io", []string{"SecretProviderClass"}, "github.com/kubernetes-sigs/secrets-store-csi-driver"},
	{"secrets.hashicorp.com", []string{"HCPAuth", "HCPVaultSecretsApp", "SecretTransformation", "VaultAuth", "VaultAuthGlobal", "VaultConnection", "VaultDynamicSecret", "VaultPKISecret", "VaultStaticSecret"}, "github.com/hashicorp/vault-secrets-operator"},
	{"security.istio.io", []string{"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"}, "github.com/istio/api"},
	{"serving.knative.dev", []string{"DomainMapping", "Route"}, "github.com/knative/serving"},
	{"sloth.slok.dev", []string{"PrometheusServiceLevel"}, "github.com/slok/sloth"},
	{"source.toolkit.fluxcd.io", []string{"Bucket", "ExternalArtifact", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"}, "github.com/fluxcd/flux2"},
	{"tekton.dev", []string{"ClusterTask", "Pipeline", "StepAction", "Task"}, "github.com/tektoncd/pipeline"},
	{"telemetry.istio.io", []string{"Telemetry"}, "github.com/istio/api"},
	{"templates.gatekeeper.sh", []string{"ConstraintTemplate"}, "github.com/open-policy-agent/gatekeeper"},
	{"traefik.containo.us", traefik, "github.com/traefik/traefik"},
	{"traefik.io", traefik, "github.com/traefik/traefik"},
	{"triggers.tekton.dev", []string{"ClusterInterceptor", "ClusterTriggerBinding", "Interceptor", "Trigger", "TriggerBinding", "TriggerTemplate"}, "github.com/tektoncd/triggers"},
	{"trust.cert-manager.io", []string{"Bundle"}, "github.com/cert-manager/trust-manager"},
	{"velero.io", []string{"BackupStorageLocation", "VolumeSnapshotLocation"}, "github.com/vmware-tanzu/velero"},
	{"wgpolicyk8s.io", []string{"ClusterPolicyReport", "PolicyReport"}, "github.com/kubernetes-sigs/wg-policy-prototypes"},
}

// Kinds that two groups have.
var (
	calico  = []string{"BGPConfiguration", "BGPFilter", "BGPPeer", "FelixConfiguration", "GlobalNetworkPolicy", "GlobalNetworkSet", "HostEndpoint", "IPPool", "IPReservation", "KubeControllersConfiguration", "NetworkPolicy", "NetworkSet", "Profile", "Tier"}
	traefik = []string{"IngressRoute", "IngressRouteTCP", "IngressRouteUDP", "Middleware", "MiddlewareTCP", "ServersTransport", "ServersTransportTCP", "TLSOption", "TLSStore", "TraefikService"}
)

// gatekeeper is the group of the kinds that the ConstraintTemplates of Gatekeeper define.
const gatekeeper = "constraints.gatekeeper.sh"

// WithoutPods reports whether the custom resources of a kind are known to create no pods.
func WithoutPods(group, kind string) bool {
	if group == gatekeeper {
		return true
	}
	for _, e := range withoutPods {
		if e.group == group {
			return slices.Contains(e.kinds, kind)
		}
	}
	return false
}
