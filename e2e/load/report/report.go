// Package report defines the reports of the load generator.
package report

// Reports cover one window of time: events posted to the webhook, and messages published to the bus.
type Reports struct {
	Webhook Report `json:"webhook"`
	Bus     Report `json:"bus"`
}

// Report counts the events sent in a window of time. Durations are in seconds.
type Report struct {
	Sent int `json:"sent"`
	// Acked were acknowledged, Failed were refused or not answered in time. The others have no answer yet.
	Acked  int `json:"acked"`
	Failed int `json:"failed"`
	// Lost were acknowledged and have not arrived.
	Lost int `json:"lost"`
	// Duplicated arrived more than once.
	Duplicated int `json:"duplicated"`
	// AckGap and ArrivalGap are the longest times without an acknowledgement and without an arrival, from the begin of the window to the
	// time of the report.
	AckGap     float64 `json:"ackGap"`
	ArrivalGap float64 `json:"arrivalGap"`
	// LastFailed is when the last failed event was sent, from the begin of the window; 0 if none failed.
	LastFailed float64 `json:"lastFailed"`
}

// Stream is the state of a stream: the server that leads it, and whether all of its replicas are complete.
type Stream struct {
	Name     string `json:"name"`
	Leader   string `json:"leader"`
	Replicas int    `json:"replicas"`
	Current  bool   `json:"current"`
}

// Add combines the reports of two windows: the sums of counts, and the longer gaps.
func (r Report) Add(o Report) Report {
	return Report{
		Sent: r.Sent + o.Sent, Acked: r.Acked + o.Acked, Failed: r.Failed + o.Failed, Lost: r.Lost + o.Lost, Duplicated: r.Duplicated + o.Duplicated,
		AckGap: max(r.AckGap, o.AckGap), ArrivalGap: max(r.ArrivalGap, o.ArrivalGap), LastFailed: max(r.LastFailed, o.LastFailed),
	}
}
