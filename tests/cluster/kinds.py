"""What the double serves: kinds with their names, and Kubernetes' schemas of them as `kubernetes-validate` ships them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import jsonschema
import referencing

from cluster import custom

_VERSION = "v1.32.0-local-strict"
_REFERENCES = "/api/_definitions.json"


class Kind(NamedTuple):
    """One kind of object, and how its URL is made."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version


KINDS = (
    Kind("", "v1", "Namespace", "namespaces", False, ("ns",)),
    Kind("", "v1", "Node", "nodes", False, ("no",)),
    Kind("", "v1", "PersistentVolume", "persistentvolumes", False, ("pv",)),
    Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", True, ("pvc",)),
    Kind("", "v1", "Pod", "pods", True, ("po",)),
    Kind("", "v1", "Secret", "secrets"),
    Kind("", "v1", "ConfigMap", "configmaps", True, ("cm",)),
    Kind("", "v1", "Service", "services", True, ("svc",)),
    Kind("", "v1", "ServiceAccount", "serviceaccounts", True, ("sa",)),
    Kind("", "v1", "Event", "events", True, ("ev",)),
    Kind("apps", "v1", "Deployment", "deployments", True, ("deploy",)),
    Kind("apps", "v1", "ReplicaSet", "replicasets", True, ("rs",)),
    Kind("apps", "v1", "StatefulSet", "statefulsets", True, ("sts",)),
    Kind("apps", "v1", "DaemonSet", "daemonsets", True, ("ds",)),
    Kind("batch", "v1", "Job", "jobs"),
    Kind("batch", "v1", "CronJob", "cronjobs", True, ("cj",)),
    Kind("networking.k8s.io", "v1", "Ingress", "ingresses", True, ("ing",)),
    Kind("networking.k8s.io", "v1", "IngressClass", "ingressclasses", False),
    Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", True, ("netpol",)),
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", True, ("pdb",)),
    Kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False),
    Kind("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", False),
    Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", False, ("sc",)),
    Kind("external-secrets.io", "v1", "ExternalSecret", "externalsecrets", True, ("es",)),
    Kind("bitnami.com", "v1alpha1", "SealedSecret", "sealedsecrets"),
)


@cache
def _definitions() -> dict[str, Any]:
    return _read("_definitions.json")["$defs"]  # type: ignore[no-any-return]


@cache
def _registry() -> Any:
    resource = referencing.Resource.from_contents(_read("_definitions.json"))
    return referencing.Registry().with_resource(_REFERENCES, resource)


@cache
def _validator(kind: Kind) -> Any:
    return jsonschema.Draft202012Validator(schema(kind), registry=_registry())


def _read(name: str) -> Any:
    path = files("kubernetes_validate") / "kubernetes-json-schema" / _VERSION / name
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def schema(kind: Kind) -> dict[str, Any]:
    """Return the schema of a kind."""
    if kind.kind in custom.SCHEMAS:
        return custom.SCHEMAS[kind.kind]
    group = kind.group.partition(".")[0]
    return _read(f"{kind.kind.lower()}{f'-{group}' if group else ''}-{kind.version}.json")  # type: ignore[no-any-return]


def faults(kind: Kind, made: dict[str, Any]) -> list[str]:
    """Return what Kubernetes refuses of an object, unknown fields included; empty where it takes it."""
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in _validator(kind).iter_errors(made)]


def resolved(node: Any) -> dict[str, Any]:
    """Return a schema behind its reference, with what is beside the reference."""
    if not isinstance(node, dict):
        return {}
    reference = node.get("$ref", "")
    return {**_definitions()[reference.rpartition("/")[2]], **node} if reference else node
