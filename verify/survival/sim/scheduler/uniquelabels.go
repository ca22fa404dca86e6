package scheduler

// uniqueLabels finds the labels whose value is unique to each node that has them, such as the host name. As a topology
// key such a label makes each node a domain of its own.
type uniqueLabels struct {
	// holders counts the nodes by key and value; shared counts the values that several nodes have, by key.
	holders map[string]map[string]int
	shared  map[string]int
}

func newUniqueLabels() *uniqueLabels {
	return &uniqueLabels{holders: map[string]map[string]int{}, shared: map[string]int{}}
}

// unique reports whether several nodes have a label, and no two of them the same value.
func (u *uniqueLabels) unique(key string) bool { return u.shared[key] == 0 && len(u.holders[key]) > 1 }

// replace counts the labels of a node instead of those that it had before. It reports whether other labels are unique now.
func (u *uniqueLabels) replace(before, now map[string]string) (changed bool) {
	count := func(key, value string, by int) {
		was := u.unique(key)
		values := u.holders[key]
		if values == nil {
			values = map[string]int{}
			u.holders[key] = values
		}
		several := values[value] > 1
		if values[value] += by; values[value] == 0 {
			delete(values, value)
		}
		switch {
		case !several && values[value] > 1:
			u.shared[key]++
		case several && values[value] <= 1:
			u.shared[key]--
		}
		changed = changed || was != u.unique(key)
	}
	for key, value := range before {
		if same, ok := now[key]; !ok || same != value {
			count(key, value, -1)
		}
	}
	for key, value := range now {
		if same, ok := before[key]; !ok || same != value {
			count(key, value, 1)
		}
	}
	return changed
}
