"""Completion: names of settings, findings and chart versions, by the protocol of each shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from gcfg2helm import chart
from gcfg2helm.cli import COMMANDS, app

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).parent / "gcfg2helm"
NEWEST = str(chart.NEWEST)


def completed(shell: str, *words: str) -> list[str]:
    """Return what is offered for the last word, as the script of `--install-completion` asks for it."""
    variables = {"_GCFG2HELM_COMPLETE": f"complete_{shell}"}
    line = " ".join(["gcfg2helm", *words])
    if shell == "bash":
        variables |= {"COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    else:
        variables |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run([PROGRAM], env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    if shell == "zsh":
        found = (re.search(r'"((?:[^"\\]|\\.)*)"', line) for line in done.stdout.splitlines())
        return [one[1] for one in found if one]
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("words", "wanted"), [
    (("explain", "Server.Addr"), "Server.Address"), (("explain", "G2H41"), "G2H411"), (("charts", "0.2"), NEWEST),
], ids=["a setting", "a finding", "a version"])  # fmt: skip
def test_each_shell(shell: str, words: tuple[str, ...], wanted: str) -> None:
    found = completed(shell, *words)
    assert wanted in found
    assert all(one.startswith(words[-1]) for one in found), "what begins otherwise is dropped by the shell"


@pytest.mark.parametrize(("words", "wanted"), [
    (("explain", "ldap.bind"), "ldap.bindDN"), (("explain", "g2h41"), "g2h411"), (("explain", "--section", "OAu"), "OAuth2"),
    (("convert", "x.gcfg", "--not-secret", "SMTP.P"), "SMTP.Password"), (("upgrade", "v.yaml", "--from", "0.8."), "0.8.38"),
    (("convert", "--ignore", "G2H5"), "G2H501"), (("convert", "--backend", "k"), "kubernetes"), (("con",), "convert"),
    (("convert", "--ingress"), "--ingress-class"),
])  # fmt: skip
def test_words(words: tuple[str, ...], wanted: str) -> None:
    """Capitals do not matter; what was typed stays."""
    assert wanted in completed("bash", *words)


def parameters() -> Iterator[tuple[str, Any]]:
    group: Any = get_command(app)
    for name in COMMANDS:
        for one in group.get_command(None, name).params:
            yield f"{name} {one.name}", one


def test_every_name_is_completed() -> None:
    """No command has an option or argument for a version, a finding or a setting that the shell does not complete."""
    named = {"CODE", "SETTING", "VERSION", "[X]", "[Y]"}
    wanted = {where: one for where, one in parameters() if one.metavar in named and one.name != "connect_version"}
    assert len(wanted) > 15
    assert [where for where, one in wanted.items() if one._custom_shell_complete is None] == []
