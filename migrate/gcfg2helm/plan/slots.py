"""What comes to one path under `config`, and how a text of the gcfg becomes a YAML value that Helm prints back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gcfg2helm import gcfg

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Path, Scalar, Tree

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,5}", re.ASCII)

# Helm takes this text out of all that it prints; with the blank in quotes of its own Connect reads the same.
_NO_VALUE, _NO_VALUE_QUOTED = "<no value>", '<no" "value>'


@dataclass(slots=True, eq=False, repr=False)
class Slot:
    """What comes to one path under `config`: texts as Connect reads them, each with its place in the sources."""

    path: Path
    several: bool
    secret: bool = False
    todo: str = ""
    parts: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def values(self) -> list[str]:
        """The texts in the order of the sources."""
        return [text for _, _, text in sorted(self.parts, key=lambda part: part[:2])]

    def __repr__(self) -> str:
        return f"<Slot {self.path}>"  # the texts may be secrets


def node(text: str) -> Scalar:
    """Return the YAML value which Helm prints so that gcfg reads `text` from it.

    Booleans and integers below 10^6 stay what they are; everything else is a string, with gcfg's quotes where it needs
    them: Helm prints larger numbers as `1e+06`. Raises ValueError where gcfg cannot hold the text.
    """
    quoted = gcfg.quote(text).replace(_NO_VALUE, _NO_VALUE_QUOTED)
    if quoted in ("true", "false"):
        return quoted == "true"
    if _PLAIN_INTEGER.fullmatch(quoted):
        return int(quoted)
    return quoted


def one_or_list(values: list[Scalar], several: bool) -> Tree:  # noqa: FBT001 - private, and read at its calls
    return list(values) if several else values[-1]
