"""Will the pod start? What keeps it from starting is an error, a TODO in values.yaml, and part of the verdict; all commands agree."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gcfg2helm.cli import app
from helpers.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object, cwd: Path) -> Any:
    with contextlib.chdir(cwd):
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)


GOOD = """\
[Server]
Address = https://c.example.com
[Database]
Provider = postgres
[Postgres]
URL = postgres://connect@pg.example.com/connect
"""
LICENCE = ("--license-file-secret", "licence")
STOPS = [
    pytest.param(GOOD, (), "G2H410", id="no licence"),
    pytest.param(GOOD.replace("/connect\n", "/connect?sslmode=verify-full&sslrootcert=ca.pem\n"), LICENCE, "G2H427", id="a CA without its path"),
    pytest.param(f"{GOOD}[Server]\nTempDir = /scratch/tmp\n", LICENCE, "G2H434", id="no directory for temporary files"),
    pytest.param(f"{GOOD}[Server]\nTempDir = /opt/rstudio-connect/tmp\n", LICENCE, "G2H428", id="inside the installation"),
    pytest.param(f"{GOOD}[Server]\nAdress = x\n", LICENCE, "G2H101", id="a name that Connect does not know"),
    pytest.param(f"{GOOD}[Nonsense]\nA = b\n", LICENCE, "G2H101", id="a section that Connect does not know"),
    pytest.param(GOOD.replace("postgres\n", "sqlite\n"), LICENCE, "G2H401", id="SQLite"),
    pytest.param("[Server]\nAddress = https://c.example.com\n", LICENCE, "G2H401", id="no provider is SQLite"),
    pytest.param(GOOD.replace("pg.example.com", "localhost"), LICENCE, "G2H402", id="a database on this host"),
    pytest.param(f"{GOOD}[Authentication]\nProvider = pam\n", LICENCE, "G2H403", id="PAM"),
    pytest.param(f"{GOOD}[Server]\nEmailProvider = sendmail\n", LICENCE, "G2H406", id="sendmail"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "options", "code"), STOPS)
def test_what_keeps_the_pod_from_starting(source: str, options: tuple[str, ...], code: str, tmp_path: Path) -> None:
    gcfg = tmp_path / "x.gcfg"
    gcfg.write_text(source)
    done = run("convert", gcfg, "-y", *options, cwd=tmp_path)
    assert done.exit_code == 0
    assert f"error {code}" in done.stderr
    assert "does not start: " in done.stderr
    assert "TODO(gcfg2helm)" in (tmp_path / "values.yaml").read_text()
    data = json.loads(run("verify", gcfg, "values.yaml", "--format", "json", cwd=tmp_path).stdout)
    assert data["blocks"] == sum(one["code"] == code for one in data["findings"]) > 0
    (tmp_path / "values.yaml").unlink()
    strict = run("convert", gcfg, "-y", "--strict", *options, cwd=tmp_path)
    assert strict.exit_code == 1
    assert not (tmp_path / "values.yaml").exists()
    run("convert", gcfg, "-y", *options, cwd=tmp_path)
    assert run("verify", gcfg, "values.yaml", cwd=tmp_path).exit_code == 0
    for command in ("check", "diff", "verify"):
        assert run(command, gcfg, "values.yaml", "--strict", cwd=tmp_path).exit_code == 1


def test_nothing_keeps_a_good_one_from_starting(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text(GOOD)
    done = run("convert", "x.gcfg", "-y", "--strict", *LICENCE, cwd=tmp_path)
    assert done.exit_code == 0, done.output
    assert "proven: the pod reads what the server read\n" in done.stderr
    assert run("verify", "x.gcfg", "values.yaml", "--strict", cwd=tmp_path).exit_code == 0


def test_the_authority_of_the_database_is_mounted_as_that_of_ldap(tmp_path: Path) -> None:
    """From --root as a manifest, else by a command; one file for both, and no finding that asks for it again."""
    url = "postgres://connect@pg.example.com/connect?sslmode=verify-full&sslrootcert=/etc/ssl/corp/ca.pem&sslkey=/etc/ssl/corp/k"
    ldap = '[LDAP "x"]\nServerAddress = ldap.example.com:389\nTLSCACertificate = /etc/ssl/corp/ca.pem\n'
    (tmp_path / "x.gcfg").write_text(GOOD.replace("postgres://connect@pg.example.com/connect", url) + ldap)
    done = run("convert", "x.gcfg", "-y", *LICENCE, cwd=tmp_path)
    text = (tmp_path / "values.yaml").read_text()
    assert text.count("mountPath: /etc/ssl/corp/ca.pem") == text.count("mountPath: /etc/ssl/corp/k\n") == 1
    assert "configmap rsc-rstudio-connect-files-etc-ssl-corp " in done.stderr
    assert "secret generic rsc-rstudio-connect-files-etc-ssl-corp-keys " in done.stderr
    assert "G2H427" not in done.stderr
    root = tmp_path / "root/etc/ssl/corp"
    root.mkdir(parents=True)
    (root / "ca.pem").write_text("the authority\n")
    (root / "k").write_text("the key\n")
    run("convert", "x.gcfg", "-y", *LICENCE, "--root", tmp_path / "root", cwd=tmp_path)
    assert "the authority" in (tmp_path / "values.files.yaml").read_text()


def same_everywhere(gcfg: Path, folder: Path, *options: str) -> None:
    """Assert that convert, diff, check and verify come to one verdict of the files that are there."""
    verified = run("verify", gcfg, "values.yaml", *options, cwd=folder)
    last = verified.stdout.splitlines()[-1]
    for command in (("convert", "--dry-run"), ("diff",), ("check",)):
        values = ("-o", "values.yaml") if command[0] == "convert" else ("values.yaml",)
        done = run(*command, gcfg, *values, cwd=folder)
        assert last in done.output.splitlines(), (command, last, done.output)
    assert verified.exit_code == (1 if last.startswith("not proven") else 0)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_one_verdict_for_what_convert_writes(path: Path, tmp_path: Path) -> None:
    run("convert", path, "-y", cwd=tmp_path)
    more = ("-f", "values.secret-values.yaml") if (tmp_path / "values.secret-values.yaml").exists() else ()
    same_everywhere(path, tmp_path, *more)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(
            "ingress: {enabled: true, hosts: [{host: mine.example.com, paths: [/]}], tls: []}\n"
            "config:\n  Authentication: {Provider: oauth2}\n  OAuth2: {ClientId: mine}\n",
            id="that of the issue",
        ),
        pytest.param("sharedStorage: {create: true, path: /elsewhere}\n", id="data elsewhere"),
        pytest.param("pod: {port: 4000}\nservice: {targetPort: 4000}\n", id="ports"),
        pytest.param("pod: {envFrom: [{secretRef: {name: x}}]}\nimage: {tag: mine}\n", id="what nobody sees"),
        pytest.param('config: {Server: {"Port # ": 1}}\n', id="a key that is none"),
        pytest.param("command: [/bin/sh]\n", id="another command"),
        pytest.param("license: {server: 'l:8989'}\nreplicas: 2\n", id="harmless"),
    ],
)
def test_one_verdict_of_a_file_of_the_admin(values: str, tmp_path: Path) -> None:
    gcfg = tmp_path / "x.gcfg"
    gcfg.write_text(f"{GOOD}[Authentication]\nProvider = ldap\n")
    (tmp_path / "values.yaml").write_text(values)
    done = run("convert", gcfg, "-y", cwd=tmp_path)
    if done.exit_code == 3:  # refused as an input, with the place
        assert "values.yaml:" in done.stderr
        assert run("diff", gcfg, "values.yaml", cwd=tmp_path).exit_code == 3
        return
    same_everywhere(gcfg, tmp_path)


@pytest.mark.parametrize(
    ("line", "there"),
    [
        pytest.param("PublicWarning = <no value>", "<no value>", id="what Helm takes out"),
        pytest.param('PublicWarning = "x; <no value> #"', "x; <no value> #", id="and within quotes"),
        pytest.param("PublicWarning = a\ufeffb", "a\ufeffb", id="a mark of the byte order inside"),
    ],
)
def test_values_that_helm_or_yaml_might_take_for_something_else(line: str, there: str, tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text(f"{GOOD}[Server]\n{line}\n", "utf-8")
    done = run("convert", "x.gcfg", "-y", *LICENCE, cwd=tmp_path)
    assert done.exit_code == 0, done.output
    data = json.loads(run("verify", "x.gcfg", "values.yaml", "--all", "--format", "json", cwd=tmp_path).stdout)
    assert data["verdict"] == "proven"
    assert there in next(one for one in data["settings"] if one["setting"] == "Server.PublicWarning")["pod"]


@pytest.mark.parametrize("name", ["a: b", "Content", "-x", "x" * 64, "a.b", "a\\nb"])
def test_a_namespace_is_checked_at_the_setting(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text(f'{GOOD}[Launcher]\nEnabled = true\nKubernetesNamespace = "{name}"\n')
    data = json.loads(run("check", "x.gcfg", *LICENCE, "--format", "json", cwd=tmp_path).stdout)
    assert ("G2H619", 9) in {(one["code"], one.get("line")) for one in data["findings"]}
    assert data["proof"]["verdict"] == "not proven"


def test_an_https_address_is_not_called_plain_http(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text(f"{GOOD}[HTTPS]\nListen = :443\nCertificate = /etc/ssl/c\nKey = /etc/ssl/k\n")
    done = run("convert", "x.gcfg", "-o", "-", "--tls", "pod", *LICENCE, cwd=tmp_path)
    assert "plain http" not in done.output
