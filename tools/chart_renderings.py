"""What real Helm renders from charts, recorded in tests/recorded/: the judge of the built-in model of the chart."""

from __future__ import annotations

import hashlib
import json
import lzma
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm import gcfg
from gcfg2helm.chart import KUBERNETES_SINCE, helm, history
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gcfg2helm.chart import given

RECORDED = Path(__file__).parent.parent / "tests/recorded"
RELEASE, NAMESPACE = "rsc", "jobs"
# With nothing under `config` but what the chart has there: what is printed besides is what the templates write.
MANAGED = {
    "launcher": "launcher: {enabled: true}\nbackends: {kubernetes: {enabled: false}}\nsharedStorage: {create: true}\n",
    "kubernetes": "launcher: {enabled: false}\nbackends: {kubernetes: {enabled: true}}\nsharedStorage: {create: true}\n",
}


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
        except helm.RefusedError:
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
