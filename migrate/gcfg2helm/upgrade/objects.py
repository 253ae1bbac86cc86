"""The objects of the cluster in both renderings: what cannot be changed in place, what would lose data, who is reached how.

The model knows the objects that hold data or have an address; real Helm, where both charts are at hand, all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gcfg2helm import chart as charts
from gcfg2helm.chart import managed
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.merge import brief
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.values.tree import Path, Tree

_CLAIM = "PersistentVolumeClaim"
# Fields that Kubernetes refuses to change in an object that exists. Source: the validation of the Kubernetes API
# (`field is immutable`), kubernetes.io/docs for each kind.
_IMMUTABLE: Mapping[str, tuple[Path, ...]] = {
    "Deployment": (("spec", "selector"),),
    "StatefulSet": (("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template")),
    _CLAIM: (
        ("spec", "accessModes"), ("spec", "storageClassName"), ("spec", "volumeName"), ("spec", "volumeMode"),
        ("spec", "selector"), ("spec", "dataSource"),
    ),
    "PersistentVolume": tuple(("spec", name) for name in ("nfs", "csi", "hostPath", "azureFile", "volumeMode")),
    "Service": (("spec", "clusterIP"),),
    "Secret": (("type",),),
    "RoleBinding": (("roleRef",),),
    "ClusterRoleBinding": (("roleRef",),),
    "StorageClass": (("provisioner",), ("parameters",), ("reclaimPolicy",), ("volumeBindingMode",)),
}  # fmt: skip
# What may come and go: nobody outside the release depends on it.
_OWN = frozenset({"ConfigMap", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "PodDisruptionBudget"})
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


# the model -------------------------------------------------------------------------------------------------------------


def modelled(chart: Chart, given: dict[str, Tree], release: str, namespace: str) -> list[dict[str, Any]]:
    """Return the objects that the model knows, as far as an upgrade may not change them; `given` renders."""
    values = charts.merge(chart.defaults, given)
    name = managed.fullname(values, release)
    labels = {
        "app.kubernetes.io/name": str(values.get("nameOverride") or managed.NAME),
        "app.kubernetes.io/instance": release,
    }
    volumes, mounts = _storage(chart, values, name)
    pod = {"volumes": volumes, "containers": [{"name": "connect", "volumeMounts": mounts}]}
    deployment = {"selector": {"matchLabels": labels}, "template": {"spec": pod}}
    made = [
        _object("Deployment", name, namespace, deployment, "apps/v1"),
        _object("Service", name, namespace, _service(chart, values, labels)),
    ]
    if _at(values, "sharedStorage", "create"):
        made.append(_object(_CLAIM, _claim_name(values, name), namespace, _claim(chart, values)))
        made[-1]["metadata"]["annotations"] = _at(values, "sharedStorage", "annotations") or {}
    if _at(values, "ingress", "enabled"):
        made.append(_object("Ingress", name, namespace, {}, "networking.k8s.io/v1"))
    off_host = _at(values, "launcher", "enabled") or (
        chart.version >= charts.KUBERNETES_SINCE and _at(values, "backends", "kubernetes", "enabled")
    )
    if off_host and _at(values, "rbac", "create") and _at(values, "rbac", "serviceAccount", "create"):
        account = str(_at(values, "rbac", "serviceAccount", "name") or name)
        made.append(_object("ServiceAccount", account, namespace, {}))
    extra = values.get("extraObjects")
    made += [dict(one) for one in (extra if isinstance(extra, list) else []) if isinstance(one, dict)]
    return made


def _object(kind: str, name: str, namespace: str, spec: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _at(values: dict[str, Tree], *path: str) -> Any:
    value = find(values, path)
    return None if value is MISSING else value


def _claim_name(values: dict[str, Tree], name: str) -> str:
    return str(_at(values, "sharedStorage", "name") or f"{name}-shared-storage")


def _claim(chart: Chart, values: dict[str, Tree]) -> dict[str, Any]:
    storage = values.get("sharedStorage")
    spec: dict[str, Any] = {
        "accessModes": _at(values, "sharedStorage", "accessModes"),
        "volumeMode": "Filesystem",
        "resources": {"requests": {"storage": _at(values, "sharedStorage", "requests", "storage")}},
    }
    for key in ("storageClassName", "volumeName", "selector"):
        known = charts.knows(chart.version, ("sharedStorage", key))
        if known and isinstance(storage, dict) and storage.get(key):
            spec[key] = storage[key]
    return spec


def _storage(chart: Chart, values: dict[str, Tree], name: str) -> tuple[list[Any], list[Any]]:
    """Return the volumes and mounts of Connect's pod that come from claims."""
    volumes, mounts = [], []
    if _at(values, "sharedStorage", "create") or _at(values, "sharedStorage", "mount"):
        claim = {"claimName": _claim_name(values, name)}
        volumes.append({"name": "rstudio-connect-data", "persistentVolumeClaim": claim})
        mount = {"name": "rstudio-connect-data", "mountPath": _at(values, "sharedStorage", "path")}
        if charts.knows(chart.version, ("sharedStorage", "subPath")) and _at(values, "sharedStorage", "subPath"):
            mount["subPath"] = _at(values, "sharedStorage", "subPath")
        mounts.append(mount)
    own, where = _at(values, "pod", "volumes"), _at(values, "pod", "volumeMounts")
    return [*volumes, *(own if isinstance(own, list) else [])], [*mounts, *(where if isinstance(where, list) else [])]


