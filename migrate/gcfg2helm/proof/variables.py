"""The environment of the pod: what must come from a Secret, what overrides the file, what nobody can see.

Source: Posit documents CONNECT_<SECTION>_<PROPERTY> as an override of the file; the rest is how Kubernetes reads `env`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart.template import truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.proof.nodes import at, maps, planned, unseen, visible
from gcfg2helm.values.tree import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree

_WHERE: Path = ("pod", "env")
_CONNECT = "CONNECT_"
# Language and time zone of the container: no setting, no file, no address follows from them.
_HARMLESS = frozenset({"TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE"})
# What the chart itself sets, by the value that asks for it: a second one takes its place.
_OF_THE_CHART: Mapping[str, Path] = {
    "RSTUDIO_CONNECT_HASTE": ("pod", "haste"),
    "RSC_LICENSE": ("license", "key"),
    "RSC_LICENSE_SERVER": ("license", "server"),
    "RSC_LICENSE_FILE_PATH": ("license", "file", "secret"),
}


class Variable(NamedTuple):
    """Where a variable comes from: a key of a Secret, or of a ConfigMap, which `secret` then says."""

    secret: str
    key: str


class Setting(NamedTuple):
    """What a CONNECT_ variable overrides, if anything: whether it is a setting of the file, and says the same."""

    known: bool
    same: bool


def secrets(plan: Plan, values: Mapping[str, Tree]) -> tuple[set[str], list[Finding]]:
    """Return the variables that reach Connect from a Secret as they must, and what is wrong with `pod.env`."""
    wanted = {one.variable: Variable(plan.secret_name, one.secret_key) for one in plan.env_secrets}
    node = at(values, _WHERE)
    items = maps(node)
    found: list[Finding] = []
    reached: set[str] = set()
    if truth(node) and (not isinstance(node, list) or len(items) != len(node)):
        found.append(_env("is not a list of variables."))
    for name, count in Counter(str(item.get("name")) for item in items).items():
        if count > 1:
            found.append(_env(f"sets {visible(name)} {count} times."))
    for item in items:
        name = str(item.get("name"))
        problems = list(_broken(item))
        found += [_env(f"{visible(name)}: {problem}") for problem in problems]
        reference = _reference(item)
        if name in wanted and reference and not problems:
            found += _from(name, wanted[name], reference, optional=_optional(item), reached=reached)
    return reached, found


def _from(name: str, ours: Variable, given: Variable, *, optional: bool, reached: set[str]) -> Iterator[Finding]:
    """Compare where a secret comes from with where the conversion puts it."""
    if given.secret == ours.secret and given.key != ours.key:
        yield _env(f"{name} takes the key {visible(given.key)} of {ours.secret}, not {ours.key}.")
        return
    reached.add(name)
    if given.secret != ours.secret:
        yield unseen(_WHERE, f"sets {name} from the Secret {visible(given.secret)}, which is not checked.")
    if optional:
        yield unseen(_WHERE, f"sets {name} only where its Secret exists (optional).")


def besides(
    plan: Plan, values: Mapping[str, Tree], full: Mapping[str, Tree], reads: Callable[[str, str | None], Setting]
) -> Iterator[Finding]:
    """Yield what variables besides the conversion's do; `reads` says what a CONNECT_ variable with a text overrides.

    `values` are the user's, `full` lie over the chart's defaults.
    """
    ours = {secret.variable for secret in plan.env_secrets}
    by_us = {identity(item) for item in planned(plan, _WHERE)}
    for item in maps(at(values, _WHERE)):
        name, value = item.get("name"), item.get("value")
        if not isinstance(name, str) or name in ours or identity(item) in by_us:
            continue
        shown = visible(name)
        if name in _OF_THE_CHART and truth(at(full, _OF_THE_CHART[name])):
            yield _env(f"sets {shown}, which the chart sets too.")
        elif not name.startswith(_CONNECT):
            if name not in _HARMLESS:
                what = f"pod.env sets {shown}, which the server does not have; what it does to Connect is not checked."
                yield finding("G2H606", what, path=_WHERE)
        else:
            yield from _override(item, shown, reads(name, value if isinstance(value, str) else None))


def _override(item: Mapping[str, Tree], name: str, setting: Setting) -> Iterator[Finding]:
    value, reference = item.get("value"), _reference(item)
    if setting.same and "$(" not in str(value):
        return
    if setting.known:
        what = f"pod.env sets {name}, which overrides the file."
        yield finding("G2H614", what, "Remove the variable.", path=_WHERE)
    elif reference:
        yield unseen(_WHERE, f"sets {name} from {visible(reference.secret)}, which cannot be seen.")
    else:
        what = f"pod.env sets {name}, which the server does not have; Connect reads it as well as the file."
        yield finding("G2H606", what, path=_WHERE)


def _env(what: str) -> Finding:
    return finding("G2H614", f"pod.env {what}", path=_WHERE)


def _source(item: Mapping[str, Tree]) -> dict[str, Tree]:
    source = item.get("valueFrom")
    return source if isinstance(source, dict) else {}


def _reference(item: Mapping[str, Tree]) -> Variable | None:
    for kind in ("secretKeyRef", "configMapKeyRef"):
        reference = _source(item).get(kind)
        if isinstance(reference, dict) and reference.get("name") and reference.get("key"):
            secret = str(reference["name"])
            return Variable(secret if kind == "secretKeyRef" else f"the ConfigMap {secret}", str(reference["key"]))
    return None


def _optional(item: Mapping[str, Tree]) -> bool:
    reference = _source(item).get("secretKeyRef")
    return isinstance(reference, dict) and reference.get("optional") is True


_KEYS = frozenset({"name", "value", "valueFrom"})
_SOURCES = {"secretKeyRef": {"name", "key", "optional"}, "configMapKeyRef": {"name", "key", "optional"}}


def _broken(item: Mapping[str, Tree]) -> Iterator[str]:
    """Yield why Kubernetes refuses an entry, or takes it for another than it looks."""
    if odd := item.keys() - _KEYS:
        yield f"`{visible(min(odd))}` is not a field of a variable."
    if "valueFrom" in item:
        if item.get("value") not in (None, ""):
            yield "`value` and `valueFrom` exclude each other."
        source = _source(item)
        if len(source) != 1:
            yield "`valueFrom` needs exactly one source."
        for kind, fields in _SOURCES.items():
            node = source.get(kind)
            if kind in source and (_reference(item) is None or not isinstance(node, dict) or node.keys() - fields):
                yield f"`{kind}` needs `name` and `key`, and takes nothing but `optional` beside them."
    elif item.get("value") is not None and not isinstance(item["value"], str):
        yield "its value is not a text; Kubernetes refuses it."
    if not isinstance(item.get("name"), str) or not item.get("name"):
        yield "it has no name."
