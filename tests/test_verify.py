"""The proof: it notices every change that Connect would, accounts for every other, and takes Helm's word where asked."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.chart.helm import Helm
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Level
from gcfg2helm.plan import build
from gcfg2helm.proof import reading
from gcfg2helm.proof import run as proving
from gcfg2helm.proof.model import Proof, Verdict
from gcfg2helm.tables import Kind
from gcfg2helm.values import read
from gcfg2helm.versions import Version
from helpers import charts
from helpers.helm import HELM, needs_helm
from helpers.make import converted, request
from helpers.paths import FIXTURES
from helpers.run import LDAP, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gcfg2helm.conversion import Conversion
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path as ValuesPath
    from gcfg2helm.values.tree import Tree

PROVEN = Verdict.PROVEN
KNOWN = tables.load()


def fixture(path: Path, backend: Backend) -> tuple[Conversion, dict[str, Tree]]:
    done = converted(path.read_bytes(), KNOWN, backend=backend)
    layers = [done.values.tree] + ([done.secret_values.tree] if done.secret_values else [])
    return done, chart.merge({}, *layers)


def judged(done: Conversion, source: bytes, values: dict[str, Tree], backend: Backend) -> Proof:
    """Verify values as the command does: against a plan that values.yaml has no say in."""
    asked = request(source, KNOWN, backend=backend)
    made = build.build(asked.sources, KNOWN, chart=asked.chart, backend=backend, options=asked.options)
    return proving.by_model(made, KNOWN, [values], asked.options, every=True)


def places(tree: Tree, path: ValuesPath = ()) -> Iterator[tuple[ValuesPath, str]]:
    """Yield every place of a tree where something can be changed, and how."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield (*path, key), "remove"
            yield from places(value, (*path, key))
    elif isinstance(tree, list):
        yield from ((path, how) for how in ("shorter", "longer", "turned") if tree)
    else:
        yield path, "other"


def mutated(tree: dict[str, Tree], path: ValuesPath, how: str) -> dict[str, Tree]:
    new: Any = copy.deepcopy(tree)
    *parents, last = path
    node = new
    for key in parents:
        node = node[key]
    match how:
        case "remove":
            del node[last]
        case "shorter":
            node[last].pop()
        case "longer":
            node[last].append("one more")
        case "turned":
            node[last].reverse()
        case _:
            node[last] = (
                {True: False, False: True}.get(node[last], "another") if isinstance(node[last], bool) else "another"
            )
    return dict(new)


def _same_gcfg(one: dict[str, Tree], other: dict[str, Tree]) -> bool:
    """Whether two values trees render to what Connect reads alike."""
    rendered = [
        chart.render(chart.newest(), [tree], release="rsc", namespace="rstudio-connect") for tree in (one, other)
    ]
    if any(isinstance(text, chart.Refused) for text in rendered):
        return False
    read = [gcfg.parse(text.gcfg) for text in rendered if isinstance(text, chart.Rendered)]
    settings = [
        [(entry.section, entry.subsection, entry.name, entry.value) for entry in document.entries] for document in read
    ]
    return settings[0] == settings[1]


@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_no_change_of_config_survives(path: Path, backend: Backend) -> None:
    """Each key, scalar and list item under `config`, changed one at a time, is an error, or rendered the same."""
    done, values = fixture(path, backend)
    assert judged(done, path.read_bytes(), values, backend).proven
    survivors = []
    tried = 0
    for where, how in places(values["config"], ("config",)):
        changed = mutated(values, where, how)
        tried += 1
        if judged(done, path.read_bytes(), changed, backend).verdict is PROVEN and not _same_gcfg(values, changed):
            survivors.append((where, how))
    assert tried > 30
    assert survivors == []


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_a_change_beside_config_is_noticed(path: Path) -> None:
    """What follows from the gcfg outside `config` is a finding when it is something else."""
    done, values = fixture(path, Backend.LAUNCHER)
    before = {(one.code, one.path) for one in judged(done, path.read_bytes(), values, Backend.LAUNCHER).findings}
    from_gcfg = {edit.path for edit in done.plan.edits if edit.source and edit.path[0] != "config"}
    assert from_gcfg
    for where in from_gcfg | {("launcher", "enabled"), ("rbac", "create"), ("pod", "env")} & set(_all_paths(values)):
        changed = mutated(values, where, "remove")
        after = {(one.code, one.path) for one in judged(done, path.read_bytes(), changed, Backend.LAUNCHER).findings}
        assert after - before, where


def _all_paths(tree: Tree, path: ValuesPath = ()) -> Iterator[ValuesPath]:
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _all_paths(value, (*path, key))


