"""`convert --interactive` on a real terminal: every open question once, answers kept, ^C writes nothing."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import sys
import termios
import time
import tomllib
from typing import TYPE_CHECKING

import pytest

from gcfg2helm.cli import config
from helpers.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A program on a terminal of 80 columns: what it shows, and what is typed."""

    def __init__(self, words: list[str], folder: Path, env: Mapping[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            words, cwd=folder, stdin=slave, stdout=slave, stderr=slave, close_fds=True, start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - no other thread runs here
            env={**os.environ, "TERM": "xterm", **env},
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self.at = 0

    def until(self, text: str, seconds: float = 60) -> str:
        """Read until a text is shown behind what was read so far; return all from there to it."""
        start, end = self.at, time.monotonic() + seconds
        while text not in self.shown[start:]:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} did not come; the screen:\n{self.shown[start:]}"
            assert self._read(), f"the program ended before {text!r}:\n{self.shown[start:]}"
        self.at = self.shown.index(text, start) + len(text)
        return self.shown[start : self.at]

    def _read(self) -> bool:
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.shown += _ESCAPES.sub("", data.decode("utf-8", "replace")).replace("\r\n", "\n")
        return bool(data)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while select.select([self.master], [], [], 60)[0] and self._read():
            pass
        return self.process.wait(60)


KUBECTL = """\
#!{python}
import json, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
if words[-2:] == ["config", "current-context"]:
    print("test")
else:
    names = {names!r}.get(words[words.index("get") + 1], [])
    print(json.dumps({{"items": [{{"kind": one[:-6], "metadata": {{"name": one}}}} for one in names]}}))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "rstudio-connect.gcfg").write_bytes(LDAP.read_bytes())
    return tmp_path


STORES = "secretstores.external-secrets.io,clustersecretstores.external-secrets.io"


@pytest.fixture
def kubectl(tmp_path: Path) -> dict[str, str]:
    """A kubectl that knows three kinds of names, and notes what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    names = {"storageclasses": ["fast-rwx", "slow"], "ingressclasses": ["nginx"], "persistentvolumeclaims": []}
    names |= {STORES: ["ClusterSecretStore-vault"]}
    program = folder / "kubectl"
    program.write_text(KUBECTL.format(python=sys.executable, log=str(tmp_path / "asked"), names=names))
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def started(place: Path, env: Mapping[str, str], *words: str) -> Terminal:
    return Terminal([sys.executable, "-m", "gcfg2helm", "convert", "rstudio-connect.gcfg", "-i", *words], place, env)


def test_the_open_questions_are_asked_and_answered(place: Path, kubectl: dict[str, str]) -> None:
    terminal = started(place, kubectl)
    for title, answer in (
        ("Namespace", "prod"), ("Secrets", ""), ("a claim that exists", ""), ("an NFS export", ""),
        ("class of a new claim", "1"), ("its size", "much"), ("not a size", "100Gi"), ("Ingress class", "1"),
        ("Certificate", "connect-tls"), ("a Secret with the licence", ""),
        ("floating licence server", "lic.example.org:8999"), ("Images", "ghcr.io/acme/content:1 ghcr.io/acme/other:2"),
    ):  # fmt: skip
        terminal.until(title)
        terminal.until("]: ")
        terminal.type(f"{answer}\n")
    terminal.until("[y/N]: ")
    assert not (place / "gcfg2helm.toml").exists()
    terminal.type("y\n")
    assert terminal.end() == 0, terminal.shown
    assert tomllib.loads((place / "gcfg2helm.toml").read_text()) == {
        "namespace": "prod", "storage-class": "fast-rwx", "storage-size": "100Gi", "ingress-class": "nginx",
        "tls-secret": "connect-tls", "license-server": "lic.example.org:8999",
        "image": ["ghcr.io/acme/content:1", "ghcr.io/acme/other:2"],
    }  # fmt: skip
    values = (place / "values.yaml").read_text()
    for text in (
        "storageClassName: fast-rwx",
        "ingressClassName: nginx",
        "lic.example.org:8999",
        "ghcr.io/acme/other:2",
    ):
        assert text in values
    assert (
        max(
            map(len, terminal.shown.split("without questions")[0].split("Namespace")[1].split("proven")[0].splitlines())
        )
        <= 80
    )
    # The command line that is printed says the same, and so does the file of answers.
    command = re.sub(r"\s+", " ", terminal.shown.split("without questions: ")[1].split("\n")[0])
    (place / "gcfg2helm.toml").rename(place / "kept.toml")
    for words in (shlex.split(command)[1:], ["convert", "rstudio-connect.gcfg"]):
        (place / "values.yaml").unlink()
        subprocess.run(
            [sys.executable, "-m", "gcfg2helm", *words, "--yes"], cwd=place, check=False, capture_output=True
        )
        assert (place / "values.yaml").read_text() == values
        (place / "kept.toml").rename(place / "gcfg2helm.toml") if (place / "kept.toml").exists() else None
    asked = (place / "asked").read_text()
    assert "--request-timeout=5s get storageclasses --output json" in asked
    assert not re.search(r"create|apply|delete|patch", asked)


def test_nothing_is_asked_that_is_answered(place: Path, kubectl: dict[str, str]) -> None:
    (place / "gcfg2helm.toml").write_text(
        'pvc = "data"\nlicense-server = "l.example.org"\ningress-class = "nginx"\ntls-secret = "t"\nimage = ["a/b:1"]\n'
    )
    terminal = started(place, kubectl, "--no-cluster")
    terminal.until("Namespace")
    terminal.until("]: ")
    terminal.type("\n")
    terminal.until("Secrets")
    terminal.until("]: ")
    terminal.type("existing\n")
    shown = terminal.until("[y/N]: ")
    for title in ("Storage:", "Ingress class (", "Licence:", "Images for content ("):
        assert title not in shown
    terminal.type("n\n")
    assert terminal.end() == 4
    assert not (place / "values.yaml").exists()
    assert "secrets" not in (place / "gcfg2helm.toml").read_text()
    assert not (place / "asked").exists()


def test_the_store_of_external_secrets_is_offered(place: Path, kubectl: dict[str, str]) -> None:
    """Asked where it is open alone, with the kind before the name; each way of secrets can be chosen."""
    terminal = started(place, kubectl)
    terminal.until("]: ")
    terminal.type("\n")
    shown = terminal.until("]: ")
    for number, mode in enumerate(("separate", "sops", "sealed", "external", "existing", "inline"), 1):
        assert f"{number}) {mode}\n" in shown
    terminal.type("external\n")
    assert "1) ClusterSecretStore/ClusterSecretStore-vault" in terminal.until("]: ")
    terminal.type("Vault\n")
    terminal.until("is no store such as vault or ClusterSecretStore/vault")
    terminal.until("]: ")
    terminal.type("clustersecretstore/vault\n")
    assert "Secrets" not in terminal.until("]: ")
    terminal.type("\x03")
    assert terminal.end() == 130


@pytest.mark.parametrize("typed", ["\x03", "\x04"])
def test_a_stop_writes_nothing(place: Path, kubectl: dict[str, str], typed: str) -> None:
    terminal = started(place, kubectl)
    terminal.until("]: ")
    terminal.type("prod\n")
    terminal.until("]: ")
    terminal.type(typed)
    assert terminal.end() == 130
    assert {one.name for one in place.iterdir()} == {"rstudio-connect.gcfg", "bin", "asked"}


def test_a_no_loses_no_answer(place: Path, kubectl: dict[str, str]) -> None:
    """Who answers and then writes nothing gets the command line with the answers; no file is made."""
    terminal = started(place, kubectl)
    terminal.until("]: ")
    terminal.type("prod\n")
    for _ in range(20):
        if "[y/N]: " in terminal.until("]: "):
            break
        terminal.type("\n")
    terminal.type("n\n")
    assert terminal.end() == 4
    said = terminal.shown.split("with these answers: ")[1].splitlines()[0]
    assert shlex.split(said) == ["gcfg2helm", "convert", "rstudio-connect.gcfg", "--namespace", "prod"]
    assert {one.name for one in place.iterdir()} == {"rstudio-connect.gcfg", "bin", "asked"}


def test_a_cluster_that_does_not_answer_is_said_once(place: Path, kubectl: dict[str, str]) -> None:
    program = place / "bin/kubectl"
    program.write_text(
        '#!/bin/sh\ncase "$*" in *current-context*) echo x;; *) echo "no route to host" >&2; exit 1;; esac\n'
    )
    terminal = started(place, kubectl)
    for _ in range(6):
        terminal.until("]: ")
        terminal.type("\n")
    terminal.type("\x03")
    terminal.end()
    assert terminal.shown.count("no route to host") == 1


def test_without_a_terminal_it_is_refused(place: Path) -> None:
    words = [sys.executable, "-m", "gcfg2helm", "convert", "rstudio-connect.gcfg", "-i"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "asks on a terminal" in done.stderr


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", 'release = "x"\nimage = ["a", "b"]\n'),
        ("# mine\nrelease = 'old' # why\npvc = \"p\"", '# mine\nrelease = "x"\npvc = "p"\nimage = ["a", "b"]\n'),
        ('image = [\n  "c",\n]\nrelease="z"\n', 'image = ["a", "b"]\nrelease = "x"\n'),
    ],
)
def test_answers_change_their_lines_only(text: str, kept: str) -> None:
    assert config.with_answers(text, {"release": "x", "image": ["a", "b"]}) == kept
    assert json.loads(json.dumps(tomllib.loads(kept)))["image"] == ["a", "b"]
