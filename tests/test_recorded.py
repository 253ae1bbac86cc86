"""What was recorded of the real chart with real Helm: the model, the defaults and the recorder itself are held to it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

import chart_renderings
import chart_tables
import gcfg2helm_mappings
import record_chart
from gcfg2helm import chart, gcfg
from gcfg2helm.chart import Refused, Rendered, given, history
from gcfg2helm.enums import Backend
from gcfg2helm.values import read
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version
from helpers import charts as small
from helpers.helm import HELM, needs_helm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEWEST = chart.NEWEST
RECORDED = chart_renderings.loaded()
VALUES = chart_renderings.RECORDED / "values"


# the model -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", sorted({version for _, version, _ in RECORDED}), ids=str)
def test_the_model_renders_as_helm_did(version: Version) -> None:
    """Byte for byte, and refused where Helm refused."""
    for name, at, text in RECORDED:
        if at != version:
            continue
        try:
            values = read.load((VALUES / f"{name}.yaml").read_text("utf-8"))
        except read.YamlError:
            assert text is None, name
            continue
        release, namespace = chart_renderings.RELEASE, chart_renderings.NAMESPACE
        found = chart.render(chart.known(version), [values], release=release, namespace=namespace)
        if text is None:
            assert isinstance(found, Refused), name
        else:
            assert isinstance(found, Rendered), (name, found)
            assert found.gcfg == text, name


def test_the_recordings_tell_something() -> None:
    """As many values files and versions as it takes; every file renders somewhere or is refused everywhere."""
    names = {name for name, _, _ in RECORDED}
    versions = {version for _, version, _ in RECORDED}
    assert names == {path.stem for path in VALUES.glob("*.yaml")}
    assert len(names) >= 90
    assert len(versions) >= 16
    assert {chart.OLDEST, NEWEST} <= versions
    assert len(RECORDED) == len(names) * len(versions)
    refused = sum(text is None for _, _, text in RECORDED)
    assert len(RECORDED) / 10 < refused < len(RECORDED) / 2
    by_name = {name: {text for one, _, text in RECORDED if one == name} for name in names}
    assert sum(len(texts) > 1 for texts in by_name.values()) > len(names) / 2, "versions differ"


def test_the_tables_have_all_default_values() -> None:
    """Of every published version, nulls among them, by a digest of its values.yaml."""
    import json

    recorded = json.loads((chart_renderings.RECORDED / "defaults.json").read_text("utf-8"))
    assert list(recorded) == [str(version) for version in chart.versions()]
    for version in chart.versions():
        assert chart_renderings.digest(small.values_of(version)) == recorded[str(version)], version


@pytest.mark.parametrize("backend", list(Backend), ids=lambda one: one.value)
def test_the_model_writes_what_the_templates_write(backend: Backend) -> None:
    """Of every published version: what is in the file besides `config`."""
    values = [read.load(chart_renderings.MANAGED[backend.value])]
    for version in chart.versions():
        if backend is Backend.KUBERNETES and version < chart.KUBERNETES_SINCE:
            continue
        made_for = chart.known(version)
        found = chart.render(made_for, values, release=chart_renderings.RELEASE, namespace=chart_renderings.NAMESPACE)
        assert isinstance(found, Rendered)
        ours: dict[str, list[str]] = {}
        for one in gcfg.parse(found.gcfg).entries:
            header = gcfg.header(one.section, one.subsection)
            if find(made_for.defaults["config"], (header, one.name)) is MISSING:
                ours.setdefault(f"{header}.{one.name}", []).append(one.value or "")
        assert ours == chart_renderings.managed(backend.value, version), version


# the recorder ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the tables of the chart that the program reads."""
    folder = tmp_path / "tables/chart"
    shutil.copytree(chart_tables.TABLES, folder)
    monkeypatch.setattr(gcfg2helm_mappings, "folder", lambda: folder.parent)
    small._clear()
    history._table.cache_clear()
    yield folder
    monkeypatch.undo()
    small._clear()
    history._table.cache_clear()


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.toml")}


def record(path: Path, tables: Path, **digests: str) -> None:
    """Record a small chart as if its templates were those of the newest version, and `digests`."""
    files = given.unpacked(path)
    known = {**history.digests(history.versions()[-1]), **digests}
    chart_tables.record_facts([files._replace(digests=known)], tables)
    small._clear()
    history._table.cache_clear()


def test_recording_the_newest_version_again_changes_nothing(tables: Path, tmp_path: Path) -> None:
    before = contents(tables)
    record(small.like(tmp_path, NEWEST), tables)
    assert contents(tables) == before


def test_the_recorder_says_what_needs_a_look(tmp_path: Path) -> None:
    """Templates that changed, defaults that no row names; else that nothing did."""
    path = small.like(tmp_path, NEWEST, "0.99.0", lambda values: values["config"]["Server"].update(Tomorrow=1))
    files = given.unpacked(path)._replace(digests={**history.digests(NEWEST), "templates/new.yaml": "0"})
    assert record_chart.news(files) == [
        f"0.99.0: templates/new.yaml changed since {NEWEST}: see migrate/gcfg2helm/chart/",
        "0.99.0: config.Server.Tomorrow has no fate: a row in rules.toml",
    ]
    same = given.unpacked(small.like(tmp_path / "same", NEWEST, "0.99.0"))._replace(digests=history.digests(NEWEST))
    assert record_chart.news(same) == [f"0.99.0: templates as in {NEWEST}"]


