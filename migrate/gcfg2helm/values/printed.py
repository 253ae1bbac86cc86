"""Values as Go's text/template prints them, `%v` all through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.masked import Secret

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree


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
