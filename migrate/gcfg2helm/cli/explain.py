"""The command `explain`: what the tables say of a setting, a section or a finding."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import complete, talk
from gcfg2helm.tables import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.report.topics import Topic
    from gcfg2helm.tables import Setting, Tables


def explain(
    name: Annotated[str, typer.Argument(metavar="[NAME]", autocompletion=complete.topics, help="A setting (Server.Address), a section (LDAP) or a finding (G2H101); none: all settings.")] = "",
    section: Annotated[str, typer.Option(metavar="NAME", autocompletion=complete.sections, help="List the settings of this section only.")] = "",
    action: Annotated[Action | None, typer.Option(help="List only the settings that some chart version does this to.")] = None,
    findings: Annotated[bool, typer.Option("--findings", help="List the findings instead.")] = False,
    output_format: Annotated[talk.Format, typer.Option("--format", help="How to print it.")] = talk.Format.TEXT,
    mappings: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own mapping tables; they override the built-in ones.")] = None,
) -> None:  # fmt: skip
    """Print what is known of a setting: its type, where it goes in which chart version, and why.

    \b
    Examples:
      gcfg2helm explain Server.Address
      gcfg2helm explain 'LDAP "corporate".BindPassword'
      gcfg2helm explain --section Launcher
      gcfg2helm explain --action drop
      gcfg2helm explain G2H101
    """
    with talk.errors():
        from gcfg2helm.cli.session import UsageError
        from gcfg2helm.report.topics import NotFoundError

        try:
            lines = list(_answer(name, section, action, output_format, mappings, findings=findings))
        except NotFoundError as error:
            raise UsageError(str(error)) from None
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        if not name and not findings and output_format is talk.Format.TEXT and sys.stdout.isatty():
            count = f"{len(lines)} setting{'' if len(lines) == 1 else 's'}"
            talk.say(f"{count}. `gcfg2helm explain NAME` tells more; `--findings` lists the findings.")


def _answer(
    name: str, section: str, action: Action | None, output_format: talk.Format, mappings: Path | None, *, findings: bool
) -> Iterator[str]:
    """Yield the lines of the answer."""
    from gcfg2helm.cli.session import UsageError, load_tables
    from gcfg2helm.report import topics

    if bool(name) + findings + bool(section or action) > 1:
        raise UsageError("a NAME, --findings, and the filters --section and --action exclude each other")
    tables = load_tables(mappings)
    if name:
        yield from _topic(topics.find(tables, name), tables, output_format)
    elif findings:
        yield from _findings(output_format)
    else:
        found = topics.listed(tables, section, action)
        yield from _settings(found, tables, output_format)


def _topic(topic: "Topic", tables: "Tables", output_format: talk.Format) -> Iterator[str]:
    from gcfg2helm.report import explain, topics

    match output_format:
        case talk.Format.JSON:
            yield _json(topics.as_data(topic, tables))
        case talk.Format.MARKDOWN:
            yield from explain.markdown(topic, tables)
        case _:
            yield from explain.text(topic, tables, talk.width(sys.stdout), colour=talk.colour(sys.stdout))


def _settings(settings: "Sequence[Setting]", tables: "Tables", output_format: talk.Format) -> Iterator[str]:
    from gcfg2helm.report import explain, topics

    match output_format:
        case talk.Format.JSON:
            yield _json([topics.setting_data(topics.Named(one, None), tables) for one in settings])
        case talk.Format.MARKDOWN:
            yield from explain.keys_table(settings, tables)
        case _:
            yield from explain.listing(settings, tables, _list_width())


def _findings(output_format: talk.Format) -> Iterator[str]:
    from gcfg2helm.findings import codes
    from gcfg2helm.report import explain, topics

    found = sorted(codes().values(), key=lambda one: one.code)
    match output_format:
        case talk.Format.JSON:
            yield _json([topics.code_data(one) for one in found])
        case talk.Format.MARKDOWN:
            for one in found:
                yield from explain.code_markdown(one)
                yield ""
        case _:
            yield from explain.finding_listing(found, _list_width())


def _list_width() -> int:
    """Return the columns for a list: nothing is clipped where a program reads it."""
    return talk.width(sys.stdout) if sys.stdout.isatty() else 10_000


def _json(data: object) -> str:
    import json

    return json.dumps(data, indent=2, ensure_ascii=False)
