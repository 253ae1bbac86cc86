"""The kinds that operators bring: as much of their definitions as this program writes, and nothing else is taken.

Facts from external-secrets/external-secrets (config/crds/bases/external-secrets.io_externalsecrets.yaml) and
bitnami-labs/sealed-secrets (helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml): field names, patterns, what is
required. `GCFG2HELM_CRDS`, a folder with those files, has a test compare.
"""

from __future__ import annotations

from typing import Any

_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_TEXT = {"type": "string"}


def _map(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def _whole(spec: dict[str, Any]) -> dict[str, Any]:
    head: dict[str, Any] = {"apiVersion": _TEXT, "kind": _TEXT, "metadata": {"type": "object"}}
    return _map({**head, "spec": spec, "status": {"type": "object"}}, "apiVersion", "kind", "metadata", "spec")


_EXTERNAL = _map(
    {
        "refreshInterval": _TEXT,
        "secretStoreRef": _map(
            {
                "kind": {"type": "string", "enum": ["SecretStore", "ClusterSecretStore"]},
                "name": {"type": "string", "pattern": _NAME},
            }
        ),
        "target": _map({"name": {"type": "string", "pattern": _NAME}, "template": _map({"type": _TEXT})}),
        "data": {
            "type": "array",
            "items": _map(
                {
                    "secretKey": {"type": "string", "pattern": "^[-._a-zA-Z0-9]+$"},
                    "remoteRef": _map({"key": _TEXT, "property": _TEXT}, "key"),
                },
                "remoteRef",
                "secretKey",
            ),
        },
    }
)
_SEALED = _map(
    {
        "encryptedData": {"type": "object", "additionalProperties": _TEXT},
        "template": _map({"metadata": {"type": "object"}, "type": _TEXT}),
    },
    "encryptedData",
)
SCHEMAS = {"ExternalSecret": _whole(_EXTERNAL), "SealedSecret": _whole(_SEALED)}
