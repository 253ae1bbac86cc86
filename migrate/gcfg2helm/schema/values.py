"""The schema of the chart's own values: the types of its defaults, corrected by what the templates take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gcfg2helm import chart as charts
from gcfg2helm.schema.kinds import a, or_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gcfg2helm.chart import Chart
    from gcfg2helm.values.tree import Path, Tree
    from gcfg2helm.versions import Version


def whole(chart: Chart, config: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of all values of a version; that of `config` is given."""
    tree = dict(chart.defaults)
    tree.pop("config", None)
    like = charts.at_most(chart.version)
    for path in sorted(charts.paths(like), key=len, reverse=True):  # some have no default, which is as good as null
        if path[0] != "config":
            _planted(tree, path)
    made = _map(tree, (), chart.version, like)
    made["properties"] |= {
        "config": {"description": charts.described(("config",)).get("is", ""), **config},
        "global": {"description": "Values that Helm hands on to every chart.", "type": ["object", "null"]},
        "rstudio-library": {"description": "Values of the chart's library.", "type": ["object", "null"]},
    }
    return made


def _planted(tree: dict[str, Any], path: Path) -> None:
    """Put null at a path that is not there, into a tree that is nobody else's."""
    node = tree
    for key in path[:-1]:
        below = node.get(key)
        if below is None:
            below = {}
        if not isinstance(below, dict):
            return
        node[key] = node = dict(below)
    node.setdefault(path[-1], None)


def _map(tree: Mapping[str, Tree], path: Path, chart: Version, like: Version) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object" if not path else ["object", "null"],
        "properties": {key: _value(value, (*path, key), chart, like) for key, value in tree.items()},
    }
    if not charts.takes_any_key(like, path):
        made["additionalProperties"] = {
            "description": f"Not a value of chart {chart}: Helm takes it, and nothing reads it."
        }
    return made


def _value(value: Tree, path: Path, chart: Version, like: Version) -> dict[str, Any]:
    told, left_out = charts.described(path), charts.left_out().get(path, ())
    made: dict[str, Any] = {"description": told["is"]} if told.get("is") else {}
    if kind := told.get("kind"):
        made |= or_nothing(a(kind), left_out)
    elif isinstance(value, dict) and value:
        return made | or_nothing(_map(value, path, chart, like), left_out)
    else:
        made |= or_nothing(a(_kind(value)), left_out)
    return made if value is None else made | {"default": value}


def _kind(value: Tree) -> str:
    """Return the kind of a value by its default."""
    match value:
        case bool():
            return "flag"
        case int():
            return "number"
        case str():
            return "text"
        case dict():
            return "map"
        case [str(), *_]:
            return "texts"
        case list():
            return "list"
        case _:
            return "any"
