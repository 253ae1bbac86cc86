"""What shall stand at one path under `config`, and how a text of the gcfg becomes a YAML value that Helm prints back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import gcfg

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Path, Scalar, Tree

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,5}", re.ASCII)


class Slot:
    """What shall stand at one path under `config`: texts as Connect reads them, each with its place in the sources."""

    __slots__ = ("parts", "path", "secret", "several", "todo")

    def __init__(self, path: Path, several: bool) -> None:  # noqa: FBT001 - private, and read at its calls
        self.path = path
        self.several = several
        self.secret = False
        self.todo = ""
        self.parts: list[tuple[int, int, str]] = []

    @property
    def values(self) -> list[str]:
        """The texts in the order of the sources."""
        if len(self.parts) == 1:
            return [self.parts[0][2]]
        return [text for _, _, text in sorted(self.parts, key=lambda part: part[:2])]


def node(text: str) -> Scalar:
    """Return the YAML value which Helm prints so that gcfg reads `text` from it.

    Booleans and integers below 10^6 stay what they are; everything else is a string, with gcfg's quotes where it needs
    them: Helm prints larger numbers as `1e+06`. Raises ValueError where gcfg cannot hold the text.
    """
    quoted = gcfg.quote(text)
    if quoted in ("true", "false"):
        return quoted == "true"
    if _PLAIN_INTEGER.fullmatch(quoted):
        return int(quoted)
    return quoted


def one_or_list(values: list[Scalar], several: bool) -> Tree:  # noqa: FBT001 - private, and read at its calls
    return list(values) if several else values[-1]
