"""Kubernetes objects as YAML files, which `kubectl apply -f` reads back to the same objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.values.tree import Tree


def dump(objects: Sequence[object]) -> str:
    """Return the objects as documents of one YAML text; empty where there are none.

    Objects are maps of maps, lists, texts, integers, booleans, None and `masked.Secret`. Secrets stand in it as they
    are: this is for files of mode 0600. Raises TypeError for anything else.
    """
    return "".join(f"---\n{_document(one)}" for one in objects)


def _document(one: object) -> str:
    if not isinstance(one, dict):
        raise TypeError("a Kubernetes object is a map")
    return write.document(cast("Mapping[str, Tree]", one)) or "{}\n"
