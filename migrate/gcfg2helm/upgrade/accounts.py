"""The service accounts that content runs under: the direct runner takes only those that carry a label.

Source: NEWS.md of the chart, 0.20.1, and its guide from the launcher to the direct runner.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import managed
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Finding, finding
from gcfg2helm.values.tree import find

if TYPE_CHECKING:
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.tree import Tree

LABEL = "connect.posit.co/service-account"


def _account(after: dict[str, Tree]) -> str:
    base = find(after, ("backends", "kubernetes", "defaultResourceJobBase", "spec", "template", "spec"))
    name = base.get("serviceAccountName") if isinstance(base, dict) else None
    return name if isinstance(name, str) else ""


def _own_account(request: Request, after: dict[str, Tree]) -> str:
    name = find(after, ("rbac", "serviceAccount", "name"))
    if isinstance(name, str) and name:
        return name
    return managed.fullname(charts.merge(request.new.defaults, after), request.release)


def content_account(request: Request, backend: Backend | None, was: Backend | None, after: dict[str, Tree]) -> bool:
    """Whether content runs under the account that the chart makes for Connect, which needs the label then."""
    labels = find(after, ("rbac", "serviceAccount", "labels"))
    labelled = isinstance(labels, dict) and LABEL in labels
    created = find(after, ("rbac", "serviceAccount", "create")) is not False
    mine = bool(_account(after)) and _account(after) == _own_account(request, after)
    return backend is Backend.KUBERNETES and was is not backend and created and mine and not labelled


def unlabelled(request: Request, backend: Backend | None, was: Backend | None, after: dict[str, Tree]) -> list[Finding]:
    """Return the finding for the accounts that content runs under."""
    if backend is not Backend.KUBERNETES or was is backend:
        return []
    name = _account(after)
    if name and name == _own_account(request, after):
        return []
    namespace = find(after, ("backends", "kubernetes", "namespace"))
    namespace = namespace if isinstance(namespace, str) and namespace else request.namespace
    what = f"Content runs under the service account {name or 'default'} of {namespace}, which needs a label."
    command = shlex.join(
        ["kubectl", "label", "serviceaccount", name or "default", f"{LABEL}=true", "--namespace", namespace]
    )
    path = ("backends", "kubernetes", "defaultResourceJobBase")
    return [finding("G2H807", what, "Label it before the upgrade.", path=path, commands=(Command(command),))]
