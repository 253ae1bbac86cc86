"""What the program prints arrives whole, or the exit code says that it did not; no stream makes it a bug."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gcfg2helm.chart import helm
from helpers.paths import ROOT

MAIN = f"{sys.executable} -c 'from gcfg2helm.cli import main; main()'"
LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"


def shell(line: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **more}
    return subprocess.run(["bash", "-c", line], cwd=cwd, capture_output=True, check=False, timeout=60, env=environment)


@pytest.mark.parametrize("where", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("command", [f"convert {LDAP} -o -", f"check {LDAP}", f"diff {LDAP}", "explain Server.Address"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written(command: str, where: str, tmp_path: Path) -> None:
    done = shell(f"{MAIN} {command} {where}", tmp_path)
    assert b"a bug" not in done.stderr
    assert b"standard output" in done.stderr
    assert done.returncode == 4


def test_a_closed_stderr_is_no_reason_to_fail(tmp_path: Path) -> None:
    done = shell(f"{MAIN} convert {LDAP} -o - 2>&-", tmp_path)
    assert done.returncode == 0
    assert b"launcher:" in done.stdout


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_the_product_is_utf8_whatever_the_locale_says(locale: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text("[Server]\nAddress = https://x.example.com\nPublicWarning = 日本 – é\n", "utf-8")  # noqa: RUF001
    done = shell(f"{MAIN} convert x.gcfg -o -", tmp_path, **locale)
    assert done.returncode == 0, done.stderr
    assert "日本 – é" in done.stdout.decode("utf-8")  # noqa: RUF001


def test_quiet_shows_errors(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text("[Server]\nAddress = https://x.example.com\n")
    done = shell(f"{MAIN} convert x.gcfg -q -y", tmp_path)
    assert b"error G2H401" in done.stderr
    assert b"warning" not in done.stderr


def test_an_explicit_values_file_must_exist(tmp_path: Path) -> None:
    done = shell(f"{MAIN} diff {LDAP} valuse.yaml", tmp_path)
    assert done.returncode == 3
    assert b"valuse.yaml: no such file" in done.stderr
    assert b"not here" in shell(f"{MAIN} diff {LDAP}", tmp_path).stderr


def test_what_helm_prints_is_read_as_helm_reads_it() -> None:
    """Text that libyaml accepts and stricter readers refuse."""
    printed = (
        "kind: ConfigMap\ndata:\n  job-json-overrides: |\n    [\n    ]\n  x: {a: b\n    }\n"
        "  rstudio-connect.gcfg: |\n    [Server]\n    A = 1\n"
    )
    assert helm.configuration(helm.documents(printed)) == "[Server]\nA = 1\n"
    with pytest.raises(helm.HelmError, match="cannot be read"):
        helm.documents("a: [\n")


def test_check_refuses_a_misspelt_values_file_and_names_the_one_that_counts(tmp_path: Path) -> None:
    done = shell(f"{MAIN} check {LDAP} valuse.yaml", tmp_path)
    assert done.returncode == 3
    assert b"valuse.yaml: no such file" in done.stderr
    (tmp_path / "values.yaml").write_text("")
    assert b"values.yaml: using the one in this folder" in shell(f"{MAIN} check {LDAP}", tmp_path).stderr


@pytest.mark.parametrize(
    "command",
    ["convert {0} -y -o {1}", "diff {0} {1}", "diff {0} {1} -u", "check {0} {1}", "convert {0} --dry-run -o {1}"],
)
def test_no_name_of_a_file_moves_the_terminal(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "e\x1b[31mx\x07"
    folder.mkdir()
    (folder / "in\x1b]0;x.gcfg").write_bytes(LDAP.read_bytes())
    (folder / "v\x1b[2J.yaml").write_text("")
    names = (shlex.quote(str(folder / "in\x1b]0;x.gcfg")), shlex.quote(str(folder / "v\x1b[2J.yaml")))
    done = shell(f"{MAIN} {command.format(*names)}", tmp_path)
    assert b"a bug" not in done.stderr
    assert not {0x1B, 7} & {*done.stderr, *done.stdout}
