"""Records versions of the chart: `python tools/record_chart.py CHART_DIR...`, each a chart as `helm pull --untar` leaves it.

Facts go into the tables of mappings/gcfg2helm_mappings/chart/: the version with its Connect, default values, paths, a digest
of each template. With real Helm (on PATH, or `--helm PATH`) go into tests/recorded/: what the templates write by themselves
for each back end, and a rendering of each values file there. Recording a version again changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chart_renderings import record_digests, record_managed, record_renderings
from chart_tables import record_facts
from gcfg2helm import tables
from gcfg2helm.chart import given, helm, history
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence


def news(files: given.Files) -> list[str]:
    """Return what a maintainer has to look at: templates that changed, and defaults under `config` without a fate."""
    before = [one for one in history.versions() if one < files.version]
    if not before:
        return [f"{files.version}: the oldest"]
    known, rows = history.digests(before[-1]), tables.load().defaults
    changed = sorted(path for path in known.keys() | files.digests.keys() if known.get(path) != files.digests.get(path))
    config = given.without_nulls(files.values).get("config")
    open_ = [
        path
        for path in given.leaves(config)
        if len(path) > 1 and not any(files.version in row.span and path[: len(row.path)] == row.path for row in rows)
    ]
    said = [f"{path} changed since {before[-1]}: see migrate/gcfg2helm/chart/" for path in changed]
    said += [f"{dotted(('config', *path))} has no fate: a row in rules.toml" for path in open_]
    return [f"{files.version}: {one}" for one in said] or [f"{files.version}: templates as in {before[-1]}"]


def main(words: Sequence[str]) -> int:
    """Record the charts named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chart", nargs="+", type=Path, help="a chart's folder, or its .tgz")
    parser.add_argument("--helm", default="", help="the Helm that renders; default: from PATH")
    parser.add_argument("--only", choices=["facts", "managed", "renderings"], help="write nothing else")
    options = parser.parse_args(words)
    charts = {path: given.unpacked(path) for path in options.chart}
    for files in charts.values():
        print("\n".join(news(files)))
    if options.only in (None, "facts"):
        record_facts(list(charts.values()))
        record_digests(list(charts.values()))
        for name in ("_apps", "defaults", "known", "digests", "_paths", "_table"):
            getattr(history, name).cache_clear()
    paths = {files.version: path for path, files in charts.items()}
    if options.only in (None, "managed"):
        record_managed(paths, helm.program(options.helm))
    if options.only in (None, "renderings"):
        record_renderings(paths, helm.program(options.helm))
    print(f"recorded: {', '.join(map(str, sorted(paths)))}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
