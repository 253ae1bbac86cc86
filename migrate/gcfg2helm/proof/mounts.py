"""The files of the pod: every mount of Connect's container, the chart's own and the admin's, and who else could write them.

A mount hides what lies at its path, a second one at the same path is refused, and the deepest one serves a file. Source:
the chart's deployment template, and how Kubernetes reads a pod.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart.template import truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.storage import DEFAULT_DATA_DIR, INSTALLATION, below
from gcfg2helm.proof.nodes import at, maps, normal, planned, replaced, unseen, visible
from gcfg2helm.values.tree import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree

FOLDER = "/etc/rstudio-connect"
# What Connect and its launcher read there: the chart's mounts, and the file that Connect itself writes beside them.
_FILES = tuple(
    f"{FOLDER}/{name}"
    for name in (
        "rstudio-connect.gcfg", "rstudio-connect-migration.gcfg", "job.yaml", "service.yaml", "launcher", "runtime.yaml",
        "execution-environments", "chronicle",
    )
)  # fmt: skip
CONFIGURATION = "rstudio-connect-config"  # the volume of the chart that holds the configuration
DATA = "rstudio-connect-data"
# The volumes of the chart's own pod; a second one of the same name, or a sidecar that mounts one, changes what it reads.
VOLUMES = (
    CONFIGURATION, DATA, "rstudio-connect-templates", "rstudio-connect-prestart", "execution-environments",
    "nameservice-config", "chronicle-config", "overrides", "license-file", "graphite-exporter-config",
)  # fmt: skip
# What starts Connect, and Connect: a mount there, or above it, takes the place of what the image holds.
_PROGRAMS = (
    INSTALLATION,
    "/scripts",
    "/usr/local/bin",
    "/usr/bin",
    "/usr/lib",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/proc",
    "/sys",
    "/dev",
)
_MOUNTS: Path = ("pod", "volumeMounts")
_VOLUMES: Path = ("pod", "volumes")
# Containers beside Connect's, and what the chart itself calls one.
_CONTAINERS: tuple[Path, ...] = (("pod", "sidecar"), ("initContainers",))
_NAMES = frozenset({"connect", "chronicle-agent", "chronicle-config", "exporter"})


class Mount(NamedTuple):
    """A mount of the chart's own whose place follows from values: where it is, which value says so, and where it
    is by default."""

    path: str
    value: Path
    standard: str = ""


def check(plan: Plan, values: Mapping[str, Tree], data_dir: str) -> Iterator[Finding]:
    """Yield what takes the place of the configuration, the data or Connect; `values` lie over the chart's defaults."""
    data = normal(data_dir or DEFAULT_DATA_DIR)
    own = list(_own(values))
    yield from _chart_mounts(own, data)
    yield from _admin_mounts(values, own, data)
    yield from _volumes(values)
    yield from _files(plan, values)
    yield from _containers(values)


def stored(values: Mapping[str, Tree]) -> bool:
    """Whether the chart mounts its shared storage."""
    return any(truth(at(values, ("sharedStorage", key))) for key in ("create", "mount"))


def _own(values: Mapping[str, Tree]) -> Iterator[Mount]:
    """Yield the chart's own mounts, as far as values move them."""
    if stored(values):
        yield Mount(normal(at(values, ("sharedStorage", "path"))), ("sharedStorage", "path"))
    file: Path = ("license", "file")
    if any(truth(at(values, (*file, key))) for key in ("contents", "secret")):
        mount, key = (str(at(values, (*file, key)) or "") for key in ("mountPath", "secretKey"))
        whole = f"{mount}/{key}" if truth(at(values, (*file, "mountSubPath"))) else mount
        yield Mount(normal(whole), (*file, "mountPath"))
    kubernetes: tuple[tuple[str, Path, str], ...] = (
        ("DefaultResourceJobBase", ("backends", "kubernetes", "enabled"), "job.yaml"),
        ("DefaultResourceServiceBase", ("backends", "kubernetes", "defaultResourceServiceBase"), "service.yaml"),
    )
    path: Path
    for key, on, name in kubernetes:
        path = ("config", "Kubernetes", key)
        if truth(at(values, on)) and truth(at(values, path)):
            yield Mount(normal(at(values, path)), path, f"{FOLDER}/{name}")
    path = ("config", "ExecutionEnvironments", "ConfigFilePath")
    if truth(values.get("executionEnvironments")) and truth(at(values, path)):
        yield Mount(posixpath.dirname(normal(at(values, path))), path, f"{FOLDER}/execution-environments")
    path = ("config", "Launcher", "KubernetesScratchPath")
    if truth(at(values, ("launcher", "enabled"))) and truth(at(values, path)):
        yield Mount(normal(f"{at(values, path)}/Kubernetes"), path)


def _chart_mounts(own: list[Mount], data: str) -> Iterator[Finding]:
    """Judge the chart's own mounts that values have moved."""
    for mount in own:
        storage = mount.value[0] == "sharedStorage"
        if any(_covers(mount.path, file) for file in _FILES if file != mount.standard) or (
            mount.path != data and any(_covers(mount.path, one) for one in _PROGRAMS)
        ):
            yield replaced(mount.value, f"puts a mount at {visible(mount.path)}, over what the pod starts from.")
        elif not storage and _covers(mount.path, data):
            yield replaced(mount.value, f"puts a mount at {visible(mount.path)}, over the data directory.")
    for path, count in Counter(mount.path for mount in own).items():
        if count > 1:
            value = next(mount.value for mount in reversed(own) if mount.path == path)
            yield replaced(value, f"puts a second mount at {visible(path)}; Kubernetes refuses the pod.")


