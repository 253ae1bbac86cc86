"""Writes files whole or not at all: whatever happens, the old file or the new one is there, never a mixture.

Several files are all complete before the first takes its place, so that a full disk leaves none of them.

Where the system has unnamed files (Linux), the new content has no name until it is complete. A secret never has a second
name: its old file goes before its new one appears, so that a process killed in between leaves no copy behind.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.EPERM, errno.EACCES}


class WriteError(Exception):
    """A file was not written; it is as it was before. The message names the file and the reason.

    `written` are the files before it that are new: none, unless the system failed between two renames.
    """

    def __init__(self, path: Path, reason: str, written: Sequence[Path] = ()) -> None:
        super().__init__(f"{path}: {reason}")
        self.written = tuple(written)


class New(NamedTuple):
    """A file to write: its bytes, what it held when it was read (None: it did not exist), whether it is secret."""

    path: Path
    data: bytes
    expected: bytes | None
    secret: bool = False


class _Staged(NamedTuple):
    """A file whose new content is complete on the disk: open, without a name where the system can."""

    path: Path
    target: Path
    descriptor: int
    name: Path | None
    before: os.stat_result | None
    secret: bool


def read(path: Path) -> bytes | None:
    """Return the bytes of a regular file, None where there is none. Raises WriteError for anything else that is there."""
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


def check(path: Path) -> None:
    """Refuse what no file can take the place of: a folder, a pipe, a device, a terminal. Raises WriteError."""
    try:
        state = path.stat()
    except OSError:
        return  # what is wrong with the place shows where the file is written
    if not stat.S_ISREG(state.st_mode):
        kind = "a directory" if stat.S_ISDIR(state.st_mode) else "not a regular file; `-o -` prints"
        raise WriteError(path, f"is {kind}")


def write(files: Iterable[New]) -> None:
    """Replace files, all or none, each through a symlink to its target; mode and owner of an existing file are kept.

    Where a file holds something else by now than expected, nothing is written. A new file gets the usual mode, or 0600
    where it is secret; an existing secret one gets 0600 too. Raises WriteError.
    """
    staged: list[_Staged] = []
    try:
        for one in files:
            try:
                if (ready := _stage(one)) is not None:
                    staged.append(ready)
            except OSError as error:
                raise WriteError(one.path, _reason(error)) from None
        for number, ready in enumerate(staged):
            try:
                _place(ready)
            except OSError as error:
                raise WriteError(ready.path, _reason(error), [one.path for one in staged[:number]]) from None
    finally:
        for ready in staged:
            _discard(ready.descriptor, ready.name)


def _stage(new: New) -> _Staged | None:
    """Bring the new content of a file onto the disk; None where the file holds it already."""
    target = Path(os.path.realpath(new.path))
    before = _inspected(target, new.path)
    if read(target) != new.expected:
        raise WriteError(new.path, "changed while this program ran; run it again")
    if before is not None and new.data == new.expected and (not new.secret or stat.S_IMODE(before.st_mode) == 0o600):
        return None
    descriptor, name = _opened(target.parent)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(new.data)
        if before is not None and os.geteuid() == 0:
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, _mode(before, secret=new.secret))
        os.fsync(descriptor)
    except BaseException:
        _discard(descriptor, name)
        raise
    return _Staged(new.path, target, descriptor, name, before, new.secret)


def _place(ready: _Staged) -> None:
    """Put a complete file where it belongs."""
    target = ready.target
    if ready.name is None and (ready.before is None or ready.secret):
        if ready.before is not None:
            target.unlink()
        _link(ready.descriptor, target)
    else:
        name = ready.name or _link_beside(ready.descriptor, target)
        try:
            name.replace(target)
        except OSError:
            with suppress(OSError):
                name.unlink()
            raise
    _sync_folder(target.parent)


def _discard(descriptor: int, name: Path | None) -> None:
    os.close(descriptor)
    if name is not None:
        with suppress(FileNotFoundError):
            name.unlink()


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
