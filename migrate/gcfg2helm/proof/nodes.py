"""Reading values that may be anything, and the two findings of the pod's checks: replaced, and not to be seen."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import scrub, secrets
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree


def at(values: Mapping[str, Tree], path: Path) -> Tree:
    """Return what is at a path, None where nothing does."""
    node: Tree = dict(values)
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def maps(node: Tree) -> list[dict[str, Tree]]:
    """Return the maps of a list; of anything else none."""
    return [item for item in node if isinstance(item, dict)] if isinstance(node, list) else []


def planned(plan: Plan, path: Path) -> list[dict[str, Tree]]:
    """Return the maps that the conversion writes into the list at a path."""
    return [item for edit in plan.edits if edit.path == path for item in maps(edit.value)]


def visible(text: object) -> str:
    """Return a text for a sentence, without what is secret in it or no terminal shows."""
    shown = str(text)
    return write.visible(scrub.comment(shown)[0] if secrets.holds_secret(shown) else shown)


def normal(path: object) -> str:
    """Return a path of the pod as Kubernetes mounts it."""
    return posixpath.normpath("/" + str(path or "").strip().lstrip("/"))


def replaced(path: Path, what: str) -> Finding:
    """Return the finding for what takes the place of the chart's own: an error."""
    return finding("G2H615", f"{dotted(path)} {what}", path=path)


def unseen(path: Path, what: str) -> Finding:
    """Return the finding for what only the cluster knows: the verdict excepts it."""
    return finding("G2H616", f"{dotted(path)} {what}", path=path)
