"""Records versions of the chart: `python tools/record_chart.py CHART_DIR...`, each a chart as `helm pull --untar` leaves it.

Facts go into the tables of mappings/gcfg2helm_mappings/chart/: the version with its Connect, default values, paths, a digest
of each template. With real Helm (on PATH, or `--helm PATH`) go into tests/recorded/: what the templates write by themselves
for each back end, and a rendering of each values file there. Recording a version again changes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm import gcfg, tables
from gcfg2helm.chart import KUBERNETES_SINCE, given, helm, history
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "mappings/gcfg2helm_mappings/chart"
RECORDED = ROOT / "tests/recorded"
RELEASE, NAMESPACE = "rsc", "jobs"
# With nothing under `config` but what the chart has there: what is printed besides is what the templates write.
MANAGED = {
    "launcher": "launcher: {enabled: true}\nbackends: {kubernetes: {enabled: false}}\nsharedStorage: {create: true}\n",
    "kubernetes": "launcher: {enabled: false}\nbackends: {kubernetes: {enabled: true}}\nsharedStorage: {create: true}\n",
}
_STEP = re.compile(r"\d+\.\d+\.\d+")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


# steps by version ------------------------------------------------------------------------------------------------------


def steps(values: Mapping[Version, Any]) -> dict[str, Any]:
    """Return a value by the versions that brought it; `gone` is the version that took it away. MISSING: not there.

    Raises ValueError for one that comes again after it went, which the tables cannot say.
    """
    made: dict[str, Any] = {}
    last: object = MISSING
    for version in sorted(values):
        value = values[version]
        if "gone" in made and value is not MISSING:
            raise ValueError(f"a value that went with {made['gone']} is back in {version}")
        if value is MISSING and last is not MISSING:
            made["gone"] = str(version)
        elif value is not MISSING and value != last:
            made[str(version)] = value
        last = value
    return made


def inline(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key(name)} = {inline(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value, ensure_ascii=False)


def key(name: str) -> str:
    """Return a key as TOML writes it."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def head(path: Path) -> list[str]:
    """Return the comments that a table begins with."""
    lines = path.read_text("utf-8").splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:count]


def save(path: Path, lines: Iterable[str]) -> None:
    """Write a table, where it changes."""
    text = "".join(f"{line}\n" for line in (*head(path), *lines))
    if text != path.read_text("utf-8"):
        path.write_text(text, "utf-8")


# facts -----------------------------------------------------------------------------------------------------------------


def record_facts(charts: Sequence[given.Files], folder: Path = TABLES) -> None:
    """Write what the charts say of themselves into the tables of a folder."""
    new = {one.version: one for one in charts}
    versions = sorted({*history.versions(), *new})
    connects = {one: new[one].app_version if one in new else history.app_version(one) for one in versions}
    defaults = {one: given.without_nulls(new[one].values) if one in new else history.defaults(one) for one in versions}
    digests = {one: new[one].digests if one in new else history.digests(one) for one in versions}
    _save_versions(folder / "versions.toml", connects)
    for _ in range(2):  # what is new finds its place among its own kind when the table is read again
        save(folder / "defaults.toml", _default_lines(defaults, _order(folder / "defaults.toml")))
    names = sorted({path for one in digests.values() for path in one})
    save(
        folder / "templates.toml",
        (f"{key(name)} = {inline(steps({v: digests[v].get(name, MISSING) for v in versions}))}" for name in names),
    )
    save(folder / "paths.toml", _path_lines(versions, new))


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


def _save_versions(path: Path, connects: Mapping[Version, str]) -> None:
    by_connect: dict[str, list[str]] = {}
    for version in sorted(connects):
        by_connect.setdefault(connects[version], []).append(str(version))
    save(path, (f'"{connect}" = "{" ".join(listed)}"' for connect, listed in by_connect.items()))


def _order(path: Path) -> list[tuple[str, ...]]:
    """Return the paths of the table of defaults, so that they keep their places."""
    import tomllib

    found: list[tuple[str, ...]] = []

    def walk(node: Mapping[str, Any], at: tuple[str, ...]) -> None:
        for name, value in node.items():
            if isinstance(value, dict) and any(one == "gone" or _STEP.fullmatch(one) for one in value):
                found.append((*at, name))
            elif isinstance(value, dict):
                walk(value, (*at, name))

    walk(tomllib.loads(path.read_text("utf-8")), ())
    return found


