"""Case folders: an existing values.yaml meets a gcfg, and the files and findings that come of it, word for word.

A folder of `merging/` holds `input.gcfg`, `arguments` (one on each line), perhaps `existing.yaml` and files beside them;
`expected*.yaml` are the files written, `findings.txt` what is said.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import chart_renderings
from gcfg2helm import chart, conversion, gcfg
from gcfg2helm.cli import disk
from gcfg2helm.enums import Backend
from gcfg2helm.plan.request import Request
from gcfg2helm.values import read
from gcfg2helm.values.tree import MISSING, find, same
from gcfg2helm.versions import Version
from helpers.golden import unversioned
from helpers.paths import ROOT, SHARED
from helpers.run import LDAP, told
from helpers.run import invoke as run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Tree

CASES = sorted(path.parent for path in ROOT.glob("tests/merging/*/input.gcfg"))
assert len(CASES) >= 25, "the case folders are part of the project"

WRITTEN = ("values.yaml", "values.secret.yaml", "values.secret-values.yaml", "values.files.yaml")
REFUSED = "G2H3"  # findings of the chart's model: a case with one of them shows a refusal


def expected(name: str) -> str:
    return name.replace("values", "expected", 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case gives its files and findings; again it changes nothing, and the chart renders what came out."""
    folder = tmp_path / "case"
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected*", "findings.txt"))
    monkeypatch.chdir(folder)
    if (existing := folder / "existing.yaml").exists():
        existing.rename(folder / "values.yaml")
    listed = folder / "arguments"
    arguments = listed.read_text().splitlines() if listed.exists() else []
    command = ["convert", "input.gcfg", "--yes", *arguments]
    done = run(*command, "--report", "../report.json")
    assert done.exit_code == (1 if "\nnot proven" in done.output else 0), done.output
    first = {name: (folder / name).read_bytes() for name in WRITTEN if (folder / name).exists()}
    found = unversioned(told(tmp_path / "report.json"))
    if update:
        for name in WRITTEN:
            (case / expected(name)).unlink(missing_ok=True)
        for name, data in first.items():
            (case / expected(name)).write_bytes(data)
        (case / "findings.txt").write_text(found)
    for name in WRITTEN:
        golden = case / expected(name)
        assert (golden.read_bytes().decode() if golden.exists() else None) == (
            first[name].decode() if name in first else None
        ), name
    assert (case / "findings.txt").read_text() == found
    assert run(*command).exit_code == done.exit_code
    assert {name: (folder / name).read_bytes() for name in WRITTEN if (folder / name).exists()} == first, (
        "twice is once"
    )
    again = json.loads((tmp_path / "report.json").read_text())["target"]
    layers = [read.load(first[name].decode()) for name in ("values.yaml", "values.secret-values.yaml") if name in first]
    rendered = chart.render(
        chart.known(Version.parse(again["chart"])), layers, release=again["release"], namespace=again["namespace"]
    )
    assert isinstance(rendered, chart.Refused) == (f" {REFUSED}" in found), rendered


