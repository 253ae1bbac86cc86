"""Running the program: in a process of its own, or within the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from gcfg2helm.cli import app
from helpers.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path


PROGRAM = [sys.executable, "-c", "from gcfg2helm.__main__ import main; main()"]
LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
LICENSED = ("--license-server", "licence.example.org:8989")


def run(
    *arguments: str | Path, cwd: Path, stdin: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        input=stdin or b"",
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err
    assert "a bug" not in err, err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def invoke(*arguments: str) -> Any:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert "a bug" not in result.output
    return result


def told(report: Path) -> str:
    """Return the findings of a report, the gravest first: what happened, and what to do."""
    lines: list[str] = []
    for one in json.loads(report.read_text())["findings"]:
        at = f" line {one['line']}" if one.get("line") else ""
        lines.append(f"{one['level']} {one['code']}{at}: {one['what']}")
        if one.get("todo"):
            lines.append(f"    {one['todo']}")
    return "".join(f"{line}\n" for line in lines)