def _default_lines(defaults: Mapping[Version, Mapping[str, Any]], order: list[tuple[str, ...]]) -> Iterable[str]:
    """Yield the table of defaults: each leaf under the header of its map."""
    leaves = {path for tree in defaults.values() for path in given.leaves(dict(tree))}
    paths = [*order, *sorted(leaves - set(order))]
    # What is a map of values in one version and none in another stands as a whole where it is one in any.
    wholes = [path for path in paths if not any(len(one) < len(path) and path[: len(one)] == one for one in paths)]
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in wholes:
        made = steps({version: find(tree, path) for version, tree in defaults.items()})
        if made:
            groups.setdefault(path[:-1], []).append(f"{key(path[-1])} = {inline(made)}")
    for folder in sorted(groups, key=lambda one: one != ()):
        yield from ("", f"[{'.'.join(map(key, folder))}]") if folder else ()
        yield from groups[folder]


def _path_lines(versions: list[Version], new: Mapping[Version, given.Files]) -> Iterable[str]:
    """Yield the table of paths: each with the versions that have it, those of the same versions together."""
    kinds: dict[tuple[str, bool], set[Version]] = {}
    for version in versions:
        found = _ends(new[version].values, version) if version in new else _known_ends(version)
        for path, is_free in found:
            kinds.setdefault(("/".join(path), is_free), set()).add(version)
    groups: dict[str, dict[bool, list[str]]] = {}
    for (text, is_free), having in kinds.items():
        groups.setdefault(_ranges(having, versions), {False: [], True: []})[is_free].append(text)
    for ranges in sorted(groups, key=_first):
        yield from ("", "[[path]]", f'in = "{ranges}"')
        for is_free, name in ((False, "leaf"), (True, "free")):
            if groups[ranges][is_free]:
                yield from (f"{name} = [", *(f"    {json.dumps(one)}," for one in sorted(groups[ranges][is_free])), "]")


def _first(ranges: str) -> tuple[list[Version], str]:
    """Return what ranges are sorted by: their first version; `*` comes first."""
    return ([] if ranges == "*" else [Version.parse(part.split("-")[0]) for part in ranges.split()]), ranges


def _known_ends(version: Version) -> list[tuple[tuple[str, ...], bool]]:
    known, free = history.paths(version), history.free(version)
    inner = {path[:length] for path in known for length in range(1, len(path))}
    return [(path, path in free) for path in known if path in free or path not in inner]


def _ends(values: Any, version: Version) -> list[tuple[tuple[str, ...], bool]]:
    """Return where the paths of a values.yaml end; below a path that takes any key in the version before, all do."""
    free = history.free(history.at_most(version))
    found: list[tuple[tuple[str, ...], bool]] = []

    def walk(node: Any, at: tuple[str, ...]) -> None:
        # A slash stands in no value of a chart, but in annotations: any key goes there.
        if at in free or (isinstance(node, dict) and (not node or any("/" in name for name in node))):
            found.append((at, True))
        elif isinstance(node, dict):
            for name, value in node.items():
                walk(value, (*at, name))
        else:
            found.append((at, False))

    for name, value in values.items():
        walk(value, (name,))
    return found


def _ranges(having: set[Version], versions: list[Version]) -> str:
    """Return versions as half-open ranges; `*` is all."""
    if len(having) == len(versions):
        return "*"
    parts: list[str] = []
    start: Version | None = None
    for version in versions:
        if version in having and start is None:
            start = version
        elif version not in having and start is not None:
            parts.append(f"{start}-{version}")
            start = None
    return " ".join([*parts, *([f"{start}-"] if start is not None else [])])


