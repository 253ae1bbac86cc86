"""Writes a file whole or not at all: whatever happens, the old file or the new one stands there, never a mixture.

Where the system has unnamed files (Linux), the new content has no name until it is complete. A secret never has a second
name: its old file goes before its new one appears, so that a process killed in between leaves no copy behind.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.EPERM, errno.EACCES}


class WriteError(Exception):
    """A file was not written; it is as it was before. The message names the file and the reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


def read(path: Path) -> bytes | None:
    """Return the bytes of a regular file, None where there is none. Raises WriteError for anything else that stands there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteError(path, _reason(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise WriteError(path, "not a regular file")
    with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
        try:
            return file.read()
        except OSError as error:
            raise WriteError(path, _reason(error)) from None


def write(path: Path, data: bytes, expected: bytes | None, *, secret: bool = False) -> None:
    """Replace a file by `data`, through a symlink to its target; mode and owner of an existing file are kept.

    `expected` is what the file held when it was read (None: it did not exist); where it holds something else by now,
    nothing is written. A new file gets the usual mode, or 0600 where it is `secret`; an existing secret one gets 0600
    too. Raises WriteError.
    """
    target = Path(os.path.realpath(path))
    try:
        before = _inspected(target, path)
        if read(target) != expected:
            raise WriteError(path, "changed while this program ran; run it again")
        if before is not None and data == expected and (not secret or stat.S_IMODE(before.st_mode) == 0o600):
            return
        _replace(target, data, before, secret=secret)
    except OSError as error:
        raise WriteError(path, _reason(error)) from None


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _inspected(target: Path, path: Path) -> os.stat_result | None:
    """Return the state of an existing file that may be replaced."""
    try:
        state = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(state.st_mode):
        kind = "a directory" if stat.S_ISDIR(state.st_mode) else "not a regular file"
        raise WriteError(path, f"is {kind}")
    if os.geteuid() != 0 and state.st_uid != os.geteuid():
        raise WriteError(path, "belongs to another user")
    if not os.access(target, os.W_OK):
        raise WriteError(path, "is read-only")
    return state


def _mode(before: os.stat_result | None, *, secret: bool) -> int:
    if secret:
        return 0o600
    if before is not None:
        return stat.S_IMODE(before.st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _replace(target: Path, data: bytes, before: os.stat_result | None, *, secret: bool) -> None:
    descriptor, name = _opened(target.parent)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        if before is not None and os.geteuid() == 0:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, _mode(before, secret=secret))
        os.fsync(descriptor)
        if name is None and (before is None or secret):
            if before is not None:
                target.unlink()
            _link(descriptor, target)
        else:
            if name is None:
                name = _link_beside(descriptor, target)
            name.replace(target)
            name = None
    finally:
        os.close(descriptor)
        if name is not None:
            with suppress(FileNotFoundError):
                name.unlink()
    _sync_folder(target.parent)


def _opened(folder: Path) -> tuple[int, Path | None]:
    """Open a new file in a folder: without a name where the system can, else one that only we can read."""
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is not None and Path("/proc/self/fd").is_dir():
        try:
            return os.open(folder, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o600), None
        except OSError as error:
            if error.errno not in _NO_UNNAMED:
                raise
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=".gcfg2helm-", dir=folder)
    return descriptor, Path(name)


def _link(descriptor: int, name: Path) -> None:
    folder = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.link(str(descriptor), name, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _link_beside(descriptor: int, target: Path) -> Path:
    """Give the complete file a name next to its target; one that a killed run left behind goes first."""
    name = target.parent / f".{target.name}.gcfg2helm"
    with suppress(FileNotFoundError):
        name.unlink()
    _link(descriptor, name)
    return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems cannot; the file itself is safe
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
