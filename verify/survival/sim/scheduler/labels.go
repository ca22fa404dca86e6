package scheduler

// ownLabels finds the labels that tell nodes apart: those of several nodes, of which no two have the same value. The
// hostname is one. As the key of a topology such a label makes each node a domain of its own.
type ownLabels struct {
	// holders counts the nodes by key and value; shared has the number of values that several nodes have.
	holders map[string]map[string]int
	shared  map[string]int
}

func newOwnLabels() *ownLabels {
	return &ownLabels{holders: map[string]map[string]int{}, shared: map[string]int{}}
}

// is tells whether a label tells nodes apart. One that only a single node has does not: all nodes that have it are equal
// in it.
func (o *ownLabels) is(key string) bool { return o.shared[key] == 0 && len(o.holders[key]) > 1 }

// replace counts the labels of one node instead of those that it had. It returns whether another set of labels tells
// nodes apart now.
func (o *ownLabels) replace(before, now map[string]string) (changed bool) {
	count := func(key, value string, by int) {
		was := o.is(key)
		values := o.holders[key]
		if values == nil {
			values = map[string]int{}
			o.holders[key] = values
		}
		several := values[value] > 1
		if values[value] += by; values[value] == 0 {
			delete(values, value)
		}
		switch {
		case !several && values[value] > 1:
			o.shared[key]++
		case several && values[value] <= 1:
			o.shared[key]--
		}
		changed = changed || was != o.is(key)
	}
	for key, value := range before {
		if same, is := now[key]; !is || same != value {
			count(key, value, -1)
		}
	}
	for key, value := range now {
		if same, is := before[key]; !is || same != value {
			count(key, value, 1)
		}
	}
	return changed
}
