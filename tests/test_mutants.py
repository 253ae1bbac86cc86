"""Every change of a whole values file: seen by the proof, or in the list of those that change nothing that Connect reads.

For every fixture and both back ends each key and scalar of what convert writes is changed, removed and doubled, and each value of
the chart besides it is set to something else or taken out. `goldens/mutants.txt` counts them by area of the values, and lists
each place where a mutant stays proven, with the reason.
"""

from __future__ import annotations

import copy
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend
from gcfg2helm.plan import build
from gcfg2helm.plan.request import Request
from gcfg2helm.proof import effects, run
from gcfg2helm.proof.model import Verdict
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, applied, find
from helpers.paths import FIXTURES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path as ValuesPath
    from gcfg2helm.values.tree import Tree

GOLDEN = ROOT / "tests/goldens/mutants.txt"
# What a change may be although another check judges the place: why that one change says the same, or nothing.
SAME = {
    "livenessProbe": "the probe is off",
    "startupProbe": "the probe is off",
    "readinessProbe": "how often and how long is asked, not where",
    "config": "Connect reads the same: the last line of a setting counts, or the value means what it meant",
    "ingress.hosts": "nothing follows from the address, or the ingress is off",
    "ingress.tls": "nothing follows from the address, or the ingress is off",
    "ingress.enabled": "an ingress besides, where nothing follows from the address",
    "license.server": "the chart writes Licensing.LicenseType for it, which is the licence alone",
    "license.file.mountPath": "no licence file is mounted, or elsewhere",
    "prometheus.enabled": "the chart writes a line of [Metrics] for it",
    "prometheus.port": "the chart writes the port into [Metrics]",
    "launcher.useTemplates": "the chart writes its own line for it",
    "launcher.namespace": "the chart writes it, and the gcfg names none",
    "backends.kubernetes.namespace": "the chart writes it, and the gcfg names none",
    "sharedStorage.mount": "the storage is mounted in any case",
    "sharedStorage.create": "the storage is mounted in any case",
    "sharedStorage.name": "another name of the same claim, which the gcfg does not name",
    "sharedStorage.storageClassName": "which kind of storage is made",
    "sharedStorage.accessModes": "who may mount the claim",
    "rbac.serviceAccount.labels": "a label besides",
    "pod.annotations": "a note",
    "pod.labels": "a note",
    "pod.env": "what is missing says nothing",
    "pod.volumes": "nothing mounts it",
    "extraObjects": "an object besides",
    "initContainers": "nothing in so many words",
    "pod.sidecar": "nothing in so many words",
    "chronicleAgent": "the container is off",
    "command": "nothing in so many words",
    "args": "nothing in so many words",
    "versionOverride": "a Connect that reads every setting alike",
    "nameOverride": "another name of the chart's objects, in each place",
    "fullnameOverride": "another name of the chart's objects, in each place",
}


def prepared(path: Path, backend: Backend) -> tuple[Request, dict[str, Tree], list[dict[str, Tree]]]:
    document = gcfg.parse(path.read_text("utf-8"), "f.gcfg")
    request = Request([("f.gcfg", document)], tables.load(), chart.newest(), backend, "rsc", "connect")
    done = convert(request)
    assert done.proof.verdict is Verdict.PROVEN
    return request, done.values.tree, [done.secret_values.tree] if done.secret_values else []


def nodes(tree: Tree, path: ValuesPath = ()) -> Iterator[tuple[ValuesPath, Tree]]:
    """Yield every place of a tree below its top, keys and items alike."""
    below = (
        tree.items()
        if isinstance(tree, dict)
        else ((f"[{n}]", item) for n, item in enumerate(tree))
        if isinstance(tree, list)
        else ()
    )
    for key, value in below:
        yield (*path, key), value
        yield from nodes(value, (*path, key))


def mutants(values: dict[str, Tree]) -> Iterator[tuple[ValuesPath, str, dict[str, Tree]]]:
    """Yield each change of a values file: where, how, the changed file."""
    for path, value in nodes(values):
        yield path, "removed", changed(values, path, "removed")
        if path[-1].startswith("["):
            yield path, "doubled", changed(values, path, "doubled")
        elif isinstance(value, dict | list) or value is None:
            yield path, "doubled", changed(values, path, "cased")
        if not isinstance(value, dict | list):
            yield path, "changed", changed(values, path, "changed")


def besides(values: dict[str, Tree]) -> Iterator[tuple[ValuesPath, str, dict[str, Tree]]]:
    """Yield each change of a default of the chart that the values file does not name."""
    for path, value in nodes(dict(chart.newest().defaults)):
        if path[0] == "config" or any(step.startswith("[") for step in path) or find(values, path) is not MISSING:
            continue
        yield path, "removed", applied(values, [Edit(path, None)])
        if not isinstance(value, dict | list):
            yield path, "changed", applied(values, [Edit(path, other(value))])
        elif not value:
            yield (
                path,
                "changed",
                applied(values, [Edit(path, {"a": "b"} if isinstance(value, dict) else [{"a": "b"}])]),
            )


