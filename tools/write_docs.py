"""Writes the pages that are made from the tables: `python tools/write_docs.py docs/`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import write_commands
from gcfg2helm import chart as charts
from gcfg2helm import schema, tables
from gcfg2helm.findings import codes
from gcfg2helm.report import explain
from gcfg2helm.report.markdown import cell, table_lines
from gcfg2helm.schema import editor
from gcfg2helm.tables import Upgrade, Went
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gcfg2helm.enums import Backend
    from gcfg2helm.tables import Changed, Tables
    from gcfg2helm.versions import Version

_WRITTEN = "<!-- Written by `python tools/write_docs.py docs/` from the tables in mappings/. Do not edit. -->"
_SITE = """\
## Your own tables

`--mappings DIR` lays your own tables over these, in the same format. A file `DIR/<any name>.toml` holds one section:

```toml
section = "Server"

[Address]                     # a setting listed here: what you name changes, the rest stays
note = "Ask the network team."

[OurHeader]                   # a setting not listed here
type = "string"

[[OurHeader.rules]]           # these take the place of all rules of the setting
action = "drop"               # carry, move, rename, chart or drop
reason = "Our proxy sets it." # the report prints it
```

`gcfg2helm explain Server.OurHeader --mappings DIR` shows what comes of it. A file `DIR/rules.toml` may hold `always`,
`defaults`, `legacy` and `changed` rows as above; a row takes the place of all rows for the same path. A row may name the functions
(`transform`) and findings that the program has, not new ones. Anything else in the folder is an error, and all errors
are shown at once."""


def mapping(known: Tables) -> Iterator[str]:
    """Yield the lines of the page with the whole conversion."""
    count = sum(len(section.settings) for section in known.sections.values())
    yield from ("# What becomes of every setting", "", _WRITTEN, "")
    yield (
        f"{count} settings in {len(known.sections)} sections, for charts {charts.OLDEST} to {charts.NEWEST}. A setting"
        " that is not listed is carried as it is, with a finding. `gcfg2helm explain NAME` tells more of each."
    )
    for section in known.sections.values():
        yield ""
        yield from explain.section_markdown(section, known)
    yield from _values_rules(known)
    yield from ("", *_SITE.split("\n"))


def _values_rules(known: Tables) -> Iterator[str]:
    yield from ("", "## What the values say in any case", "")
    yield from table_lines(
        ["value", "is", "when", "reason"],
        ([_path(row.path), f"`{_shown(row.value)}`", _when(row.span, row.backend), cell(row.reason)] for row in known.always),
    )  # fmt: skip
    yield from ("", "## What becomes of the chart's own defaults", "")
    yield "Where the gcfg is silent; `--chart-defaults chart` keeps them all."
    yield ""
    yield from table_lines(
        ["default", "keep or reset", "charts that have it", "reason"],
        ([_path(("config", *row.path)), row.fate.value, _having(row.path), cell(row.reason)] for row in known.defaults),
    )
    yield from ("", "## Values of older charts", "")
    yield from table_lines(
        ["value", "becomes", "when", "reason"],
        (
            [_path(row.path), _path(row.to) or _FATES[row.fate], _when(row.span, row.backend), cell(row.reason)]
            for row in known.legacy
        ),
    )
    yield from ("", "## Defaults that changed", "")
    yield "What `upgrade` does with a default that has another value in the new chart, and that nobody set."
    yield ""
    yield from table_lines(
        ["default", "from then on", "reason"],
        ([_path(row.path), _decides(row), cell(row.reason)] for row in known.changed),
    )


_FATES = {Went.GOES: "nothing", Went.STAYS: "stays for now", Went.LOST: "nothing: a person has to see to it"}
_DECIDES = {
    Upgrade.WRITTEN: "the old one, written into the values",
    Upgrade.CHART: "the new chart's",
    Upgrade.IMAGE: "the new chart's, where its image is used",
}


def _decides(row: Changed) -> str:
    where = {None: "", True: "; content in the pod of Connect", False: "; content in the cluster"}
    return _DECIDES[row.fate] + where[row.local]


def _path(path: tuple[str, ...]) -> str:
    return f"`{cell(dotted(path))}`" if path else ""


def _shown(value: object) -> str:
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value).lower()


def _when(span: Span, backend: Backend | None = None) -> str:
    return ", ".join([_charts(span), *([f"back end {backend.value}"] if backend else [])])


def _charts(span: Span) -> str:
    return "all charts" if span == Span() else f"charts {span}"


def _having(path: tuple[str, ...]) -> str:
    """Return which charts have a default under `config`; without a bound where the supported versions end."""
    known, spans = charts.versions(), list[Span]()
    start: Version | None = None
    for number, version in enumerate(known):
        there = find(charts.defaults(version).get("config"), path) is not MISSING
        if there and start is None:
            start = version
        elif not there and start is not None:
            spans.append(Span(start, version))
            start = None
        if there and number == len(known) - 1:
            spans.append(Span(start))
    spans = [Span(None, span.before) if span.since == known[0] else span for span in spans]
    return ", ".join(map(_charts, spans))


def findings(known: Tables) -> Iterator[str]:
    """Yield the lines of the page with all findings."""
    yield from ("# Findings", "", _WRITTEN, "")
    yield "What the program may have to say, by code. `--ignore CODE` silences one, `--fail-on LEVEL` makes them count."
    for code in sorted(codes().values(), key=lambda one: one.code):
        yield ""
        yield from explain.code_markdown(code)


def commands(_known: Tables) -> Iterator[str]:
    """Yield the lines of the page with all commands."""
    yield from write_commands.page()


def _schema_of(version: Version) -> Callable[[Tables], Iterator[str]]:
    def lines(known: Tables) -> Iterator[str]:
        whole = schema.schema(charts.known(version), known, schema.Draft.DRAFT_7)
        yield json.dumps(whole, indent=1, ensure_ascii=False)

    return lines


def _published() -> dict[str, Callable[[Tables], Iterator[str]]]:
    """Return the pages with the schemas: of the last version of each of the last minor ones."""
    last = {(version.major, version.minor): version for version in charts.versions()}
    return {f"schema/{editor.file_name(version)}": _schema_of(version) for version in list(last.values())[-_SCHEMAS:]}


_SCHEMAS = 3
PAGES: Mapping[str, Callable[[Tables], Iterator[str]]] = {
    "mapping.md": mapping,
    "findings.md": findings,
    "commands.md": commands,
    **_published(),
}


def pages() -> dict[str, str]:
    """Return every page by the name of its file."""
    known = tables.load()
    return {name: "".join(f"{line}\n" for line in page(known)) for name, page in PAGES.items()}


def main(folder: str) -> None:
    """Write the pages into a folder, the man pages into its `man`; schemas of versions that are no longer among the last go."""
    for path in Path(folder, "schema").glob("*.schema.json"):
        if f"schema/{path.name}" not in PAGES:
            path.unlink()
    for name, page in pages().items():
        (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_text(page, "utf-8")
    write_commands.main(f"{folder}/man")


if __name__ == "__main__":
    main(sys.argv[1])
