"""The upgrade as one pure function: the texts of the values in, new texts, proof and findings out.

The source of truth is what the pod reads today: the values rendered with the old chart. What must change changes in the
file where it stands; everything else stays byte for byte.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import KUBERNETES_SINCE
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Finding, InputError, finding
from gcfg2helm.plan import moves
from gcfg2helm.upgrade import compare, defaults, images, objects, settings
from gcfg2helm.upgrade.model import Proof, Request, Upgrade
from gcfg2helm.values import read, splice
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, applied, find, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.values.tree import Path, Tree

_LAUNCHER: Path = ("launcher", "enabled")
_DIRECT: Path = ("backends", "kubernetes", "enabled")
_LABEL = "connect.posit.co/service-account"


def upgraded(request: Request) -> Upgrade:
    """Upgrade values, and prove the result. Raises read.YamlError, and InputError where the old chart refuses them."""
    layers = [read.load(text, name) for name, text in request.files]
    names = [name for name, _ in request.files]
    given = charts.merge({}, *layers)
    today = [_of_then(request, layer) for layer in layers]
    rendered = charts.render(request.old, today, release=request.release, namespace=request.namespace)
    _check(request, given)
    if isinstance(rendered, charts.Refused):
        raise _refused(request, rendered)
    merged = charts.merge(request.old.defaults, given)
    was = backend_of(merged)
    backend = request.backend or was
    if backend is Backend.KUBERNETES and request.new.version < KUBERNETES_SINCE:
        raise InputError(f"the direct Kubernetes runner needs chart {KUBERNETES_SINCE} or newer, not {request.new}")
    moving = backend if was is Backend.LAUNCHER else None
    whole = moves.moves(request.tables, request.new, moving, given)
    found = [*_unknown(request, given), *whole.findings]
    edits = [moves.moves(request.tables, request.new, moving, layer).edits for layer in layers]
    _apart(layers, edits, whole)
    renames = settings.renames(request, given, backend)
    found += renames.findings
    own = [*renames.edits, *_switches(request, backend, whole.tree)]
    if _content_account(request, backend, was, whole.tree):
        path = ("rbac", "serviceAccount", "labels", _LABEL)
        own.append(Edit(path, "true"))
    kept = defaults.decided(request, rendered, given, backend, was)
    found += kept.findings
    own += kept.edits
    pinned = images.pinned(request, given, whole.tree, backend)
    found += pinned.findings
    own += pinned.edits
    found += _news(request, backend)
    _placed(layers, edits, own)
    files = {
        name: splice.apply(text, made, (), name) if made else splice.Applied(text, layer)
        for (name, text), made, layer in zip(request.files, edits, layers, strict=True)
    }
    found += [finding("G2H230", f"{name} is written anew as a whole.") for name in names if files[name].rewritten]
    after = [one.tree for one in files.values()]
    result = charts.render(request.new, after, release=request.release, namespace=request.namespace)
    if isinstance(result, charts.Refused):
        return Upgrade(request, backend, layers, files, Proof((), refused=True), [*found, *result.findings])
    then = charts.merge({}, *after)
    found += _accounts(request, backend, was, then)
    before = objects.modelled(request.old, given, request.release, request.namespace)
    found += objects.compared(
        before, objects.modelled(request.new, then, request.release, request.namespace), request.namespace
    )
    reasons = compare.Reasons(renames.reasons, kept.reasons, _of_config(whole.reasons))
    rows, doubts = compare.compared(request, rendered, result, reasons)
    return Upgrade(request, backend, layers, files, Proof(rows), [*found, *doubts])


def _of_then(request: Request, layer: dict[str, Tree]) -> dict[str, Tree]:
    """Return values without the nulls that take out defaults of the new chart alone: the old one would print them."""
    config = layer.get("config")
    if not isinstance(config, dict):
        return layer
    kept: dict[str, Tree] = {}
    for section, keys in config.items():
        if not isinstance(keys, dict):
            kept[section] = keys
            continue
        left = {
            key: value
            for key, value in keys.items()
            if value is not None
            or find(request.old.defaults, ("config", section, key)) is not MISSING
            or find(request.new.defaults, ("config", section, key)) is MISSING
        }
        if left or not keys:
            kept[section] = left
    return {**layer, "config": kept}


def backend_of(merged: dict[str, Tree]) -> Backend | None:
    """Return the back end that merged values switch on; None where content runs in the pod of Connect."""
    if find(merged, _DIRECT) is True:
        return Backend.KUBERNETES
    return Backend.LAUNCHER if find(merged, _LAUNCHER) is True else None


# what is no good -------------------------------------------------------------------------------------------------------


def _check(request: Request, given: dict[str, Tree]) -> None:
    """Raise InputError for values of another chart."""
    first = request.files[0][0]
    known = [key for key in given if charts.knows(request.old.version, (key,))]
    newer = [key for key in given if charts.knows(request.new.version, (key,))]
    if given and not known and not newer:
        keys = ", ".join(map(dotted, ((key,) for key in list(given)[:5])))
        raise InputError(f"{first}: these are not values of rstudio-connect: it knows none of {keys}")


def _refused(request: Request, rendered: charts.Refused) -> InputError:
    """Return the error for values that the old chart refuses."""
    lines = [f"{request.files[0][0]}: chart {request.old} refuses these values; is --from right?"]
    lines += [f"  {one.code} {one.what} {one.todo}".rstrip() for one in rendered.findings]
    return InputError("\n".join(lines))


def _unknown(request: Request, given: dict[str, Tree]) -> Iterator[Finding]:
    """Yield a finding for values that only a newer chart than the old one knows, or no chart at all."""
    legacy = [row.path for row in request.tables.legacy]
    for path in _paths(given, request):
        if any(path == one[: len(path)] or one == path[: len(one)] for one in legacy):
            continue
        if charts.knows(request.new.version, path):
            what = f"{dotted(path)} is a value of newer charts; chart {request.old} ignores it."
            yield finding("G2H808", what, "Check --from, and that the value is meant.", path=path)
        else:
            what = f"{dotted(path)} is no value of chart {request.old}, nor of {request.new}."
            yield finding("G2H808", what, "Look for a misspelt name; Helm ignores it.", path=path)


def _paths(tree: dict[str, Tree], request: Request, path: Path = ()) -> Iterator[Path]:
    """Yield the highest paths that the old chart does not know."""
    for key, value in tree.items():
        below = (*path, key)
        if not charts.knows(request.old.version, below):
            yield below
        elif isinstance(value, dict):
            yield from _paths(value, request, below)


def _news(request: Request, backend: Backend | None) -> Iterator[Finding]:
    """Yield what the notes of the versions between say that no value can tell."""
    for version, news in charts.news():
        if request.old.version < version <= request.new.version and news.local in (None, backend is None):
            yield finding("G2H811", f"Chart {version}: {news.text}", "Read the notes of the chart.")


# edits -----------------------------------------------------------------------------------------------------------------


def _apart(layers: Sequence[dict[str, Tree]], edits: list[list[Edit]], whole: moves.Moves) -> None:
    """Make the edits of each file say together what those of all files at once say: lists do not merge in Helm."""
    if len(layers) < 2:
        return
    after = charts.merge({}, *(applied(layer, made) for layer, made in zip(layers, edits, strict=True)))
    for edit in whole.edits:
        if edit.remove or same(find(after, edit.path), edit.value):
            continue
        holders = [number for number, made in enumerate(edits) if any(one.path == edit.path for one in made)]
        last = holders[-1] if holders else 0
        for number in holders:
            edits[number] = [one for one in edits[number] if one.path != edit.path or one.remove]
        edits[last].append(Edit(edit.path, edit.value))


def _switches(request: Request, backend: Backend | None, given: dict[str, Tree]) -> Iterator[Edit]:
    """Yield the switches of the two back ends, where the new chart would not have them by itself."""
    switches = [(_LAUNCHER, backend is Backend.LAUNCHER)]
    if request.new.version >= KUBERNETES_SINCE:
        switches.append((_DIRECT, backend is Backend.KUBERNETES))
    for path, wanted in switches:
        standing = find(given, path)
        if standing is MISSING:
            standing = find(request.new.defaults, path)
            written = request.new.version >= KUBERNETES_SINCE and wanted is not find(request.old.defaults, path)
            if standing is wanted and not written:
                continue
        if standing is not wanted or find(given, path) is MISSING:
            yield Edit(path, wanted)


def _placed(layers: Sequence[dict[str, Tree]], edits: list[list[Edit]], own: Sequence[Edit]) -> None:
    """Give each edit to the last file that has something at its path, or at the map above it; else to the first."""
    for edit in own:
        path = edit.origin or edit.path
        holders: list[int] = []
        while path and not holders:
            holders = [number for number, layer in enumerate(layers) if find(layer, path) is not MISSING]
            exact = path == (edit.origin or edit.path)
            path = path[:-1]
        number = holders[-1] if holders and exact else holders[0] if holders else 0
        edits[number].append(edit)


def _of_config(reasons: Mapping[Path, str]) -> dict[str, str]:
    return {
        ".".join(path[1:]).lower(): why for path, why in reasons.items() if path[:1] == ("config",) and len(path) == 3
    }


# service accounts ------------------------------------------------------------------------------------------------------


def _account(after: dict[str, Tree]) -> str:
    base = find(after, ("backends", "kubernetes", "defaultResourceJobBase", "spec", "template", "spec"))
    name = base.get("serviceAccountName") if isinstance(base, dict) else None
    return name if isinstance(name, str) else ""


def _own_account(request: Request, after: dict[str, Tree]) -> str:
    from gcfg2helm.chart import managed

    name = find(after, ("rbac", "serviceAccount", "name"))
    if isinstance(name, str) and name:
        return name
    return managed.fullname(charts.merge(request.new.defaults, after), request.release)


def _content_account(request: Request, backend: Backend | None, was: Backend | None, after: dict[str, Tree]) -> bool:
    """Whether content runs under the account that the chart makes for Connect, which needs the label then."""
    labels = find(after, ("rbac", "serviceAccount", "labels"))
    labelled = isinstance(labels, dict) and _LABEL in labels
    created = find(after, ("rbac", "serviceAccount", "create")) is not False
    mine = bool(_account(after)) and _account(after) == _own_account(request, after)
    return backend is Backend.KUBERNETES and was is not backend and created and mine and not labelled


def _accounts(request: Request, backend: Backend | None, was: Backend | None, after: dict[str, Tree]) -> list[Finding]:
    """Return the finding for the accounts that content runs under."""
    if backend is not Backend.KUBERNETES or was is backend:
        return []
    name = _account(after)
    if name and name == _own_account(request, after):
        return []
    namespace = find(after, ("backends", "kubernetes", "namespace"))
    namespace = namespace if isinstance(namespace, str) and namespace else request.namespace
    what = f"Content runs under the service account {name or 'default'} of {namespace}, which needs a label."
    command = shlex.join(
        ["kubectl", "label", "serviceaccount", name or "default", f"{_LABEL}=true", "--namespace", namespace]
    )
    path = ("backends", "kubernetes", "defaultResourceJobBase")
    return [finding("G2H807", what, "Label it before the upgrade.", path=path, commands=(Command(command),))]
