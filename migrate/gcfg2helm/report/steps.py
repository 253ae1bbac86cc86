"""The runbook for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gcfg2helm.report.text import paint
from gcfg2helm.runbook import model
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKS = {Mark.DONE: "green", Mark.COMMAND: "cyan", Mark.DECISION: "yellow"}


def lines(steps: Sequence[Step], width: int, *, colour: bool) -> Iterator[str]:
    """Yield the steps for a terminal; commands stay on one line, so that they can be copied."""
    for number, step in enumerate(steps, 1):
        yield ""
        title = paint(f"{number:2}. {step.title}", "bold", on=colour)
        yield f"{title}  {paint(f'[{step.mark.value}]', _MARKS[step.mark], on=colour)}"
        for note in step.notes:
            wrapped = textwrap.wrap(
                write.visible(note), width, initial_indent="    ", subsequent_indent="    ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            yield from wrapped
        for command in step.commands:
            yield from (f"      {write.visible(line)}" for line in model.lines(command))
