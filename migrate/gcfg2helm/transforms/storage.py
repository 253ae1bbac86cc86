"""Where Connect keeps its data: one shared storage for the pod and the content, decided in one place."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Finding, finding
from gcfg2helm.transforms.outcomes import by_chart, carried, dropped, moved, unused_options
from gcfg2helm.values import Edit
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.context import Context, Group, Result
    from gcfg2helm.tables import Rule
    from gcfg2helm.values import Tree

DEFAULT_DATA_DIR = "/var/lib/rstudio-connect"
INSTALLATION = "/opt/rstudio-connect"
VOLUME_NAME = Span(Version(0, 3, 11))  # sharedStorage.volumeName
_CHART_SIZE = "10Gi"
_NFS = re.compile(r"(?P<server>\[[0-9A-Fa-f:.%]+\]|[^:/\s\[\]]+):(?P<path>/[^\0\n]*)")
_CLAIM = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_ASK = (
    "Name a storage class that allows ReadWriteMany in sharedStorage.storageClassName (--storage-class), "
    f"and the size in sharedStorage.requests.storage (--storage-size); the chart asks for {_CHART_SIZE}."
)


class Export(NamedTuple):
    """An NFS export."""

    server: str
    path: str


def parse_export(text: str) -> Export | None:
    """Read `host:/path`, also with an IPv6 address in brackets; None for anything else."""
    match = _NFS.fullmatch(text.strip())
    return Export(match["server"].strip("[]"), match["path"]) if match else None


def below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder or is it, by their names alone."""
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def data_directory(ctx: Context) -> str:
    """Return the server's data directory: as the gcfg sets it, else Connect's own."""
    return (ctx.value("Server.DataDir") or "").strip() or DEFAULT_DATA_DIR


# the settings ----------------------------------------------------------------------------------------------------------


def data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """Mount the shared storage where the data directory is, else everything is lost at the first restart."""
    path = group.value.strip()
    found = _inside_installation(group, path)
    if not path.startswith("/") or posixpath.normpath(path) == DEFAULT_DATA_DIR:
        return carried(findings=found)
    edit = Edit(("sharedStorage", "path"), posixpath.normpath(path), source=(group.last.entry.line,))
    return carried(edits=(edit,), findings=found)


def outside_data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """Warn of a directory that the shared storage does not hold."""
    path = group.value.strip()
    found = _inside_installation(group, path)
    if path.startswith("/") and not found and not below(path, data_directory(ctx)):
        what = f"{group.key} lies outside {data_directory(ctx)}: what is written there is lost when the pod restarts."
        todo = "Move it below the data directory, or mount a volume there."
        found = [finding("G2H412", what, todo, group.last.place)]
    return carried(findings=found)


def inside_installation(ctx: Context, group: Group, rule: Rule) -> Result:
    """A directory that may be lost with the pod, as long as it lies outside Connect's installation."""
    return carried(findings=_inside_installation(group, group.value.strip()))


def _inside_installation(group: Group, path: str) -> list[Finding]:
    """Connect from 1.9.0 on does not start with a directory inside its installation."""
    if not path.startswith("/") or not below(path, INSTALLATION):
        return []
    what = f"{group.key} lies inside {INSTALLATION}; Connect does not start with it."
    return [finding("G2H428", what, "Move it elsewhere first.", group.last.place)]


def existing_claim(ctx: Context, group: Group, rule: Rule) -> Result:
    """The claim becomes the shared storage (see `shared_storage`); the chart then writes the line."""
    claim = group.value.strip()
    if claim and not _CLAIM.fullmatch(claim):
        return dropped(group, rule, "It is no name that a claim can have.")
    if not claim or _answered(ctx) or ctx.options.nfs or ctx.options.pvc not in ("", claim):
        return by_chart(group, rule, "The chart writes it from sharedStorage.")
    return moved(group, rule)


def launcher_data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """An NFS export becomes a PersistentVolume (see `shared_storage`); any other path has no meaning in a pod."""
    if parse_export(group.value) is None:
        return dropped(group, rule, "It names no NFS export; content mounts the shared storage of the chart.")
    if _answered(ctx) or ctx.options.pvc or ctx.options.nfs:
        return by_chart(group, rule, "The chart writes it from sharedStorage.")
    return moved(group, rule)


# the whole -------------------------------------------------------------------------------------------------------------


