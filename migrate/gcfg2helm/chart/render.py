"""What a version of the chart renders into rstudio-connect.gcfg, byte for byte as Helm does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.chart import managed, refusals
from gcfg2helm.chart.history import OLDEST
from gcfg2helm.chart.model import Origin, Refused, Rendered
from gcfg2helm.chart.template import Stop, a_map, field, ini, overwritten, truth
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.chart.model import Chart
    from gcfg2helm.values.tree import Tree


def merge(below: Mapping[str, Tree], *values: Mapping[str, Tree]) -> dict[str, Tree]:
    """Merge values files in Helm's order over the chart's defaults.

    Maps merge, everything else is replaced as a whole. A null takes away what the defaults have and stays a null where
    they have nothing.
    """
    given: dict[str, Tree] = {}
    for one in values:
        given = overwritten(given, dict(one))
    return _over(dict(below), given)


def _over(below: dict[str, Tree], above: dict[str, Tree]) -> dict[str, Tree]:
    merged = dict(below)
    for key, value in above.items():
        mine = below.get(key)
        if value is None and key in below:
            del merged[key]
        elif isinstance(mine, dict) and isinstance(value, dict):
            merged[key] = _over(mine, value)
        else:
            merged[key] = value
    return merged


def render(chart: Chart, values: Sequence[dict[str, Tree]], *, release: str, namespace: str) -> Rendered | Refused:
    """Render the gcfg as `helm template RELEASE -n NAMESPACE -f ... -f ...` would, or say why the chart refuses.

    `values` are in the order of the `-f` options, as `values.read.load` reads them. Source of the rules: the templates of
    every published version, and the output of Helm 3.17.3.
    """
    merged = merge(chart.defaults, *values)
    findings = refusals.check(chart, merged, namespace=namespace)
    try:
        rendered = _render(chart, merged, values, release, namespace)
    except Stop as stop:
        findings.append(refusals.stopped(stop))
    if findings:
        return Refused(tuple(dict.fromkeys(findings)))
    if bad := refusals.unprintable(rendered):
        return Refused((bad,))
    return rendered


def sections(
    chart: Chart, merged: dict[str, Tree], *, release: str, namespace: str
) -> tuple[managed.Sections, dict[str, Tree]]:
    """Return what the chart writes by itself, and all sections that it prints: that with `config` over it. Raises Stop."""
    written, kept, _ = _parts(chart, merged, release, namespace)
    return written, overwritten(dict(written), kept)


def _parts(
    chart: Chart, merged: dict[str, Tree], release: str, namespace: str
) -> tuple[managed.Sections, dict[str, Tree], str]:
    written = managed.managed(chart, merged, release=release, namespace=namespace)
    config = a_map(field(merged, "config"), ("config",))
    stray, config = managed.without_graphite(chart, merged, config)
    return written, managed.trimmed(chart, config), stray


def _render(
    chart: Chart, merged: dict[str, Tree], values: Sequence[dict[str, Tree]], release: str, namespace: str
) -> Rendered:
    written, kept, stray = _parts(chart, merged, release, namespace)
    sections = overwritten(dict(written), kept)
    given = merge({}, *values).get("config")
    origins = {
        (section, key): _origin(section, key, kept, given if isinstance(given, dict) else {})
        for section, keys in sections.items()
        if isinstance(keys, dict)
        for key in keys
    }
    return Rendered(_in_configmap(chart, merged, stray + ini(sections)), origins)


def _in_configmap(chart: Chart, merged: dict[str, Tree], gcfg: str) -> str:
    """Return the text as it comes out of the ConfigMap: one newline at the end, and no blanks where it ends the file."""
    followed = (
        (OLDEST, ("launcher", "enabled")),
        (Version(0, 9, 0), ("backends", "kubernetes", "enabled")),
        (Version(0, 21, 0), ("chronicle", "localConfig")),
    )
    last = not any(chart.version >= since and truth(field(merged, *path)) for since, path in followed)
    kept = gcfg.rstrip() if last else gcfg.rstrip("\n")
    return f"{kept}\n" if kept else ""


def _origin(section: str, key: str, config: Mapping[str, Tree], given: Mapping[str, Tree]) -> Origin:
    def holds(tree: Mapping[str, Tree]) -> bool:
        keys = tree.get(section)
        return isinstance(keys, dict) and key in keys

    if not holds(config):
        return Origin.MANAGED
    return Origin.USER if holds(given) else Origin.DEFAULT
