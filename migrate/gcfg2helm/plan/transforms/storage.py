"""Rows about where Connect keeps its data; the whole is decided in `plan.storage`."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import files
from gcfg2helm.plan.outcomes import by_chart, carried, dropped, moved
from gcfg2helm.plan.storage import CLAIM, DEFAULT_DATA_DIR, INSTALLATION, answered, below, data_directory, parse_export
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.plan.context import Context, Group, Result
    from gcfg2helm.tables import Rule


def data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """Mount the shared storage where the data directory is, else everything is lost at the first restart."""
    path = group.value.strip()
    found = _inside_installation(group, path)
    if not path.startswith("/") or posixpath.normpath(path) == DEFAULT_DATA_DIR:
        return carried(findings=found)
    edit = Edit(("sharedStorage", "path"), posixpath.normpath(path), source=(group.last.place,))
    return carried(edits=(edit,), findings=found)


def outside_data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """Warn of a directory that the shared storage does not hold."""
    path = group.value.strip()
    found = _inside_installation(group, path)
    if path.startswith("/") and not found and not below(path, data_directory(ctx)):
        what = f"{group.key} is outside {data_directory(ctx)}: what is written there is lost when the pod restarts."
        todo = "Move it below the data directory, or mount a volume there."
        found = [finding("G2H412", what, todo, group.last.place)]
    return carried(findings=found)


def temporary_directory(ctx: Context, group: Group, rule: Rule) -> Result:
    """A directory that must be there when Connect starts: in the image, on the shared storage, or mounted."""
    path = group.value.strip()
    if found := _inside_installation(group, path):
        return carried(findings=found)
    if not path.startswith("/") or files.in_pod(ctx, path):
        return carried()
    what = f"{group.key} is {path}, which the pod does not have; Connect does not start without it."
    todo = f"Mount a volume at {path} (an emptyDir in pod.volumes), or remove the setting."
    return carried(findings=[finding("G2H434", what, todo, group.last.place)])


def _inside_installation(group: Group, path: str) -> list[Finding]:
    """Connect from 1.9.0 on does not start with a directory inside its installation."""
    if not path.startswith("/") or not below(path, INSTALLATION):
        return []
    what = f"{group.key} is inside {INSTALLATION}; Connect does not start with it."
    return [finding("G2H428", what, "Move it elsewhere first.", group.last.place)]


def existing_claim(ctx: Context, group: Group, rule: Rule) -> Result:
    """The claim becomes the shared storage (see `shared_storage`); the chart then writes the line."""
    claim = group.value.strip()
    if claim and not re.fullmatch(CLAIM, claim):
        return dropped(group, rule, "It is not a valid name of a claim.")
    if not claim or answered(ctx) or ctx.options.nfs or ctx.options.pvc not in ("", claim):
        return by_chart(group, rule, "The chart writes it from sharedStorage.")
    return moved(group, rule)


def launcher_data_dir(ctx: Context, group: Group, rule: Rule) -> Result:
    """An NFS export becomes a PersistentVolume (see `shared_storage`); any other path has no meaning in a pod."""
    if parse_export(group.value) is None:
        return dropped(group, rule, "It names no NFS export; content mounts the shared storage of the chart.")
    if answered(ctx) or ctx.options.pvc or ctx.options.nfs:
        return by_chart(group, rule, "The chart writes it from sharedStorage.")
    return moved(group, rule)


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "data_dir": data_dir,
    "existing_claim": existing_claim,
    "launcher_data_dir": launcher_data_dir,
    "outside_data_dir": outside_data_dir,
    "temporary_directory": temporary_directory,
}
