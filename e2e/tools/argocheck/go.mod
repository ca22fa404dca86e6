// Apart from e2e/go.mod: the validators pull in every client that an event source may need, and have to be built with
// the versions that argo-events was built with.
module github.com/holdfast-ha/holdfast/e2e/tools/argocheck

go 1.26.0

require github.com/argoproj/argo-events v1.9.11
