{{- define "fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}
{{- define "account" }}{{ default (include "fullname" .) .Values.rbac.serviceAccount.name }}{{ end }}
{{- define "content" -}}
{{- default .Release.Namespace (.Values.launcher.enabled | ternary .Values.launcher.namespace (dig "kubernetes" "namespace" "" (default dict .Values.backends))) -}}
{{- end }}
{{- define "claim" }}{{ default (printf "%s-shared-storage" (include "fullname" .)) .Values.sharedStorage.name }}{{ end }}
