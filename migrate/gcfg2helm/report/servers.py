"""What came of many servers, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.values.write import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COLUMNS = ("server", "settings", "secrets", "blocks start", "decide", "verdict")


class Server(NamedTuple):
    """One server of a run: its source, its folder, the exit code; what its report says, or what stopped it."""

    name: str
    source: str
    folder: str
    code: int
    settings: int = 0
    secrets: int = 0
    blocks_start: int = 0
    decide: int = 0
    verdict: str = ""
    problem: str = ""


def summary(servers: Sequence[Server]) -> Iterator[str]:
    """Yield the lines of the table, and how many came to what."""
    rows = [_COLUMNS, *(_row(one) for one in servers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    for row in rows:
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{size}}" for cell, size in zip(row[1:-1], widths[1:], strict=True)),
        ]
        yield "  ".join([*cells, row[-1]]).rstrip()
    failed = sum(1 for one in servers if one.problem)
    open_ = sum(1 for one in servers if not one.problem and (one.blocks_start or one.decide))
    yield f"{len(servers)} server{'s' * (len(servers) != 1)}: {len(servers) - failed} converted, {open_} with open questions, {failed} failed"


def _row(one: Server) -> tuple[str, ...]:
    name = visible(one.name)
    if one.problem:
        return name, "", "", "", "", f"failed: {visible(one.problem)}"
    numbers = (one.settings, one.secrets, one.blocks_start, one.decide)
    return name, *map(str, numbers), one.verdict
