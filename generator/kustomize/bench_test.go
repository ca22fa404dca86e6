package kustomize_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/holdfast-ha/holdfast/generator/kustomize"
)

// BenchmarkFiles writes a base and a component in which every object differs. The time per object must not grow with their number.
func BenchmarkFiles(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			base, other := map[string]any{}, map[string]any{}
			for i := range n {
				name := fmt.Sprintf("a-%d", i)
				base[name], other[name] = randomObject(random, "example.org/v1 Thing", name), randomObject(random, "example.org/v1 Thing", name)
			}
			s := systemOf(b, base, other)
			for b.Loop() {
				if _, err := kustomize.Files(s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/object")
		})
	}
}
