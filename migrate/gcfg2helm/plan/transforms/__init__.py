"""The functions that a table row may name in `transform`: what needs more than a row to decide.

Each takes the context, the group of one setting and its rule, and returns a `Result`. They read, they never print,
write or raise; the ones for `legacy` rows take the value found and return the new one (None: it cannot be moved).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gcfg2helm.plan.context import Context, Group, Result
from gcfg2helm.plan.transforms import checks, network, renames, runtime, storage
from gcfg2helm.tables import Rule
from gcfg2helm.values.tree import Tree

Transform: TypeAlias = Callable[[Context, Group, Rule], Result]
LegacyTransform: TypeAlias = Callable[[Tree], Tree]

TRANSFORMS: dict[str, Transform] = {
    **checks.TRANSFORMS,
    **network.TRANSFORMS,
    **renames.TRANSFORMS,
    **runtime.TRANSFORMS,
    **storage.TRANSFORMS,
}
LEGACY: dict[str, LegacyTransform] = runtime.LEGACY
