{{/*
The checks of checks.yaml. A check.KIND.NAME (list path value filled) prints a refusal for each fault of a value. filled reports whether
parameters of a trigger fill fields at runtime.
*/}}
[[- $checks := .OwnData "checks.yaml" ]]
[[- range $kind := list "structures" "eventSources" "triggers" ]]
[[- range $name, $structure := get $checks $kind ]]

{{- define "argo-events.check.[[ $kind ]].[[ $name ]]" }}
  {{- $path := index . 0 }}{{ $filled := index . 2 }}
  {{- range slice . 1 2 }}
[[- range get $structure "checks" | default list ]]
    {{- if [[ get . "if" ]] }}
      - {{ $path }}[[ with get . "key" ]].[[ . ]][[ end ]]: [[ get . "says" ]][[ with get . "of" ]] {{ [[ . ]] | default "" | quote }}[[ end ]]: [[ get . "do" ]]
    {{- end }}
[[- end ]]
[[- with get $structure "inline" ]]
    {{- include "argo-events.check.structures.[[ . ]]" (list $path . $filled) }}
[[- end ]]
[[- range $key, $of := get $structure "within" | default dict ]]
    {{- if kindIs "map" .[[ $key ]] }}{{ include "argo-events.check.structures.[[ $of ]]" (list (print $path ".[[ $key ]]") .[[ $key ]] $filled) }}{{ end }}
[[- end ]]
[[- range $key, $of := get $structure "each" | default dict ]]
    {{- range $i, $item := .[[ $key ]] }}{{ include "argo-events.check.structures.[[ $of ]]" (list (printf "%s.[[ $key ]][%d]" $path $i) $item $filled) }}{{ end }}
[[- end ]]
  {{- end }}
{{- end }}
[[- end ]]
[[- end ]]

{{/* isNoDuration: "true" for text that time.ParseDuration of Go refuses. */}}
{{- define "argo-events.isNoDuration" -}}
{{- if not (regexMatch "^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$" (toString .)) }}true{{ end }}
{{- end }}

{{/* isNoTimezone: "true" for a name that the IANA database of the image does not have. */}}
{{- define "argo-events.isNoTimezone" -}}
{{- $name := regexReplaceAll "^(posix|right)/" (toString .) "" }}
{{- if not (or (has $name (list "" "Local")) (and (not (contains " " $name)) (contains (printf " %s " $name) (include "argo-events.timezones" .)))) }}true{{ end }}
{{- end }}

{{/* isNoCron: empty for a schedule that the parser of five fields accepts: github.com/robfig/cron/v3 parser.go. */}}
{{- define "argo-events.isNoCron" -}}
  {{- $zone := regexFind "^(CRON_)?TZ=[^ ]* " . }}
  {{- $fields := regexSplit "\\s+" (trim (trimPrefix $zone .)) -1 }}
  {{- if or (not .) (and (regexMatch "^(CRON_)?TZ=" .) (not $zone)) (ne (len $fields) 5) }}true{{ end }}
  {{- if $zone }}{{ include "argo-events.isNoTimezone" (trim (regexReplaceAll "^[^=]*=" $zone "")) }}{{ end }}
  {{- $months := list "jan" "feb" "mar" "apr" "may" "jun" "jul" "aug" "sep" "oct" "nov" "dec" }}
  {{- $days := list "sun" "mon" "tue" "wed" "thu" "fri" "sat" }}
  {{- range $i, $of := list (list 0 59 list) (list 0 23 list) (list 1 31 list) (list 1 12 $months) (list 0 6 $days) }}
    {{- if lt $i (len $fields) }}{{ include "argo-events.isNoCronField" (prepend $of (index $fields $i)) }}{{ end }}
  {{- end }}
{{- end }}

{{/* isNoCronField (list field first last names): empty for a list of ranges. The names stand for the numbers from first on. */}}
{{- define "argo-events.isNoCronField" -}}
  {{- $field := index . 0 | lower }}{{ $first := index . 1 }}{{ $last := index . 2 }}
  {{- range $n, $name := index . 3 }}
    {{- $field = regexReplaceAll (printf "\\b%s\\b" $name) $field (toString (add $n $first)) }}
  {{- end }}
  {{- range splitList "," $field | compact }}
    {{- if not (regexMatch "^([*?](-[^/]*)?|[+]?[0-9]+(-[+]?[0-9]+)?)(/[+]?[0-9]+)?$" .) }}true
    {{- else }}{{ include "argo-events.isNoCronRange" (list . $first $last) }}{{ end }}
  {{- end }}
{{- end }}

{{/* isNoCronRange (list range first last): empty for a range from first to last, as low-high/step. */}}
{{- define "argo-events.isNoCronRange" -}}
  {{- $parts := index . 0 | splitList "/" }}{{ $ends := first $parts | splitList "-" }}
  {{- $low := index . 1 }}{{ $high := index . 2 }}
  {{- if not (has (first $ends) (list "*" "?")) }}
    {{- $low = first $ends | atoi }}
    {{- if or (gt (len $ends) 1) (eq (len $parts) 1) }}{{ $high = last $ends | atoi }}{{ end }}
  {{- end }}
  {{- if or (lt $low (index . 1)) (gt $high (index . 2)) (gt $low $high) (and (gt (len $parts) 1) (lt (last $parts | atoi) 1)) }}true{{ end }}
{{- end }}

{{/* timezones: the names of the IANA database, with a space around each. */}}
{{- define "argo-events.timezones" }} [[ .OwnText "timezones.txt" | trim | splitList "\n" | join " " ]] {{ end }}
