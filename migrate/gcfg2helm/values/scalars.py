"""Values as Go's libraries read and print them: goyaml.v2's reading of plain text, and text/template's `%v`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from gcfg2helm.masked import Secret

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Scalar, Tree

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
}
_NOT_FINITE = {
    **{sign + word: sign + "inf" for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "nan"),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# Behind a leading point Go's own rule holds: an underscore may only be between two digits.
_POINT_FLOAT = r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?"
_TIMESTAMP = r"\d{4}-\d\d?-\d\d?(?:[Tt]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d\d?:\d\d?:\d\d?(?:\.\d+)?)?"


def resolve(text: str) -> Scalar:
    """Return what goyaml.v2 makes of a plain scalar without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    if text in _NOT_FINITE:
        return float(_NOT_FINITE[text])
    if text[0] == ".":
        return _finite(text) if re.fullmatch(_POINT_FLOAT, text) else text
    if text[0] not in "+-0123456789":
        return text
    plain = text.replace("_", "")
    if match := _INTEGER.fullmatch(plain):
        sign, hexadecimal, binary, octal, decimal = match.groups()
        digits = hexadecimal or binary or octal or decimal
        base = 16 if hexadecimal else 2 if binary else 8 if octal else 10
        # Go reads 64 bits; longer ones are no integers, and beyond 100 digits none is.
        number = int(digits, base) if len(digits) <= 100 else 2**64
        if number < (2**63 if sign == "+" else 2**64) and (sign != "-" or number <= 2**63):
            return -number if sign == "-" else number
    if _FLOAT.fullmatch(plain):
        number_or_text = _finite(plain)
        return text if isinstance(number_or_text, str) else number_or_text
    return text


def _finite(text: str) -> float | str:
    """Return a number; the text itself where it is too large for 64 bits."""
    number = float(text)
    return number if math.isfinite(number) else text


def fits(short: str, text: str, value: Scalar) -> bool:
    """Whether a resolved scalar is what its explicit tag says."""
    match short:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return type(value) is int
        case "float":
            return isinstance(value, float) or (type(value) is int and -(2**63) <= value < 2**63)
        case "null":
            return value is None
        case _:
            return re.fullmatch(_TIMESTAMP, text) is not None


def key_text(number: float) -> str:
    """Write a number that is a key: sigs.k8s.io/yaml gives it the digits of 32 bits."""
    import struct

    try:
        single = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        single = math.copysign(math.inf, number)
    if math.isnan(single):
        return ".nan"
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    texts = (f"{single:.{digits}e}" for digits in range(9))
    return general(next(text for text in texts if struct.unpack("f", struct.pack("f", float(text)))[0] == single))


def number_text(number: float) -> str:
    """Write a number as Go's `%v` does: its shortest digits, with an exponent below -4 and from 6 on."""
    return general(repr(number))


def general(shortest: str) -> str:
    """Write the shortest digits of a number, as Python's `repr` gives them, as Go does."""
    mantissa, _, power = shortest.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) - 1 + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if shortest.startswith("-") else ""
    if not digits:
        return f"{sign}0"
    if not -4 <= exponent < 6:
        return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{exponent:+03d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    head, tail = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{head}.{tail}" if tail else sign + head


def printed(value: Tree) -> str:
    """Print a value as `%v` does, whatever it holds; a secret prints its text."""
    match value:
        case None:
            return "<nil>"
        case Secret():
            return value.reveal()
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(float(value))
        case list():
            return f"[{' '.join(map(printed, value))}]"
    # Go sorts keys by their bytes, which is the order of the code points.
    return f"map[{' '.join(f'{key}:{printed(value[key])}' for key in sorted(value))}]"


def go_text(value: Tree) -> str:
    """Return what a template of the chart prints for a value: Go's `%v` of numbers that are all float64.

    A null prints as nothing where it is alone, as `<nil>` inside a map or a list. A secret prints its text.
    """
    return "" if value is None else printed(value)
