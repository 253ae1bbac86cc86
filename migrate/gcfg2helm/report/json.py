"""The report as plain data for other programs; `schema.json` in this folder describes it, by version."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import TYPE_CHECKING, Any

from gcfg2helm import __version__
from gcfg2helm.findings import Asks, Level
from gcfg2helm.masked import Secret
from gcfg2helm.report import table
from gcfg2helm.report.places import Map
from gcfg2helm.values.paths import keys
from gcfg2helm.values.tree import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.findings import Command, Finding
    from gcfg2helm.plan.decisions import Decision, Plan
    from gcfg2helm.report.model import Report
    from gcfg2helm.report.places import Spot
    from gcfg2helm.runbook.model import Step
    from gcfg2helm.values.diff import Change

SCHEMA_VERSION = 1


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the gravest first, then by place."""
    return sorted(findings, key=lambda one: (-one.level, one.place or ("", 0, 0)))


@cache
def schema() -> Any:
    """Return the JSON Schema (2020-12) of everything that this module makes."""
    from importlib.resources import files

    return json.loads((files("gcfg2helm.report") / "schema.json").read_text(encoding="utf-8"))


def dump(value: dict[str, object]) -> str:
    """Return data as JSON text."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def report(made: Report) -> dict[str, object]:
    """Return a report as data: every setting, every finding, the proof and the runbook; no value of any setting."""
    plan = made.plan
    ways = Map(plan, made.written)
    return {
        **head("report"),
        "sources": list(made.sources),
        "target": {
            "chart": str(plan.chart),
            "connect": made.connect,
            "backend": plan.backend.value,
            "release": plan.release,
            "namespace": plan.namespace,
        },
        "failure": made.failure or None,
        "total": len(plan.decisions),
        "decisions": {outcome.value: number for outcome, number in plan.counts().items()},
        "levels": {str(level): sum(one.level is level for one in made.findings) for level in reversed(Level)},
        "asks": {asks.value: sum(one.asks is asks for one in made.findings) for asks in Asks},
        "settings": [_setting(one, plan, ways.spots(one)) for one in plan.decisions],
        "findings": [finding(one) for one in in_order(made.findings)],
        "proof": {
            "proven": made.proof.proven,
            "verdict": made.proof.verdict.value,
            "blocks": len(made.proof.blocks),
            "settings": {status.value: number for status, number in made.proof.counts().items()},
        },
        "runbook": [step(one) for one in made.steps],
    }


def diff(name: str, changes: Sequence[Change], *, differs: bool) -> dict[str, object]:
    """Return the changes of a values file as data, secrets as stars."""
    return {**head("diff"), "values": name, "differs": differs, "changes": [_change(one) for one in changes]}


def head(kind: str) -> dict[str, object]:
    """Return what every document begins with."""
    return {"schema": SCHEMA_VERSION, "kind": kind, "program": f"gcfg2helm {__version__}"}


def _setting(one: Decision, plan: Plan, spots: Sequence[Spot]) -> dict[str, object]:
    return {
        "section": one.section,
        "setting": one.setting,
        "file": one.at.file,
        "line": one.at.entry.line,
        "column": one.at.entry.column,
        "decision": one.outcome.value,
        "path": ["pod", "env"] if one.variable and not one.becomes else keys(one.path),
        "variable": one.variable or None,
        "values": [{"file": spot.file, "line": spot.first, "last": spot.last} for spot in spots],
        "why": table.why(one, plan),
        "rule": one.origin or None,
    }


def finding(one: Finding) -> dict[str, object]:
    """Return a finding as data."""
    place = one.place if one.place and one.place.line else None
    return {
        "code": one.code,
        "level": str(one.level),
        "asks": one.asks.value,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "path": keys(one.path),
        "what": one.what,
        "todo": one.todo or None,
        "commands": [_command(command) for command in one.commands],
        "link": one.link or None,
    }


def _command(one: Command) -> dict[str, object]:
    return {"text": one.text, "where": one.where.value, "into": one.into or None}


def step(one: Step) -> dict[str, object]:
    """Return a step of a runbook as data."""
    return {
        "name": one.name,
        "title": one.title,
        "mark": one.mark.value,
        "notes": list(one.notes),
        "commands": [_command(command) for command in one.commands],
        "findings": list(one.codes),
    }


def _change(one: Change) -> dict[str, object]:
    kind = {"+": "added", "-": "removed", "~": "changed"}[one.sign]
    sides = {"old": one.old, "new": one.new}
    return {
        "change": kind,
        "path": keys(one.path),
        **{name: _plain(value) for name, value in sides.items() if value is not MISSING},
    }


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Secret) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
