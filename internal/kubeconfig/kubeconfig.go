// Package kubeconfig chooses a cluster as kubectl does.
package kubeconfig

import (
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Load reads a kubeconfig and the context in it, or, where they are empty, what is usual: $KUBECONFIG or ~/.kube/config, and
// its current context. Beside the cluster it returns the context's namespace, "default" if it has none.
func Load(file, context string) (config *rest.Config, namespace string, err error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	if config, err = loaded.ClientConfig(); err != nil {
		return nil, "", err
	}
	config.Timeout = 30 * time.Second
	// As kubectl has them: the API server has its own limits, and a reader of many kinds need not wait for these.
	config.QPS, config.Burst = 50, 300
	config.WarningHandler = rest.NoWarnings{}
	namespace, _, err = loaded.Namespace()
	return config, namespace, err
}
