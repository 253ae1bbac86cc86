"""The runbook as a script for bash: the same commands in the same order; it stops at each decision."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm import __version__
from gcfg2helm.findings import Where
from gcfg2helm.runbook.model import BACK, Mark
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Command
    from gcfg2helm.runbook.model import Step

_HEAD = """\
#!/usr/bin/env bash
# {title}. Made by gcfg2helm {version}.
#
#   bash SCRIPT            every step but the last; stops at each decision, and at the first command that fails
#   bash SCRIPT {back}  the roll-back
#
# OLD_SERVER=USER@HOST: what is for the old server runs there, through ssh. Unset: this machine is the old server.
# shellcheck disable=SC2016 # texts in single quotes are meant as they are
set -euo pipefail

step() {{ printf '\\n== %s\\n' "$1" >&2; }}
note() {{ printf '%s\\n' "$@" >&2; }}
decide() {{
    printf 'Enter goes on as it is, ^C stops. ' >&2
    if ! read -r; then
        printf '\\nNobody answers: stopped at a decision.\\n' >&2
        exit 1
    fi
}}
"""
_OLD_SERVER = """\
old_server() {
    if [ -n "${OLD_SERVER:-}" ]; then
        ssh -- "$OLD_SERVER" "bash -o pipefail -c $(printf %q "$1")" </dev/null
    else
        bash -o pipefail -c "$1" </dev/null
    fi
}
"""


def render(title: str, steps: Sequence[Step]) -> str:
    """Return the script. `title` says what it does, in one line."""
    return "".join(f"{line}\n" for line in _lines(title, steps))


def _lines(title: str, steps: Sequence[Step]) -> Iterator[str]:
    yield _HEAD.format(title=_one_line(title), version=__version__, back=BACK).rstrip("\n")
    if any(command.where is Where.SERVER for step in steps for command in step.commands):
        yield _OLD_SERVER.rstrip("\n")
    forward = [step for step in steps if step.name != BACK]
    for function, part in ((BACK, [step for step in steps if step.name == BACK]), ("migrate", forward)):
        yield ""
        yield f"{function.replace('-', '_')}() {{"
        for number, step in enumerate(part, 1):
            yield from _step(step, f"{number}/{len(part)} " if len(part) > 1 else "")
        yield "}"
    yield ""
    yield 'case "${1:-}" in'
    yield '"") migrate ;;'
    yield f"{BACK}) {BACK.replace('-', '_')} ;;"
    yield f'*) note "usage: bash $0 [{BACK}]" && exit 2 ;;'
    yield "esac"


def _step(step: Step, number: str) -> Iterator[str]:
    yield f"    step {shlex.quote(_one_line(number + step.title))}"
    if step.notes:
        yield f"    note {shlex.join(map(_one_line, step.notes))}"
    if step.mark is Mark.DECISION:
        if step.commands:
            yield "    note " + shlex.join(_one_line(command.line) for command in step.commands)
        yield "    decide"
        return
    yield from (f"    {_command(command)}" for command in step.commands)


def _command(command: Command) -> str:
    """Return a command for the script; what is for the old server goes there, and only that."""
    if command.where is Where.HERE:
        return command.line
    there = f"old_server {shlex.quote(command.text)}"
    return f"{there} | {command.into}" if command.into else there


def _one_line(text: str) -> str:
    return " ".join(write.visible(text).split("\n"))
