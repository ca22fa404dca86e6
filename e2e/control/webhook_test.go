package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/holdfast-ha/holdfast/e2e/cases"
	"github.com/holdfast-ha/holdfast/e2e/control/agreement"
	"github.com/holdfast-ha/holdfast/e2e/control/cluster"
	"github.com/holdfast-ha/holdfast/e2e/controlplane"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// applyLate applies the objects that are created after the first placement. The server of a webhook answers at the address of its Service as long
// as a pod behind it is ready.
func (r *trial) applyLate() {
	r.t.Helper()
	for _, content := range r.Late {
		text, err := os.ReadFile(kube.CA())
		r.must(err)
		hooks, _ := content["webhooks"].([]any)
		hook, _ := hooks[0].(map[string]any)
		client, _ := hook["clientConfig"].(map[string]any)
		client["caBundle"] = text
		target, _ := client["service"].(map[string]any)
		r.serveWebhook(fmt.Sprint(target["name"]))
		_, err = apply(r.t.Context(), "", cases.Object{Content: content})
		r.must(err)
		r.t.Cleanup(func() {
			if err := remove(context.Background(), "", cases.Object{Content: content}); err != nil {
				r.t.Error(err)
			}
		})
	}
	if len(r.Late) > 0 { // the API server reads the configuration once a second
		time.Sleep(3 * time.Second)
	}
}

// serveWebhook serves the webhook of a Service while one of its pods is ready, and ends with the test.
func (r *trial) serveWebhook(name string) {
	r.t.Helper()
	service, err := kube.Kube.CoreV1().Services(r.Name).Get(r.t.Context(), name, metav1.GetOptions{})
	r.must(err)
	host := fmt.Sprintf("%s.%s.svc", name, r.Name)
	certificate, key, err := kube.Issue(controlplane.Identity{Name: host, Hosts: []string{host}})
	r.must(err)
	address := net.JoinHostPort(service.Spec.ClusterIP, fmt.Sprint(agreement.WebhookPort))
	selector := labels.SelectorFromSet(service.Spec.Selector)
	ctx := r.t.Context()
	has := func(is func(corev1.Pod) bool) bool {
		found, err := kube.Kube.CoreV1().Pods(r.Name).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
		return err == nil && slices.ContainsFunc(found.Items, is)
	}
	ready := func() bool {
		return has(func(p corev1.Pod) bool { return isReady(p) && p.DeletionTimestamp == nil })
	}
	r.must(cluster.Eventually(ctx, patience, func() error {
		// Without a node for a pod, the webhook never answers.
		if placed := func(p corev1.Pod) bool { return p.Spec.NodeName != "" }; has(placed) && !ready() {
			return fmt.Errorf("no pod behind Service %s is ready", host)
		}
		return nil
	}))
	go func() {
		var server *http.Server
		for pause(ctx) {
			switch up := ready(); {
			case up && server == nil:
				server = &http.Server{Addr: address, Handler: http.HandlerFunc(admit), ReadHeaderTimeout: time.Second, ErrorLog: log.New(io.Discard, "", 0)}
				go func(s *http.Server) { _ = s.ListenAndServeTLS(certificate, key) }(server)
			case !up && server != nil:
				server.Close()
				server = nil
			}
		}
		if server != nil {
			server.Close()
		}
	}()
}

// admit answers a request of the API server: the pod is allowed.
func admit(w http.ResponseWriter, q *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(q.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "want an AdmissionReview", http.StatusBadRequest)
		return
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}
