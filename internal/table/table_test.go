package table_test

import (
	"os"
	"strings"
	"testing"

	"github.com/holdfast-ha/holdfast/internal/table"
)

func Example() {
	_ = table.Table{
		Indent: "  ",
		Rows:   [][]string{{"PROFILE", "NODES"}, {"single-node", "1"}, {"multi-zone", "3 in 3 zones"}},
	}.Write(os.Stdout)
	// Output:
	//   PROFILE      NODES
	//   single-node  1
	//   multi-zone   3 in 3 zones
}

func TestColumnsAlignWithMultibyteLetters(t *testing.T) {
	got := written(t, table.Table{Rows: [][]string{{"größe", "ok", ""}, {"n", "", "x"}, {}, {"size", "…"}}})
	want := "größe  ok\nn          x\n\nsize   …\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColoursDoNotChangeTheWidths(t *testing.T) {
	rows := [][]string{{"a", "b", "c"}, {"aaa", "bbb", ""}}
	red := table.Table{Rows: rows, Paint: func(row int, cell string) string {
		if row == 0 {
			return cell
		}
		return "\x1b[31m" + cell + "\x1b[0m"
	}}
	got := strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(written(t, red))
	if want := written(t, table.Table{Rows: rows}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if coloured := written(t, red); strings.Count(coloured, "\x1b[31m") != 2 {
		t.Errorf("want the two non-empty cells of the second row in red, got %q", coloured)
	}
}

func TestALongNameHasALineOfItsOwn(t *testing.T) {
	long := strings.Repeat("n", table.Width-4)
	got := written(t, table.Table{Indent: " ", Rows: [][]string{{"NAME", "PODS"}, {long, "3"}, {"web", "2"}}})
	want := " NAME  PODS\n " + long + "\n       3\n web   2\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWrap(t *testing.T) {
	half := strings.Repeat("w", table.Width/2-3)
	long := strings.Repeat("x", table.Width+1)
	for _, c := range []struct {
		name  string
		lines table.Lines
		words []string
		want  string
	}{
		{"no words", table.Lines{First: "- "}, nil, "- \n"},
		{"one line", table.Lines{First: "- "}, []string{"a", "b"}, "- a b\n"},
		{"just fits", table.Lines{First: "12345"}, []string{half, half}, "12345" + half + " " + half + "\n"},
		{"one too many", table.Lines{First: "123456", Rest: "  "}, []string{half, half}, "123456" + half + "\n  " + half + "\n"},
		{"the end counts", table.Lines{First: "1234", End: ` \`}, []string{half, half}, "1234" + half + " \\\n" + half + "\n"},
		{"a long word stays whole", table.Lines{Rest: "  "}, []string{"a", long, "b"}, "a\n  " + long + "\n  b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.lines.Wrap(c.words); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func written(t *testing.T, table table.Table) string {
	t.Helper()
	var out strings.Builder
	if err := table.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
