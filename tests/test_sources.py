"""What else the server reads: the file that Connect itself wrote, and the environment of its service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gcfg2helm import gcfg, tables
from gcfg2helm.chart import newest
from gcfg2helm.cli import inputs
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.request import Request
from helpers.run import run

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = tables.load()
MAIN = "[Server]\nAddress = https://x.example.com\n[SMTP]\nPort = 25\nHost = a\n"


def converted(*sources: tuple[str, str], environment: str = "", folder: Path | None = None) -> Conversion:
    documents = [(name, gcfg.parse(text, name)) for name, text in sources]
    if environment and folder:
        (folder / "service.env").write_text(environment)
        documents.append(("service.env", inputs.environment(str(folder / "service.env"), KNOWN)))
    return convert(
        Request(
            documents,
            KNOWN,
            newest(),
            Backend.LAUNCHER,
            "rsc",
            "rstudio-connect",
            environment="service.env" if environment else "",
        )
    )


def decisions(done: Conversion) -> dict[tuple[str, str], Outcome]:
    return {(one.at.file, one.key): one.outcome for one in done.plan.decisions}


def test_the_second_file_comes_after_the_first() -> None:
    done = converted(("a", MAIN), ("b", "[SMTP]\nPort = 587\n[Server]\nSenderEmail = x@example.com\n"))
    config = done.values.tree["config"]
    assert config["SMTP"]["Port"] == 587  # type: ignore[index,call-overload]
    assert config["Server"]["SenderEmail"] == "x@example.com"  # type: ignore[index,call-overload]
    assert decisions(done)["a", "SMTP.Port"] is Outcome.SUPERSEDED
    assert decisions(done)["b", "SMTP.Port"] is Outcome.CARRIED
    assert done.unproven == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("CONNECT_SMTP_PORT=587", "587"), ("export CONNECT_SMTP_PORT=587", "587"), ('CONNECT_SMTP_PORT="587"', "587"), ("CONNECT_SMTP_PORT='5 87' ", "5 87"),
        ('Environment="CONNECT_SMTP_PORT=587"', "587"), ('Environment=CONNECT_SMTP_PORT=587 "CONNECT_SMTP_HOST=b c"', "587"), ("  CONNECT_SMTP_PORT=5#87", "5#87"),
    ],
)  # fmt: skip
def test_lines_of_an_environment_file(line: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "e").write_text(f"# CONNECT_SMTP_PORT=1\n[Service]\n{line}\nPATH=/bin\n")
    document = inputs.environment(str(tmp_path / "e"), KNOWN)
    entry = document.entries[0]
    assert (entry.section, entry.name, entry.value, entry.line) == ("SMTP", "Port", value, 3)
    assert document.source.split("\n")[2][entry.column - 1 :].startswith("CONNECT_SMTP_PORT")


def test_clients_variables_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "e").write_text("CONNECT_SERVER=https://x\nCONNECT_API_KEY=k\n")
    assert inputs.environment(str(tmp_path / "e"), KNOWN).entries == []


def test_the_environment_overrides_the_files(tmp_path: Path) -> None:
    done = converted(("a", MAIN), ("b", "[SMTP]\nPort = 26\n"), environment="CONNECT_SMTP_PORT=587\n", folder=tmp_path)
    assert done.values.tree["config"]["SMTP"]["Port"] == 587  # type: ignore[index,call-overload]
    assert decisions(done)["b", "SMTP.Port"] is Outcome.SUPERSEDED
    assert decisions(done)["service.env", "SMTP.Port"] is Outcome.CARRIED
    assert [one.code for one in done.findings].count("G2H112") == 2
    assert done.unproven == []


def test_an_unlisted_variable_goes_to_the_pod(tmp_path: Path) -> None:
    done = converted(("a", MAIN), environment="CONNECT_FOO_BAR=x y\nCONNECT_NEW_TOKEN=hunter2\n", folder=tmp_path)
    env = done.values.tree["pod"]["env"]  # type: ignore[index,call-overload]
    assert {"name": "CONNECT_FOO_BAR", "value": "x y"} in env  # type: ignore[operator]
    assert "hunter2" not in done.values.text
    assert "hunter2" in (done.secret or "")
    assert [one.code for one in done.findings].count("G2H109") == 2
    assert sum(done.plan.counts().values()) == 5
    assert done.unproven == []


def test_the_command_line_reads_all_three(tmp_path: Path) -> None:
    (tmp_path / "rstudio-connect.gcfg").write_text(MAIN)
    (tmp_path / "rstudio-connect-migration.gcfg").write_text("[Server]\nSenderEmail = b@example.com\n")
    (tmp_path / "service.env").write_text("CONNECT_SMTP_PORT=587\n")
    alone = run("convert", "rstudio-connect.gcfg", "-o", "-", cwd=tmp_path)
    assert "G2H108" in alone.stderr
    arguments = ("rstudio-connect.gcfg", "--also", "rstudio-connect-migration.gcfg", "--env-file", "service.env")
    done = run("convert", *arguments, "--yes", cwd=tmp_path)
    assert done.returncode == 0
    assert "G2H108" not in done.stderr
    text = (tmp_path / "values.yaml").read_text()
    assert "Port: 587" in text
    assert "SenderEmail: b@example.com" in text
    assert run("verify", arguments[0], "values.yaml", *arguments[1:], cwd=tmp_path).returncode == 0
    assert run("diff", arguments[0], "values.yaml", *arguments[1:], cwd=tmp_path).returncode == 0
    assert run("convert", "rstudio-connect.gcfg", "--also", "missing.gcfg", cwd=tmp_path).returncode == 3
    assert run("convert", "rstudio-connect.gcfg", "--env-file", "missing.env", cwd=tmp_path).returncode == 3
