package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal tells whether a person reads along.
func terminal(out io.Writer) bool {
	file, is := out.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

// coloured tells whether text may be in colours: on a terminal that has them, unless NO_COLOR says otherwise
// (no-color.org).
func coloured(out io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal(out)
}
