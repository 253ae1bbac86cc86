"""Where Connect keeps its data: one shared storage for the pod and the content, decided in one place."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.outcomes import unused_options
from gcfg2helm.values.tree import Edit
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from gcfg2helm.findings import Place
    from gcfg2helm.plan.context import Context
    from gcfg2helm.values.tree import Tree

DEFAULT_DATA_DIR = "/var/lib/rstudio-connect"
INSTALLATION = "/opt/rstudio-connect"
VOLUME_NAME = Span(Version(0, 3, 11))  # sharedStorage.volumeName
_CHART_SIZE = "10Gi"
_NFS = r"(?P<server>\[[0-9A-Fa-f:.%]+\]|[^:/\s\[\]]+):(?P<path>/[^\0\n]*)"
CLAIM = r"(?a)[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_ASK_CLASS = "Name a storage class that allows ReadWriteMany in sharedStorage.storageClassName (--storage-class)."
_ASK_SIZE = f"Set the size in sharedStorage.requests.storage (--storage-size); the chart asks for {_CHART_SIZE}."


class Export(NamedTuple):
    """An NFS export."""

    server: str
    path: str


def parse_export(text: str) -> Export | None:
    """Read `host:/path`, also with an IPv6 address in brackets; None for anything else."""
    match = re.fullmatch(_NFS, text.strip())
    return Export(match["server"].strip("[]"), match["path"]) if match else None


def below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder or is it, by their names alone."""
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def data_directory(ctx: Context) -> str:
    """Return the server's data directory: as the gcfg sets it, else Connect's own."""
    return (ctx.value("Server.DataDir") or "").strip() or DEFAULT_DATA_DIR


# the settings ----------------------------------------------------------------------------------------------------------


def shared_storage(ctx: Context) -> tuple[list[Edit], list[Finding]]:
    """Decide what the chart's shared storage is: a claim that exists, an NFS export, or a new claim.

    The command line wins over the gcfg, what values.yaml says over both.
    """
    if answered(ctx):
        return [], _unused_options(ctx)
    claim = ctx.options.pvc
    lines: tuple[Place, ...] = ()
    for key in ("Kubernetes.DataDirPVCName", "Launcher.DataDirPVCName"):
        group = ctx.group(key)
        if not claim and not ctx.options.nfs and group is not None and re.fullmatch(CLAIM, group.value.strip()):
            claim, lines = group.value.strip(), (group.last.place,)
    if claim:
        return _claim(claim, lines), []
    return _nfs(ctx) or _new_claim(ctx)


def answered(ctx: Context) -> bool:
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


def _claim(name: str, lines: tuple[Place, ...]) -> list[Edit]:
    return [
        Edit(("sharedStorage", "mount"), value=True, source=lines),
        Edit(("sharedStorage", "name"), name, source=lines),
    ]


def _nfs(ctx: Context) -> tuple[list[Edit], list[Finding]] | None:
    """Return a PersistentVolume for the export and the claim bound to it; None where no export is named."""
    group = ctx.group("Launcher.DataDir")
    text, place = ctx.options.nfs, None
    lines: tuple[Place, ...] = ()
    if not text and group is not None and group.live:
        text, place, lines = group.value, group.last.place, (group.last.place,)
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
    if ctx.chart.version in VOLUME_NAME:
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
    todo = " ".join(ask for ask, answer in ((_ASK_CLASS, class_name), (_ASK_SIZE, size)) if not answer)
    edits = [Edit(("sharedStorage", "create"), value=True, todo=todo)]
    if ctx.options.storage_class:
        edits.append(Edit(("sharedStorage", "storageClassName"), ctx.options.storage_class))
    if ctx.options.storage_size:
        edits.append(Edit(("sharedStorage", "requests", "storage"), ctx.options.storage_size))
    if not todo:
        return edits, []
    of_class = f"of class {class_name}" if class_name else "of the cluster's default storage class"
    what = f"The chart creates a claim for the data directory, {of_class}{f' and {size}' if size else ''}."
    return edits, [finding("G2H411", what, todo, None, ("sharedStorage",))]


def _text(ctx: Context, *path: str) -> str:
    answer = ctx.answer("sharedStorage", *path)
    return answer if isinstance(answer, str) else ""
