{{/* What never changes for a release: selectors are immutable. */}}
{{- define "pipeline.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pipeline.labels" -}}
{{ include "pipeline.selector" . }}
app.kubernetes.io/version: {{ .Values.image | splitList ":" | last | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
