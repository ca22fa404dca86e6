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

{{/* isNoCron: "true" for a schedule that the parser of five fields refuses: github.com/robfig/cron/v3 parser.go. */}}
{{- define "argo-events.isNoCron" -}}
  {{- $zone := regexFind "^(CRON_)?TZ=[^ ]* " . }}
  {{- $bad := or (not .) (and (regexMatch "^(CRON_)?TZ=" .) (not $zone)) (and $zone (include "argo-events.isNoTimezone" (trim (regexReplaceAll "^[^=]*=" $zone "")))) }}
  {{- $fields := regexSplit "\\s+" (trim (trimPrefix $zone .)) -1 }}
  {{- if or $bad (ne (len $fields) 5) }}true{{ else }}
    {{- $first := list 0 0 1 1 0 }}{{ $last := list 59 23 31 12 6 }}
    {{- range $i, $field := $fields }}
      {{- $field = lower $field }}
      {{- range $n, $month := ternary (list "jan" "feb" "mar" "apr" "may" "jun" "jul" "aug" "sep" "oct" "nov" "dec") list (eq $i 3) }}
        {{- $field = regexReplaceAll (printf "\\b%s\\b" $month) $field (toString (add $n 1)) }}
      {{- end }}
      {{- range $n, $day := ternary (list "sun" "mon" "tue" "wed" "thu" "fri" "sat") list (eq $i 4) }}
        {{- $field = regexReplaceAll (printf "\\b%s\\b" $day) $field (toString $n) }}
      {{- end }}
      {{- range splitList "," $field | compact }}
        {{- if not (regexMatch "^([*?](-[^/]*)?|[+]?[0-9]+(-[+]?[0-9]+)?)(/[+]?[0-9]+)?$" .) }}{{ $bad = true }}{{ else }}
          {{- $parts := splitList "/" . }}{{ $range := splitList "-" (first $parts) }}
          {{- $low := index $first $i }}{{ $high := index $last $i }}
          {{- if not (has (first $range) (list "*" "?")) }}
            {{- $low = atoi (first $range) }}
            {{- if or (gt (len $range) 1) (eq (len $parts) 1) }}{{ $high = atoi (last $range) }}{{ end }}
          {{- end }}
          {{- if or (lt $low (index $first $i)) (gt $high (index $last $i)) (gt $low $high) (and (gt (len $parts) 1) (lt (atoi (last $parts)) 1)) }}{{ $bad = true }}{{ end }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- if $bad }}true{{ end }}
  {{- end }}
{{- end }}

{{/* timezones: the names of the IANA database, with a space around each. */}}
{{- define "argo-events.timezones" }} [[ .OwnText "timezones.txt" | trim | splitList "\n" | join " " ]] {{ end }}
