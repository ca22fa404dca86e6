package report

// Internals that tests outside the package use: those need package verify, which imports this one.
type (
	Suites   = suites
	Testcase = testcase
)

// Address is address.
var Address = address
