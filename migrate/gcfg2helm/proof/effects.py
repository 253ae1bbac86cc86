"""Every value of the chart outside `config`: whether the templates can print it, and what it can do to what Connect reads.

The rules are rows of the table `chart/effects.toml`, one for each path that a version of the chart has.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm.chart.template import truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import Secret
from gcfg2helm.proof.nodes import unseen, visible
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.scalars import resolve
from gcfg2helm.values.tree import MISSING, find, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree

_UNSEEN = "unseen"
# What YAML takes for the end of a line beside the newline, and what no text of a values file holds by intent.
_STRAY = "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
_BARE = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.:%+@=~,-]*(?<!:)", re.ASCII)
_VERSION = r"(?a)\d{4}\.\d{1,2}\.\d{1,3}(?:-[0-9A-Za-z.-]+)?|1\.\d+\.\d+(?:[.-][0-9A-Za-z.-]+)?"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_LABEL = r"(?a)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_NAMESPACES = (("launcher", "namespace"), ("backends", "kubernetes", "namespace"), ("serviceMonitor", "namespace"))


class Effect(NamedTuple):
    """A row of the table, for one path."""

    path: Path
    kind: str
    effect: str
    reason: str
    empty: tuple[Tree, ...] = ()  # what leaves it out
    words: tuple[str, ...] = ()
    parent: bool = False  # there are rows for what is below


@cache
def table() -> tuple[Effect, ...]:
    """Return the rows, one for each path. Raises KeyError or TypeError for a row that is no good; tests read the table."""
    rows = charts.effects()
    empty = charts.left_out()
    parents = {path[:length] for path, _ in rows for length in range(1, len(path))}
    return tuple(
        Effect(
            path,
            row["kind"],
            row["effect"],
            row["reason"],
            empty.get(path, ()),
            tuple(row.get("words", ())),
            path in parents,
        )
        for path, row in rows
    )


def check(plan: Plan, values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Yield what no template prints as it is, and what only the cluster can tell.

    `values` are the user's, all files merged in Helm's order; what equals a default of the chart needs no look.
    """
    ours = {edit.path: edit.value for edit in plan.edits if not edit.remove and not edit.comments_only}
    for row in table():
        value = find(values, row.path)
        if value is MISSING or same(value, find(plan.chart.defaults, row.path)):
            continue
        node: Tree = value  # type: ignore[assignment]
        if why := problem(row, node):
            yield finding("G2H619", f"{dotted(row.path)} {why}", path=row.path)
        elif row.effect == _UNSEEN and not row.parent and not same(node, ours.get(row.path)):
            if not truth(node) and not _stands(plan, row.path):
                continue
            shown = f"is {visible(node)}" if isinstance(node, str | int | float) else "is set"
            yield unseen(row.path, f"{shown}: {row.reason}.")
    for path, why in _strays(dict(values), ()):
        yield finding("G2H619", f"{dotted(path)} {why}", path=path)
    if not plan.chart.known:
        for key in values:
            if not charts.knows(plan.chart.version, (key,)):
                yield unseen((key,), f"is not a value of any chart that is known here, and this one is {plan.chart}.")


def _stands(plan: Plan, path: Path) -> bool:
    """Whether the chart has something at a path by default, which an empty value takes away."""
    value = find(plan.chart.defaults, path)
    return value is not MISSING and bool(value)


def problem(row: Effect, node: Tree) -> str:
    """Return why the chart cannot print a value; empty where it can."""
    if any(same(node, one) for one in row.empty):
        return ""
    if row.kind == "word":
        return "" if node in row.words else f"must be one of {', '.join(row.words)}."
    if row.path in _NAMESPACES and not (isinstance(node, str) and re.fullmatch(_LABEL, node) and _stays_text(node)):
        return f"is {visible(node)}, which is not a valid namespace."
    fits, wanted = KINDS[row.kind]
    return "" if fits(node) else f"must be {wanted}."


def _scalar(node: Tree) -> str | None:
    """Return a value as text where it is one."""
    if isinstance(node, Secret):
        return node.reveal()
    return node if isinstance(node, str) else None if isinstance(node, list | dict | bool | None) else str(node)


def _stays_text(text: str) -> bool:
    return isinstance(resolve(text), str)


def _port(node: Tree) -> bool:
    number = _scalar(node) or ""
    return number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536


def _number(node: Tree) -> bool:
    number = _scalar(node) or ""
    return number.isascii() and number.isdigit() and len(number) < 10


