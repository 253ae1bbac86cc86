"""Manifests of the admin's beside the chart's: those that take the place of one of its objects, or might."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart.template import truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import Secret
from gcfg2helm.proof.nodes import at, maps, replaced, unseen, visible
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree

_WHERE: Path = ("extraObjects",)
_LIST = "List"
# What the names of the chart's objects end in, behind its full name.
_OURS = {
    "ConfigMap": ("-config", "-prestart", "-templates", "-overrides", "-execution-environments", "-graphite"),
    "Secret": ("-license", "-license-file", "-nameservice-config"),
    "Deployment": ("",),
    "Service": ("",),
    "Ingress": ("",),
    "ServiceAccount": ("",),
    "Role": ("",),
    "RoleBinding": ("",),
    "PodDisruptionBudget": ("",),
    "ServiceMonitor": ("",),
    "PersistentVolumeClaim": ("-shared-storage",),
}
# Kinds that lie in the cluster and do nothing to a pod that does not name them. Others may: a webhook, a job, a policy.
_STILL = frozenset({
    "ConfigMap", "Secret", "Service", "Ingress", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
    "PersistentVolume", "PersistentVolumeClaim", "StorageClass", "NetworkPolicy", "PodDisruptionBudget", "ServiceMonitor",
    "PodMonitor", "PriorityClass", "Namespace", "Certificate", "Issuer", "ExternalSecret", "SecretStore", "SealedSecret",
    "PrometheusRule", "IngressClass", "Gateway", "HTTPRoute",
})  # fmt: skip


class _Object(NamedTuple):
    kind: str
    name: str
    namespace: str


def check(plan: Plan, values: Mapping[str, Tree], fullname: str) -> Iterator[Finding]:
    """Yield what is in `extraObjects` that makes an object of the chart's again, or does what nobody can see here."""
    found = values.get("extraObjects")
    items = list(_manifests(found))
    named = [_object(item) for item in items if isinstance(item, dict)]
    claim = str(at(values, ("sharedStorage", "name")) or "")
    ours = {(kind, fullname + end) for kind, ends in _OURS.items() for end in ends}
    if claim and truth(at(values, ("sharedStorage", "create"))):
        ours.add(("PersistentVolumeClaim", claim))
    account = at(values, ("rbac", "serviceAccount", "name"))
    if isinstance(account, str) and account and truth(at(values, ("rbac", "serviceAccount", "create"))):
        ours.add(("ServiceAccount", account))
    for one, count in Counter(one._replace(namespace="") for one in named).items():
        if count > 1:
            yield replaced(_WHERE, f"makes the {visible(one.kind)} {visible(one.name)} {count} times.")
    for item in items:
        if isinstance(item, Secret | str):
            yield unseen(_WHERE, "holds a manifest as text; which object it makes is not checked.")
            continue
        if not isinstance(item, dict):
            yield finding("G2H619", f"{dotted(_WHERE)} holds something that is not a manifest.", path=_WHERE)
            continue
        one = _object(item)
        if not one.kind or not one.name:
            yield finding("G2H619", f"{dotted(_WHERE)} holds a manifest without kind or name.", path=_WHERE)
        elif _templated(item):
            what = f"holds a template in the {visible(one.kind)} {visible(one.name)}; Helm evaluates it."
            yield unseen(_WHERE, what)
        elif one.namespace in ("", plan.namespace) and (one.kind, one.name) in ours:
            yield replaced(_WHERE, f"makes the {one.kind} {visible(one.name)}, which the chart makes itself.")
        elif one.kind not in _STILL:
            yield unseen(_WHERE, f"makes the {visible(one.kind)} {visible(one.name)}; what that does is not checked.")
    yield from _bound(plan, values, items)


def _manifests(node: Tree) -> Iterator[Tree]:
    """Yield the manifests, those in lists of manifests too."""
    for item in node if isinstance(node, list) else ():
        if isinstance(item, dict) and str(item.get("kind")).endswith(_LIST) and isinstance(item.get("items"), list):
            yield from _manifests(item["items"])
        else:
            yield item


def _object(manifest: Mapping[str, Tree]) -> _Object:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _Object(*(str(one or "") for one in (manifest.get("kind"), metadata.get("name"), metadata.get("namespace"))))


def _templated(node: Tree) -> bool:
    if isinstance(node, dict):
        return any("{{" in key or _templated(value) for key, value in node.items())
    if isinstance(node, list):
        return any(map(_templated, node))
    return isinstance(node, str | Secret) and "{{" in (node.reveal() if isinstance(node, Secret) else node)


def _bound(plan: Plan, values: Mapping[str, Tree], items: list[Tree]) -> Iterator[Finding]:
    """The claim and the volume that it is bound to: the same name, and the same storage class."""
    path: Path = ("sharedStorage", "volumeName")
    if not truth(at(values, ("sharedStorage", "create"))):
        return
    wanted = [edit.value for edit in plan.edits if edit.path == path and edit.value]
    name = at(values, path)
    if wanted and not name:
        what = f"{dotted(path)} is not set: the claim may bind to another volume than the export of the old server."
        yield finding("G2H612", what, f"Set it to {visible(wanted[0])}.", path=path)
    if not name:
        return
    found = [one for one in maps(items) if _object(one)[:2] == ("PersistentVolume", str(name))]
    if not found:
        yield unseen(path, f"is {visible(name)}, a volume that these values do not make.")
    for one in found:
        own, spec = at(values, ("sharedStorage", "storageClassName")) or "", one.get("spec")
        theirs = (spec.get("storageClassName") if isinstance(spec, dict) else "") or ""
        if own != theirs:
            what = f"sharedStorage.storageClassName is {visible(own) or 'not set'}, that of the volume {visible(theirs) or 'not set'}."
            yield finding("G2H612", what, "Name the same class in both, else they do not bind.", path=path)
