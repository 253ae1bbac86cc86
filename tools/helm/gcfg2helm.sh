#!/bin/sh
# Runs the installed gcfg2helm with what Helm says as defaults: an option, a GCFG2HELM_* variable or (for all but the
# namespace) gcfg2helm.toml still wins. Helm says `default` where nobody named a namespace, so that counts as none.
set -eu
if [ -z "${GCFG2HELM_NAMESPACE:-}" ] && [ "${HELM_NAMESPACE:-default}" != default ]; then
    export GCFG2HELM_NAMESPACE="$HELM_NAMESPACE"
fi
if [ -z "${GCFG2HELM_HELM:-}" ] && [ -n "${HELM_BIN:-}" ]; then
    export GCFG2HELM_HELM="$HELM_BIN"
fi
if command -v gcfg2helm >/dev/null; then
    exec gcfg2helm "$@"
fi
here=$(CDPATH='' cd -- "$HELM_PLUGIN_DIR" && pwd -P)
if [ -x "$here/../../.venv/bin/gcfg2helm" ]; then
    exec "$here/../../.venv/bin/gcfg2helm" "$@"
fi
echo "gcfg2helm is not installed. From a checkout: pipx install $here/../.." >&2
exit 127
