{{- define "ml-workload.pod" -}}
metadata:
  labels:
    {{- include "ml-workload.labels" . | nindent 4 }}
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  # The group of nodes keeps away everything else.
  tolerations:
    - key: nvidia.com/gpu
      operator: Exists
      effect: NoSchedule
  {{- if eq .Values.mode "job" }}
  restartPolicy: Never
  {{- end }}
  containers:
    - name: model
      image: {{ required "image" .Values.image }}
      {{- with .Values.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      env:
        - name: MODEL
          {{- with .Values.model }}
          value: "{{ required "model.registry" .registry }}/{{ required "model.name" .name }}:{{ required "model.version" .version }}"
          {{- end }}
      {{- if eq .Values.mode "service" }}
      ports:
        - name: http
          containerPort: 8080
      readinessProbe:
        httpGet:
          path: /ready
          port: http
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      resources:
        requests:
          {{- toYaml .Values.resources.requests | nindent 10 }}
        limits:
          {{- toYaml .Values.resources.limits | nindent 10 }}
          nvidia.com/gpu: {{ .Values.gpus }}
      volumeMounts:
        - name: cache
          mountPath: /cache
  volumes:
    - name: cache
      emptyDir: {}
{{- end }}
