package workload

// Reads tells whether objects of a kind are read, for the pods that they make or watch over: then what a controller makes of
// them says no more.
func Reads(group, kind string) bool { return readers[group+"/"+kind] != nil }
