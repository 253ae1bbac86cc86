"""What a command would change in a values file, and its findings, as the terminal shows them before anybody is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from gcfg2helm.cli import talk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.cli.options import Said
    from gcfg2helm.findings import Finding
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.diff import Change
    from gcfg2helm.values.read import Node
    from gcfg2helm.values.tree import Tree

_MOST_SHOWN = 1_000  # changes on the terminal: nobody reads more there


def show(before: Mapping[str, Tree], after: Mapping[str, Tree], tables: Tables, output: str, *, stream: TextIO) -> bool:
    """Print what would change in a values file, masked; returns whether anything would."""
    from gcfg2helm.report import text
    from gcfg2helm.values import write

    changed = between(before, after, tables)
    colour, width = talk.colour(stream), talk.width(stream)
    stream.write(f"{write.visible(output)}: {text.change_count(changed)}\n")
    shown = changed if stream is sys.stdout else changed[:_MOST_SHOWN]
    stream.writelines(line + "\n" for line in text.change_lines(shown, width, colour=colour))
    if len(shown) < len(changed):
        stream.write(f"  ... and {len(changed) - len(shown):,} more, which `gcfg2helm diff` shows\n")
    return bool(changed)


def between(before: Mapping[str, Tree], after: Mapping[str, Tree], tables: Tables) -> list[Change]:
    """Return the changes from one values tree to another, with stars for what is secret."""
    from gcfg2helm.plan import secrets
    from gcfg2helm.values import diff

    was, becomes = ({key: secrets.masked(value, (key,)) for key, value in tree.items()} for tree in (before, after))
    return diff.changes(was, becomes, lambda path: _secret_path(tables, path))


def _secret_path(tables: Tables, path: tuple[str, ...]) -> bool:
    from gcfg2helm import gcfg
    from gcfg2helm.plan import secrets

    if path[:1] != ("config",) or len(path) < 3:
        return len(path) > 1 and not path[-1].startswith("[") and secrets.secret_key(path)
    section, _ = gcfg.split_header(path[1])
    setting = tables.find(section, path[2])
    return bool(setting.secret if setting else secrets.secret_name(section, path[2]))


def unified(before: str, after: str, name: str, tables: Tables, *, colour: bool) -> str:
    """Return the change of a file as `diff -u` shows it, with stars for what is secret in either text."""
    import difflib

    from gcfg2helm.report import text
    from gcfg2helm.values import write

    old, new = (_starred(one, name, tables).splitlines() for one in (before, after))
    hues = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        old, new, f"{write.visible(name)} (as it is)", f"{write.visible(name)} (converted)", lineterm=""
    )
    return "".join(
        text.paint(line, "bold" if line.startswith(("+++", "---")) else hues.get(line[0], ""), on=colour) + "\n"
        for line in lines
    )


def _starred(text: str, name: str, tables: Tables) -> str:
    """Return a values file with stars for what is secret in it: values by their path or looks, comments by their words."""
    from gcfg2helm.masked import STARS
    from gcfg2helm.plan import scrub
    from gcfg2helm.values import read

    root = read.compose(text, name)
    hidden = sorted(_secret_spans(root, (), tables)) if root else []
    kept, end = "", 0
    for start, stop in hidden:
        if start >= end:
            kept += text[end:start] + STARS
            end = stop
    lines = (kept + text[end:]).splitlines(keepends=True)
    return "".join(scrub.comment(line)[0] if "#" in line else line for line in lines)


def _secret_spans(node: Node, path: tuple[str, ...], tables: Tables) -> Iterator[tuple[int, int]]:
    """Yield start and end of each value of a composed file that is secret."""
    from gcfg2helm.plan import secrets

    value = node.value
    if (path and not isinstance(value, dict) and value is not None and _secret_path(tables, path)) or (
        isinstance(value, str) and secrets.holds_secret(value)
    ):
        yield node.start, node.end
    for number, (key, child) in enumerate(node.children):
        if key is not None and isinstance(key.value, str) and secrets.holds_secret(key.value):
            yield key.start, key.end
        yield from _secret_spans(child, (*path, f"[{number}]" if key is None else str(key.value)), tables)


def show_findings(settings: Said, findings: Sequence[Finding], main: str = "") -> None:
    """Print the findings that the options ask for, on standard error; places in the file `main` without its name."""
    from gcfg2helm.report import overview

    stream = sys.stderr
    width, colour = talk.width(stream), talk.colour(stream)
    for line in overview.finding_lines(settings.shown(findings), width, colour=colour, main=main):
        stream.write(line + "\n")
