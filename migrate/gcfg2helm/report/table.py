"""The audit for a terminal: every setting with its line, decision, target and reason, by section. Wide and narrow."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from gcfg2helm.plan.decisions import Decision, Plan

_STYLES = {
    Outcome.CARRIED: "green",
    Outcome.SECRET: "magenta",
    Outcome.MOVED: "cyan",
    Outcome.CHART: "cyan",
    Outcome.RENAMED: "cyan",
    Outcome.SUPERSEDED: "dim",
    Outcome.DROPPED: "yellow",
}
_WIDE = 120  # from here on target and reason have columns of their own
_NARROW = 60  # below, a setting is a paragraph
_GAP = 2
UNCHANGED = "Unchanged."


def why(decision: Decision, plan: Plan) -> str:
    """Return the reason of a decision in words; there is always one. A row of a site's own table is named behind it."""
    if decision.path in plan.kept:
        return "values.yaml differs, and wins."
    reason = decision.reason or (UNCHANGED if decision.outcome is Outcome.CARRIED else "")
    return f"{reason} ({decision.origin})" if of_a_site(decision) else reason


def changed(decision: Decision, plan: Plan) -> bool:
    """Whether another value than the file's is under `config`, or a site's own row decided."""
    return decision.becomes is not None or decision.path in plan.kept or of_a_site(decision)


def told(decision: Decision, plan: Plan) -> bool:
    """Whether there is more to say of a decision than that the line stays as it is."""
    return bool(decision.reason) or decision.path in plan.kept or of_a_site(decision)


def of_a_site(decision: Decision) -> bool:
    """Whether a row of a site's own tables decided (`--mappings`)."""
    return "/" in decision.origin


def target(decision: Decision) -> str:
    """Return where an entry is now, in words; empty: nowhere."""
    variable = f"pod.env {decision.variable}" if decision.variable else ""
    in_values = "" if decision.variable and not decision.becomes else dotted(decision.path)
    return ", ".join(part for part in (in_values, variable) if part)


def by_section(decisions: Sequence[Decision]) -> list[tuple[str, str, list[Decision]]]:
    """Return file, section and decisions, in the order of the sources; a section that comes again is listed again."""
    grouped = groupby(decisions, key=lambda one: (one.at.file, one.section))
    return [(file, section, list(found)) for (file, section), found in grouped]


def render(plan: Plan, width: int, *, colour: bool) -> str:
    """Return the table as lines of at most `width` columns, each with its line break."""
    if not plan.decisions:
        return ""
    import io

    from rich.console import Console
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, width=width, height=25, color_system="standard" if colour else None, force_terminal=colour,
        no_color=not colour, legacy_windows=False, markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    several = len({one.at.file for one in plan.decisions}) > 1
    widths = _widths(plan.decisions, width)
    for file, section, decisions in by_section(plan.decisions):
        heading = Text(f"[{write.visible(section)}]", style="bold")
        if several:
            heading.append(f"  {write.visible(file)}", style="not bold dim")
        console.print(heading, soft_wrap=True)
        console.print(_table(decisions, plan, widths))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().split("\n")[:-1])


def _widths(decisions: Sequence[Decision], width: int) -> list[int]:
    """Return the widths of the columns, the same for all sections."""
    line = max(len(str(one.at.entry.line)) for one in decisions)
    outcome = max(len(one.outcome.value) for one in decisions)
    setting = min(max(len(write.visible(one.setting)) for one in decisions), 36 if width >= _WIDE else 26)
    rest = max(width - line - outcome - setting - 2 - 3 * _GAP, 8)
    if width < _NARROW:
        return [line, max(width - line - 2 - _GAP, 16)]
    if width < _WIDE:
        return [line, setting, outcome, rest]
    place = min(max(len(write.visible(target(one))) for one in decisions), rest * 9 // 20)
    return [line, setting, outcome, place, rest - place - _GAP]


def _table(decisions: Sequence[Decision], plan: Plan, widths: Sequence[int]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, _GAP, 0, 0), pad_edge=False)
    table.add_column(width=widths[0] + 2, justify="right", style="dim")
    for width in widths[1:]:
        table.add_column(width=width, overflow="fold")
    for one in decisions:
        line, setting = Text(str(one.at.entry.line)), Text(write.visible(one.setting))
        outcome = Text(one.outcome.value, style=_STYLES[one.outcome])
        place, reason = Text(write.visible(target(one))), Text(write.visible(why(one, plan)), style="dim")
        below = Text("\n").join(part for part in (place, reason if told(one, plan) else Text()) if part)
        match len(widths):
            case 5:
                table.add_row(line, setting, outcome, place, reason)
            case 4:
                table.add_row(line, setting, outcome, below)
            case _:
                table.add_row(line, Text("\n").join(part for part in (setting + Text("  ") + outcome, below) if part))
    return table