def _service(chart: Chart, values: dict[str, Tree], labels: dict[str, str]) -> dict[str, Any]:
    service: dict[str, Any] = {"type": _at(values, "service", "type"), "selector": labels}
    if service["type"] == "ClusterIP" and charts.knows(chart.version, ("service", "clusterIP")):
        service |= {"clusterIP": address} if (address := _at(values, "service", "clusterIP")) else {}
    ports = [{"name": "http", "port": _at(values, "service", "port")}]
    if Version(0, 4, 2) <= chart.version < Version(0, 7, 0) and _at(values, "prometheusExporter", "enabled"):
        ports.append({"name": "metrics", "port": 9108})
    if chart.version >= Version(0, 7, 0) and _at(values, "prometheus", "enabled"):
        legacy = chart.version < Version(0, 8, 36) and _at(values, "prometheus", "legacy")
        ports.append({"name": "metrics", "port": 9108 if legacy else _at(values, "prometheus", "port")})
    return {**service, "ports": ports}


# the comparison --------------------------------------------------------------------------------------------------------


def compared(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]], namespace: str) -> Iterator[Finding]:
    """Yield what an upgrade from the one to the other objects would break, lose, or reach in another way."""
    olds, news = _by_name(before, namespace), _by_name(after, namespace)
    for key, old in olds.items():
        kind, _, name = key
        new = news.get(key)
        if new is None:
            yield from _gone(kind, name, old)
            continue
        yield from _fixed(kind, name, old, new)
        if old.get("apiVersion") != new.get("apiVersion"):
            what = f"{kind} {name} changes from {old.get('apiVersion')} to {new.get('apiVersion')}."
            yield finding("G2H806", what, "Check that the cluster serves it.")
        if kind == "Service":
            yield from _reached(name, old, new)
        if kind == "Deployment":
            yield from _mounted(old, new)
    for kind, _, name in news.keys() - olds.keys():
        if kind == _CLAIM:
            what = f"The upgrade creates the claim {name}."
            yield finding("G2H806", what, "Check that the pod does not mount it in place of today's data.")


