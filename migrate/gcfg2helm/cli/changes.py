"""What a command would change in a values file, and its findings, as the terminal shows them before anybody is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from gcfg2helm.cli import talk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from gcfg2helm.cli.options import Said
    from gcfg2helm.findings import Finding
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.diff import Change
    from gcfg2helm.values.tree import Path, Tree

    Spared: TypeAlias = frozenset[Path]

_MOST_SHOWN = 1_000  # changes on the terminal: nobody reads more there


def show(
    before: Mapping[str, Tree],
    after: Mapping[str, Tree],
    tables: Tables,
    output: str,
    spared: Spared,
    *,
    stream: TextIO,
) -> bool:
    """Print what would change in a values file, masked but for the paths `spared`; returns whether anything would."""
    from gcfg2helm.report import text
    from gcfg2helm.values import write

    changed = between(before, after, tables, spared)
    colour, width = talk.colour(stream), talk.width(stream)
    stream.write(f"{write.visible(output)}: {text.change_count(changed)}\n")
    shown = changed if stream is sys.stdout else changed[:_MOST_SHOWN]
    stream.writelines(line + "\n" for line in text.change_lines(shown, width, colour=colour))
    if len(shown) < len(changed):
        stream.write(f"  ... and {len(changed) - len(shown):,} more, which `gcfg2helm diff` shows\n")
    return bool(changed)


def between(
    before: Mapping[str, Tree], after: Mapping[str, Tree], tables: Tables, spared: Spared = frozenset()
) -> list[Change]:
    """Return the changes from one values tree to another, with stars for what is secret and not at a path `spared`."""
    from gcfg2helm.values import diff

    was, becomes = (_masked(tree, spared) for tree in (before, after))
    return diff.changes(was, becomes, lambda path: path not in spared and _secret_path(tables, path))


def _masked(tree: Mapping[str, Tree], spared: Spared) -> dict[str, Tree]:
    """Return a values tree with every text masked that looks like a secret and is not at a path `spared`."""
    from gcfg2helm.plan import secrets
    from gcfg2helm.values.tree import MISSING, Edit, applied, find

    made = {key: secrets.masked(value, (key,)) for key, value in tree.items()}
    kept = [Edit(path, find(tree, path)) for path in spared if find(made, path) is not MISSING]  # type: ignore[arg-type]
    return applied(made, kept) if kept else made


def _secret_path(tables: Tables, path: tuple[str, ...]) -> bool:
    from gcfg2helm import gcfg
    from gcfg2helm.plan import secrets

    if path[:1] != ("config",) or len(path) < 3:
        return len(path) > 1 and not path[-1].startswith("[") and secrets.secret_key(path)
    section, _ = gcfg.split_header(path[1])
    setting = tables.find(section, path[2])
    return bool(setting.secret if setting else secrets.secret_name(section, path[2]))


def unified(before: str, after: str, name: str, tables: Tables, spared: Spared, *, colour: bool) -> str:
    """Return the change of a file as `diff -u` shows it, with stars for what is secret in either text, but at `spared`."""
    import difflib

    from gcfg2helm.report import sides, text
    from gcfg2helm.report.places import Written
    from gcfg2helm.values import write

    old, new = (
        sides.values_lines(Written(name, one.removesuffix("\n")), tables, frozenset(), spared) if one else []
        for one in (before, after)
    )
    hues = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        old, new, f"{write.visible(name)} (as it is)", f"{write.visible(name)} (converted)", lineterm=""
    )
    return "".join(
        text.paint(line, "bold" if line.startswith(("+++", "---")) else hues.get(line[0], ""), on=colour) + "\n"
        for line in lines
    )


def show_findings(settings: Said, findings: Sequence[Finding], main: str = "") -> None:
    """Print the findings that the options ask for, on standard error; places in the file `main` without its name."""
    from gcfg2helm.report import overview

    stream = sys.stderr
    width, colour = talk.width(stream), talk.colour(stream)
    for line in overview.finding_lines(settings.shown(findings), width, colour=colour, main=main):
        stream.write(line + "\n")
