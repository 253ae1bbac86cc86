"""The bases that the chart completes for the Kubernetes back end: what they may not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.chart.template import a_map, a_text, default, dig, each, field, truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.values.tree import Path, Tree

_BASE = ("backends", "kubernetes", "defaultResourceJobBase")
_INIT_MOUNT = "/mnt/rstudio-connect-runtime/"
_INSTALLED = "/opt/rstudio-connect"


def check(chart: Version, values: dict[str, Tree]) -> Iterator[Finding]:
    """Yield what the chart (0.9.0 on) refuses of the two bases. Raises Stop."""
    job = a_map(default(field(values, *_BASE), {}), _BASE)
    yield from _kind(job, "Job", _BASE)
    path = (*_BASE[:2], "defaultResourceServiceBase")
    service = field(values, *path)
    if truth(service):
        yield from _kind(a_map(service, path), "Service", path)
    if not truth(field(values, "backends", "kubernetes", "defaultInitContainer", "enabled")):
        return
    runtime: Tree = _INSTALLED
    if chart >= Version(0, 20, 7):
        given = dig(field(values, "config"), ("Kubernetes", "ConnectRuntimeDir"), "")
        runtime = default(given, "/opt/rstudio-connect-runtime")
    pod: dict[str, Tree] = job
    at: Path = _BASE
    for key in ("spec", "template", "spec"):
        at = (*at, key)
        pod = a_map(pod.get(key, {}), at)
    yield from _mounts(pod.get("initContainers"), "connect-content-init", [_INIT_MOUNT], [], (*at, "initContainers"))
    never: list[Tree] = [_INSTALLED] if chart >= Version(0, 20, 7) else []
    yield from _mounts(pod.get("containers"), "connect-content", [runtime], never, (*at, "containers"))


def _kind(base: dict[str, Tree], wanted: str, path: Path) -> Iterator[Finding]:
    if "kind" in base and a_text(base["kind"], (*path, "kind")) != wanted:
        yield finding("G2H311", f"{'.'.join(path)}.kind must be {wanted}.", path=(*path, "kind"))


def _mounts(containers: Tree, name: str, shared: list[Tree], never: list[Tree], path: Path) -> Iterator[Finding]:
    for number, container in each(default(containers, []), path):
        keys = a_map(container, (*path, number))
        if keys.get("name") != name:
            continue
        at = (*path, number, "volumeMounts")
        for index, mount in each(default(keys.get("volumeMounts"), []), at):
            fields = a_map(mount, (*at, index))
            where = fields.get("mountPath")
            if where in shared and fields.get("name") != "rsc-volume":
                what = f"{'.'.join(_BASE)}: {name} mounts another volume than rsc-volume where the runtime goes."
                yield finding("G2H311", what, path=(*at, index))
            elif where in never and where not in shared:
                what = f"{'.'.join(_BASE)}: {name} must not mount anything over {_INSTALLED}."
                yield finding("G2H311", what, path=(*at, index))