def _covers(path: str, protected: str) -> bool:
    """Whether a mount lies at a protected path, above it or in it."""
    return below(path, protected) or below(protected, path)


def _admin_mounts(values: Mapping[str, Tree], own: list[Mount], data: str) -> Iterator[Finding]:
    mounts = maps(at(values, _MOUNTS))
    taken = {mount.path for mount in own}
    for mount in mounts:
        path, name = normal(mount.get("mountPath")), mount.get("name")
        shown = visible(path)
        if any(_covers(path, file) for file in _FILES):
            yield replaced(_MOUNTS, f"mounts {shown} over the configuration that the chart mounts.")
        elif path in taken or path == data:
            if stored(values) or path in taken:
                yield replaced(_MOUNTS, f"mounts {shown} over the data directory or another mount of the chart.")
        elif any(below(one, path) for one in (*_PROGRAMS, *taken)) and not below(data, path):
            yield replaced(_MOUNTS, f"mounts {shown} over what the image or the chart has there.")
        elif any(below(path, one) for one in _PROGRAMS):
            yield unseen(_MOUNTS, f"mounts {shown} inside what the pod starts from.")
        elif stored(values) and below(path, data):
            yield unseen(
                _MOUNTS, f"mounts {shown} inside the data directory: its contents are not on the shared storage."
            )
        if name == CONFIGURATION or (name == DATA and path != data):
            yield replaced(_MOUNTS, f"mounts the chart's own volume {name} a second time, at {shown}.")
    for path, count in Counter(normal(one.get("mountPath")) for one in mounts).items():
        if count > 1:
            yield replaced(_MOUNTS, f"mounts {visible(path)} {count} times; Kubernetes refuses the pod.")


def _volumes(values: Mapping[str, Tree]) -> Iterator[Finding]:
    volumes = maps(at(values, _VOLUMES))
    names = [str(one.get("name")) for one in volumes]
    for name, count in Counter(names).items():
        if name in VOLUMES or count > 1:
            yield replaced(_VOLUMES, f"defines the volume {visible(name)} a second time.")
    for mount in maps(at(values, _MOUNTS)):
        if str(mount.get("name")) not in {*names, *VOLUMES}:
            yield replaced(_MOUNTS, f"mounts the volume {visible(mount.get('name'))}, which nothing defines.")
    mounted = str(at(values, ("sharedStorage", "name")) or "")
    for volume in volumes:
        claim = volume.get("persistentVolumeClaim")
        name = str(claim.get("claimName")) if isinstance(claim, dict) else ""
        if name and (name == mounted or name.endswith("-shared-storage")):
            yield unseen(_VOLUMES, f"adds the claim of the data to the pod again, as {visible(volume.get('name'))}.")


def _files(plan: Plan, values: Mapping[str, Tree]) -> Iterator[Finding]:
    """The files that the configuration names: each mounted where it is looked for, from what the conversion makes."""
    volumes = {str(one.get("name")): one for one in maps(at(values, _VOLUMES))}
    mounts = maps(at(values, _MOUNTS))
    ours = {str(one.get("name")): one for one in planned(plan, _VOLUMES)}
    for wanted in planned(plan, _MOUNTS):
        path = normal(wanted.get("mountPath"))
        there = [one for one in mounts if normal(one.get("mountPath")) == path]
        if not there and not any(below(path, normal(one.get("mountPath"))) for one in mounts):
            what = f"Nothing is mounted at {visible(path)}, which the configuration names."
            yield finding("G2H617", what, path=_MOUNTS)
        elif not any(
            same(one, wanted) and same(volumes.get(str(one.get("name"))), ours.get(str(wanted.get("name")), one))
            for one in there
        ):
            yield unseen(_MOUNTS, f"mounts {visible(path)} from another source than the conversion does.")


def _containers(values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Sidecars and init containers that could write what Connect reads."""
    names: list[str] = []
    for where in _CONTAINERS:
        for item in maps(at(values, where)):
            names.append(str(item.get("name")))
            name = visible(item.get("name"))
            if item.get("name") in _NAMES:
                yield replaced(where, f"holds a container named {name}, as the chart's own is.")
            yield from _uses(where, name, item.get("volumeMounts"))
    if truth(at(values, ("chronicleAgent", "enabled"))):
        where = ("chronicleAgent", "volumeMounts")
        yield from _uses(where, "chronicle-agent", at(values, where))
    for name, count in Counter(names).items():
        if count > 1:
            yield replaced(
                _CONTAINERS[0], f"and initContainers name {visible(name)} {count} times; Kubernetes refuses the pod."
            )


def _uses(where: Path, container: str, mounts: Tree) -> Iterator[Finding]:
    for mount in maps(mounts):
        if mount.get("name") == CONFIGURATION:
            yield replaced(where, f"lets the container {container} mount the configuration.")
        elif mount.get("name") in VOLUMES:
            yield unseen(where, f"lets the container {container} use the volume {mount['name']}.")
