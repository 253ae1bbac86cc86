"""Values that a chart has no longer: what the plan would write there is left out, and each is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.decisions import Decision, Outcome
from gcfg2helm.plan.merge import brief
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.values.tree import Edit, Path, Tree

CODE = "G2H224"
_MOST_ALIKE = 3


def left_out(
    chart: Chart, edits: Sequence[Edit], decisions: Sequence[Decision]
) -> tuple[list[Edit], list[Decision], list[Finding]]:
    """Return the edits that the chart has a place for, the decisions in keeping with them, and a finding for the others.

    What moved to a value that is gone is dropped: it is moved nowhere.
    """
    if not chart.gone:
        return list(edits), list(decisions), []
    lost = {edit.path: edit for edit in edits if chart.lacks(edit.path)}
    kept = [edit for edit in edits if edit.path not in lost or edit.remove]
    found = [
        lost_value(chart, edit.path, brief(edit.value))
        for edit in lost.values()
        if not edit.remove and not edit.comments_only
    ]
    reason = f"Chart {chart} no longer has the value that it would become."
    remade = [
        one._replace(outcome=Outcome.DROPPED, path=(), reason=reason)
        if one.outcome is Outcome.MOVED and chart.lacks(one.path)
        else one
        for one in decisions
    ]
    return kept, remade, found


def present(chart: Chart, values: Mapping[str, Tree]) -> Iterator[Path]:
    """Yield the values that a chart has no longer and that are in values files."""
    yield from (path for path in chart.gone if find(values, path) is not MISSING)


def lost_value(chart: Chart, path: Path, wanted: str = "") -> Finding:
    """Return the finding for a value that a chart has no longer; `wanted` is what the conversion would write there."""
    what = f"{dotted(path)} is no longer a value of chart {chart}{'; it would be ' if wanted else '.'}{wanted}"
    alike = [one for one in chart.came if one[-1] == path[-1]] or [
        one for one in chart.came if set(one) & set(path[:-1])
    ]
    if alike:
        named = ", ".join(map(dotted, alike[:_MOST_ALIKE]))
        return finding(CODE, what, f"Look at what is new in the chart's values.yaml: {named}.", path=path)
    return finding(CODE, what, "Look in the chart's values.yaml and NEWS.md for what took its place.", path=path)
