"""The one mechanism that keeps secrets out of sight: text that prints as stars wherever it is not asked for by name."""

from __future__ import annotations

from typing import Self

STARS = "********"
ENCRYPTED = "ENC[AES256_GCM,"  # how a value starts that SOPS has encrypted (aes/cipher.go of its source)


class Name(str):
    """A key that holds a secret: itself for whoever looks it up or writes it, `shown` for whoever reads messages."""

    __slots__ = ("shown",)

    shown: str

    def __new__(cls, text: str, shown: str) -> Self:
        made = super().__new__(cls, text)
        made.shown = shown
        return made


def shown(key: str) -> str:
    """Return a key as messages and reports may have it."""
    return key.shown if isinstance(key, Name) else key


class Secret:
    """A text that only `reveal()` gives away; `repr`, `str` and formatting show stars of a fixed length."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: for the files of mode 0600 and for comparing, nothing else."""
        return self._text

    def __str__(self) -> str:
        return STARS

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(STARS, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
