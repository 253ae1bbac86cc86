"""What runs today: a release of Helm, as Helm tells it, or the version that a chart beside the values depends on.

Nothing is written to the cluster: only `helm list`, `helm get values` and `helm get metadata` run.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import InputError

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

NAME = "rstudio-connect"
_EXACT = re.compile(r"[v=]?\d+\.\d+\.\d+")


class Running(NamedTuple):
    """A chart that runs today: its version, who says so, and the key of its values in a chart around it (empty: none)."""

    version: str
    said: str
    key: str = ""


def beside(values: str) -> Running | None:
    """Return the version that Chart.lock, or Chart.yaml, beside a values file depends on; None where neither says.

    Raises InputError for a Chart.yaml that names only a range, without a Chart.lock.
    """
    folder = Path(values).parent
    declared = _dependencies(folder / "Chart.yaml")
    if (own := _read(folder / "Chart.yaml").get("name")) == NAME:
        version = _read(folder / "Chart.yaml").get("version")
        return Running(str(version), str(folder / "Chart.yaml")) if version else None
    mine = next((one for one in declared if one.get("name") == NAME), None)
    key = str((mine or {}).get("alias") or NAME)
    for locked in _dependencies(folder / "Chart.lock"):
        if locked.get("name") == NAME:
            return Running(str(locked.get("version")), str(folder / "Chart.lock"), key)
    if mine is None or not own:
        return None
    version = str(mine.get("version"))
    if not _EXACT.fullmatch(version):
        where = folder / "Chart.yaml"
        raise InputError(
            f"{where}: {version} is a range; run `helm dependency update`, or name the version with --from"
        )
    return Running(version.lstrip("v="), str(folder / "Chart.yaml"), key)


def _read(path: Path) -> "dict[str, Tree]":
    from gcfg2helm.values import read

    if not path.is_file():
        return {}
    try:
        return dict(read.load(path.read_text("utf-8"), str(path)))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8") from None


def _dependencies(path: Path) -> "list[dict[str, Tree]]":
    listed = _read(path).get("dependencies")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def listed(program: str, release: str, namespace: str) -> Running | None:
    """Return the chart of a release as `helm list` has it; None where there is no such release. Raises HelmError."""
    found = _json(program, "list", "--namespace", namespace, "--filter", f"^{re.escape(release)}$")
    for one in found if isinstance(found, list) else []:
        chart = str(one.get("chart", ""))
        if one.get("name") == release and chart.startswith(f"{NAME}-"):
            return Running(chart.removeprefix(f"{NAME}-"), "helm list")
    return None


def described(program: str, release: str, namespace: str) -> Running:
    """Return the chart of a release as `helm get metadata` has it. Raises HelmError, and InputError for another chart."""
    found = _json(program, "get", "metadata", release, "--namespace", namespace)
    chart, version = (str(found.get(key, "")) for key in ("chart", "version")) if isinstance(found, dict) else ("", "")
    if chart != NAME:
        raise InputError(
            f"the release {release} in {namespace} is of {f'the chart {chart}' if chart else 'an unknown chart'}, not {NAME}"
        )
    return Running(version, "helm get metadata")


def values(program: str, release: str, namespace: str) -> str:
    """Return the values that a release was made with, as text. Raises HelmError."""
    from gcfg2helm.chart import helm

    text = helm.run([program, "get", "values", release, "--namespace", namespace, "--output", "yaml"])
    return "" if text.strip() == "null" else text


def _json(program: str, *words: str) -> object:
    from gcfg2helm.chart import helm

    text = helm.run([program, *words, "--output", "json"])
    try:
        return json.loads(text)
    except ValueError:
        raise helm.HelmError(f"what `helm {words[0]}` printed cannot be read as JSON") from None