def other(value: Tree) -> Tree:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value or 'some'}x"


def changed(tree: dict[str, Tree], path: ValuesPath, how: str) -> dict[str, Tree]:
    new: Any = copy.deepcopy(tree)
    *above, last = [int(step[1:-1]) if step.startswith("[") else step for step in path]
    node = new
    for step in above:
        node = node[step]
    match how:
        case "removed":
            del node[last]
        case "doubled":
            node.append(copy.deepcopy(node[last]))
        case "cased":
            node[str(last).swapcase()] = copy.deepcopy(node[last])
        case _:
            node[last] = other(node[last])
    return dict(new)


def reason(path: ValuesPath, how: str) -> str:
    """Return why a change of a place may change nothing; empty where no list says so."""
    if how == "doubled" and not path[-1].startswith("["):
        return "no template reads a key of that name"
    if how == "removed" and not find(chart.newest().defaults, path):
        return "empty, as the chart has it"
    rows = [row for row in effects.table() if path[: len(row.path)] == row.path or row.path[: len(path)] == path]
    exact = [row for row in rows if path[: len(row.path)] == row.path]
    row = max(exact, key=lambda one: len(one.path), default=None)
    if row is not None and row.effect == "nothing":
        return row.reason
    named = [
        why
        for place, why in SAME.items()
        if dotted(path) == place or dotted(path).startswith((f"{place}.", f"{place}["))
    ]
    if named:
        return named[0]
    if not chart.knows(chart.NEWEST, tuple(step for step in path if not step.startswith("["))):
        return "no template reads a key of that name"
    return rows[0].reason if rows and all(one.effect == "nothing" for one in rows) else ""


class Judge:
    """Judges changed values of one source; what the plan does not read of them leaves it as it is."""

    def __init__(self, request: Request, more: list[dict[str, Tree]]) -> None:
        self.request = request
        self.more = more
        self.plans: dict[str, Plan] = {}

    def proven(self, values: dict[str, Tree]) -> bool:
        merged = chart.merge({}, values, *self.more)
        names = repr([(key, merged.get(key)) for key in sorted(build.NAMES)])
        if names not in self.plans:
            self.plans[names] = run.source_plan(self.request, merged)
        proof = run.by_model(self.plans[names], self.request.tables, [values, *self.more], self.request.options)
        return proof.verdict is Verdict.PROVEN


@cache
def tally() -> tuple[Counter[str], Counter[str], dict[str, str], list[str]]:
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    why: dict[str, str] = {}
    wrong: list[str] = []
    for path in FIXTURES:
        for backend in Backend:
            request, values, more = prepared(path, backend)
            judge = Judge(request, more)
            every = [*mutants(values), *(besides(values) if path.parent.name == "ldap-postgres" else ())]
            for where, how, mutant in every:
                tried[where[0]] += 1
                if not judge.proven(mutant):
                    continue
                survived[where[0]] += 1
                place = dotted(where)
                if where[0] == "config" and not alike([values, *more], [mutant, *more]):
                    wrong.append(f"{path.parent.name} {backend.value}: {place} {how}: another configuration")
                elif because := reason(where, how):
                    why[f"{place} {how}"] = because
                else:
                    wrong.append(f"{path.parent.name} {backend.value}: {place} {how}: no reason")
    return tried, survived, why, wrong


def alike(one: list[dict[str, Tree]], two: list[dict[str, Tree]]) -> bool:
    """Whether values render to settings that Connect reads alike: the last line counts of what holds one value."""
    seen = []
    for layers in (one, two):
        text = chart.render(chart.newest(), layers, release="rsc", namespace="connect")
        assert isinstance(text, chart.Rendered)
        seen.append({(e.section.lower(), e.subsection, e.name.lower()): e.value for e in gcfg.parse(text.gcfg).entries})
    return seen[0] == seen[1]


@pytest.mark.xdist_group("mutants")
def test_every_mutant_is_seen_or_changes_nothing() -> None:
    tried, survived, _, wrong = tally()
    assert wrong == []
    assert sum(tried.values()) > 2_000
    assert sum(survived.values()) < sum(tried.values()) / 2


@pytest.mark.xdist_group("mutants")
def test_the_list_of_survivors(update: bool) -> None:
    tried, survived, why, _ = tally()
    lines = [f"{area:25} {tried[area]:6} tried {survived[area]:6} survive" for area in sorted(tried)]
    lines += ["", *(f"{place}: {because}" for place, because in sorted(why.items()))]
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    if update:
        GOLDEN.write_text(text, "utf-8")
    assert GOLDEN.read_text("utf-8") == text
