"""Values files read as Helm 3 reads them, and values printed as its templates print them."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING

from gcfg2helm.values import helmexact, plainyaml
from gcfg2helm.values.helmexact import YamlError
from gcfg2helm.values.printed import printed

__all__ = ["YamlError", "exact", "go_text", "load"]

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree


def load(text: str, file: str = "values.yaml") -> dict[str, Tree]:
    """Read a values file as Helm does: at once where it is in the style that this program writes, else as `exact` does."""
    found = plainyaml.read(text)
    return exact(text, file) if found is None else found


def exact(text: str, file: str = "values.yaml") -> dict[str, Tree]:
    """Read any values file as Helm does; an empty one, or one with comments only, is an empty map.

    Integers below 2^53 are int, all other numbers float. Raises YamlError where Helm would refuse the file, for what
    `helmexact` names besides, and beyond its limits.
    """
    return copy.deepcopy(_exact(text, file))


@lru_cache(2)  # one run reads the same file several times
def _exact(text: str, file: str) -> dict[str, Tree]:
    return helmexact.read(text, file)


def go_text(value: Tree) -> str:
    """Return what a template of the chart prints for a value: Go's `%v` of numbers that are all float64.

    A null prints as nothing where it stands alone, as `<nil>` inside a map or a list. A secret prints its text.
    """
    return "" if value is None else printed(value)
