"""The command `schema`: a JSON Schema of the chart's values, for editors and pipelines."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import complete, talk
from gcfg2helm.schema import Draft

if TYPE_CHECKING:
    from gcfg2helm.chart import Chart
    from gcfg2helm.cli.outputs import Output
    from gcfg2helm.conversion import Conversion
    from gcfg2helm.plan.request import Request
    from gcfg2helm.tables import Tables


def schema(
    chart: Annotated[Path | None, typer.Option(metavar="PATH", help="A chart as `helm pull` leaves it: folder or .tgz.")] = None,
    chart_version: Annotated[str, typer.Option(metavar="VERSION", autocompletion=complete.versions, help="Version of the chart, 0.3.0 or newer; default: the newest known.")] = "",
    draft: Annotated[Draft, typer.Option(help="Draft of JSON Schema; Helm and many editors want 7.")] = Draft.DRAFT_2020_12,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Output file; - prints the schema.")] = "-",
    mappings: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own mapping tables; they override the built-in ones.")] = None,
) -> None:  # fmt: skip
    """Print a JSON Schema of the chart's values: every setting of Connect under `config`, and the chart's own values.

    \b
    Examples:
      gcfg2helm schema -o rstudio-connect.schema.json
      gcfg2helm schema --draft 7 -o rstudio-connect/values.schema.json
      gcfg2helm schema --chart-version 0.8.38 --draft 7
    """
    with talk.errors():
        from gcfg2helm.cli import outputs, session

        target, findings = session.target(chart, chart_version)
        text = text_of(target, session.load_tables(mappings), draft)
        for one in findings:
            talk.say(f"gcfg2helm: {one.what} {one.todo}".rstrip())
        if output == "-":
            sys.stdout.write(text)
        else:
            outputs.write([outputs.output(Path(output), text.encode("utf-8"))])


def for_editors(request: "Request", done: "Conversion", output: str) -> "tuple[Conversion, list[Output]]":
    """Return a conversion whose values name a schema, and the schema to write beside them.

    Raises UsageError where the values are printed, and atomic.WriteError.
    """
    from gcfg2helm.cli import outputs
    from gcfg2helm.cli.session import UsageError
    from gcfg2helm.schema import editor

    if output == "-":
        raise UsageError("--editor writes a schema beside the values: give their file with -o FILE")
    path = Path(output).with_name(editor.file_name(request.chart.version))
    values = done.values._replace(text=editor.marked(done.values.text, path.name))
    text = text_of(request.chart, request.tables, Draft.DRAFT_7)
    return done._replace(values=values), [outputs.output(path, text.encode("utf-8"))]


def text_of(chart: "Chart", tables: "Tables", draft: Draft) -> str:
    """Return the schema as a file holds it."""
    import json

    from gcfg2helm import schema

    return json.dumps(schema.schema(chart, tables, draft), indent=1, ensure_ascii=False) + "\n"
