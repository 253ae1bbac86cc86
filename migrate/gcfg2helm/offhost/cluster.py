"""The cluster's side of a server that stays outside: where content runs, and the account that the server uses there.

The rules are those that the chart (0.21.0) gives the launcher's account, by its `templates/rbac.yaml`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

NAMESPACE = "rstudio-connect"
ACCOUNT = "rsc-rstudio-connect"
TOKEN_SECRET = f"{ACCOUNT}-token"

_RBAC = "rbac.authorization.k8s.io"
_LOOK = ("get", "list", "watch")
_RUN = (*_LOOK, "create", "update", "patch", "delete")
# API group, resources, verbs: start content as jobs, follow it, reach it through services, clean up.
_RULES = (
    ("", ("serviceaccounts",), ("list",)),
    ("", ("pods/log",), _LOOK),
    ("", ("pods", "pods/attach", "pods/exec"), _RUN),
    ("", ("events",), ("watch",)),
    ("", ("services",), (*_LOOK, "create", "delete")),
    ("batch", ("jobs",), _RUN),
    ("metrics.k8s.io", ("pods",), ("get",)),
)
_NODE_RULES = (("", ("nodes",), _LOOK),)


def manifests(namespace: str, *, node_access: bool = False) -> list[dict[str, Tree]]:
    """Return the namespace, the service account with its token's Secret, and what the account may do there.

    Kubernetes fills the Secret; it holds nothing here (since 1.24 no such Secret is made by itself). `node_access` adds
    the right to read nodes, with which the launcher finds all addresses of the node that content runs on.
    """
    made: list[dict[str, Tree]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": namespace}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": TOKEN_SECRET,
                "namespace": namespace,
                "annotations": {"kubernetes.io/service-account.name": ACCOUNT},
            },
            "type": "kubernetes.io/service-account-token",
        },
        _role("Role", _RULES, {"name": ACCOUNT, "namespace": namespace}),
        _binding("Role", {"name": ACCOUNT, "namespace": namespace}, namespace),
    ]
    if node_access:
        made += [
            _role("ClusterRole", _NODE_RULES, {"name": ACCOUNT}),
            _binding("ClusterRole", {"name": ACCOUNT}, namespace),
        ]
    return made


def _role(
    kind: str, rules: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...], metadata: dict[str, Tree]
) -> dict[str, Tree]:
    allowed: list[Tree] = [
        {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)} for group, resources, verbs in rules
    ]
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, "rules": allowed}


def _binding(kind: str, metadata: dict[str, Tree], namespace: str) -> dict[str, Tree]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
    }


def token_commands(namespace: str) -> tuple[str, str]:
    """Return the two commands that read the token back: is it there (3 keys), and the token, in base64 as Connect takes it."""
    secret = ["kubectl", "get", "secret", TOKEN_SECRET, "--namespace", namespace]
    return shlex.join(secret), shlex.join([*secret, "--output", "jsonpath={.data.token}"])
