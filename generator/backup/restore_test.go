package backup

import (
	"strings"
	"testing"
)

// TestLosses: a restore is refused exactly if it would delete messages of the bus, or cut off messages of the backup.
func TestLosses(t *testing.T) {
	backup := saved{config: config{Name: "default"}, state: state{Messages: 10, Bytes: 1000, LastSeq: 20}}
	for name, c := range map[string]struct {
		target  target
		replace bool
		want    []string
	}{
		"no stream":                        {target: target{config: backup.config}},
		"empty stream":                     {target: target{exists: true}},
		"stream with events":               {target: target{exists: true, state: state{Messages: 1, LastSeq: 1}}, want: []string{"exists, with 1 messages up to sequence 1: pass --replace"}},
		"purged stream":                    {target: target{exists: true, state: state{LastSeq: 7}}, want: []string{"exists, with 0 messages up to sequence 7: pass --replace"}},
		"stream with events, on demand":    {target: target{exists: true, state: state{Messages: 1, LastSeq: 1}}, replace: true},
		"connected sensor":                 {target: target{exists: true, clients: []string{"group-1"}}, replace: true, want: []string{"consumer group-1 of stream default has a client"}},
		"limits that suffice":              {target: target{config: config{MaxMsgs: 10, MaxBytes: 1000}}},
		"no limits":                        {target: target{config: config{MaxMsgs: -1, MaxBytes: -1}}},
		"limits too low":                   {target: target{config: config{MaxMsgs: 9, MaxBytes: 999}}, want: []string{"9 messages at most, and the backup has 10", "999 bytes at most, and the backup has 1000"}},
		"limits too low, also with events": {target: target{exists: true, config: config{MaxMsgs: 9}, state: state{LastSeq: 1}}, want: []string{"pass --replace", "9 messages at most"}},
		"limits too low, on demand":        {target: target{config: config{MaxMsgs: 9}}, replace: true, want: []string{"9 messages at most"}},
	} {
		c.target.saved = backup
		got := c.target.losses(c.replace)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: got %q, want %q", name, got[i], want)
			}
		}
	}
}

// TestReached: a consumer of the backup may be later, but neither earlier nor missing.
func TestReached(t *testing.T) {
	for acknowledged, want := range map[uint64]string{9: "consumer sensor is at sequence 9 instead of 10", 10: "", 11: ""} {
		err := reached([]Consumer{{Name: "other"}, {Name: "sensor", Acknowledged: acknowledged}}, Consumer{Name: "sensor", Acknowledged: 10})
		if want == "" != (err == nil) || err != nil && err.Error() != want {
			t.Errorf("at %d: got %v, want %q", acknowledged, err, want)
		}
	}
	if err := reached(nil, Consumer{Name: "sensor"}); err == nil || err.Error() != "consumer sensor is missing" {
		t.Errorf("got %v", err)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 3 << 20: "3.0 MiB", 5 << 40: "5.0 TiB", 5 << 50: "5120.0 TiB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: got %s, want %s", bytes, got, want)
		}
	}
}
