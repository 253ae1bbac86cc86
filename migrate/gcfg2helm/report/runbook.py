"""The runbook: the steps of this server's migration in the order in which to do them, as data, text and Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gcfg2helm import emit
from gcfg2helm.report.text import paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Mark(Enum):
    """Who has to do something."""

    DONE = "done by the generated files"
    COMMAND = "command to run"
    DECISION = "decision needed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is stable; `notes` are paragraphs; `commands` are for a shell; `codes` the findings that it settles."""

    name: str
    title: str
    mark: Mark
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


_COLOURS = {Mark.DONE: "green", Mark.COMMAND: "cyan", Mark.DECISION: "yellow"}


def summary(steps: Sequence[Step]) -> str:
    """Return how many steps have which mark: `18 steps; command to run: 10; decision needed: 8`."""
    parts = [f"{mark.value}: {number}" for mark in Mark if (number := sum(one.mark is mark for one in steps))]
    return "; ".join([f"{len(steps)} steps", *parts])


def text_lines(steps: Sequence[Step], width: int, *, colour: bool) -> Iterator[str]:
    """Yield the steps for a terminal; commands stay on one line, so that they can be copied."""
    import textwrap

    for number, step in enumerate(steps, 1):
        yield ""
        title = paint(f"{number:2}. {step.title}", "bold", on=colour)
        yield f"{title}  {paint(f'[{step.mark.value}]', _COLOURS[step.mark], on=colour)}"
        for note in step.notes:
            wrapped = textwrap.wrap(
                emit.visible(note), width, initial_indent="    ", subsequent_indent="    ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            yield from wrapped
        for command in step.commands:
            yield f"      {emit.visible(command)}"


def markdown_lines(steps: Sequence[Step], level: int = 3) -> Iterator[str]:
    """Yield the steps as Markdown, each under a heading of that level."""
    from gcfg2helm.report.markdown import fence, prose

    for number, step in enumerate(steps, 1):
        yield f"{'#' * level} {number}. {prose(step.title)}"
        yield ""
        yield f"**{step.mark.value.capitalize()}.**"
        yield ""
        for note in step.notes:
            yield prose(note)
            yield ""
        if step.commands:
            yield from fence("sh", step.commands)
            yield ""
