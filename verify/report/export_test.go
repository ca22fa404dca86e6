package report

// Internals for the tests in package report_test, which import package verify.
type (
	Suites   = suites
	Testcase = testcase
)

// Address is address.
var Address = address
