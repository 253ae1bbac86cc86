"""A chart as `helm pull` leaves it, read safely: a folder or a .tgz, of which only what matters here is kept.

No path leads outside, no link is followed, and count and size are limited. Helm's own limits are wider (100 MiB, 5 MiB a
file), so what is read here Helm reads too.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from gcfg2helm.findings import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FILES = 5_000
MOST_BYTES = 32 * 1024 * 1024
_LARGEST = 5 * 1024 * 1024
_DEEPEST = 12
_GZIP = b"\x1f\x8b"


def read(chart: Path) -> dict[str, bytes]:
    """Return Chart.yaml, values.yaml and all templates of a chart and of its subcharts, by their path inside the chart.

    Raises InputError for what is no chart, cannot be read, has links or paths that lead outside, or is too large.
    """
    try:
        found = _folder(chart) if chart.is_dir() else _archive(_file(chart), chart)
        for name in [one for one in found if one.startswith("charts/") and one.endswith(".tgz")]:
            inner = _archive(found.pop(name), chart / name)
            folder = PurePosixPath(name).name.removesuffix(".tgz")
            found |= {f"charts/{_name(inner) or folder}/{path}": data for path, data in inner.items()}
    except OSError as error:
        raise InputError(f"{chart}: {(error.strerror or str(error)).lower()}") from None
    if "Chart.yaml" not in found:
        raise InputError(f"{chart}: no chart: it has no Chart.yaml")
    return found


def _name(files: Mapping[str, bytes]) -> str:
    """Return the name that a subchart's Chart.yaml states, empty where it states none."""
    lines = files.get("Chart.yaml", b"").decode("utf-8", "replace").splitlines()
    return next((line.partition(":")[2].strip().strip("\"'") for line in lines if line.startswith("name:")), "")


def wanted(path: str) -> bool:
    """Whether a file of a chart matters here: what it says of itself, its defaults, its templates, its subcharts."""
    *folders, name = path.split("/")
    while folders[:1] == ["charts"] and len(folders) > 1:
        folders = folders[2:]
    if not folders:
        return name in ("Chart.yaml", "values.yaml")
    return folders[0] == "templates" or (folders == ["charts"] and name.endswith(".tgz"))


# folders ---------------------------------------------------------------------------------------------------------------


def _folder(root: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    for number, (path, info) in enumerate(_walked(root, ""), 1):
        if number > MOST_FILES:
            raise InputError(f"{root}: more than {MOST_FILES:,} files, which no chart has")
        if stat.S_ISLNK(info.st_mode):
            raise InputError(f"{root / path}: a link; name a chart without links")
        if wanted(path):
            if not stat.S_ISREG(info.st_mode):
                raise InputError(f"{root / path}: not a regular file")
            total += info.st_size
            _limit(root, path, info.st_size, total)
            found[path] = _file(root / path)
    return found


def _walked(folder: Path, below: str, depth: int = 0) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every file and link below a folder; hidden folders, such as .git, are none of the chart's."""
    if depth > _DEEPEST:
        raise InputError(f"{folder}: folders in folders in folders, which no chart has")
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{below}{entry.name}"
            info = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(info.st_mode):
                yield path, info
            elif not entry.name.startswith("."):
                yield from _walked(folder / entry.name, f"{path}/", depth + 1)


def _file(path: Path) -> bytes:
    """Return a regular file, of a size that a chart may have."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(f"{path}: neither a folder nor a file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: larger than {MOST_BYTES >> 20} MiB, which no chart is")
    return data


# archives --------------------------------------------------------------------------------------------------------------


class _Bounded(gzip.GzipFile):
    """Unpacked data that ends with an error where it becomes too much: a small archive may unpack to terabytes."""

    shown: Path
    unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, empty at the end. Raises InputError."""
        found = super().read(size)
        self.unpacked += len(found)
        if self.unpacked > 2 * MOST_BYTES:
            raise InputError(f"{self.shown}: unpacks to more than {2 * MOST_BYTES >> 20} MiB, which no chart does")
        return found


def _archive(data: bytes, shown: Path) -> dict[str, bytes]:
    if not data.startswith(_GZIP):
        raise InputError(f"{shown}: no chart: neither a folder nor a .tgz")
    found: dict[str, bytes] = {}
    total = 0
    try:
        unpacked = _Bounded(fileobj=io.BytesIO(data), mode="rb")
        unpacked.shown = shown
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for number, member in enumerate(archive, 1):
                if number > MOST_FILES:
                    raise InputError(f"{shown}: more than {MOST_FILES:,} files, which no chart has")
                path = _inside(member, shown)
                if member.isfile() and wanted(path):
                    total += member.size
                    _limit(shown, path, member.size, total)
                    found[path] = _contents(archive.extractfile(member), shown)
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError) as error:
        raise InputError(f"{shown}: no archive that can be read: {error}") from None
    return found


def _contents(file: IO[bytes] | None, shown: Path) -> bytes:
    if file is None:
        raise InputError(f"{shown}: no archive that can be read")
    return file.read()


def _inside(member: tarfile.TarInfo, shown: Path) -> str:
    """Return the path of a member inside the chart. Raises InputError for a link, and for what leads outside."""
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith("/") or ".." in parts or ":" in parts[0]:
        raise InputError(f"{shown}: {_shown(member.name)} points outside the chart")
    if not (member.isfile() or member.isdir()):
        raise InputError(f"{shown}: {_shown(member.name)} is a link or a device, which no chart has")
    return "/".join([part for part in parts if part not in ("", ".")][1:])


def _shown(name: str) -> str:
    return ascii(name[:100])


def _limit(shown: Path, path: str, size: int, total: int) -> None:
    if size > _LARGEST or total > MOST_BYTES:
        raise InputError(f"{shown}: {path} is larger than any file of a chart")
