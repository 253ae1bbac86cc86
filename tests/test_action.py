"""The action for GitHub: its steps as the runner runs them, its file against the schemas, and no finding of zizmor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.paths import ROOT

ACTION = ROOT / "action.yml"
BIN = Path(sys.executable).parent
LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"


def steps() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in yaml.safe_load(ACTION.read_text())["runs"]["steps"]}


class Runner:
    """What of GitHub's runner a composite action meets: its folders, its files of the environment, its inputs."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.temp = folder / "temp"
        self.summary = folder / "summary"
        self.output = folder / "output"
        for made in (self.work, self.temp):
            made.mkdir()
        shutil.copy(LDAP, self.work)

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run one step; `inputs` take the place of the expressions in its environment."""
        given = {"command": "check", "gcfg": "rstudio-connect.gcfg", "values": "values.yaml", "options": "", **inputs}
        more = {
            name: given[text.removeprefix("${{ inputs.").removesuffix(" }}")]
            for name, text in steps()[step].get("env", {}).items()
        }
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GCFG2HELM_")},
            "RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output), **more,
        }  # fmt: skip
        # As the runner starts `shell: bash`.
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[step]["run"]]
        return subprocess.run(words, cwd=self.work, env=environment, capture_output=True, text=True, check=False)

    def told(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    (made.temp / "gcfg2helm/bin").mkdir(parents=True)
    (made.temp / "gcfg2helm/bin/gcfg2helm").symlink_to(BIN / "gcfg2helm")
    return made


def test_the_steps_check_and_leave_a_summary_a_page_and_the_verdict(runner: Runner) -> None:
    done = runner.run("Run")
    assert done.returncode == 1, done.stderr
    assert "::error " in done.stdout
    assert runner.summary.read_text().startswith("# ")
    assert runner.told()["verdict"].startswith("proven")
    page = Path(runner.told()["page"])
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")


def test_verify_fails_where_the_values_are_others(runner: Runner) -> None:
    subprocess.run([BIN / "gcfg2helm", "convert", "rstudio-connect.gcfg", "--yes", "-q"], cwd=runner.work, check=False)
    more = "--values=values.secret-values.yaml"
    assert runner.run("Run", command="verify", options=more).returncode == 0
    assert runner.told()["verdict"].startswith("proven")
    values = runner.work / "values.yaml"
    values.write_text(values.read_text().replace("EmailProvider: SMTP", "EmailProvider: sendmail"))
    runner.output.unlink()
    done = runner.run("Run", command="verify", options=more)
    assert done.returncode == 1
    assert "EmailProvider" in done.stdout
    assert runner.told()["verdict"] == "not proven"


def test_inputs_are_words_and_no_code(runner: Runner) -> None:
    """What a pull request can name is never read by the shell."""
    for name in ("$(touch hit).gcfg", "`touch hit`", "a; touch hit"):
        assert runner.run("Run", gcfg=name).returncode == 3
    assert runner.run("Run", options='--ignore=$(touch hit)\n--fail-on="; touch hit"').returncode == 2
    assert runner.run("Run", command="convert").returncode == 2
    assert not (runner.work / "hit").exists()


def test_the_program_is_installed_from_the_action(tmp_path: Path) -> None:
    made = Runner(tmp_path)
    done = made.run("Install")
    if done.returncode and "No matching distribution" in done.stderr + done.stdout:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    assert (made.temp / "gcfg2helm/bin/gcfg2helm").exists()


def test_the_file_is_an_action() -> None:
    if not (BIN / "check-jsonschema").exists():
        pytest.skip("check-jsonschema is not installed")
    words = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(ACTION)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nobody_finds_fault_with_it() -> None:
    if not (BIN / "zizmor").exists():
        pytest.skip("zizmor is not installed")
    words = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic", str(ACTION)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
