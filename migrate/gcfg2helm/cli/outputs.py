"""The files that a command writes: what changes in them, the question, the writing of all or none.

Every command writes through here; `atomic` does it.
"""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.cli import atomic, inputs, talk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class Output(NamedTuple):
    """A file to write: its bytes, and what it holds now (None: it is new).

    `secret`: only its owner may read it. `backup`: what it holds now is kept beside it, for its owner alone. `lines` are
    what the preview shows of it.
    """

    path: Path
    data: bytes
    held: bytes | None
    secret: bool = False
    backup: bool = False
    lines: Sequence[str] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do: other bytes, or others who may read a secret."""
        return self.held != self.data or (self.secret and bool(self.path.stat().st_mode & 0o077))

    @property
    def encrypted(self) -> bool:
        """Whether SOPS has encrypted what it holds now: such a secret is never written over."""
        return self.secret and self.held is not None and inputs.encrypted(self.held.decode("utf-8", "replace"))

    @property
    def announced(self) -> str:
        """What happens to the file, in a line."""
        return f"{self.path}: {'new' if self.held is None else 'changed'}{', mode 0600' if self.secret else ''}"


def output(path: Path, data: bytes, *, secret: bool = False) -> Output:
    """Return a file to write, with what it holds now. Raises atomic.WriteError for what is no regular file."""
    return Output(path, data, atomic.read(path), secret)


def changed(files: Iterable[Output]) -> list[Output]:
    """Return the files of which anything changes."""
    return [one for one in files if one.changes]


def settle(files: Sequence[Output], idle: str, *, yes: bool, dry_run: bool, quiet: bool) -> None:
    """Write what changes, in this order, all or none: ask first unless `yes`, and say what was written.

    Where nothing changes, `idle` is said. Exits 4 where the answer is no. Raises atomic.WriteError.
    """
    new = changed(files)
    if not new:
        if not quiet and idle:
            talk.say(idle)
    elif not dry_run:
        if not yes:
            talk.confirm([str(one.path) for one in new])
        kept = [_kept(one) for one in new if one.backup and one.held is not None]
        write([*kept, *new])
        if not quiet:
            talk.say("written: " + ", ".join(str(one.path) for one in (*new, *kept)))


def write(files: Iterable[Output]) -> None:
    """Write files, all or none, without a word. Raises atomic.WriteError."""
    atomic.write(atomic.New(one.path, one.data, one.held, one.secret) for one in files)


def _kept(one: Output) -> Output:
    """Return the copy of what a file holds now, under the first name with a number that is free."""
    names = (one.path.with_name(f"{one.path.name}.bak{number}") for number in count(1))
    path = next(name for name in names if not os.path.lexists(name))
    return Output(path, one.held or b"", None, secret=True)
