"""Findings as annotations of a GitHub workflow: commands on standard output, escaped as the runner reads them.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Sequence

from gcfg2helm.findings import Finding, Level
from gcfg2helm.report import json as data
from gcfg2helm.values import write

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def annotations(findings: Sequence[Finding]) -> str:
    """Return one line for each finding, the gravest first."""
    return "".join(f"{_annotation(one)}\n" for one in data.in_order(findings))


def _annotation(one: Finding) -> str:
    properties = {"title": one.code}
    if one.place:
        where = {"line": one.place.line, "col": one.place.column} if one.place.line else {}
        properties = {"file": one.place.file, **{key: str(number) for key, number in where.items()}, **properties}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = "\n".join(part for part in (one.what, one.todo, *(command.text for command in one.commands)) if part)
    return f"::{_COMMANDS[one.level]} {listed}::{_message(text)}"


def _message(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return write.visible(escaped)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
