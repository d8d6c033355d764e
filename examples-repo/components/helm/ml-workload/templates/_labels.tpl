{{/* What never changes for a release: selectors are immutable. */}}
{{- define "ml-workload.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ml-workload.labels" -}}
{{ include "ml-workload.selector" . }}
app.kubernetes.io/version: {{ .Values.model.version | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
