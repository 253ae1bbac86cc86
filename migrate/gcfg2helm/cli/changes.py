"""What a command would change in a values file, and its findings, as the terminal shows them before anybody is asked."""

import sys
from collections import Counter
from typing import Any

from gcfg2helm.cli import talk
from gcfg2helm.findings import Finding

_MOST_SHOWN = 1_000  # changes, and findings of one code, on the terminal: nobody reads more there


def show(before: Any, after: Any, tables: Any, output: str, *, stream: Any) -> bool:
    """Print what would change in a values file, masked; returns whether anything would."""
    from gcfg2helm.report import text

    changed = between(before, after, tables)
    colour, width = talk.colour(stream), talk.width(stream)
    stream.write(f"{output}: {text.change_count(changed)}\n")
    shown = changed if stream is sys.stdout else changed[:_MOST_SHOWN]
    for line in text.change_lines(shown, width, colour=colour):
        stream.write(line + "\n")
    if len(shown) < len(changed):
        stream.write(f"  ... and {len(changed) - len(shown):,} more, which `gcfg2helm diff` shows\n")
    return bool(changed)


def between(before: Any, after: Any, tables: Any) -> Any:
    """Return the changes from one values tree to another, with stars for what is secret."""
    from gcfg2helm.plan import secrets
    from gcfg2helm.values import diff

    was, becomes = ({key: secrets.masked(value, (key,)) for key, value in tree.items()} for tree in (before, after))
    return diff.changes(was, becomes, lambda path: _secret_path(tables, path))


def _secret_path(tables: Any, path: tuple[str, ...]) -> bool:
    from gcfg2helm import gcfg
    from gcfg2helm.plan import secrets

    if path[:1] != ("config",) or len(path) < 3:
        return len(path) > 1 and not path[-1].startswith("[") and secrets.secret_key(path)
    section, _ = gcfg.split_header(path[1])
    setting = tables.find(section, path[2])
    return bool(setting.secret if setting else secrets.secret_name(section, path[2]))


def show_findings(settings: Any, findings: list[Finding]) -> None:
    """Print the findings that the options ask for, on standard error."""
    from gcfg2helm.report import text

    stream = sys.stderr
    counts: Counter[str] = Counter()
    shown: list[Finding] = []
    for one in settings.shown(findings):
        counts[one.code] += 1
        if counts[one.code] <= _MOST_SHOWN:
            shown.append(one)
    for line in text.finding_lines(shown, talk.width(stream), colour=talk.colour(stream)):
        stream.write(line + "\n")
    for code, count in counts.items():
        if count > _MOST_SHOWN:
            stream.write(f"... and {count - _MOST_SHOWN:,} more {code}; --report FILE lists them all\n")
