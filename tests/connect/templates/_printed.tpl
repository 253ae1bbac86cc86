{{- define "small.printed" }}
{{- range $section, $keys := . }}
[{{ $section }}]
{{- range $key, $value := $keys }}
{{- range (kindIs "slice" $value | ternary $value (list $value)) }}
{{ $key }} = {{ . }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}