@settings(max_examples=60)
@given(st.data())
def test_random_text_in_config_is_noticed(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FIXTURES))
    done, values = fixture(path, Backend.LAUNCHER)
    where = data.draw(
        st.sampled_from([place for place, how in places(values["config"], ("config",)) if how == "other"])
    )
    changed: Any = copy.deepcopy(values)
    node = changed
    for key in where[:-1]:
        node = node[key]
    node[where[-1]] = data.draw(st.text('abc 1;#"\\=[]\n', max_size=6) | st.integers() | st.booleans() | st.none())
    proof = judged(done, path.read_bytes(), changed, Backend.LAUNCHER)
    assert proof.verdict is not PROVEN or _reads_the_same(values, changed)


def _reads_the_same(one: dict[str, Tree], other: dict[str, Tree]) -> bool:
    from gcfg2helm.plan.grouping import group_entries

    read = []
    for tree in (one, other):
        text = chart.render(chart.newest(), [tree], release="rsc", namespace="rstudio-connect")
        assert isinstance(text, chart.Rendered)
        groups = group_entries([("f", gcfg.parse(text.gcfg))], KNOWN)
        read.append({key: reading.of(group.setting, group.values) for key, group in groups.items()})
    return read[0] == read[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("yes", "true"),
        ("on", "1"),
        ("60s", "1m"),
        ("1m15s", "75s"),
        ("5 MB", "5MB"),
        ("1000000000", "1s"),
        ("TRUE", "true"),
    ],
)
def test_what_connect_reads_alike_is_the_same(before: str, after: str) -> None:
    kinds = {"5": Kind.BYTESIZE, "y": Kind.BOOLEAN, "o": Kind.BOOLEAN, "T": Kind.BOOLEAN}
    kind = kinds.get(before[0], Kind.DURATION)
    setting = next(
        one
        for one in KNOWN
        if one.kind is kind and not one.rules and not one.since and not one.subsection.value.startswith("req")
    )
    key, name = setting.section, setting.name
    source = f"[{key}]\n{name} = {before}\n".encode()
    done = converted(source, KNOWN)
    values: Any = copy.deepcopy(done.values.tree)
    assert values["config"][key][name] == before
    values["config"][key][name] = after
    assert "G2H601" not in {one.code for one in judged(done, source, values, Backend.LAUNCHER).findings}
    values["config"][key][name] = "0"
    assert "G2H601" in {one.code for one in judged(done, source, values, Backend.LAUNCHER).findings}


def test_an_own_key_is_named_as_one(known: Tables) -> None:
    source = b"[Server]\nAddress = http://x.example.com\n"
    done = converted(source, known)
    values: Any = copy.deepcopy(done.values.tree)
    values["config"]["Server"]["ViewerKiosk"] = True
    proof = judged(done, source, values, Backend.LAUNCHER)
    (row,) = [one for one in proof.rows if one.own]
    assert row.setting == "Server.ViewerKiosk"
    assert "G2H609" in {one.code for one in proof.findings}


def test_other_capitals_are_not_the_same_key(known: Tables) -> None:
    """`server:` beside `Server:` adds up in Connect, and the proof sees what it would read."""
    source = b"[Server]\nAddress = http://x.example.com\nCustomHeader = a\n"
    done = converted(source, known)
    values: Any = copy.deepcopy(done.values.tree)
    values["config"]["server"] = {"customheader": "b"}
    assert not judged(done, source, values, Backend.LAUNCHER).proven


def test_a_variable_that_overrides_is_an_error(known: Tables) -> None:
    source = b"[Server]\nAddress = http://x.example.com\n"
    done = converted(source, known)
    values: Any = copy.deepcopy(done.values.tree)
    values["pod"] = {"env": [{"name": "CONNECT_SERVER_ADDRESS", "value": "http://y.example.com"}]}
    assert "G2H614" in {one.code for one in judged(done, source, values, Backend.LAUNCHER).findings}
    values["pod"]["env"][0]["value"] = "http://x.example.com"
    assert "G2H614" not in {one.code for one in judged(done, source, values, Backend.LAUNCHER).findings}


