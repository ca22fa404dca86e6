package argoevents

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Knetic/govaluate"
	"github.com/antonmedv/expr/parser"
)

// An EventSource and a Sensor filter events by expressions of two languages. An event for which the expression fails is discarded, and
// the controller parses neither. The versions of both parsers are those in the go.mod of Argo Events v1.9.11.

// maxExpression is the length from which expressions are not parsed: both parsers are recursive.
const maxExpression = 16 << 10

// CheckSourceFilter returns the error with which every event fails at the filter of an event: filterEvent in
// pkg/eventsources/eventing.go and pkg/shared/expr/eval.go. Variables are unknown, because events may have any.
func CheckSourceFilter(expression string) error {
	return check(expression, func() error {
		_, err := parser.Parse(expression)
		return err
	})
}

// CheckSensorFilter returns the error with which every event fails at one of the exprs of a dependency: filterExpr in
// pkg/sensors/dependencies/filter.go. fields are the names of its fields.
func CheckSensorFilter(expression string, fields []string) error {
	return check(expression, func() error {
		e, err := govaluate.NewEvaluableExpression(expression)
		if err != nil || mayPassWithoutAll(e) {
			return err
		}
		for _, name := range e.Vars() {
			if !slices.Contains(fields, name) {
				return fmt.Errorf("no field has the name %s", name)
			}
		}
		return nil
	})
}

// mayPassWithoutAll reports whether an expression may be true without the value of each variable: the second operand of an operator
// may be left out.
func mayPassWithoutAll(e *govaluate.EvaluableExpression) bool {
	return slices.ContainsFunc(e.Tokens(), func(t govaluate.ExpressionToken) bool {
		return t.Kind == govaluate.LOGICALOP || t.Kind == govaluate.TERNARY
	})
}

// check calls parse. The pods end with a panic of a parser, and holdfast does not.
func check(expression string, parse func() error) (err error) {
	if len(expression) > maxExpression {
		return nil
	}
	defer func() {
		if recover() != nil {
			err = errors.New("the parser ends with a panic")
		}
		if err != nil {
			line, _, _ := strings.Cut(err.Error(), "\n")
			err = errors.New(line)
		}
	}()
	return parse()
}
