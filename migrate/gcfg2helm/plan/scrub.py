"""Lines of the gcfg without their secrets: comments for values.yaml, source lines for error messages.

What a secret is: `secrets`. A line is read more strictly than a value: prose and commands tell secrets, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import tables
from gcfg2helm.plan import secrets
from gcfg2helm.tables import names

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKENS = re.compile(r"(?P<word>[\w.-]+)|(?P<sign>[=:])|(?P<soft>[\s\"'`()\[\]{}]+)|(?P<other>.)", re.DOTALL)
_WORDS_BETWEEN = 5  # `the password of the account is: x`
_FIRST_STATEMENT = re.compile(r"[\s;#]*(?P<name>[A-Za-z][\w.-]*)[ \t]*=[ \t]*(?=\S)")
_FLAG = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{0,60})(?:=|[ \t]+)[\"']?(?=[^\s\"'=-])")
_LOGIN_FLAG = re.compile(r"(?<![\w-])(?:-u|--user)[ =][\"']?[^\s:\"']{1,200}:(?=\S)")
_SCHEME = re.compile(r"\b(?:bearer|basic)[ \t]+(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE | re.ASCII)
# `the old password was hunter2`: a verb within a few words behind the name, and what can be its value.
_SAID = re.compile(
    r"[ \t]+(?:\w+[ \t]+){0,2}(?:is|was|are|were|ist|war|lautet|to|now)(?:[ \t]+(?:now|set[ \t]+to))?[ \t]+[\"'`]?"
    r"(?P<value>[^\s\"'`]+)"
)
_FIRST_NAME = re.compile(r"[\s;#]*([\w.-]+)")
_STATEMENT = r"[ \t\r]*(?:[;#\[]|[A-Za-z]+[0-9]?[ \t]*=(?!=)|(?i:\w*(?:password|secret|token|key))\b|\Z)"
_HEADER_END = r"(?a)[ \t\r]*(?P<section>[A-Za-z]+)[ \t]*\][ \t\r]*\Z"
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}", re.ASCII)


def comment(line: str) -> tuple[str, bool]:
    """Return a comment line of the gcfg with stars for the secrets in it, and whether there were any."""
    spans = _spans(line)
    return secrets.starred(line, spans), bool(spans)


def source(line: str) -> str:
    """Return a line of gcfg source for an error message: a star for each character of a secret, so that columns stay.

    The line is not a good one: the name of a secret at its start may lack its `=`, and what begins like no statement may
    go on with the value of the line before. A section's name that lacks its bracket is shown.
    """
    header = re.match(_HEADER_END, line)
    if header and header["section"].lower() in tables.shipped().sections:
        return line
    chars = list(line)
    for start, stop in _spans(line, broken=True) if re.match(_STATEMENT, line) else [(0, len(line))]:
        chars[start:stop] = ("\t" if char == "\t" else "*" for char in line[start:stop])
    return "".join(chars)


def _spans(line: str, *, broken: bool = False) -> list[tuple[int, int]]:
    """Return the places of a line that hold secrets, in order, apart from each other."""
    end = len(line.rstrip())
    rest = min((start for start in _secret_from(line, broken=broken) if start < end), default=end)
    inside = secrets.apart([*secrets.url_parts(line, cut=True), *secrets.token_parts(line), *_words(line)])
    found = [(part.start, min(part.end, rest)) for part in inside if part.start < rest]
    return found if secrets.STARRED.fullmatch(line, rest, end) or rest == end else [*found, (rest, end)]


def _secret_from(line: str, *, broken: bool) -> Iterator[int]:
    """Yield offsets from which on all of a line is secret: behind the `=` or `:` of a secret's name, in a private key."""
    patience, name = 0, ""
    for token in _TOKENS.finditer(line):
        if word := token["word"]:
            secret = secrets.means_secret(word)
            patience = (1 + _WORDS_BETWEEN if len(word) > 4 else 1) if secret else max(0, patience - 1)
            name = word if secret else name
        elif token["other"]:
            patience = 0
        elif token["sign"] and patience and not line.startswith("//", token.end()):
            if not secrets.is_harmless(name, line, token.end()):
                yield secrets.value_start(line, token.end())
                break
            patience = 0
    statement = _FIRST_STATEMENT.match(line)
    if (
        statement
        and secrets.may_mean_secret(statement["name"])
        and not secrets.is_harmless(statement["name"], line, statement.end())
    ):
        yield statement.end()
    first = _FIRST_NAME.match(line) if broken else None
    if first and secrets.means_secret(first[1]) and not secrets.is_harmless(first[1], line, first.end()):
        yield secrets.value_start(line, first.end())
    if key := secrets.PRIVATE_KEY.search(line):
        yield secrets.value_start(line, key.end())
    text = line.strip(" \t\r;#")
    if _BASE64.fullmatch(text):
        kinds = any(c.islower() for c in text) + any(c.isupper() for c in text) + any(c.isdigit() for c in text)
        if kinds > 1 if len(text) >= 40 else kinds == 3 and not text.startswith("/"):
            yield line.index(text)


def _words(line: str) -> Iterator[secrets.Part]:
    """Yield single words of prose and of commands: `--password x`, `curl -u me:x`, `Bearer x`, `the old password was x`."""
    for pattern in (_FLAG, _LOGIN_FLAG):
        for match in pattern.finditer(line) if "-" in line else ():
            name = match.groupdict().get("name")
            if name is None or secrets.means_secret(name) or secrets.may_mean_secret(name):
                yield _word(line, match.end())
    for match in _SCHEME.finditer(line):
        if not match["value"].isalpha() or not match["value"].islower():
            yield _word(line, match.start("value"))
    for token in re.finditer(r"[\w-]+", line):
        said = _SAID.match(line, token.end()) if secrets.means_secret(token[0]) else None
        if said and _can_be_value(line, said):
            yield _word(line, said.start("value"))


def _can_be_value(line: str, said: re.Match[str]) -> bool:
    """Whether what a sentence says of a secret can be it: no plain word in the middle of the sentence."""
    word = said["value"].rstrip(".,;:!?)")
    if word.lower() in names.listed("words"):
        return False
    ends = line[said.end() :].strip(" \t\r.\"'`)") == "" or said["value"] != word
    return bool(word) and "://" not in word and not secrets.STARRED.fullmatch(word) and (ends or not word.isalpha())


def _word(line: str, start: int) -> secrets.Part:
    match = re.compile(r"[^\s\"'`]*").match(line, start)
    end = match.end() if match else start
    return secrets.Part(start, end, start, end, sure=False)
