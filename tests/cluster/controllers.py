"""What a cluster does with its objects: namespaces become active, claims bound, pods ready where nothing is missing."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from cluster import operators
from cluster.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.store import Store

_BY_PLURAL = {one.plural: one for one in KINDS}
_NOW = "2026-01-01T00:00:00Z"


def settle(store: Store) -> None:
    """Carry on until nothing changes any more."""
    before = -1
    while before != store.revision:
        before = store.revision
        for one in list(store.all("namespaces")):
            _namespace(store, one)
        for one in list(store.all("persistentvolumeclaims")):
            _claim(store, one)
        operators.settle(store)
        for one in list(store.all("deployments")):
            _deployment(store, one)
        for one in list(store.all("jobs")):
            _job(store, one)
        for one in list(store.all("pods")):
            _pod(store, one)


def _save(store: Store, plural: str, made: dict[str, Any], status: dict[str, Any]) -> None:
    store.put(_BY_PLURAL[plural], {**made, "status": {**made.get("status", {}), **status}}, changed=False)


def _namespace(store: Store, made: dict[str, Any]) -> None:
    name = made["metadata"]["name"]
    _save(store, "namespaces", made, {"phase": "Active"})
    if store.get("serviceaccounts", name, "default") is None:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        store.put(_BY_PLURAL["serviceaccounts"], account)


def _claim(store: Store, made: dict[str, Any]) -> None:
    """Bind a claim to the volume that it names, or to one of its class; else it stays pending."""
    spec, metadata = made["spec"], made["metadata"]
    volume = store.get("persistentvolumes", "", spec.get("volumeName", ""))
    if volume is not None:
        fits = volume["spec"].get("storageClassName", "") == spec.get("storageClassName", "")
        fits &= set(spec["accessModes"]) <= set(volume["spec"]["accessModes"])
        own = {"kind": "PersistentVolumeClaim", "namespace": metadata["namespace"], "name": metadata["name"]}
        if fits and volume["spec"].setdefault("claimRef", own) == own:
            _save(store, "persistentvolumes", volume, {"phase": "Bound"})
            _save(store, "persistentvolumeclaims", made, {"phase": "Bound", "capacity": volume["spec"]["capacity"]})
        else:
            _save(store, "persistentvolumeclaims", made, {"phase": "Pending"})
    elif store.get("storageclasses", "", spec.get("storageClassName", "")) and not spec.get("volumeName"):
        bound = {"phase": "Bound", "capacity": spec["resources"]["requests"]}
        _save(store, "persistentvolumeclaims", made, bound)
    elif made.get("status", {}).get("phase") != "Bound":
        _save(store, "persistentvolumeclaims", made, {"phase": "Pending"})


def _deployment(store: Store, made: dict[str, Any]) -> None:
    spec, metadata = made["spec"], made["metadata"]
    wanted = spec.get("replicas", 1)
    mark = hashlib.sha256(json.dumps(spec["template"], sort_keys=True).encode()).hexdigest()[:10]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"]}
    names = [f"{metadata['name']}-{mark}-{number}" for number in range(wanted)]
    for pod in list(store.all("pods", metadata["namespace"])):
        own = any(one["uid"] == metadata["uid"] for one in pod["metadata"].get("ownerReferences", []))
        if own and pod["metadata"]["name"] not in names:
            store.remove(_key(pod))
    for name in names:
        if store.get("pods", metadata["namespace"], name) is None:
            _start(store, spec["template"], name, metadata["namespace"], owner)
    pods = [store.get("pods", metadata["namespace"], name) or {} for name in names]
    ready = sum(is_ready(pod) for pod in pods)
    available = "True" if ready >= wanted else "False"
    counts = {"replicas": wanted, "updatedReplicas": wanted, "readyReplicas": ready, "availableReplicas": ready}
    conditions = [
        {"type": "Available", "status": available, "reason": "MinimumReplicasAvailable", "lastTransitionTime": _NOW},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "lastTransitionTime": _NOW},
    ]
    status = {"observedGeneration": metadata.get("generation", 1), **counts, "conditions": conditions}
    _save(store, "deployments", made, status)


def _start(store: Store, template: dict[str, Any], name: str, namespace: str, owner: dict[str, Any]) -> None:
    labels = (template.get("metadata") or {}).get("labels") or {}
    metadata = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [owner]}
    spec = {"serviceAccountName": "default", **{key: value for key, value in template["spec"].items() if value}}
    store.put(_BY_PLURAL["pods"], {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def _job(store: Store, made: dict[str, Any]) -> None:
    metadata = made["metadata"]
    name = f"{metadata['name']}-0"
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}
    if store.get("pods", metadata["namespace"], name) is None:
        _start(store, made["spec"]["template"], name, metadata["namespace"], owner)
    if is_ready(store.get("pods", metadata["namespace"], name) or {}):
        done = {"type": "Complete", "status": "True", "lastTransitionTime": _NOW}
        _save(store, "jobs", made, {"succeeded": 1, "conditions": [done]})


def _pod(store: Store, made: dict[str, Any]) -> None:
    if made.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return
    wanting = list(missing(store, made["spec"], made["metadata"]["namespace"]))
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": "; ".join(wanting)}}
    if not wanting:
        state = {"running": {"startedAt": _NOW}}
    status = "False" if wanting else "True"
    containers = [
        {"name": one["name"], "image": one.get("image", ""), "imageID": "", "ready": not wanting, "restartCount": 0, "state": state}
        for one in made["spec"]["containers"]
    ]  # fmt: skip
    conditions = [{"type": kind, "status": status, "lastTransitionTime": _NOW} for kind in ("Ready", "ContainersReady")]
    phase = "Pending" if wanting else "Running"
    _save(store, "pods", made, {"phase": phase, "conditions": conditions, "containerStatuses": containers})


def finished(store: Store, namespace: str, name: str, code: int) -> None:
    """Record that the program of a pod has ended."""
    made = store.get("pods", namespace, name)
    if made is None:
        return
    state = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "finishedAt": _NOW}}
    containers = [{**one, "ready": False, "state": state} for one in made["status"]["containerStatuses"]]
    phase = "Succeeded" if code == 0 else "Failed"
    ready = [{"type": "Ready", "status": "False", "reason": "PodCompleted", "lastTransitionTime": _NOW}]
    _save(store, "pods", made, {"phase": phase, "conditions": ready, "containerStatuses": containers})


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether a pod is ready."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def missing(store: Store, spec: dict[str, Any], namespace: str) -> Iterator[str]:
    """Yield what a pod refers to and the cluster does not have: objects, their keys, claims that are not bound."""
    account = spec.get("serviceAccountName") or "default"
    if store.get("serviceaccounts", namespace, account) is None:
        yield f'serviceaccount "{account}" not found'
    volumes = {one["name"]: one for one in spec.get("volumes") or []}
    for one in volumes.values():
        if secret := one.get("secret"):
            yield from _wanted(store, "secrets", namespace, secret["secretName"], secret)
        if config := one.get("configMap"):
            yield from _wanted(store, "configmaps", namespace, config.get("name", ""), config)
        if claim := one.get("persistentVolumeClaim"):
            found = store.get("persistentvolumeclaims", namespace, claim["claimName"])
            if found is None or found.get("status", {}).get("phase") != "Bound":
                yield f'persistentvolumeclaim "{claim["claimName"]}" not {"found" if found is None else "bound"}'
    for one in [*spec["containers"], *(spec.get("initContainers") or [])]:
        for item in one.get("env") or []:
            source = item.get("valueFrom") or {}
            for kind, plural in (("secretKeyRef", "secrets"), ("configMapKeyRef", "configmaps")):
                if part := source.get(kind):
                    wanted = {"items": [{"key": part["key"]}], "optional": part.get("optional")}
                    yield from _wanted(store, plural, namespace, part["name"], wanted)
        for mount in one.get("volumeMounts") or []:
            volume, key = volumes[mount["name"]], mount.get("subPath")
            if key and volume.get("secret"):
                yield from _wanted(
                    store, "secrets", namespace, volume["secret"]["secretName"], {"items": [{"key": key}]}
                )
            if key and volume.get("configMap") and not volume["configMap"].get("items"):
                yield from _wanted(
                    store, "configmaps", namespace, volume["configMap"]["name"], {"items": [{"key": key}]}
                )


def _wanted(store: Store, plural: str, namespace: str, name: str, source: dict[str, Any]) -> Iterator[str]:
    if source.get("optional"):
        return
    found = store.get(plural, namespace, name)
    if found is None:
        yield f'{plural.removesuffix("s")} "{name}" not found'
        return
    held = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
    for item in source.get("items") or []:
        if item["key"] not in held:
            yield f"couldn't find key {item['key']} in {plural.removesuffix('s')} {namespace}/{name}"


def _key(made: dict[str, Any]) -> Any:
    from cluster.store import Key

    return Key("pods", made["metadata"]["namespace"], made["metadata"]["name"])
