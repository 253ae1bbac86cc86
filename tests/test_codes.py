"""Every finding code is made by at least one test: those that no other test names have a case here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from gcfg2helm import gcfg, tables
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Asks, Level, codes
from gcfg2helm.offhost import build
from gcfg2helm.proof import run as proving
from gcfg2helm.values import splice
from gcfg2helm.values.tree import Edit
from helpers.make import converted, request
from helpers.paths import ROOT

if TYPE_CHECKING:
    from gcfg2helm.conversion import Conversion
    from gcfg2helm.tables import Tables

KNOWN = tables.load()
BASE = "[Server]\nAddress = https://x.example.com\n"


def test_what_a_finding_asks_fits_its_level() -> None:
    """What stops the pod is an error, what a person must settle is no mere info, and an info asks for nothing."""
    for one in codes().values():
        assert (one.asks is Asks.BLOCKS) <= (one.level is Level.ERROR), one.code
        assert (one.level is Level.INFO) <= (one.asks is Asks.KNOW), one.code
        assert (one.level is Level.ERROR) <= (one.asks is not Asks.KNOW), one.code


def made(done: Conversion) -> set[str]:
    return {one.code for one in done.findings}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("G2H102", "[Server]\nPublicWarning = a;b\n"),
        ("G2H110", "[Nowhere]\nName = 1\nName = 2\n"),
        ("G2H113", "[Server]\nCustomHeader = a\nCustomHeader\n"),
        ("G2H205", "[Server]\nSourcePackageDir = /srv/packages\n"),
    ],
)
def test_a_gcfg_makes_it(code: str, text: str) -> None:
    assert code in made(converted(text, KNOWN))
    assert code not in made(converted(BASE, KNOWN))


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("G2H210", "image: {tagPrefix: ubuntu2204-}\n"),
        ("G2H214", "config: {Server: {Address: http://old.example.com}}\n"),
        ("G2H609", "config: {Server: {ViewerKiosk: true}}\n"),
        ("G2H230", "replicas: 1\nc: |\n  literal at the end"),
    ],
)
def test_an_existing_file_makes_it(code: str, values: str) -> None:
    assert code in made(convert(request(BASE, KNOWN, values=values)))
    assert code not in made(convert(request(BASE, KNOWN, values="replicas: 1\n")))


def proven(change: Edit) -> set[str]:
    """Return the codes of the proof after one change of a correct file."""
    source = "[Server]\nAddress = https://x.example.com\n[Metrics]\nPrometheusListen = :4040\n[HTTP]\nListen = :4141\n"
    done = converted(source, KNOWN)
    tree: Any = splice.apply(done.values.text, [change]).tree
    return {one.code for one in proving.by_model(done.plan, KNOWN, [tree], request(source, KNOWN).options).findings}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("G2H602", Edit(("prometheus",), remove=True)),
        ("G2H603", Edit(("config", 'RPackageRepository "CRAN"'), remove=True)),
        ("G2H607", Edit(("pod", "port"), 3939)),
        ("G2H608", Edit(("rbac", "create"), value=False)),
    ],
)
def test_a_change_makes_it(code: str, change: Edit) -> None:
    assert code in proven(change)
    assert code not in proven(Edit(("replicas",), 1))


def test_the_back_end_of_an_existing_file(tmp_path: Any) -> None:
    from helpers.run import run

    (tmp_path / "x.gcfg").write_text(BASE)
    (tmp_path / "values.yaml").write_text("backends: {kubernetes: {enabled: true}}\n")
    assert (
        "G2H213"
        in run("diff", "x.gcfg", "-v", "--format", "text", cwd=tmp_path).stderr
        + run("check", "x.gcfg", cwd=tmp_path).stdout
    )
    assert Backend.KUBERNETES.value == "kubernetes"


def test_off_host_without_an_export(known: Tables) -> None:
    done = build.build("f.gcfg", gcfg.parse(BASE), known, build.Answers(), lambda _: None)
    assert "G2H704" in {one.code for one in done.findings}


def test_every_code_stands_in_a_test() -> None:
    tests = ROOT / "tests"
    texts = [
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "**/*.txt", "**/*.json", "**/*.md")
        for path in tests.glob(pattern)
    ]
    named = set(re.findall(r"G2H\d{3}", "\n".join(texts)))
    assert set(codes()) - named == set()
    assert named - set(codes()) <= {"G2H999"}


def test_every_code_is_used_by_the_program() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("migrate", "mappings")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".py", ".toml") and path.name != "findings.toml"
    ]
    assert set(codes()) - set(re.findall(r"G2H\d{3}", "\n".join(texts))) == set()