def test_a_secret_counts_where_it_reaches_the_pod(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    both = ("values.yaml", "--values", "values.secret-values.yaml")
    assert run("verify", LDAP, *both, cwd=tmp_path).returncode == 0
    assert "G2H605" in run("verify", LDAP, "values.yaml", cwd=tmp_path).stdout
    values = tmp_path / "values.yaml"
    values.write_text(values.read_text().replace("CONNECT_SMTP_PASSWORD", "CONNECT_SMTP_OTHER"))
    assert "CONNECT_SMTP_PASSWORD" in run("verify", LDAP, *both, cwd=tmp_path).stdout


def test_inline_secrets_are_proven_with_a_warning(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", "--secrets", "inline", cwd=tmp_path)
    done = run("verify", LDAP, "values.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "G2H503" in done.stdout


def test_output_formats(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    arguments = ("verify", LDAP, "values.yaml", "-f", "values.secret-values.yaml")
    data = json.loads(run(*arguments, "--format", "json", "--all", cwd=tmp_path).stdout)
    assert data["proven"] is True
    assert data["counts"]["different"] == 0
    assert sum(data["counts"].values()) >= len(data["settings"]) > 50  # a repeated setting is one row
    short = json.loads(run(*arguments, "--format", "json", cwd=tmp_path).stdout)
    assert short["settings"] == []
    assert "| same |" in run(*arguments, "--format", "markdown", cwd=tmp_path).stdout
    assert "Server.Address" in run(*arguments, "--all", cwd=tmp_path).stdout


def test_a_refusal_of_the_chart_is_a_finding(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    values = tmp_path / "values.yaml"
    values.write_text(
        values.read_text()
        .replace("  create: true\nexec", "  create: false\nexec")
        .replace("kubernetes:\n    enabled: false", "kubernetes:\n    enabled: true")
    )
    done = run("verify", LDAP, "values.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "G2H3" in done.stdout
    assert "not proven" in done.stdout


# real Helm -----------------------------------------------------------------------------------------------------------

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: connect
data:
  rstudio-connect.gcfg: |
{{ .Files.Get "rendered.gcfg" | indent 4 }}
"""


def small_chart(folder: Path, text: str, version: object = chart.NEWEST) -> Path:
    """Make a chart that renders one configuration, whatever the values are."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: rstudio-connect\nversion: {version}\n")
    (folder / "values.yaml").write_text(json.dumps(charts.values_of(chart.NEWEST)))
    (folder / "rendered.gcfg").write_text(text)
    (folder / "templates/configmap.yaml").write_text(TEMPLATE)
    return folder


@needs_helm
def test_real_helm_renders_instead_of_the_model(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    layers = [read.load((tmp_path / name).read_text()) for name in ("values.yaml", "values.secret-values.yaml")]
    rendered = chart.render(chart.newest(), layers, release="rsc", namespace="rstudio-connect")
    assert isinstance(rendered, chart.Rendered)
    assert HELM is not None
    arguments = ("verify", LDAP, "values.yaml", "-f", "values.secret-values.yaml", "--helm", HELM, "--chart")
    good = run(*arguments, small_chart(tmp_path / "good", rendered.gcfg), cwd=tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    bad = run(
        *arguments,
        small_chart(tmp_path / "bad", rendered.gcfg.replace("Lifetime = 12h", "Lifetime = 13h")),
        cwd=tmp_path,
    )
    assert bad.returncode == 1
    assert "G2H221" in bad.stdout, "it is not the published chart"
    assert "G2H601" in bad.stdout, "what Helm renders counts"
    archive = shutil.make_archive(str(tmp_path / "small"), "gztar", tmp_path, "good")
    assert run(*arguments, archive, cwd=tmp_path).returncode == 0


def test_a_helm_that_is_named_and_absent_is_a_clear_error(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    words = ("verify", LDAP, "values.yaml", "--chart", small_chart(tmp_path / "c", ""), "--helm", "/nonexistent/helm")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert "/nonexistent/helm is not a program" in done.stderr


@needs_helm
def test_model_and_helm_disagree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a chart that the tables know the model speaks too; where Helm renders otherwise, that is found."""
    made = converted(LDAP.read_bytes(), KNOWN)
    rendered = chart.render(chart.newest(), [made.values.tree], release="rsc", namespace="rstudio-connect")
    assert isinstance(rendered, chart.Rendered)
    assert HELM
    for text, found in ((rendered.gcfg, False), (rendered.gcfg.replace("12h", "13h"), True)):
        folder = small_chart(tmp_path / str(found), text)
        asked = request(LDAP.read_bytes(), KNOWN)._replace(helm=Helm(HELM, folder))
        proof = proving.verified(asked, [("values.yaml", made.values.text)])
        assert ("G2H604" in {one.code for one in proof.findings}) is found


def test_every_version_renders_what_an_empty_gcfg_makes(known: Tables) -> None:
    for version in chart.versions():
        for backend in Backend:
            if backend is Backend.LAUNCHER or version >= Version(0, 9, 0):
                done = converted(b"", known, str(version), backend)
                assert done.proof.totals, (version, backend, done.proof.findings)
                assert not [one for one in done.proof.findings if one.level is Level.ERROR], (version, backend)


def test_the_proof_needs_neither_helm_nor_network() -> None:
    code = "import sys; from gcfg2helm.proof import compare, run; assert 'socket' not in sys.modules and 'subprocess' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
