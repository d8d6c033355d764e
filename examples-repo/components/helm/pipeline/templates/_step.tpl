{{- define "pipeline.step" -}}
- name: {{ .step.name }}
  image: {{ required "image" .root.Values.image }}
  args:
    {{- toYaml .step.args | nindent 4 }}
  env:
    - name: SOURCE_BUCKET
      value: {{ required "source" .root.Values.source | quote }}
    - name: WORK_FOLDER
      value: /work
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
  resources:
    {{- toYaml .root.Values.resources | nindent 4 }}
  volumeMounts:
    - name: work
      mountPath: /work
{{- end }}
