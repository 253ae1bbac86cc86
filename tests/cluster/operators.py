"""What operators do in a cluster: External Secrets make Secrets of a store's entries, Sealed Secrets unseal theirs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from cluster.kinds import KINDS

if TYPE_CHECKING:
    from cluster.store import Store

_BY_KIND = {one.kind: one for one in KINDS}
_NOW = "2026-01-01T00:00:00Z"


def settle(store: Store) -> None:
    """Make the Secrets that can be made, and say of each whether it was."""
    for one in list(store.all("externalsecrets")):
        _external(store, one)
    for one in list(store.all("sealedsecrets")):
        data = {key: _unsealed(value) for key, value in one["spec"]["encryptedData"].items()}
        metadata, kind = one["metadata"], one["spec"].get("template", {}).get("type", "Opaque")
        _make(store, one, metadata["name"], kind, data)
        _say(store, one, "Synced", True)


def _external(store: Store, made: dict[str, Any]) -> None:
    """Take each key from the property of an entry; where one lacks, no Secret is made."""
    spec = made["spec"]
    reference = spec["secretStoreRef"]
    entries = store.vaults.get(f"{reference.get('kind', 'SecretStore')}/{reference['name']}", {})
    found = {
        item["secretKey"]: entries.get(item["remoteRef"]["key"], {}).get(item["remoteRef"]["property"])
        for item in spec["data"]
    }
    data = {key: base64.b64encode(value).decode() for key, value in found.items() if value is not None}
    complete = len(data) == len(found)
    if complete:
        _make(store, made, spec["target"]["name"], spec["target"].get("template", {}).get("type", "Opaque"), data)
    _say(store, made, "Ready", complete)


def _make(store: Store, owner: dict[str, Any], name: str, kind: str, data: dict[str, str]) -> None:
    metadata = owner["metadata"]
    old = store.get("secrets", metadata["namespace"], name) or {"metadata": {}}
    reference = {"kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"], "apiVersion": "v1"}
    head = {**old["metadata"], "name": name, "namespace": metadata["namespace"], "ownerReferences": [reference]}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": head, "type": kind, "data": data}
    store.put(_BY_KIND["Secret"], made)


def _say(store: Store, made: dict[str, Any], condition: str, done: bool) -> None:
    condition_ = {"type": condition, "status": str(done), "lastTransitionTime": _NOW}
    status = {**made.get("status", {}), "conditions": [condition_]}
    store.put(_BY_KIND[made["kind"]], {**made, "status": status}, changed=False)


def _unsealed(value: str) -> str:
    """Return what the stand-in for kubeseal has sealed: base64 between its own brackets."""
    assert value.startswith("sealed(")
    return value[7:-1]