def test_the_preview_begins_with_the_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who converts onto a values file is told so before anything else: what stays, which side wins."""
    monkeypatch.chdir(tmp_path)
    fresh = run("convert", str(LDAP), "--yes").stderr
    again = run("convert", str(LDAP), "--yes").stderr
    other = run("convert", str(LDAP), "--dry-run", "--prefer", "values").stderr
    assert "exists" not in fresh.splitlines()[0]
    for told_first, wins in ((again, "the gcfg wins (--prefer values: the file)"), (other, "the file wins")):
        paragraph = " ".join(told_first.partition("rstudio-connect.gcfg: chart")[0].split())
        assert paragraph.startswith("values.yaml exists, and the changes are merged into it")
        assert wins in paragraph
    quiet = run("convert", str(LDAP), "--dry-run", "--quiet").stderr
    assert "merged into it" not in quiet


# real values files ------------------------------------------------------------------------------------------------------


def real_files() -> list[Any]:
    """Return values files as sites have them, each with versions of the chart and whether these render it."""
    found: list[Any] = []
    recorded = {(name, version): text is not None for name, version, text in chart_renderings.loaded()}
    for path in sorted((chart_renderings.RECORDED / "values").glob("site-*.yaml")):
        versions = {version: installs for (name, version), installs in recorded.items() if name == path.stem}
        found.append(pytest.param(path.read_text(), versions, id=path.stem))
    assert len(found) >= 8
    vectors = SHARED / "charts/vectors.json"
    for one in json.loads(vectors.read_text())["vectors"] if vectors.exists() else ():
        if one["name"].startswith(("example/", "lint/")):
            versions = {max(map(Version.parse, render["charts"])): "gcfg" in render for render in one["renders"]}
            found.append(pytest.param(one["values"], versions, id=one["name"]))
    return found


def touched(node: Any, old: Tree, new: Tree) -> Iterator[int]:
    """Yield the numbers of the lines of an existing file that may change: those of keys whose value is another now."""
    for key, value in node.value:
        name = next((one for one in old if one == key.value), None) if isinstance(old, dict) else None
        if name is None or not isinstance(old, dict):
            continue
        after = new.get(name, MISSING) if isinstance(new, dict) else MISSING
        if same(old[name], after):
            continue
        is_map = type(value).__name__ == "MappingNode" and not value.flow_style and value.value
        if is_map and isinstance(after, dict) and value.start_mark.index > key.end_mark.index:
            yield from touched(value, old[name], after)
        elif _longer(old[name], after) and not value.flow_style:
            continue  # new items behind the old ones
        else:
            yield from range(key.start_mark.line, max(value.end_mark.line, key.start_mark.line + 1))


def _longer(old: Tree, new: object) -> bool:
    return isinstance(old, list) and isinstance(new, list) and bool(old) and same(old, new[: len(old)])


def first_lost(lines: list[str], text: str) -> str:
    """Return the first line that the text does not have any more, in order; empty where it has all.

    Comments may be elsewhere: they move with the block that they are about.
    """
    rest = iter(text.splitlines())
    everywhere = set(map(str.strip, text.splitlines()))
    comments = [line for line in lines if line.strip().startswith("#")]
    lost = [line for line in comments if line.strip() not in everywhere]
    return next((line for line in lines if line not in comments and line not in rest), "".join(lost[:1]))


@pytest.mark.parametrize(("text", "versions"), real_files())
def test_real_values_files_lose_no_line(text: str, versions: dict[Version, bool], known: Tables) -> None:
    """Only the lines of keys that get another value change; what installed still does; twice is once."""
    from ruamel.yaml import YAML

    sources = [("f.gcfg", gcfg.parse(LDAP.read_bytes(), "f.gcfg"))]
    root: Any = YAML(typ="safe", pure=True).compose(text)
    for version, installs in versions.items():
        request = Request(sources, known, chart.known(version), Backend.LAUNCHER, "rsc", "connect-ns", values=text)
        done = conversion.convert(request)
        assert not done.values.rewritten
        assert done.unproven == []
        assert done.proof.totals or not installs, f"chart {version} refuses: {done.proof.findings}"
        ours = set(touched(root, done.before, done.values.tree)) if root is not None else set()
        others = [line for number, line in enumerate(text.splitlines()) if number not in ours]
        assert first_lost(others, done.values.text) == ""
        assert conversion.convert(request._replace(values=done.values.text)).values.text == done.values.text


# the rest ---------------------------------------------------------------------------------------------------------------

SMALL = "[Server]\nAddress = http://connect.example.org\n"


def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str = SMALL) -> Path:
    (folder / "x.gcfg").write_text(source)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["--nfs", "nfs.example.org"], ["--nfs", "/exports/connect"], ["--nfs", "nfs.example.org:exports"], ["--nfs", "a b:/c"],
        ["--nfs", "h:/p", "--pvc", "claim"],
        ["--storage-size", "lots"], ["--storage-size", "0Gi"], ["--storage-size", "10GiB"], ["--storage-size", "-1"],
        ["--image", ""], ["--image", "has blank"], ["--image", "https://ghcr.io/x"],
        ["--license-server", "not a server"], ["--license-server", "-x"], ["--license-server", "ftp://x"], ["--license-server", "u:p@host:1"],
        ["--pvc", "Data"], ["--storage-class", "a_b"], ["--ingress-class", "a/b"], ["--tls-secret", "-x"],
        ["--license-file-secret", "x."], ["--secret-name", "x y"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_answers_that_cannot_be_meant(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder(tmp_path, monkeypatch)
    done = run("convert", "x.gcfg", "--yes", *words)
    assert done.exit_code == 2
    assert words[0] in done.stderr
    assert not (tmp_path / "values.yaml").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--nfs", "[fd00::1]:/x"], ["--storage-size", "1.5Ti"], ["--storage-size", "1e12"], ["--storage-size", "500M"],
        ["--image", "registry.example.org:5000/a/b:1.2@sha256:0f"], ["--image", "rocker"],
        ["--license-server", "licence.example.org:8999"], ["--license-server", "http://10.0.0.1:8999/"],
        ["--pvc", "connect.data-1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_answers_that_can(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder(tmp_path, monkeypatch)
    assert run("convert", "x.gcfg", "--yes", "-q", *words).exit_code == 0


def test_strict_says_which_errors_are_open_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder(tmp_path, monkeypatch)
    for quiet in ([], ["-q"]):
        done = run("convert", "x.gcfg", "--yes", "--strict", *quiet)
        assert done.exit_code == 1
        assert "error G2H401" in done.stderr
        assert "--strict" in done.stderr
    assert not (tmp_path / "values.yaml").exists()
    (tmp_path / "values.yaml").write_text(
        "config: {Database: {Provider: postgres}, Postgres: {URL: 'postgres://db'}}\n"
    )
    done = run("convert", "x.gcfg", "--yes", "--strict", "--ignore", "G2H609", "--license-server", "l:8989")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "place"), [("a: 1\na: 2\n", ":2:1"), ("- a\n", ":1:1"), ("a: [\n", ":2:"), ("a:\n\t- b\n", ":2:")]
)
def test_what_is_no_values_file_is_refused_untouched(
    content: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_folder(tmp_path, monkeypatch)
    (tmp_path / "values.yaml").write_text(content)
    done = run("convert", "x.gcfg", "--yes")
    assert done.exit_code == 3
    assert f"values.yaml{place}" in done.stderr
    assert (tmp_path / "values.yaml").read_text() == content


def test_certificates_are_not_read_from_beside_the_gcfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files that describe content are: a certificate of the same name may be another server's."""
    source = SMALL + "[HTTPS]\nListen = :443\nCertificate = /etc/ssl/a.crt\nKey = /etc/ssl/a.key\n"
    in_folder(tmp_path, monkeypatch, source)
    for name in ("a.crt", "a.key"):
        (tmp_path / name).write_text("-----BEGIN PRIVATE KEY-----\n")
    assert run("convert", "x.gcfg", "--yes", "--tls", "pod").exit_code == 0
    assert not (tmp_path / "values.files.yaml").exists()


