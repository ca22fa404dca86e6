package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"sync"
)

// The page's style and script are part of the page: it is one file and loads no other.
//
//go:embed page
var files embed.FS

var (
	style  = read("page/page.css")
	script = read("page/page.js")
	layout = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page.html").ParseFS(files, "page/page.html"))
	})
)

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// WriteHTML writes the report as one page that needs no network and no other file. Without scripts it is a document with
// tables; with scripts it draws the cluster before, during and after each scenario.
func (r Report) WriteHTML(out io.Writer) error {
	return layout().Execute(out, struct {
		view
		Style  template.CSS
		Script template.JS
		Policy string
	}{newView(r), template.CSS(style), template.JS(script), policy})
}

// policy allows the page's own style and script, and no request.
var policy = "default-src 'none'; img-src data:; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'; base-uri 'none'; form-action 'none'"

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
