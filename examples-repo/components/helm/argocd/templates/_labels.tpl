{{/* Argo CD finds its own objects by the second label. */}}
{{- define "argocd.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: argocd
{{- end }}
