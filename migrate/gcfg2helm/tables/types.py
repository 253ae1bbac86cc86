"""The types of Connect's settings: whether a text fits one, and whether two texts read as the same value.

The rules follow the configuration appendix of Connect's documentation: decimals also as `7.` and `.217` (older
releases), durations as a bare number of nanoseconds or as numbers with units, byte sizes with decimal or binary units.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.tables.model import Kind

if TYPE_CHECKING:
    from gcfg2helm.tables.model import Setting

_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)", re.ASCII)
_DECIMAL = r"(?a)[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
_DURATION = re.compile(r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h|d))+", re.ASCII)
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d)", re.ASCII)
_SIZE = r"(?a)([0-9]+(?:\.[0-9]+)?) ?([kKMGTPE]?i?[bB]?)"

_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_MAGNITUDE = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_LONGEST = 100  # no number, duration or size is longer; keeps conversions of digits bounded


def meaning(kind: Kind, text: str) -> object:
    """Return what Connect reads from the text: equal values compare equal, `60s` and `1m` alike.

    None where the text does not fit the kind. Texts, enums and URLs are their own meaning.
    """
    if kind in (Kind.STRING, Kind.ENUM, Kind.URL):
        return text
    if len(text) > _LONGEST:
        return None
    match kind:
        case Kind.BOOLEAN:
            return gcfg.boolean(text)
        case Kind.INTEGER:
            return _integer(text)
        case Kind.DECIMAL:
            return _decimal(text)
        case Kind.DURATION:
            return _duration(text)
        case _:
            return _size(text)


def _integer(text: str) -> int | None:
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+-")
    number = int(digits, 16 if digits[:2].lower() == "0x" else 10)
    return -number if text.startswith("-") else number


def _exact(text: str) -> int:
    """Return a decimal without a sign in units of 10^-100, which no text of this length goes below."""
    whole, _, fraction = text.partition(".")
    return int((whole + fraction) or "0") * int(10 ** (_LONGEST - len(fraction)))


def _decimal(text: str) -> int | tuple[str, int] | None:
    if not re.fullmatch(_DECIMAL, text):
        return None
    mantissa, _, power = text.lower().lstrip("+-").partition("e")
    if power:  # as it is written: such numbers are rare, and their powers may be huge
        return mantissa, int(power)
    return -_exact(mantissa) if text.startswith("-") else _exact(mantissa)


def _duration(text: str) -> int | None:
    if _INTEGER.fullmatch(text):
        number = _integer(text)
        return None if number is None else number * 10**_LONGEST
    if not _DURATION.fullmatch(text):
        return None
    total = sum(_exact(number) * _NANOSECONDS[unit] for number, unit in _DURATION_PART.findall(text))
    return -total if text.startswith("-") else total


def _size(text: str) -> int | None:
    match = re.fullmatch(_SIZE, text)
    if match is None:
        return None
    unit = match[2].lower().removesuffix("b")
    base = 1024 if unit.endswith("i") else 1000
    magnitude = _MAGNITUDE.get(unit.removesuffix("i"))
    return None if magnitude is None else _exact(match[1]) * int(base**magnitude)


def same(kind: Kind, one: str, other: str) -> bool:
    """Whether Connect reads the same value from two texts: `60s` and `1m`; names of a list in any capitals."""
    if kind is Kind.ENUM:
        one, other = one.lower(), other.lower()
    return one == other or (meaning(kind, one) is not None and meaning(kind, one) == meaning(kind, other))


def misfit(setting: Setting, text: str) -> str:
    """Return why a value does not fit the setting (`a boolean`, `one of a, b`); empty where it does.

    An empty value fits every setting: files carry `Port =` for "not set".
    """
    if not text:
        return ""
    if setting.values and text.lower() not in (value.lower() for value in setting.values):
        return f"one of {', '.join(setting.values)}"
    if setting.kind in (Kind.STRING, Kind.ENUM, Kind.URL) or meaning(setting.kind, text) is not None:
        return ""
    article = "an" if setting.kind is Kind.INTEGER else "a"
    return f"{article} {'byte size' if setting.kind is Kind.BYTESIZE else setting.kind.value}"
