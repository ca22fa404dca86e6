package ha

// storage says what becomes of a disk when its pod goes for good.
func storage(q question) []Decision {
	if q.component.Storage == nil || q.component.Managed {
		return nil
	}
	return []Decision{{
		Key:    "persistentVolumeClaimRetentionPolicy",
		Value:  Map{"whenDeleted": "Retain", "whenScaled": "Retain"},
		Rule:   "Claims outlive their pods and the release.",
		Reason: "Data is deleted by people.",
		Source: "apps/v1 StatefulSet",
	}}
}
