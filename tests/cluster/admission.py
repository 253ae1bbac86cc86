"""What an API server refuses or fills in besides the schema: names, namespaces, what may not change, what must fit together."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

from cluster.kinds import Kind, faults

if TYPE_CHECKING:
    from cluster.store import Store

_LIMIT = 1024 * 1024  # bytes of a Secret or ConfigMap
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_LABEL_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?", re.ASCII)
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}", re.ASCII)
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?([KMGTPE]i|[mkMGTPE]|e[0-9]+)?", re.ASCII)
_VARIABLE = re.compile(r"[ -<>-~]+", re.ASCII)  # since Kubernetes 1.32 everything printable but =


class RefusedError(Exception):
    """The server refuses a request: HTTP status, reason, message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


def admitted(store: Store, kind: Kind, made: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """Return the object as it is stored; raises RefusedError with everything that is wrong with it."""
    metadata = made["metadata"]
    problems = faults(kind, made)
    if problems:
        raise _invalid(kind, metadata.get("name", ""), problems)
    if kind.namespaced and store.get("namespaces", "", metadata["namespace"]) is None:
        raise RefusedError(404, "NotFound", f'namespaces "{metadata["namespace"]}" not found')
    problems = _names(kind, metadata)
    match kind.kind:
        case "Secret" | "ConfigMap":
            problems += _data(made)
        case "Service":
            made["spec"].setdefault("clusterIP", f"10.96.0.{len(list(store.all('services'))) + 1}")
        case "PersistentVolumeClaim":
            problems += _claim(store, made)
        case "PersistentVolume":
            problems += _quantity("spec.capacity.storage", made["spec"]["capacity"]["storage"])
        case "Pod":
            problems += _pod(made["spec"], "spec")
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            problems += _workload(made)
    if old is not None:
        problems += _unchanged(kind, old, made)
    if problems:
        raise _invalid(kind, metadata["name"], problems)
    return made


def _invalid(kind: Kind, name: str, problems: list[str]) -> RefusedError:
    return RefusedError(422, "Invalid", f'{kind.kind} "{name}" is invalid: {"; ".join(problems)}')


def _names(kind: Kind, metadata: dict[str, Any]) -> list[str]:
    name, length, pattern = metadata["name"], 253, _NAME
    if kind.kind in ("Namespace", "Service"):
        length, pattern = 63, _LABEL_NAME
    if kind.group == "rbac.authorization.k8s.io":
        problems = [f"metadata.name: {name!r}"] if "/" in name or name in (".", "..") else []
    else:
        problems = (
            [] if pattern.fullmatch(name) and len(name) <= length else [f"metadata.name: Invalid value: {name!r}"]
        )
    problems += [
        f"metadata.labels: Invalid value: {value!r}"
        for value in (metadata.get("labels") or {}).values()
        if not _LABEL.fullmatch(value)
    ]
    return problems


def _data(made: dict[str, Any]) -> list[str]:
    """Check and complete a Secret or ConfigMap: `stringData` becomes `data`."""
    if made["kind"] == "Secret":
        made["type"] = made.get("type") or "Opaque"
        data = made.setdefault("data", {}) or {}
        for key, value in (made.pop("stringData", None) or {}).items():
            data[key] = base64.b64encode(value.encode()).decode()
        made["data"] = data
        coded = [*data.items()]
    else:
        coded = [*(made.get("binaryData") or {}).items()]
    problems = []
    for key, value in coded:
        try:
            base64.b64decode(value or "", validate=True)
        except binascii.Error:
            problems.append(f"data[{key}]: illegal base64 data")
    keys = [*(made.get("data") or {}), *(made.get("binaryData") or {})]
    problems += [f"data[{key}]: Invalid value" for key in keys if not _KEY.fullmatch(key)]
    problems += [f"data[{key}]: stands in data and binaryData" for key in set(keys) if keys.count(key) > 1]
    if len(json.dumps([made.get("data"), made.get("binaryData")])) > _LIMIT * 4 // 3:
        problems.append("data: Too long: may not be more than 1048576 bytes")
    if made.get("type") == "kubernetes.io/tls":
        problems += [f"data[{key}]: Required value" for key in ("tls.crt", "tls.key") if key not in made["data"]]
    return problems


def _claim(store: Store, made: dict[str, Any]) -> list[str]:
    spec = made["spec"]
    if "storageClassName" not in spec:
        default = "storageclass.kubernetes.io/is-default-class"
        for one in store.all("storageclasses"):
            if (one["metadata"].get("annotations") or {}).get(default) == "true":
                spec["storageClassName"] = one["metadata"]["name"]
    if not spec.get("accessModes"):
        return ["spec.accessModes: Required value"]
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    return _quantity("spec.resources.requests.storage", size) if size else ["spec.resources.requests.storage: Required"]


def _quantity(path: str, value: Any) -> list[str]:
    return [] if _QUANTITY.fullmatch(str(value)) else [f"{path}: Invalid value: {value!r}"]


def _workload(made: dict[str, Any]) -> list[str]:
    spec, template = made["spec"], made["spec"]["template"]
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    problems = [] if wanted.items() <= labels.items() else ["spec.selector: does not match the labels of the template"]
    return problems + _pod(template["spec"], "spec.template.spec")


def _pod(spec: dict[str, Any], path: str) -> list[str]:
    """Check what hangs together in a pod: mounts and volumes, names and paths that come once."""
    volumes = [one["name"] for one in spec.get("volumes") or []]
    problems = [f"{path}.volumes: Duplicate value: {name!r}" for name in set(volumes) if volumes.count(name) > 1]
    problems += [f"{path}.volumes: Invalid name: {name!r}" for name in volumes if not _short(name)]
    for one in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        mounts = one.get("volumeMounts") or []
        paths = [mount["mountPath"] for mount in mounts]
        problems += [f"{path}.volumeMounts: must be unique: {one!r}" for one in set(paths) if paths.count(one) > 1]
        problems += [f"{path}.volumeMounts: Not found: {m['name']!r}" for m in mounts if m["name"] not in volumes]
        problems += [f"{path}.volumeMounts: must not contain ':': {one!r}" for one in paths if ":" in one]
        names = [item["name"] for item in one.get("env") or []]
        problems += [f"{path}.env: Invalid name: {name!r}" for name in names if not _VARIABLE.fullmatch(name)]
        ports = [item.get("name") for item in one.get("ports") or [] if item.get("name")]
        problems += [f"{path}.ports: Duplicate value: {name!r}" for name in set(ports) if ports.count(name) > 1]
    return problems


def _short(name: str) -> bool:
    return bool(_LABEL_NAME.fullmatch(name)) and len(name) <= 63


_FIXED = {
    "Secret": ("type",),
    "Deployment": ("spec.selector",),
    "Job": ("spec.selector", "spec.template"),
    "PersistentVolume": ("spec.nfs",),
    "PersistentVolumeClaim": ("spec.storageClassName", "spec.accessModes", "spec.volumeMode", "spec.selector"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Pod": ("spec.containers", "spec.volumes"),
}


def _unchanged(kind: Kind, old: dict[str, Any], made: dict[str, Any]) -> list[str]:
    """Name what Kubernetes lets nobody change."""
    return [f"{path}: field is immutable" for path in _FIXED.get(kind.kind, ()) if _at(old, path) != _at(made, path)]


def _at(node: Any, path: str) -> Any:
    for part in path.split("."):
        node = (node or {}).get(part)
    return node
