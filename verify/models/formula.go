package models

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
)

// Formula is an arithmetic expression: integers, variables, + - * /, and floor, ceil, min and max.
type Formula struct {
	text string
	expr ast.Expr
}

func (f *Formula) String() string { return f.text }

// UnmarshalText parses a formula.
func (f *Formula) UnmarshalText(text []byte) error {
	if len(text) > 200 {
		return errors.New("the formula has more than 200 characters")
	}
	expr, err := parser.ParseExpr(string(text))
	if err != nil {
		return fmt.Errorf("formula %q: %w", text, err)
	}
	f.text, f.expr = string(text), expr
	return nil
}

// pods evaluates a formula to a number of pods from 0 to n, rounded up.
func (f *Formula) pods(vars map[string]float64) (int, error) {
	v, err := f.eval(vars)
	if err != nil {
		return 0, err
	}
	return int(max(0, min(math.Ceil(v), vars["n"]))), nil
}

func (f *Formula) eval(vars map[string]float64) (float64, error) {
	v, err := eval(f.expr, vars)
	if err == nil && (math.IsNaN(v) || math.Abs(v) > 1e9) {
		err = errors.New("the result is no number of pods")
	}
	return v, err
}

func eval(e ast.Expr, vars map[string]float64) (float64, error) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if v, err := strconv.Atoi(e.Value); e.Kind == token.INT && err == nil {
			return float64(v), nil
		}
	case *ast.Ident:
		if v, ok := vars[e.Name]; ok {
			return v, nil
		}
		return 0, fmt.Errorf("%s is no variable", e.Name)
	case *ast.ParenExpr:
		return eval(e.X, vars)
	case *ast.BinaryExpr:
		x, errX := eval(e.X, vars)
		y, errY := eval(e.Y, vars)
		if err := errors.Join(errX, errY); err != nil {
			return 0, err
		}
		switch e.Op {
		case token.ADD:
			return x + y, nil
		case token.SUB:
			return x - y, nil
		case token.MUL:
			return x * y, nil
		case token.QUO:
			return x / y, nil
		}
		return 0, fmt.Errorf("%s is no operator of a formula", e.Op)
	case *ast.CallExpr:
		return call(e, vars)
	}
	return 0, fmt.Errorf("%T is not part of a formula", e)
}

func call(e *ast.CallExpr, vars map[string]float64) (float64, error) {
	args := make([]float64, len(e.Args))
	for i, arg := range e.Args {
		var err error
		if args[i], err = eval(arg, vars); err != nil {
			return 0, err
		}
	}
	name, _ := e.Fun.(*ast.Ident)
	switch {
	case name == nil || len(args) == 0:
	case name.Name == "floor" && len(args) == 1:
		return math.Floor(args[0]), nil
	case name.Name == "ceil" && len(args) == 1:
		return math.Ceil(args[0]), nil
	case name.Name == "min" || name.Name == "max":
		v := args[0]
		for _, arg := range args[1:] {
			if (arg < v) == (name.Name == "min") {
				v = arg
			}
		}
		return v, nil
	}
	return 0, errors.New("functions of a formula are floor(x), ceil(x), min(x, ...) and max(x, ...)")
}
