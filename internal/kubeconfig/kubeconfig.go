// Package kubeconfig loads a kubeconfig as kubectl does.
package kubeconfig

import (
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Load loads a kubeconfig file and selects a context. Defaults are $KUBECONFIG or ~/.kube/config, and the current context. It
// returns the client configuration, whose requests time out after 30 s, and the namespace of the context, "default" without one.
func Load(file, context string) (config *rest.Config, namespace string, err error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	if config, err = loaded.ClientConfig(); err != nil {
		return nil, "", err
	}
	config.Timeout = 30 * time.Second
	// The limits of kubectl. The client's lower defaults would delay the listing of many kinds.
	config.QPS, config.Burst = 50, 300
	config.WarningHandler = rest.NoWarnings{}
	namespace, _, err = loaded.Namespace()
	return config, namespace, err
}
