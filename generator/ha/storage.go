package ha

// storage decides whether a disk outlives its pod.
func storage(in input) []Decision {
	if in.component.Storage == nil || in.component.Managed {
		return nil
	}
	return []Decision{{
		Key:    "persistentVolumeClaimRetentionPolicy",
		Value:  Map{"whenDeleted": "Retain", "whenScaled": "Retain"},
		Rule:   "PersistentVolumeClaims outlive their pods and the release.",
		Reason: "Data is deleted by a person, never by a rollout, a scale-down or an uninstall.",
		Source: "apps/v1 StatefulSet",
	}}
}
