"""Several values files, as Helm lays them over each other: which of them says what, once values have moved.

Maps of several files merge, lists do not: the later one counts whole. So what comes into one list must come from one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, finding
from gcfg2helm.values import read, relocate
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, applied, find, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.plan.moves import Moves
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.tree import Path, Tree


def gathered(request: Request) -> tuple[Request, list[Finding]]:
    """Bring the values that become one list of containers into the last file that has any of them."""
    paths = [
        (*request.prefix, *row.path)
        for row in request.tables.legacy
        if row.backend is Backend.KUBERNETES and "containers" in row.to and request.new.version in row.span
    ]
    texts = dict(request.files)
    holders = {path: _holding(texts, path) for path in paths}
    last = max((list(texts).index(name) for names in holders.values() for name in names), default=-1)
    found: list[Finding] = []
    for path, names in holders.items():
        target = list(texts)[last]
        if not names or names[-1] == target:
            continue
        moved = relocate.transferred(texts[names[-1]], texts[target], path) if len(names) == 1 else None
        if moved is not None:
            texts[names[-1]], texts[target] = moved
            what = f"{dotted(path)} comes from {names[-1]} into {target}: Helm does not merge lists of two files."
            found.append(finding("G2H231", what, path=path))
    return request._replace(files=list(texts.items())), found


def _holding(texts: dict[str, str], path: Path) -> list[str]:
    return [
        name for name, text in texts.items() if find(read.load(text, name), path) not in (MISSING, None, {}, [], "")
    ]


def apart(layers: Sequence[dict[str, Tree]], edits: list[list[Edit]], whole: Moves) -> None:
    """Make the edits of each file say together what those of all files at once say."""
    if len(layers) < 2:
        return
    after = charts.merge({}, *(applied(layer, made) for layer, made in zip(layers, edits, strict=True)))
    for edit in whole.edits:
        if edit.remove or same(find(after, edit.path), edit.value):
            continue
        holders = [number for number, made in enumerate(edits) if any(one.path == edit.path for one in made)]
        last = holders[-1] if holders else 0
        texts = [text for one in edits[last] if one.path == edit.path and not one.remove for text in one.carried]
        for number in holders:
            edits[number] = [one for one in edits[number] if one.path != edit.path or one.remove]
        edits[last].append(Edit(edit.path, edit.value, carried=tuple(texts)))


def placed(layers: Sequence[dict[str, Tree]], edits: list[list[Edit]], own: Sequence[Edit]) -> None:
    """Give each edit to the last file that has something at its path, or the first with the map above it; else the first."""
    for edit in own:
        path = edit.origin or edit.path
        exact = True
        number = 0
        while path:
            holders = [number for number, layer in enumerate(layers) if find(layer, path) is not MISSING]
            if holders:
                number = holders[-1] if exact else holders[0]
                break
            path, exact = path[:-1], False
        edits[number].append(edit)
