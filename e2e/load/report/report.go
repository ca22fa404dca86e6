// Package report has what the load generator says about the system that it loads.
package report

// Reports are about one window of time: the events posted to the webhook, and the messages published to the bus.
type Reports struct {
	Webhook Report `json:"webhook"`
	Bus     Report `json:"bus"`
}

// Report says what became of the events that were sent in a window of time. Durations are in seconds.
type Report struct {
	Sent int `json:"sent"`
	// Acked were acknowledged, Failed were refused or not answered in time; the rest is under way.
	Acked  int `json:"acked"`
	Failed int `json:"failed"`
	// Lost were acknowledged and have not arrived.
	Lost int `json:"lost"`
	// Duplicated arrived more than once.
	Duplicated int `json:"duplicated"`
	// AckGap and ArrivalGap are the longest times without an acknowledgement and without an arrival, from the begin of the window until
	// the report.
	AckGap     float64 `json:"ackGap"`
	ArrivalGap float64 `json:"arrivalGap"`
	// LastFailed is how long after the window's begin the last event was sent that failed; 0 if none did.
	LastFailed float64 `json:"lastFailed"`
}

// Stream is how the bus keeps a stream: the server that leads it, and whether all of its replicas have all of it.
type Stream struct {
	Name     string `json:"name"`
	Leader   string `json:"leader"`
	Replicas int    `json:"replicas"`
	Current  bool   `json:"current"`
}

// Add is the report of two windows: counts are added, of gaps the longer counts.
func (r Report) Add(o Report) Report {
	return Report{
		Sent: r.Sent + o.Sent, Acked: r.Acked + o.Acked, Failed: r.Failed + o.Failed, Lost: r.Lost + o.Lost, Duplicated: r.Duplicated + o.Duplicated,
		AckGap: max(r.AckGap, o.AckGap), ArrivalGap: max(r.ArrivalGap, o.ArrivalGap), LastFailed: max(r.LastFailed, o.LastFailed),
	}
}