def shared_storage(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    """Decide what the chart's shared storage is: a claim that exists, an NFS export, or a new claim.

    The command line wins over the gcfg, what values.yaml says over both.
    """
    if _answered(ctx):
        return [], _unused_options(ctx)
    claim = ctx.options.pvc
    lines: tuple[int, ...] = ()
    for key in ("Kubernetes.DataDirPVCName", "Launcher.DataDirPVCName"):
        group = ctx.group(key)
        if not claim and not ctx.options.nfs and group is not None and _CLAIM.fullmatch(group.value.strip()):
            claim, lines = group.value.strip(), (group.last.entry.line,)
    if claim:
        return _claim(claim, lines), []
    return _nfs(ctx) or _new_claim(ctx)


def _answered(ctx: Context) -> bool:
    """Whether values.yaml has switched the shared storage on."""
    return bool(ctx.answer("sharedStorage", "create") or ctx.answer("sharedStorage", "mount"))


def _unused_options(ctx: Context) -> list[Finding]:
    options = ctx.options
    unused = {
        "--pvc": options.pvc if options.pvc != _text(ctx, "name") else "",
        "--nfs": options.nfs if not _text(ctx, "volumeName") else "",
        "--storage-class": options.storage_class if options.storage_class != _text(ctx, "storageClassName") else "",
        "--storage-size": options.storage_size if options.storage_size != _text(ctx, "requests", "storage") else "",
    }
    return unused_options(("sharedStorage",), unused)


def _claim(name: str, lines: tuple[int, ...]) -> list[Edit]:
    return [
        Edit(("sharedStorage", "mount"), value=True, source=lines),
        Edit(("sharedStorage", "name"), name, source=lines),
    ]


def _nfs(ctx: Context) -> tuple[list[Edit], list[Finding]] | None:
    """Return a PersistentVolume for the export and the claim bound to it; None where no export is named."""
    group = ctx.group("Launcher.DataDir")
    text, place = ctx.options.nfs, None
    lines: tuple[int, ...] = ()
    if not text and group is not None and group.live:
        text, place, lines = group.value, group.last.place, (group.last.entry.line,)
    export = parse_export(text)
    if export is None:
        return None
    storage_class = ctx.options.storage_class or _text(ctx, "storageClassName") or f"{ctx.fullname}-nfs"
    size = ctx.options.storage_size or _text(ctx, "requests", "storage") or _CHART_SIZE
    volume = _text(ctx, "volumeName") or f"{ctx.fullname}-{ctx.namespace}-data"[:253].rstrip("-.")
    edits = [
        Edit(("sharedStorage", "create"), value=True, source=lines),
        Edit(("sharedStorage", "storageClassName"), storage_class),
    ]
    if ctx.chart in VOLUME_NAME:
        edits.append(Edit(("sharedStorage", "volumeName"), volume))
    if ctx.options.storage_size:
        edits.append(Edit(("sharedStorage", "requests", "storage"), size))
    if not _text(ctx, "volumeName"):
        volumes: Tree = [_volume(volume, export, storage_class, size)]
        edits.append(Edit(("extraObjects",), volumes, source=lines))
    what = (
        f"The NFS export becomes the PersistentVolume {volume}, bound to the shared storage by class {storage_class}."
    )
    todo = "Check that every node reaches the export, and that no other server writes there at the same time."
    return edits, [finding("G2H416", what, todo, place, ("extraObjects",))]


def _volume(name: str, export: Export, storage_class: str, size: str) -> dict[str, Tree]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "nfs": {"server": export.server, "path": export.path},
        },
    }


def _new_claim(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    """Return a new claim; class and size are the cluster's to say."""
    class_name = ctx.options.storage_class or _text(ctx, "storageClassName")
    size = ctx.options.storage_size or _text(ctx, "requests", "storage")
    settled = bool(class_name and size)
    edits = [Edit(("sharedStorage", "create"), value=True, todo="" if settled else _ASK)]
    if ctx.options.storage_class:
        edits.append(Edit(("sharedStorage", "storageClassName"), ctx.options.storage_class))
    if ctx.options.storage_size:
        edits.append(Edit(("sharedStorage", "requests", "storage"), ctx.options.storage_size))
    if settled:
        return edits, []
    what = "The chart creates a claim for the data directory, of the cluster's default class and the chart's size."
    return edits, [finding("G2H411", what, _ASK, None, ("sharedStorage",))]


def _text(ctx: Context, *path: str) -> str:
    answer = ctx.answer("sharedStorage", *path)
    return answer if isinstance(answer, str) else ""


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "data_dir": data_dir,
    "existing_claim": existing_claim,
    "inside_installation": inside_installation,
    "launcher_data_dir": launcher_data_dir,
    "outside_data_dir": outside_data_dir,
}