def test_a_version_without_changes_is_one_line(tables: Path, tmp_path: Path) -> None:
    """Only the list of versions grows, by that version."""
    before = contents(tables)
    record(small.like(tmp_path, NEWEST, "0.99.0"), tables)
    after = contents(tables)
    assert {name for name in after if after[name] != before[name]} == {"versions.toml"}
    assert after["versions.toml"] == before["versions.toml"].replace(f'{NEWEST}"', f'{NEWEST} 0.99.0"')
    assert history.versions()[-1] == Version(0, 99, 0)


def test_what_a_version_brings_is_recorded_once(tables: Path, tmp_path: Path) -> None:
    """New and other defaults, values that go and come, templates; and the same again is nothing new."""

    def change(values: dict[str, Any]) -> None:
        values["config"]["Server"]["Tomorrow"] = 'a "quoted" one'
        values["config"]['Made "x"'] = {"List": [1, {"a": True}]}
        values["replicas"] = 3
        values["storage"] = {"shared": values.pop("sharedStorage"), "free": {}, "nothing": None}

    path = small.like(tmp_path, NEWEST, "0.99.0", change)
    record(path, tables, **{"templates/new.yaml": "0" * 16})
    version = Version(0, 99, 0)
    written = given.unpacked(path).values
    assert history.defaults(version) == given.without_nulls(written)
    assert small.values_of(version) == written
    assert history.digests(version)["templates/new.yaml"] == "0" * 16
    assert not history.knows(version, ("sharedStorage", "create"))
    assert history.knows(version, ("storage", "shared", "annotations", "any"))
    assert history.knows(version, ("storage", "free", "any"))
    assert history.knows(version, ("storage", "nothing"))
    assert not history.knows(NEWEST, ("storage", "free"))
    assert history.defaults(NEWEST) == chart.newest().defaults
    once = contents(tables)
    record(path, tables, **{"templates/new.yaml": "0" * 16})
    assert contents(tables) == once


def test_a_value_that_comes_back_is_said() -> None:
    """The tables cannot say it, so the recorder does."""
    versions = [Version(0, 1, number) for number in range(3)]
    with pytest.raises(ValueError, match=r"back in 0\.1\.2"):
        chart_tables.steps(dict(zip(versions, (1, MISSING, 1), strict=True)))


@needs_helm
def test_renderings_are_recorded_once(tmp_path: Path) -> None:
    """By version and values file; a refusal is one; the same again is nothing new, and a file that went goes."""
    assert HELM
    folder = tmp_path / "recorded"
    (folder / "values").mkdir(parents=True)
    shutil.copy(chart_renderings.RECORDED / "renderings.json.xz", folder)
    (folder / "values/plain.yaml").write_text("config: {Made: {a: 1000000}}\n")
    (folder / "values/wrong.yaml").write_text("sharedStorage: null\n")
    paths = {NEWEST: small.like(tmp_path / "one", NEWEST), chart.OLDEST: small.like(tmp_path / "two", NEWEST, "0.3.0")}
    chart_renderings.record_renderings(paths, HELM, folder)
    found = chart_renderings.loaded(folder)
    assert {(name, version) for name, version, _ in found} == {(n, v) for n in ("plain", "wrong") for v in paths}
    assert all((text is None) is (name == "wrong") for name, _, text in found)
    assert all("a = 1e+06" in text for _, _, text in found if text)
    before = (folder / "renderings.json.xz").read_bytes()
    chart_renderings.record_renderings({NEWEST: paths[NEWEST]}, HELM, folder)
    assert (folder / "renderings.json.xz").read_bytes() == before
    (folder / "values/wrong.yaml").unlink()
    chart_renderings.record_renderings({NEWEST: paths[NEWEST]}, HELM, folder)
    assert {name for name, _, _ in chart_renderings.loaded(folder)} == {"plain"}


@needs_helm
def test_what_templates_write_is_recorded_once(tmp_path: Path) -> None:
    """A version in the midst changes its own row only."""
    assert HELM
    folder = tmp_path / "recorded"
    folder.mkdir()
    shutil.copy(chart_renderings.RECORDED / "managed.json", folder)
    version = Version(0, 20, 10)
    before = {one: chart_renderings.managed("launcher", one, folder) for one in history.versions()}
    chart_renderings.record_managed({version: small.like(tmp_path, version)}, HELM, folder)
    after = {one: chart_renderings.managed("launcher", one, folder) for one in history.versions()}
    assert after[version]["Launcher.Enabled"] == ["true"]
    assert {one for one in after if after[one] != before[one]} <= {version}
    again = (folder / "managed.json").read_bytes()
    chart_renderings.record_managed({version: tmp_path / "rstudio-connect"}, HELM, folder)
    assert (folder / "managed.json").read_bytes() == again
