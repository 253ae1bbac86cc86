"""The functions that a table row may name in `transform`: what needs more than a row to decide.

Each takes the context, the group of one setting and its rule, and returns a `Result`. They read, they never print,
write or raise; the ones for `legacy` rows take the value found and its new place, and return its parts (`legacy`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gcfg2helm.plan.context import Context, Group, Result
from gcfg2helm.plan.transforms import checks, network, renames, runtime, storage
from gcfg2helm.tables import Rule

Transform: TypeAlias = Callable[[Context, Group, Rule], Result]

TRANSFORMS: dict[str, Transform] = {
    **checks.TRANSFORMS,
    **network.TRANSFORMS,
    **renames.TRANSFORMS,
    **runtime.TRANSFORMS,
    **storage.TRANSFORMS,
}