def digest(values: Mapping[str, Any]) -> str:
    """Return a digest of all default values of a version, those that are null among them."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def record_digests(charts: Sequence[given.Files], folder: Path = RECORDED) -> None:
    """Write a digest of the default values of each chart, by which a test tells that the tables have them all."""
    file = folder / "defaults.json"
    known: dict[str, str] = json.loads(file.read_text("utf-8"))
    known |= {str(one.version): digest(one.values) for one in charts}
    ordered = dict(sorted(known.items(), key=lambda row: Version.parse(row[0])))
    file.write_text(json.dumps(ordered, indent=0) + "\n", "utf-8")


# renderings ------------------------------------------------------------------------------------------------------------


def record_renderings(charts: Mapping[Version, Path], program: str, folder: Path = RECORDED, workers: int = 2) -> None:
    """Render every values file of a folder with every chart, and write what comes of it beside them."""
    files = sorted((folder / "values").glob("*.yaml"))
    jobs = [(file, version) for file in files for version in sorted(charts)]
    render = _renderer(charts, program)
    with ThreadPoolExecutor(workers) as pool:
        texts = list(pool.map(lambda job: render(job[0].read_text("utf-8"), job[1]), jobs))
    found = {(file, version): text for (file, version, text) in loaded(folder)}
    found |= {(file.stem, version): text for (file, version), text in zip(jobs, texts, strict=True)}
    names = {file.stem for file in files}
    _save_renderings(folder, {place: text for place, text in found.items() if place[0] in names})


def record_managed(charts: Mapping[Version, Path], program: str, folder: Path = RECORDED, workers: int = 2) -> None:
    """Write what the templates of each chart write by themselves, for each back end, by the version that brought it."""
    render = _renderer(charts, program)
    rows: dict[str, dict[str, Any]] = {}
    for backend, values in MANAGED.items():
        having = [one for one in sorted(charts) if backend == "launcher" or one >= KUBERNETES_SINCE]
        with ThreadPoolExecutor(workers) as pool:
            texts = list(pool.map(render, [values] * len(having), having))
        row = {version: found for version in history.versions() if (found := managed(backend, version, folder))}
        for version, text in zip(having, texts, strict=True):
            if text is None:
                raise helm.HelmError(f"chart {version} does not render for the back end {backend}")
            row[version] = _besides(text, version)
        rows[backend] = {str(version): row[version] for version in sorted(row)}
    (folder / "managed.json").write_text(_compact(rows), "utf-8")


def managed(backend: str, version: Version, folder: Path = RECORDED) -> dict[str, list[str]]:
    """Return what the templates of a version write by themselves for a back end, as it was recorded."""
    rows = json.loads((folder / "managed.json").read_text("utf-8"))[backend]
    found = [row for text, row in rows.items() if Version.parse(text) <= version]
    return dict(found[-1]) if found else {}


def _compact(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return rows as JSON, one version a line, those that are as the version before left out."""
    lines: list[str] = []
    for backend, versions in rows.items():
        kept: dict[str, Any] = {}
        last: object = None
        for version, row in versions.items():
            if row != last:
                kept[version] = row
            last = row
        inner = ",\n".join(f"  {json.dumps(version)}: {json.dumps(row)}" for version, row in kept.items())
        lines.append(f"{json.dumps(backend)}: {{\n{inner}\n}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _besides(text: str, version: Version) -> dict[str, list[str]]:
    """Return the settings of a rendering that the chart's own `config` does not have."""
    config = history.defaults(version).get("config")
    found: dict[str, list[str]] = {}
    for one in gcfg.parse(text).entries:
        header = gcfg.header(one.section, one.subsection)
        if find(config, (header, one.name)) is MISSING:
            found.setdefault(f"{header}.{one.name}", []).append(one.value or "")
    return dict(sorted(found.items()))


def _renderer(charts: Mapping[Version, Path], program: str) -> Callable[[str, Version], str | None]:
    """Return a function that renders values with a version; None is what comes of values that Helm refuses."""

    def render(values: str, version: Version) -> str | None:
        try:
            return helm.rendered(program, charts[version], [values], RELEASE, NAMESPACE)
        except helm.HelmError as error:
            if "helm refuses" not in str(error):
                raise
            return None

    return render


def loaded(folder: Path = RECORDED) -> list[tuple[str, Version, str | None]]:
    """Return all recorded renderings: name of the values file, version, text; None where Helm refuses the values."""
    data = json.loads(lzma.decompress((folder / "renderings.json.xz").read_bytes()))
    return [
        (name, Version.parse(version), None if number is None else data["texts"][number])
        for name, row in data["renderings"].items()
        for version, number in row.items()
    ]


def _save_renderings(folder: Path, found: Mapping[tuple[str, Version], str | None]) -> None:
    texts = sorted({text for text in found.values() if text is not None})
    numbers = {text: number for number, text in enumerate(texts)}
    rows: dict[str, dict[str, int | None]] = {}
    for name, version in sorted(found):
        text = found[name, version]
        rows.setdefault(name, {})[str(version)] = None if text is None else numbers[text]
    data = json.dumps({"renderings": rows, "texts": texts}, ensure_ascii=False, separators=(",", ":")).encode()
    file = folder / "renderings.json.xz"
    if lzma.decompress(file.read_bytes()) != data:
        file.write_bytes(lzma.compress(data, preset=9))


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
