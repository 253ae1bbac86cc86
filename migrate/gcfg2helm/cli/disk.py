"""Reads files of the old server: below `--root`, or copies that lie beside the gcfg.

Both readers return a text, never an exception, for what is no regular file, is larger than 1 MiB or cannot be read; they
never wait for a pipe or a device.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from typing import TYPE_CHECKING

from gcfg2helm.plan.volumes import LIMIT

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.plan.context import FileReader

_LINKS = 40  # as many symbolic links as Linux follows


def disk(root: Path) -> FileReader:
    """Return a reader of the old server's files below `root`, which is `/` to every path and symbolic link in it."""
    base = os.fspath(root)

    def read(path: str) -> bytes | str | None:
        try:
            found = _resolve(base, path)
            return _read(found) if found else "it points outside the root"
        except OSError as error:
            return error.strerror or type(error).__name__
        except ValueError:
            return "the path holds what no file name can"

    return read


def beside(gcfg: Path) -> FileReader:
    """Return a reader of copies that lie in the gcfg's own folder under their base name; None where there is none."""

    def read(path: str) -> bytes | str | None:
        name = posixpath.basename(path)
        try:
            found = gcfg.parent / name
            if name in ("", ".", "..") or not found.exists():
                return None
            return _read(os.fspath(found.resolve()))
        except OSError as error:
            return error.strerror or type(error).__name__

    return read


def _resolve(base: str, path: str) -> str:
    """Return the file that a path means with `base` as the root, following links by hand; empty where it leaves it."""
    pending, done, links = path.split("/")[::-1], [base], 0
    while pending:
        name = pending.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if len(done) == 1:
                return ""
            done.pop()
            continue
        here = os.path.join(*done, name)  # noqa: PTH118 - names are taken as they are
        if not stat.S_ISLNK(os.lstat(here).st_mode):
            done.append(name)
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = os.readlink(here)  # noqa: PTH115
        if target.startswith("/"):
            done = [base]
        pending += target.split("/")[::-1]
    return os.path.join(*done)  # noqa: PTH118


def _read(path: str) -> bytes | str:
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return "it is not a regular file"
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return "it is not a regular file"
        content = file.read(LIMIT + 1)
    return content if len(content) <= LIMIT else "it is larger than 1 MiB"
