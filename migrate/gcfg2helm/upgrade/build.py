"""The upgrade as one pure function: the texts of the values in, new texts, proof and findings out.

The source of truth is what the pod reads today: the values rendered with the old chart. What must change changes in the
file where it is; everything else stays byte for byte.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import KUBERNETES_SINCE, managed
from gcfg2helm.chart.template import truth
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Finding, InputError, finding
from gcfg2helm.plan import moves
from gcfg2helm.proof import run
from gcfg2helm.upgrade import accounts, compare, defaults, images, layering, objects, places, settings, sides
from gcfg2helm.upgrade.model import Proof, Request, Upgrade
from gcfg2helm.values import read, splice
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, find, same
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.values.tree import Path, Tree

# Keys that only another chart of the same publisher has, at the top of its values.
_OTHERS = {
    "homeStorage": "rstudio-workbench",
    "launcherPem": "rstudio-workbench",
    "secureCookieKey": "rstudio-workbench",
    "rstudioPMKey": "rstudio-pm",
    "rootCheckIsFatal": "rstudio-pm",
}
_MOST_NAMED = 8  # paths in a sentence
_FOLDERS_SINCE = Version(0, 20, 12)  # source: NEWS.md of the chart
_LAUNCHER: Path = ("launcher", "enabled")
_DIRECT: Path = ("backends", "kubernetes", "enabled")


def upgraded(request: Request) -> Upgrade:
    """Upgrade values, and prove the result.

    Raises read.YamlError, InputError where the old chart refuses the values, and helm.HelmError where real Helm does.
    """
    origin = request
    request, called = _called(request)
    before = [read.load(text, name) for name, text in request.files]
    layers = [_inside(request, tree) for tree in before]
    given = charts.merge({}, *layers)
    request, found = _already(request, given)
    found += _released(request, charts.merge({}, *before))
    _check(request, given)
    today = [*called, *(_of_then(request, layer) for layer in layers)]
    if not (request.old.known or request.old_helm):
        why, warning = run.unjudged(request.old)
        raise InputError(f"{why}; {warning.todo[0].lower()}{warning.todo[1:]}")
    old = sides.side(request.old, request.old_helm, today, request.release, request.namespace)
    if isinstance(old.rendered, charts.Refused):
        raise _refused(request, old.rendered)
    was = backend_of(charts.merge(request.old.defaults, given))
    backend = request.backend or was
    if backend is Backend.KUBERNETES and request.new.version < KUBERNETES_SINCE:
        raise InputError(f"the direct Kubernetes runner needs chart {KUBERNETES_SINCE} or newer, not {request.new}")
    if was is Backend.LAUNCHER and backend is Backend.KUBERNETES:
        request, gathered = layering.gathered(request)
        found += gathered
        layers = [_inside(request, read.load(text, name)) for name, text in request.files]
    edits, reasons, changed = _decided(request, old.rendered, layers, given, backend, was)
    moved = _moved(request.prefix, [edit for made in edits for edit in made])
    files = {
        name: splice.apply(text, [_below(request.prefix, one) for one in made], (), name)
        if made
        else splice.Applied(text, read.load(text, name))
        for (name, text), made in zip(request.files, edits, strict=True)
    }
    found += [*changed, *_news(request, backend)]
    found += [finding("G2H230", f"{name} is rewritten as a whole.") for name in files if files[name].rewritten]
    if not (request.new.known or request.new_helm):
        why, warning = run.unjudged(request.new)
        found = places.placed(origin, [*found, *old.findings, warning])
        return Upgrade(request, backend, before, files, Proof((), unjudged=why), found, moved)
    after = [*called, *(_inside(request, one.tree) for one in files.values())]
    new = sides.side(request.new, request.new_helm, after, request.release, request.namespace)
    found += [*old.findings, *new.findings]
    if isinstance(new.rendered, charts.Refused):
        found = places.placed(origin, [*found, *new.rendered.findings])
        return Upgrade(request, backend, before, files, Proof((), refused=True), found, moved)
    then = charts.merge({}, *after)
    found += accounts.unlabelled(request, backend, was, then)
    found += _folder(request, backend, then)
    found += _objects(request, old, new, given, then)
    rows, doubts = compare.compared(request, old.rendered, new.rendered, reasons)
    return Upgrade(request, backend, before, files, Proof(rows), places.placed(origin, [*found, *doubts]), moved)


def _decided(
    request: Request,
    rendered: charts.Rendered,
    layers: Sequence[dict[str, Tree]],
    given: dict[str, Tree],
    backend: Backend | None,
    was: Backend | None,
) -> tuple[list[list[Edit]], compare.Reasons, list[Finding]]:
    """Return the edits of each file, why settings differ then, and the findings."""
    turns = was is not None and backend is not None and was is not backend
    whole = moves.moves(request.tables, request.new, backend, given, turns=turns)
    edits = [moves.moves(request.tables, request.new, backend, layer, turns=turns).edits for layer in layers]
    layering.apart(layers, edits, whole)
    renames = settings.renames(request, given, backend)
    own = [*renames.edits, *_switches(request, backend, whole.tree)]
    if accounts.content_account(request, backend, was, whole.tree):
        own.append(Edit(("rbac", "serviceAccount", "labels", accounts.LABEL), "true"))
    kept = defaults.decided(request, rendered, given, backend, was)
    pinned = images.pinned(request, given, whole.tree, backend)
    layering.placed(layers, edits, [*own, *kept.edits, *pinned.edits])
    reasons = compare.Reasons(renames.reasons, kept.reasons, _of_config(whole.reasons))
    found = [*_unknown(request, given), *whole.findings, *renames.findings, *kept.findings, *pinned.findings]
    return edits, reasons, found


def _objects(
    request: Request, old: sides.Side, new: sides.Side, given: dict[str, Tree], then: dict[str, Tree]
) -> Iterator[Finding]:
    """Compare the objects of both sides: all of them where real Helm rendered both, else those that the model knows."""
    if old.real and new.real:
        return objects.compared(old.objects, new.objects, request.namespace)
    pair = [
        objects.modelled(chart, values, request.release, request.namespace)
        for chart, values in ((request.old, given), (request.new, then))
    ]
    return objects.compared(pair[0], pair[1], request.namespace)


# the values of the chart -----------------------------------------------------------------------------------------------


def _inside(request: Request, tree: dict[str, Tree]) -> dict[str, Tree]:
    """Return the values of the chart in what a file says. Raises InputError where they are no map."""
    found = find(tree, request.prefix)
    if found is MISSING or found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError(f"{request.files[0][0]}: {dotted(request.prefix)} is not a map of values")
    return found


def _called(request: Request) -> tuple[Request, list[dict[str, Tree]]]:
    """Give both charts the name that an alias is to Helm: it counts as `nameOverride` does, below every values file."""
    if not request.prefix or request.prefix[-1] == managed.NAME:
        return request, []
    layer: dict[str, Tree] = {"nameOverride": request.prefix[-1]}
    old, new = (replace(one, defaults={**one.defaults, **layer}) for one in (request.old, request.new))
    return request._replace(old=old, new=new), [layer]


def _moved(prefix: Path, edits: Sequence[Edit]) -> dict[Path, Path]:
    """Return where values moved to, by their old paths."""
    pairs: dict[Path, Path] = {}
    for edit in (_below(prefix, one) for one in edits):
        pairs.update({one.origin: one.to for one in edit.carried if one.origin})
        if edit.origin and edit.path:
            pairs.setdefault(edit.origin, edit.path)
    return pairs


def _below(prefix: Path, edit: Edit) -> Edit:
    carried = tuple(
        one._replace(origin=(*prefix, *one.origin), to=(*prefix, *one.to)) if one.origin else one
        for one in edit.carried
    )
    origin = (*prefix, *edit.origin) if edit.origin else ()
    return edit._replace(path=(*prefix, *edit.path), origin=origin, carried=carried)


def _already(request: Request, given: dict[str, Tree]) -> tuple[Request, list[Finding]]:
    """Take values with a switch that the old chart does not know for those of the new one: they are upgraded already."""
    if find(given, _DIRECT) is MISSING or not request.old.version < KUBERNETES_SINCE <= request.new.version:
        return request, []
    what = f"{dotted(_DIRECT)} is not a value of chart {request.old}: the file is read as values of {request.new}."
    found = finding("G2H808", what, "If it is not, remove backends.kubernetes.", path=_DIRECT)
    return request._replace(old=request.new, old_helm=request.new_helm), [found]


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
    direct, launcher = find(merged, _DIRECT), find(merged, _LAUNCHER)
    if direct is not MISSING and truth(direct):  # type: ignore[arg-type]
        return Backend.KUBERNETES
    return Backend.LAUNCHER if launcher is not MISSING and truth(launcher) else None  # type: ignore[arg-type]


# what is no good -------------------------------------------------------------------------------------------------------


def _check(request: Request, given: dict[str, Tree]) -> None:
    """Raise InputError for values of another chart."""
    first = request.files[0][0]
    if other := next((_OTHERS[key] for key in given if key in _OTHERS), ""):
        raise InputError(f"{first}: these are values of {other}, not of rstudio-connect")
    known = [key for key in given if charts.knows(request.old.version, (key,))]
    newer = [key for key in given if charts.knows(request.new.version, (key,))]
    if given and not known and not newer:
        keys = ", ".join(map(dotted, ((key,) for key in list(given)[:5])))
        raise InputError(f"{first}: these are not values of rstudio-connect: it knows none of {keys}")


def _refused(request: Request, rendered: charts.Refused) -> InputError:
    """Return the error for values that the old chart refuses."""
    lines = [f"{request.files[0][0]}: chart {request.old} refuses these values; is --from right?"]
    lines += [
        f"  {f'{one.place}: ' if one.place else ''}{one.code} {one.what} {one.todo}".rstrip()
        for one in places.placed(request, rendered.findings)
    ]
    return InputError("\n".join(lines))


def _unknown(request: Request, given: dict[str, Tree]) -> Iterator[Finding]:
    """Yield a finding for values that only a newer chart than the old one knows, or no chart at all."""
    legacy = [row.path for row in request.tables.legacy]
    for path in _paths(given, request):
        if any(path == one[: len(path)] or one == path[: len(one)] for one in legacy):
            continue
        if charts.knows(request.new.version, path):
            what = f"{dotted(path)} is a value of newer charts; chart {request.old} ignores it."
            yield finding("G2H808", what, "Check --from, and whether the value is intended.", path=path)
        else:
            what = f"{dotted(path)} is not a value of chart {request.old} or {request.new}."
            yield finding("G2H808", what, "Look for a misspelt name; Helm ignores it.", path=path)


def _paths(tree: dict[str, Tree], request: Request, path: Path = ()) -> Iterator[Path]:
    """Yield the highest paths that the old chart does not know."""
    for key, value in tree.items():
        below = (*path, key)
        if not charts.knows(request.old.version, below):
            yield below
        elif isinstance(value, dict):
            yield from _paths(value, request, below)


def _released(request: Request, given: dict[str, Tree]) -> Iterator[Finding]:
    """Yield a finding where the release was made with other values than the files say."""
    if request.released is None:
        return
    paths = list(_differing(request.released, given))
    if paths:
        named = ", ".join(dict.fromkeys(map(dotted, paths[:_MOST_NAMED])))
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        what = f"The release {request.release} was made with other values than the files: {named}{more}."
        todo = "Add them to the files, unless the files are meant to change the release."
        command = Command(shlex.join(["helm", "get", "values", request.release, "--namespace", request.namespace]))
        yield finding("G2H812", what, todo, path=paths[0], commands=(command,))


def _differing(one: Mapping[str, Tree], other: Mapping[str, Tree], path: Path = ()) -> Iterator[Path]:
    for key in dict.fromkeys((*one, *other)):
        was, is_now = one.get(key, MISSING), other.get(key, MISSING)
        if isinstance(was, dict) and isinstance(is_now, dict):
            yield from _differing(was, is_now, (*path, key))
        elif not same(was, is_now):
            yield (*path, key)


def _folder(request: Request, backend: Backend | None, then: dict[str, Tree]) -> Iterator[Finding]:
    """Yield a finding where content would look for its data at the top of the claim, not in its folder."""
    folder = find(then, ("sharedStorage", "subPath"))
    if backend is Backend.KUBERNETES and folder not in (MISSING, None, "") and request.new.version < _FOLDERS_SINCE:
        what = f"Chart {request.new} does not pass sharedStorage.subPath to the direct runner: content finds no data."
        todo = f"Upgrade to chart {_FOLDERS_SINCE} or newer."
        yield finding("G2H804", what, todo, path=("sharedStorage", "subPath"))


def _news(request: Request, backend: Backend | None) -> Iterator[Finding]:
    """Yield what the notes of the versions between say that no value can tell."""
    for version, news in charts.news():
        if request.old.version < version <= request.new.version and news.local in (None, backend is None):
            yield finding("G2H811", f"Chart {version}: {news.text}", "Read the notes of the chart.")


# edits -----------------------------------------------------------------------------------------------------------------


def _switches(request: Request, backend: Backend | None, given: dict[str, Tree]) -> Iterator[Edit]:
    """Yield the switches of the two back ends, where the new chart would not have them by itself."""
    switches = [(_LAUNCHER, backend is Backend.LAUNCHER)]
    if request.new.version >= KUBERNETES_SINCE:
        switches.append((_DIRECT, backend is Backend.KUBERNETES))
    for path, wanted in switches:
        present = find(given, path)
        if present is MISSING:
            present = find(request.new.defaults, path)
            written = request.new.version >= KUBERNETES_SINCE and wanted is not find(request.old.defaults, path)
            if present is wanted and not written:
                continue
        if present is not wanted or find(given, path) is MISSING:
            yield Edit(path, wanted)


def _of_config(reasons: Mapping[Path, str]) -> dict[str, str]:
    return {
        ".".join(path[1:]).lower(): why for path, why in reasons.items() if path[:1] == ("config",) and len(path) == 3
    }
