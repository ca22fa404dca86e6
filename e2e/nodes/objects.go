package nodes

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed files
var files embed.FS

var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(files, "files/*"))

func render(file string, data any) (string, error) {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, file, data); err != nil {
		return "", fmt.Errorf("writing %s: %w", file, err)
	}
	return text.String(), nil
}

// createObjects creates the Node objects, and the objects of DNS and kube-router.
func (c *Cluster) createObjects(ctx context.Context) error {
	text, err := render("cluster.yaml", map[string]any{"Nodes": c.nodes, "DNS": dnsService, "Master": master})
	if err != nil {
		return err
	}
	kubectl := c.Command(ctx, c.programs["kubectl"], "create", "-f", "-")
	kubectl.Stdin = strings.NewReader(text)
	if out, err := kubectl.CombinedOutput(); err != nil {
		return fmt.Errorf("creating the cluster's objects: %w\n%s", err, out)
	}
	return c.createDNSPod(ctx)
}
