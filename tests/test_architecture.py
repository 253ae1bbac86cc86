"""The arrows of the design run one way: what each module loads with it, and who may print."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from conftest import ROOT

PACKAGE = ROOT / "migrate/gcfg2helm"


def loaded(module: str) -> set[str]:
    """Return the modules that come along with one, in a process of its own."""
    code = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    return set(
        json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    )


@pytest.mark.parametrize(
    ("module", "strangers"),
    [
        pytest.param("gcfg", ["values", "emit", "helmyaml", "tables", "plan", "chart"], id="gcfg knows no YAML"),
        pytest.param("values", ["tables", "plan", "gcfg"], id="values know no rules"),
        pytest.param("splice", ["tables", "plan", "gcfg", "chart"], id="nor does their text"),
        pytest.param("chart", ["gcfg", "plan", "tables"], id="the chart knows no source"),
        pytest.param("plan", ["verify", "splice", "cli", "options", "report"], id="the plan knows no printer"),
        pytest.param("verify", ["plan", "cli", "options"], id="the proof does not plan"),
    ],
)
def test_arrows(module: str, strangers: list[str]) -> None:
    found = loaded(f"gcfg2helm.{module}")
    assert found & {f"gcfg2helm.{one}" for one in strangers} == set()
    assert not any(name.split(".")[0] in ("ruamel", "typer", "rich", "deepdiff") for name in found)


def test_only_the_command_line_prints_and_exits() -> None:
    talkers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(
            r"(?<![.\w])print\(|sys\.std(out|err)\.write|sys\.exit|raise SystemExit|typer\.(echo|Exit|confirm)",
            path.read_text(encoding="utf-8"),
        )
    }
    assert {name for name in talkers if not name.startswith("cli/")} <= {"docs.py"}
