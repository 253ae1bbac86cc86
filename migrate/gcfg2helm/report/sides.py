"""Both sides of a migration as lines that may be shown: sources and values files, with stars where a secret is.

What counts as a secret, `plan.secrets` says, for settings, comments and values alike. In doubt a text is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.masked import STARS
from gcfg2helm.plan import scrub, secrets
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.values.read import Style
from gcfg2helm.values.write import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gcfg2helm.gcfg import Entry
    from gcfg2helm.plan.decisions import Decision
    from gcfg2helm.report.places import Way, Written
    from gcfg2helm.tables import Tables

_WORDS = re.compile(r"[^\n]+")
_WORD = re.compile(r"[\"']?[\w./+-]*[\"']?")  # one word names nothing that it could hold
# Where a key called `key` names one: of a label, of a file in a Secret.
_NAMED_KEYS = frozenset({"items", "tolerations", "matchExpressions"})


def source_lines(text: str, decisions: Iterable[Decision], tables: Tables) -> list[str]:
    """Return the lines of a source; `decisions` are those of its entries, in order."""
    shown: list[str] = []
    end = 0
    for decision in decisions:
        entry = decision.at.entry
        start, stop = max(entry.value_start, end), max(entry.value_end, end)
        name = max(entry.start, end)
        shown += [_by_line(text[end:name]), text[name:start]]
        rest = text.find("\n", stop)
        rest = len(text) if rest < 0 else rest
        if decision.spared:
            shown.append(text[start:stop])
        elif _is_secret(text[start:stop], decision, tables):
            # In a file of variables quotes surround the value, and what was cut off a secret is one.
            stop = stop if text.startswith(entry.name, entry.start) and not entry.cut else rest
            shown.append(_stars(text[start:stop]))
        else:
            shown.append(_in_value(text[start:stop]))
            if entry.cut and "://" in text[start:stop]:
                shown.append(_stars(text[stop:rest]))
                stop = rest
        end = stop
    shown.append(_by_line(text[end:]))
    return _lines("".join(shown))


def _is_secret(literal: str, decision: Decision, tables: Tables) -> bool:
    """Whether a whole value is a secret; one that holds a part of one, such as a URL, is where that cannot be found."""
    entry = decision.at.entry
    if not literal:
        return False
    if _names_secret(entry, tables) or (decision.outcome is Outcome.SECRET and not _hides(literal)):
        return True
    value = entry.value or ""
    return "\n" in literal and (secrets.holds_secret(value) or scrub.comment(value)[1])


def _names_secret(entry: Entry, tables: Tables) -> bool:
    setting = tables.find(entry.section, entry.name)
    if setting is not None:
        return setting.secret
    return gcfg.boolean(entry.value or "") is None and secrets.secret_name(entry.section, entry.name)


def values_lines(
    file: Written, tables: Tables, secret_paths: frozenset[Way], spared: frozenset[Way] = frozenset()
) -> list[str]:
    """Return the lines of a values file; what is at `secret_paths` is known to be secret, what is at `spared` to be none."""
    parts: list[tuple[int, int, Callable[[str], str]]] = []
    for way, (key, node) in file.nodes.items():
        if key is not None:
            parts.append((key.start, key.end, _stars if secrets.holds_secret(str(key.value)) else _in_value))
        if isinstance(node.value, dict | list) or node.start == node.end:
            continue
        if way in spared or way[:-1] in spared:
            parts.append((node.start, node.end, str))
            continue
        known = file.private or way in secret_paths or way[:-1] in secret_paths or _is_secret_way(file, way, tables)
        if isinstance(node.value, str) and not known and secrets.holds_secret(node.value):
            known = not _hides(file.text[node.start : node.end], lines=node.style is Style.LITERAL)
        parts.append((node.start, node.end, _stars if known and node.value is not None else _in_value))
    text, end = file.text, 0
    shown: list[str] = []
    for start, stop, show in sorted(parts, key=lambda part: part[:2]):
        if stop > end:
            shown += [_in_comments(text[end:start]), show(text[max(start, end) : stop])]
            end = stop
    return _lines("".join([*shown, _in_comments(text[end:])]))


def _is_secret_way(file: Written, way: Way, tables: Tables) -> bool:
    """Whether the names that lead to a value, or are beside it, say that it is a secret."""
    keys = [key for key in way if isinstance(key, str)]
    last, above = keys[-1], keys[-2] if len(keys) > 1 else ""
    if keys[0] == "config" and len(keys) > 2:
        section, _ = gcfg.split_header(keys[1])
        setting = tables.find(section, keys[2])
        return setting.secret if setting else secrets.secret_name(section, keys[2])
    if above in ("data", "stringData") and _text(file, (*way[:-2], "kind")) == "Secret":
        return True
    if last == "value":
        return secrets.secret_name("", _text(file, (*way[:-1], "name"))) or secrets.secret_name("", above)
    if last == "key" and not _NAMED_KEYS.isdisjoint(keys):
        return False
    return secrets.secret_key(keys)


def _text(file: Written, way: Way) -> str:
    _, node = file.nodes.get(way, (None, None))
    return node.value if node is not None and isinstance(node.value, str) else ""


# stars ----------------------------------------------------------------------------------------------------------------


def _lines(text: str) -> list[str]:
    return [visible(line.removesuffix("\r")) for line in text.split("\n")]


def _stars(text: str) -> str:
    """Return stars for each line of a text."""
    return _WORDS.sub(STARS, text)


def _by_line(text: str) -> str:
    """Return comments, headers and whatever else is between entries, each line without its secrets."""
    return "\n".join(scrub.comment(line)[0] for line in text.split("\n"))


def _hides(literal: str, *, lines: bool = False) -> bool:
    """Whether the secret in a value is found, so that only that part of it need be hidden; `lines`: each is what it says."""
    shown = _in_value(literal)
    if "\n" in literal and (not lines or secrets.is_private_key(literal) or secrets.holds_secret(shown)):
        return False
    return shown != literal


def _in_value(literal: str) -> str:
    """Return a value without the secrets in its text."""
    return literal if _WORD.fullmatch(literal) and not secrets.holds_secret(literal) else _by_line(literal)


def _in_comments(text: str) -> str:
    """Return what is between the values of a YAML file, its comments without their secrets."""
    return "\n".join(_scrubbed_comment(line) for line in text.split("\n")) if "#" in text else text


def _scrubbed_comment(line: str) -> str:
    before, sign, comment = line.partition("#")
    return before + sign + scrub.comment(comment)[0] if sign else line
