"""Which Connect will read the configuration: what somebody says, else the image's tag, the values, or the chart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.values.tree import find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gcfg2helm.chart import Chart
    from gcfg2helm.values.tree import Tree

# A release of Connect inside a tag: `2026.05.0-ubuntu-24.04`, `ubuntu2204-2025.12.0`, `bionic-1.8.8.2-10`.
_RELEASE = r"(?a)(?<![\d.])(?:20\d\d\.\d{1,2}\.\d{1,3}|1\.\d{1,2}\.\d{1,2})(?!\d)"


def installed(chart: Chart, values: Mapping[str, Tree]) -> str:
    """Return the Connect that a chart starts with these values.

    The container's image has the tag `image.tag`, else one made of `versionOverride`, else of the chart's own appVersion,
    with `image.tagPrefix` or `image.os`, which name no release. A tag without a release tells nothing.
    """
    tag = find(values, ("image", "tag"))
    if isinstance(tag, str) and (release := re.search(_RELEASE, tag)):
        return release[0]
    return str(values.get("versionOverride") or chart.app_version)


def overriding(chart: Chart, values: Mapping[str, Tree], wanted: str) -> bool:
    """Whether `versionOverride` is what makes the chart start a release, and nobody has set it, nor a whole tag.

    The chart's README: "A Connect version to override the tag for the Posit Connect image and the Content Init image."
    """
    if not re.fullmatch(_RELEASE, wanted) or version(wanted) == version(installed(chart, values)):
        return False
    tags = (find(tree, ("image", "tag")) for tree in (values, chart.defaults))
    if "versionOverride" not in chart.defaults or values.get("versionOverride"):
        return False
    return not any(isinstance(tag, str) and tag for tag in tags)


def image(chart: Chart, values: Mapping[str, Tree], release: str) -> str:
    """Return the image that the chart makes of a release, where no tag is set."""
    parts = charts.merge(chart.defaults, values).get("image")
    parts = parts if isinstance(parts, dict) else {}
    name, prefix, system = (parts.get(key) for key in ("repository", "tagPrefix", "os"))
    tag = (
        f"{prefix}{release}"
        if isinstance(prefix, str)
        else f"{release}-{system}"
        if isinstance(system, str)
        else release
    )
    return f"{name}:{tag}"


def version(text: str) -> Version | None:
    """Return a release of Connect as a version; None where it is none."""
    try:
        return Version.parse(text)
    except ValueError:
        return None


def chart_like(chart: Chart, connect: Version | None) -> Version:
    """Return the chart version whose rules about Connect itself hold for a release: the newest that carries it or an older one.

    It is the chart's own where that Connect, or an unknown one, is started.
    """
    if connect is None or connect == version(chart.app_version):
        return chart.version
    older = [one for one in charts.versions() if (app := version(charts.app_version(one))) and app <= connect]
    return older[-1] if older else charts.OLDEST
