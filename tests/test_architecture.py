"""The arrows of the design run one way: between the packages and within them; and only the command line talks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from helpers.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "migrate/gcfg2helm"
# From the ground up: each may import what is before it, in any way.
FLOORS = (
    "versions", "enums", "masked", "findings", "gcfg", "values", "tables", "chart", "schema", "plan", "proof", "conversion", "api",
    "upgrade", "offhost", "runbook", "report", "cli", "__main__",
)  # fmt: skip


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the program that a file imports: at its top, inside functions, and for types alike."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[2] for one in node.names if one.name.startswith("gcfg2helm"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            if (node.module or "").split(".")[0] == "gcfg2helm":
                folder = node.module.partition(".")[2] if node.module else ""
                for one in node.names:
                    below = f"{folder}.{one.name}".lstrip(".")
                    yield below if below in MODULES else folder


def package(name: str) -> str:
    return name.partition(".")[0]


def test_every_package_has_its_floor() -> None:
    assert {package(name) for name in MODULES} - {""} == set(FLOORS)


@pytest.mark.parametrize("name", sorted(set(MODULES) - {""}))
def test_arrows_run_downwards(name: str) -> None:
    floor = FLOORS.index(package(name))
    above = {one for one in imported(MODULES[name]) if one and package(one) != package(name)}
    assert {one for one in above if FLOORS.index(package(one)) > floor} == set()


def test_no_circle_within_a_package() -> None:
    graph = {
        name: {one for one in imported(path) if one and one != name and package(one) == package(name)}
        for name, path in MODULES.items()
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' -> '.join(error.args[1])}")


def test_the_picture_shows_the_arrows() -> None:
    """An arrow that follows from others is not drawn; all else is, and nothing more."""
    arrows = {name: set[str]() for name in FLOORS}
    for name, path in MODULES.items():
        arrows.setdefault(package(name), set()).update(package(one) for one in imported(path) if one)
    for name, targets in arrows.items():
        targets.discard(name)
        targets.discard("")

    def below(name: str) -> set[str]:
        return arrows[name].union(*map(below, arrows[name]))

    drawn = {
        (name, one)
        for name in set(FLOORS) - {"__main__"}
        for one in arrows[name]
        if not any(one in below(other) for other in arrows[name])
    }
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert set(re.findall(r"(?m)^    (\w+) --> (\w+)$", text)) == drawn
    assert set(re.findall(r'(?m)^    (\w+)\["', text)) == set(FLOORS) - {"__main__"}


def loaded(module: str) -> set[str]:
    """Return the modules that come along with one, in a process of its own."""
    code = f"import json, sys, gcfg2helm.{module}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["gcfg", "tables", "chart"])
def test_no_library_loads_for_what_needs_none(module: str) -> None:
    found = {name.split(".")[0] for name in loaded(module)}
    assert found & {"ruamel", "yaml", "typer", "rich", "deepdiff"} == set()


def test_only_the_command_line_prints_and_exits() -> None:
    talkers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(
            r"(?<![.\w])print\(|sys\.std(out|err)\.write|sys\.exit|raise SystemExit|typer\.(echo|Exit|confirm)",
            path.read_text(encoding="utf-8"),
        )
    }
    assert {name for name in talkers if not name.startswith("cli/")} == set()


def test_the_template_engine_loads_for_a_page_alone() -> None:
    assert "jinja2" not in loaded("cli.check") | loaded("report.html") | loaded("report.upgradepage")


def test_every_output_is_written_by_one_module() -> None:
    calls = re.compile(r"\batomic\.(write|New)\(|atomic import .*\b(write|New)\b")
    writers = {path.stem for path in (PACKAGE / "cli").glob("*.py") if calls.search(path.read_text("utf-8"))}
    assert writers == {"outputs"}


def test_no_test_module_imports_another() -> None:
    tests = {path.stem: path.read_text("utf-8") for path in (ROOT / "tests").glob("*.py")}
    names = "|".join(tests)
    found = {name for name, text in tests.items() if re.search(rf"(?m)^\s*(from|import) ({names})\b", text)}
    assert found == set()
