"""The pages made from the tables are what the tables say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import write_commands
import write_docs as docs
from gcfg2helm.cli import COMMANDS
from gcfg2helm.findings import codes
from helpers.paths import ROOT

if TYPE_CHECKING:
    from gcfg2helm.tables import Tables


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return docs.pages()


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_page_is_not_stale(name: str, pages: dict[str, str], update: bool) -> None:
    path = ROOT / "docs" / name
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(pages[name], "utf-8")
    assert path.read_text("utf-8") == pages[name], "run: python tools/write_docs.py docs/"


def test_the_mapping_names_every_setting_and_rule(known: Tables, pages: dict[str, str]) -> None:
    page = pages["mapping.md"]
    for section in known.sections.values():
        table = page.partition(f"\n## {section.name}\n")[2].partition("\n## ")[0]
        for setting in section.settings.values():
            rows = [line for line in table.split("\n") if line.startswith(f"| {setting.name} |")]
            assert len(rows) == 1, setting.key
            assert all(rule.reason.replace("|", "\\|") in rows[0] for rule in setting.rules), setting.key
    reasons = [[row.reason for row in rows] for rows in (known.always, known.defaults, known.legacy)]
    assert all(reason in page for group in reasons for reason in group)


def test_tables_are_tables(pages: dict[str, str]) -> None:
    """A cell with a bar of its own would shift all that follow."""
    columns = 0
    for line in pages["mapping.md"].split("\n"):
        if line.startswith("|"):
            found = line.replace("\\|", "").count("|")
            assert columns in (0, found), line
            columns = found
        else:
            columns = 0


def test_the_findings_are_all_there(pages: dict[str, str]) -> None:
    page = pages["findings.md"]
    headings = [line for line in page.split("\n") if line.startswith("## ")]
    assert headings == [f"## {code.code}: {code.title}" for code in sorted(codes().values(), key=lambda one: one.code)]


def test_the_module_writes_the_pages(tmp_path: Path, pages: dict[str, str]) -> None:
    subprocess.run([sys.executable, str(ROOT / "tools/write_docs.py"), str(tmp_path)], check=True, timeout=60)
    found = [path for path in tmp_path.rglob("*") if path.suffix in (".md", ".json")]
    assert {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in found} == pages
    assert {path.name for path in (tmp_path / "man").iterdir()} == set(write_commands.man_pages())


@pytest.mark.parametrize("name", ["gcfg2helm.1", *(f"gcfg2helm-{one}.1" for one in COMMANDS)])
def test_a_man_page_is_not_stale_and_reads_well(name: str, update: bool) -> None:
    path, text = ROOT / "docs/man" / name, write_commands.man_pages()[name]
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "run: python tools/write_docs.py docs/"
    if shutil.which("groff") is None:
        pytest.skip("no groff to read it with")
    words = ["groff", "-man", "-Tutf8", "-ww", "-z", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_site_builds_with_no_dead_link_and_asks_nobody(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "mkdocs"
    if not program.exists():
        pytest.skip("mkdocs is not installed: pip install --group docs")
    words = [str(program), "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(docs.PAGES)
    for page in pages:
        assert (
            re.findall(r"<(?:script|img|iframe)[^>]*src=\"https?:|<link[^>]*stylesheet[^>]*https?:", page.read_text())
            == []
        )
