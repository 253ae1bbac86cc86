"""A JSON Schema of the chart's values, for editors and pipelines: `config` from the tables, the rest from the defaults."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from gcfg2helm.schema import config, values
from gcfg2helm.schema.kinds import KINDS

if TYPE_CHECKING:
    from gcfg2helm.chart import Chart
    from gcfg2helm.tables import Tables


class Draft(Enum):
    """The drafts of JSON Schema that can be written; Helm reads draft-07, and so do most editors."""

    DRAFT_7 = "7"
    DRAFT_2020_12 = "2020-12"


_META = {
    Draft.DRAFT_7: ("http://json-schema.org/draft-07/schema#", "definitions"),
    Draft.DRAFT_2020_12: ("https://json-schema.org/draft/2020-12/schema", "$defs"),
}


def schema(chart: Chart, tables: Tables, draft: Draft = Draft.DRAFT_2020_12) -> dict[str, Any]:
    """Return the JSON Schema of the values that a version of the chart takes.

    What the chart and its Connect accept, the schema accepts. A name that nobody knows is no error; its description, which
    editors show under the pointer, says that it is not known. `deprecationMessage` and `doNotSuggest` are words of the
    YAML language server, which underlines what Connect does not start with; other readers pass over them.
    """
    meta, definitions = _META[draft]
    whole = {
        "$schema": meta,
        "title": f"Values of the rstudio-connect chart {chart.version}, with Connect {chart.app_version}",
        **values.whole(chart, config.sections(chart, tables)),
        "$defs": KINDS,
    }
    found: dict[str, Any] = _renamed(whole, definitions)
    return found


def _renamed(node: Any, definitions: str) -> Any:
    """Return the schema with its definitions where a draft wants them."""
    if definitions == "$defs":
        return node
    if isinstance(node, dict):
        return {
            definitions if key == "$defs" else key: value.replace("#/$defs/", f"#/{definitions}/")
            if key == "$ref"
            else _renamed(value, definitions)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_renamed(item, definitions) for item in node]
    return node