def test_files_beside_the_gcfg(tmp_path: Path) -> None:
    read = disk.beside(tmp_path / "x.gcfg")
    (tmp_path / "a.yaml").write_bytes(b"a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a.yaml")
    assert read("/etc/a.yaml") == read("a.yaml") == read("/etc/link") == b"a"
    assert read("/etc/folder") == "it is not a regular file"
    for path in ("", "/", "/etc/..", ".", "/etc/b.yaml", "a\0b"):
        assert read(path) is None, path


def test_profiles_land_where_the_chart_takes_them() -> None:
    """A text for each key: the chart prints `key=text`, and a number or a boolean would come out as Go prints it."""
    case = ROOT / "tests/merging/launcher"
    tree = read.load((case / "expected.yaml").read_text())
    profiles = find(tree, ("launcher", "launcherKubernetesProfilesConf"))
    assert profiles == {
        "*": {"default-cpus": "1", "default-mem-mb": "2G", "max-mem-mb": "16384"},
        "@analysts": {"max-cpus": "8", "placement-constraints": "node:gpu", "allow-custom-resources": "yes"},
    }
    text = (case / "expected.yaml").read_text() + (case / "findings.txt").read_text()
    assert "ZXlKaGJHY2" not in text, "the token leaves no trace"


def test_a_second_run_with_answers_takes_its_questions_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the options answer now replaces what stood in for it; no question of ours is left."""
    source = "[Server]\nAddress = https://connect.example.org\n[R]\nExecutable = /opt/R/4.2.3/bin/R\n"
    source += "[Database]\nProvider = postgres\n[Postgres]\nURL = postgres://db.example.org/x\n"
    in_folder(tmp_path, monkeypatch, source)
    assert run("convert", "x.gcfg", "--yes").exit_code == 0
    values = tmp_path / "values.yaml"
    assert values.read_text().count("TODO(gcfg2helm)") == 5
    answers = [
        "--image", "ghcr.io/acme/content:1", "--license-server", "licence:8999", "--ingress-class", "nginx",
        "--tls-secret", "wildcard", "--storage-class", "efs", "--storage-size", "1Ti",
    ]  # fmt: skip
    assert run("convert", "x.gcfg", "--yes", *answers).exit_code == 0
    text = values.read_text()
    assert "TODO" not in text
    assert "#:" not in text
    tree = read.load(text)
    assert find(tree, ("ingress", "tls")) == [{"secretName": "wildcard", "hosts": ["connect.example.org"]}]
    assert find(tree, ("executionEnvironments",)) != []
    assert find(tree, ("sharedStorage", "requests", "storage")) == "1Ti"
    assert run("convert", "x.gcfg", "--yes").exit_code == 0, "what was answered stays without the options"
    assert read.load(values.read_text()) == tree
