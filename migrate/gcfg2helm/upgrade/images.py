"""Images that the values name by tag: their repository stays, and what is too old for the new chart is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, finding
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.tree import Path, Tree

DIRECT_SINCE = Version(2026, 4, 0)  # source: NEWS.md of the chart, 0.9.0
NEW_TAGS = Version(0, 20, 0)  # source: NEWS.md of the chart, 0.20.0
_IN_TAG = re.compile(r"(?<![\d.])(20\d\d\.\d\d?\.\d+)(?![\d.])")
# Where the old chart has the image, and where it is then.
_IMAGES: tuple[tuple[Path, Path], ...] = (
    (("image",), ("image",)),
    (("launcher", "defaultInitContainer"), ("launcher", "defaultInitContainer")),
    (("launcher", "defaultInitContainer"), ("backends", "kubernetes", "defaultInitContainer")),
)


class Pinned(NamedTuple):
    """What named tags need."""

    edits: list[Edit]
    findings: list[Finding]


def pinned(request: Request, given: dict[str, Tree], after: dict[str, Tree], backend: Backend | None) -> Pinned:
    """Keep the repository of each image whose tag the values name, and say where a tag is too old."""
    made = Pinned([], [])
    for old, new in _IMAGES:
        tag = find(after, (*new, "tag"))
        if not isinstance(tag, str) or not tag:
            made.findings.extend(_renamed(request, after, new))
            continue
        was, becomes = (
            find(request.old.defaults, (*old, "repository")),
            find(request.new.defaults, (*new, "repository")),
        )
        if find(after, (*new, "repository")) in (MISSING, None, "") and was not in (becomes, MISSING):
            made.edits.append(Edit((*new, "repository"), was))  # type: ignore[arg-type]
            what = f"{dotted((*new, 'repository'))} stays {was}: the tag {tag} is one of its tags, not of {becomes}."
            made.findings.append(finding("G2H802", what, path=(*new, "repository")))
        made.findings.extend(_age(request, tag, (*new, "tag"), backend))
    override = find(after, ("versionOverride",))
    if override not in (MISSING, None, ""):
        made.findings.extend(_age(request, str(override), ("versionOverride",), backend))
    return made


def _renamed(request: Request, after: dict[str, Tree], path: Path) -> list[Finding]:
    """Say that an image of one's own is pulled under another tag: charts before 0.20.0 put the system before the version."""
    repository = find(after, (*path, "repository"))
    if not isinstance(repository, str) or not repository or not request.old.version < NEW_TAGS <= request.new.version:
        return []
    version = after.get("versionOverride") or request.new.app_version
    system = find(after, (*path, "os"))
    system = find(request.new.defaults, (*path, "os")) if system in (MISSING, None, "") else system
    tag = version if system is MISSING else f"{version}-{system}"
    what = f"The chart now pulls {repository}:{tag}; before chart {NEW_TAGS}, tags had the system before the version."
    todo = f"Push the image under that tag, name its tag in {dotted((*path, 'tag'))}, or remove the repository."
    return [finding("G2H813", what, todo, path=(*path, "repository"))]


def _age(request: Request, tag: str, path: Path, backend: Backend | None) -> list[Finding]:
    match = _IN_TAG.search(tag)
    if match is None:
        return []
    connect = Version.parse(match[1])
    if connect >= Version.parse(request.new.app_version):
        return []
    needs = f" The direct runner needs Connect {DIRECT_SINCE.major}.{DIRECT_SINCE.minor:02}.0 or newer."
    what = f"{dotted(path)} says {tag}, and chart {request.new} comes with Connect {request.new.app_version}."
    what += needs if backend is Backend.KUBERNETES and connect < DIRECT_SINCE else ""
    return [finding("G2H803", what, "Remove it, or name a newer one.", path=path)]
