"""The runbook: the steps of this server's migration in the order in which to do them, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gcfg2helm.findings import Command, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

BACK = "roll-back"  # the name of the step that is no part of the way forward


class Mark(Enum):
    """Who has to do something."""

    DONE = "done by the generated files"
    COMMAND = "command to run"
    DECISION = "decision needed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is stable; `notes` are paragraphs; `commands` are for bash; `codes` the findings that it settles."""

    name: str
    title: str
    mark: Mark
    notes: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    codes: tuple[str, ...] = ()


def summary(steps: Sequence[Step]) -> str:
    """Return how many steps have which mark: `18 steps; command to run: 10; decision needed: 8`."""
    parts = [f"{mark.value}: {number}" for mark in Mark if (number := sum(one.mark is mark for one in steps))]
    return "; ".join([f"{len(steps)} steps", *parts])


def lines(command: Command) -> list[str]:
    """Return a command as people copy it: below a comment that says where it runs, if that is not here."""
    if command.where is Where.HERE:
        return [command.line]
    return [f"# on the old server{', from the last | on here' if command.into else ''}:", command.line]
