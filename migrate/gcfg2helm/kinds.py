"""The types of Connect's settings: whether a text fits one, and whether two texts read as the same value.

The rules follow the configuration appendix of Connect's documentation: decimals also as `7.` and `.217` (older
releases), durations as a bare number of nanoseconds or as numbers with units, byte sizes with decimal or binary units.
"""

from __future__ import annotations

import re
from fractions import Fraction

from gcfg2helm import gcfg
from gcfg2helm.tables import Kind, Setting

_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_DURATION = re.compile(r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h|d))+", re.ASCII)
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d)", re.ASCII)
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKMGTPE]?i?[bB]?)", re.ASCII)

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
            return Fraction(text.removesuffix(".")) if _DECIMAL.fullmatch(text) else None
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


def _duration(text: str) -> Fraction | None:
    if _INTEGER.fullmatch(text):
        number = _integer(text)
        return None if number is None else Fraction(number)
    if not _DURATION.fullmatch(text):
        return None
    total = sum(
        (Fraction(number.removesuffix(".")) * _NANOSECONDS[unit] for number, unit in _DURATION_PART.findall(text)),
        Fraction(0),
    )
    return -total if text.startswith("-") else total


def _size(text: str) -> Fraction | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    unit = match[2].lower().removesuffix("b")
    base = 1024 if unit.endswith("i") else 1000
    magnitude = _MAGNITUDE.get(unit.removesuffix("i"))
    return None if magnitude is None else Fraction(match[1]) * base**magnitude


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