def _by_name(objects: Sequence[dict[str, Any]], namespace: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {}
    for one in objects:
        place = str(_of(one, "metadata", "namespace") or namespace)
        found[str(one.get("kind")), place, str(_of(one, "metadata", "name"))] = one
    return found


def _gone(kind: str, name: str, old: dict[str, Any]) -> Iterator[Finding]:
    if kind in _OWN:
        return
    if kind in (_CLAIM, "PersistentVolume"):
        kept = _of(old, "metadata", "annotations", "helm.sh/resource-policy") == "keep"
        if kept:
            what = f"{kind} {name} leaves the release, and stays in the cluster: its resource policy is keep."
            yield finding("G2H806", what, "Check that the pod still mounts it.")
        else:
            what = f"{kind} {name} would be deleted with its data: the new values do not make it."
            todo = "Keep its name in the values, or annotate it first: helm.sh/resource-policy=keep."
            yield finding("G2H804", what, todo, path=("sharedStorage",))
        return
    yield finding("G2H806", f"The upgrade removes {kind} {name}.", "Check that nothing needs it.")


def _fixed(kind: str, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    for path in _IMMUTABLE.get(kind, ()):
        was, becomes = _of(old, *path), _of(new, *path)
        if was == becomes or (kind == "Service" and not was):
            continue
        what = f"{kind} {name}: {'.'.join(path)} was {_said(was)} and would be {_said(becomes)}; it cannot be changed."
        yield finding("G2H805", what, "Keep it as it is in the values.", path=_values_path(kind, path))
    if kind == _CLAIM:
        was, becomes = (_size(_of(one, "spec", "resources", "requests", "storage")) for one in (old, new))
        if was and becomes and becomes < was:
            what = f"The claim {name} would ask for less storage; a claim can only grow."
            yield finding("G2H805", what, "Keep the size.", path=("sharedStorage", "requests", "storage"))


def _values_path(kind: str, path: Path) -> Path:
    return ("sharedStorage", path[-1]) if kind == _CLAIM else ("service", path[-1]) if kind == "Service" else ()


def _reached(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    was, becomes = _of(old, "spec", "type"), _of(new, "spec", "type")
    if was != becomes:
        what = f"Service {name} was of type {_said(was)} and becomes {_said(becomes)}."
        yield finding("G2H806", what, "Clients of the old address must use the new one.", path=("service", "type"))  # fmt: skip
    for one in _of(old, "spec", "ports") or []:
        others = [port for port in _of(new, "spec", "ports") or [] if isinstance(port, dict)]
        if not isinstance(one, dict) or any(port.get("port") == one.get("port") for port in others):
            continue
        port = str(one.get("name") or one.get("port"))
        then = next((other.get("port") for other in others if other.get("name") == one.get("name")), None)
        what = f"Service {name}: the port {port} was {one.get('port')} and becomes {_said(then)}."
        yield finding("G2H806", what, "Change whatever uses it, such as the metrics.", path=("service",))


def _mounted(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Finding]:
    """Yield what the pod of Connect would mount from other claims than today."""
    was, becomes = _claims(old), _claims(new)
    for place, claim in was.items():
        if becomes.get(place) != claim:
            then = _shown(becomes[place]) if place in becomes else "nothing"
            what = f"The pod mounts {_shown(claim)} at {place} today, and would mount {then}."
            yield finding("G2H804", what, "Name today's claim in sharedStorage.name.", path=("sharedStorage", "name"))  # fmt: skip


def _claims(deployment: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return claim and folder by the place where the pod mounts them."""
    spec = _of(deployment, "spec", "template", "spec") or {}
    names = {
        str(one.get("name")): str(_of(one, "persistentVolumeClaim", "claimName"))
        for one in spec.get("volumes") or []
        if isinstance(one, dict) and _of(one, "persistentVolumeClaim", "claimName")
    }
    return {
        str(mount.get("mountPath")): (names[str(mount.get("name"))], str(mount.get("subPath") or ""))
        for container in spec.get("containers") or []
        if isinstance(container, dict)
        for mount in container.get("volumeMounts") or []
        if isinstance(mount, dict) and str(mount.get("name")) in names
    }


def _shown(claim: tuple[str, str]) -> str:
    return f"the claim {claim[0]}" + (f", folder {claim[1]}," if claim[1] else "")


def _of(tree: Any, *path: str) -> Any:
    value = find(tree, path)
    return None if value is MISSING else value


def _said(value: object) -> str:
    return "nothing" if value is None else brief(value)


def _size(value: object) -> float:
    """Return a quantity of Kubernetes in bytes; 0 where it is none."""
    text = str(value or "").strip()
    number = text.rstrip("kMGTPEi")
    try:
        return float(number) * _UNITS.get(text[len(number) :], 0)
    except ValueError:
        return 0.0
