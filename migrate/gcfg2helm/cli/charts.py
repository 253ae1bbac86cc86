"""The command `charts`: the versions of the chart that the tables know, and what changes between two."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import complete, talk

if TYPE_CHECKING:
    from gcfg2helm.versions import Version


def charts(
    older: Annotated[str, typer.Argument(metavar="[X]", autocompletion=complete.versions, help="The chart version to compare from.")] = "",
    newer: Annotated[str, typer.Argument(metavar="[Y]", autocompletion=complete.versions, help="The chart version to compare to; default: the newest known.")] = "",
    output_format: Annotated[talk.Format, typer.Option("--format", help="How to print it.")] = talk.Format.TEXT,
) -> None:  # fmt: skip
    """List the known versions of the chart, or what changes for a configuration between two of them.

    \b
    Examples:
      gcfg2helm charts
      gcfg2helm charts 0.8.38 0.21.0
      gcfg2helm charts 0.20.0 --format markdown
    """
    with talk.errors():
        from gcfg2helm.cli.session import load_tables
        from gcfg2helm.report import changes

        tables = load_tables(None)
        alone = bool(older)
        found = [changes.between(tables, *_versions(older, newer))] if alone else list(changes.history(tables))
        match output_format:
            case talk.Format.JSON:
                sys.stdout.write(changes.as_json(found, alone=alone))
            case talk.Format.MARKDOWN:
                sys.stdout.write("".join(f"{line}\n" for line in changes.as_markdown(found, alone=alone)))
            case _:
                lines = changes.as_text(found, talk.width(sys.stdout), alone=alone)
                sys.stdout.write("".join(f"{line}\n" for line in lines))


def _versions(older: str, newer: str) -> "tuple[Version, Version]":
    """Return two known versions in order. Raises UsageError."""
    from gcfg2helm import chart
    from gcfg2helm.cli.session import UsageError

    first, last = _known(older), _known(newer) if newer else chart.NEWEST
    if first > last:
        raise UsageError(f"{first} is newer than {last}; name the older one first: gcfg2helm charts {last} {first}")
    return first, last


def _known(text: str) -> "Version":
    from gcfg2helm import chart
    from gcfg2helm.cli.session import UsageError
    from gcfg2helm.versions import Version

    try:
        version = Version.parse(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a version such as {chart.NEWEST}") from None
    if version not in chart.versions():
        known = f"charts {chart.OLDEST} to {chart.NEWEST} are known"
        near = f"; {chart.at_most(version)} is the one before it" if version > chart.OLDEST else ""
        raise UsageError(f"chart {version} is not known; {known}{near}")
    return version