def _plain(node: Tree) -> bool:
    text = _scalar(node) or ""
    return _BARE.fullmatch(text) is not None and not isinstance(resolve(text), bool | None)


def _quoted(node: Tree) -> bool:
    text = _scalar(node) or ""
    return text != "" and not {'"', "\\", "\n"} & set(text)


def _path(node: Tree) -> bool:
    return _quoted(node) and str(_scalar(node)).startswith("/")


def _name(node: Tree) -> bool:
    return isinstance(node, str) and _NAME.fullmatch(node) is not None and _stays_text(node)


def _texts(node: Tree) -> bool:
    return isinstance(node, dict) and all(
        _BARE.fullmatch(key) and isinstance(value, str | Secret) for key, value in node.items()
    )


def _lines(node: Tree) -> bool:
    return isinstance(node, str | Secret) and not (_scalar(node) or "").startswith((" ", "\t"))


def _ini(node: Tree) -> bool:
    if isinstance(node, str):
        return _lines(node)
    return isinstance(node, dict) and all(_one_line(key) and _ini_value(value) for key, value in node.items())


def _ini_value(node: Tree) -> bool:
    if isinstance(node, dict):
        return all(_one_line(key) and _ini_value(value) for key, value in node.items())
    return all(map(_ini_value, node)) if isinstance(node, list) else _one_line(_scalar(node) or "")


def _one_line(text: str) -> bool:
    return "\n" not in text


def _hosts(node: Tree) -> bool:
    """Whether `ingress.hosts` is what the template goes through: hosts, each with paths."""
    return isinstance(node, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("host"), str | None)
        and isinstance(one.get("paths"), list | None)
        and all(_host_path(path) for path in one.get("paths") or ())  # type: ignore[union-attr]
        for one in node
    )


def _host_path(node: Tree) -> bool:
    if isinstance(node, dict):
        return _plain(node.get("path")) and (not node.get("pathType") or _plain(node["pathType"]))
    return isinstance(node, str) and _plain(node)


def _certificates(node: Tree) -> bool:
    return isinstance(node, list) and all(
        isinstance(one, dict)
        and (not truth(one.get("secretName")) or _name(one["secretName"]))
        and isinstance(one.get("hosts"), list | None)
        and all(isinstance(host, str) for host in one.get("hosts") or ())  # type: ignore[union-attr]
        for one in node
    )


KINDS: Mapping[str, tuple[Callable[[Tree], bool], str]] = {
    "any": (lambda _: True, "anything"),
    "flag": (lambda node: isinstance(node, bool), "true or false"),
    "number": (_number, "a number"),
    "port": (_port, "a port"),
    "plain": (_plain, "one word"),
    "quoted": (_quoted, "text on one line, without quotes"),
    "word": (lambda _: True, "one of the words"),
    "version": (
        lambda node: isinstance(node, str) and re.fullmatch(_VERSION, node) is not None,
        "a version of Connect",
    ),
    "name": (_name, "a valid Kubernetes name: lower-case letters, digits, `-` and `.`"),
    "path": (_path, "an absolute path without double quotes (the chart puts it between such)"),
    "map": (lambda node: isinstance(node, dict), "a map"),
    "texts": (_texts, "a map of texts"),
    "list": (lambda node: isinstance(node, list), "a list"),
    "maps": (lambda node: isinstance(node, list) and all(isinstance(one, dict) for one in node), "a list of maps"),
    "hosts": (_hosts, "a list of hosts, each with a list of paths"),
    "certificates": (_certificates, "a list of Secrets, each with a list of hosts"),
    "lines": (_lines, "text whose first line does not begin with a blank"),
    "ini": (_ini, "a map of sections with values of one line"),
}


def _is_stray(text: str) -> bool:
    return not text.isprintable() and re.search(_STRAY, text) is not None


def _strays(node: Tree, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield where a key or text outside `config` holds a character that begins a line of YAML, or is none."""
    if isinstance(node, dict):
        for key, value in node.items():
            if (*path, key) == ("config",):
                continue
            if _is_stray(key) or (path and "\n" in key):
                yield path, "has a key that holds a line break or a control character."
            yield from _strays(value, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _strays(item, (*path, f"[{number}]"))
    elif isinstance(node, str | Secret) and _is_stray(_scalar(node) or ""):
        yield path, "holds a control character, or one that YAML takes for a line break."
