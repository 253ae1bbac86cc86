"""The comparison of server and pod for people and machines: counts first, then what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gcfg2helm.findings import Level
from gcfg2helm.proof.model import Status
from gcfg2helm.report import json as data
from gcfg2helm.report import markdown, overview, text
from gcfg2helm.report.markdown import code
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted, keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.proof.model import Proof, Row

SCHEMA_VERSION = 1


def _rows(proof: Proof, *, show_all: bool) -> Sequence[Row]:
    return [row for row in proof.rows if show_all or row.status is Status.DIFFERENT]


def as_text(proof: Proof, *, show_all: bool, width: int, colour: bool, main: str = "") -> Iterator[str]:
    """Yield the counts, the differences (or all settings), the findings, the verdict."""
    counts = proof.counts()
    yield from (
        f"{number:6}  {status.value}" for status, number in counts.items() if number or status is Status.DIFFERENT
    )
    for row in _rows(proof, show_all=show_all):
        yield ""
        hue = "red" if row.status is Status.DIFFERENT else "green"
        yield f"{text.paint(row.status.value, hue, on=colour)}  {write.visible(row.setting)}"
        if row.server is not None:
            yield f"  server  {row.place or ''}: {text.clipped(write.visible(str(row.server)), width)}"
        if row.pod is not None:
            yield f"  pod     rendered line {row.rendered_line}: {text.clipped(write.visible(str(row.pod)), width)}"
        if row.path:
            yield f"  values  {dotted(row.path)}"
        if row.reason:
            yield f"  why     {row.reason}"
    findings = [*proof.blocks, *proof.findings]
    if findings:
        yield ""
    yield from overview.finding_lines(findings, width, colour=colour, main=main)
    yield ""
    yield text.paint(overview.verdict(proof), overview.hue(proof), on=colour)


def brief(proof: Proof, *, width: int, colour: bool, main: str = "") -> Iterator[str]:
    """Yield the errors and the verdict alone (`--quiet`)."""
    errors = [one for one in (*proof.blocks, *proof.findings) if one.level is Level.ERROR]
    yield from overview.finding_lines(errors, width, colour=colour, main=main)
    yield text.paint(overview.verdict(proof), overview.hue(proof), on=colour)


def as_data(proof: Proof, *, show_all: bool) -> dict[str, object]:
    """Return the comparison as plain data; secrets are stars."""
    return {
        "schema": SCHEMA_VERSION,
        "proven": proof.proven,
        "verdict": proof.verdict.value,
        "blocks": len(proof.blocks),
        "counts": {status.value: number for status, number in proof.counts().items()},
        "settings": [
            {
                "status": row.status.value,
                "setting": row.setting,
                "server": None if row.server is None else str(row.server),
                "pod": None if row.pod is None else str(row.pod),
                "place": str(row.place) if row.place else None,
                "rendered_line": row.rendered_line or None,
                "path": keys(row.path),
                "reason": row.reason,
                "own": row.own,
            }
            for row in _rows(proof, show_all=show_all)
        ],
        "findings": [data.finding(one) for one in (*proof.blocks, *proof.findings)],
    }


def as_json(proof: Proof, *, show_all: bool) -> str:
    """Return the comparison as JSON text."""
    return json.dumps(as_data(proof, show_all=show_all), indent=2, ensure_ascii=False) + "\n"


def as_markdown(proof: Proof, *, show_all: bool) -> str:
    """Return the comparison as Markdown: a table of counts, then the settings, then the findings."""
    lines = [f"**{markdown.prose(overview.verdict(proof))}**", ""]
    lines += markdown.table_lines(
        ("", "Settings"), ([one.value, str(number)] for one, number in proof.counts().items())
    )
    if rows := _rows(proof, show_all=show_all):
        cells = (
            [row.status.value, *(code("" if cell is None else str(cell)) for cell in (row.setting, row.server, row.pod)),
             code(dotted(row.path))]
            for row in rows
        )  # fmt: skip
        lines += ["", *markdown.table_lines(("Status", "Setting", "Server", "Pod", "Values path"), cells)]
    lines.append("")
    if findings := [*proof.blocks, *proof.findings]:
        lines += ["## Findings", "", *markdown.finding_lines(findings)]
    return "\n".join(lines).rstrip() + "\n"
