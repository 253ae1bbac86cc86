"""The texts that name a database: the parameters of a URL, and libpq's `name = value` words.

Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETER = re.compile(r"[?&#](?P<name>[^=&#?\s\"'<>]{1,200})=(?P<value>[^&#\s\"'<>]*)")
_ANY = "[A-Za-z_]{1,64}"
_WORD = r"(?:\A|(?<=\s))(?P<name>{})\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)*)"


class Given(NamedTuple):
    """One name with its value, as it is written (`raw`) from `start` to `end`; its name begins at `begin`."""

    name: str
    raw: str
    begin: int
    start: int
    end: int

    @property
    def word(self) -> str:
        """The value of a word: without quotes, backslashes resolved."""
        text = self.raw[1:].removesuffix("'") if self.raw.startswith("'") else self.raw
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def parameters(text: str) -> Iterator[Given]:
    """Yield the parameters of all URLs in a text, still coded; each begins at its `?`, `&` or `#`."""
    return _given(_PARAMETER, text)


def words(text: str, *names: str) -> Iterator[Given]:
    """Yield the words of libpq in a text: `host=db user=connect password='a b'`.

    With `names` those alone, in any case, and wherever they are: another word's value hides none of them.
    """
    return _given(pattern("|".join(names) or _ANY), text) if "=" in text else iter(())


@cache
def pattern(names: str) -> re.Pattern[str]:
    """Return the expression for words of these names, which `|` parts."""
    return re.compile(_WORD.format(names), re.DOTALL | re.IGNORECASE)


def _given(sought: re.Pattern[str], text: str) -> Iterator[Given]:
    for match in sought.finditer(text) if "=" in text else ():
        yield Given(match["name"], match["value"], match.start(), match.start("value"), match.end())
