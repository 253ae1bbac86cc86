"""A secret is seen nowhere but in files of mode 0600: every command, in every mode and format, with canaries.

Every canary holds the word `kanari`; the fixture has one in each place where a secret can be.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from gcfg2helm import gcfg
from gcfg2helm.chart import newest
from gcfg2helm.cli import COMMANDS, app, talk
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.plan.request import Request
from gcfg2helm.proof import run as proving
from gcfg2helm.report import overview
from gcfg2helm.tables import Subsection
from helpers.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.tables import Setting, Tables

CANARIES = ROOT / "fixtures/canaries/rstudio-connect.gcfg"
WORD = "kanari"
# The word as it reads in base64, at each of the three offsets that it can have.
_CODED = [
    base64.b64encode(b"\0" * shift + WORD.encode()).decode()[start:8] for shift, start in ((0, 0), (1, 2), (2, 3))
]
PRIVATE = {"values.secret.yaml", "values.secret-values.yaml", "values.files.yaml"}
MODES = [mode.value for mode in SecretMode]

SECOND = """\
; Password = kanari-second-comment
[LDAP "third"]
BindPassword = kanari-second
[Vendor]
; ApiKey: kanari-second-end
"""
ENVIRONMENT = """\
# CONNECT_SMTP_PASSWORD=kanari-env-comment
CONNECT_OAUTH2_CLIENTSECRET="kanari env"
Environment="CONNECT_VENDOR_APITOKEN=kanari-systemd" "CONNECT_POSTGRES_INSTRUMENTATIONPASSWORD=kanari-env-metrics"
OTHER_PASSWORD=kanari-not-ours
"""
PEM = "-----BEGIN {0}PRIVATE KEY-----\n{1}\n-----END {0}PRIVATE KEY-----"
# What the pod must get in its environment; a URL whose password is not Postgres.Password goes there whole.
IN_ENVIRONMENT = {
    "server-publicwarning": "ask https://help:kanari-prose-1@help.example.com or nobody",
    "postgres-password": "kanari-url@:/;#%",
    "postgres-instrumentationpassword": "kanari query&+",
    "oauth2-clientsecret": "kanari-cut-kept",
    "oauth2-openidconnectissuer": "https://oidc:kanari-renamed@login.example.com",
    "bootstrap-secretkey": "kanari-firstkanari-secondkanari-third",
    "saml-spencryptionkey": PEM.format("", "kanari+saml/MIIEvQIBADANBgkqhkiG9w0BAQEFAASC==") + "\n",
    "packages-httpproxy": "http://proxy:kanari-proxy@proxy.example.com:3128",
    "packages-httpsproxy": "http://proxy:kanari-~!$&'()*+,=:é漢@proxy.example.com:3128",
    "vendor-password": "kanari-vendor-password",
    "vendor-secret": "kanari-vendor-secret",
    "vendor-token": "kanari-vendor-token",
    "vendor-key": "kanari-vendor-key",
    "vendor-endpoint": "https://vendor:kanari-vendor-url@vendor.example.com/?api_key=kanari-vendor-query&page=1",
    "vendor-certificate": PEM.format("RSA ", "kanari-vendor-pem"),
}
# What is in the second values file, as gcfg reads it.
IN_SECRET_VALUES = {
    ("SMTP", "Password"): ["kanari-superseded-1", 'kanari;smtp#"quoted" and \\escaped = x'],
    ('LDAP "first"', "BindPassword"): ['kanari\\ldap;\t"x"'],
    ('LDAP "second; \\"quoted\\" \\\\name"', "ServerAddress"): ["ldap://reader:kanari-ldap-url@ldap.example.com"],
    ('LDAP "second; \\"quoted\\" \\\\name"', "BindPassword"): ["kanari-named"],
    ('GitCredential "example"', "Password"): ["kanari-git; hub-kanari-joined"],
    ('RPackageRepository "private"', "URL"): [
        "https://__token__:kanari-%E2%82%AC-repository@packages.example.com/cran/latest"
    ],
    ("Vendor", "ApiKey"): ["kanari-vendor-apikey-1", "kanari-vendor-apikey-2"],
    ('Vendor-Two "named"', "Client-Secret"): ["kanari-vendor-named"],
}
# Secrets of the administrator's own in an existing values.yaml; those that the gcfg sets must leave it.
OTHER_VALUES = """\
license:
  key: own-kanari-license
pod:
  env:
    - name: CONNECT_VENDOR_TOKEN
      value: own-kanari-env
config:
  Postgres:
    URL: postgres://other:kanari-values-url@old.example.com/connect
    Password: kanari-values-password
  SMTP: {Password: kanari-values-smtp}
  Launcher: {KubernetesAuthToken: kanari-values-token}
  Vendor:
    Token: kanari-values-vendor
    Endpoint: https://v:kanari-values-hook@vendor.example.com/
    Certificate: "-----BEGIN PRIVATE KEY-----\\nkanari-values-pem\\n-----END PRIVATE KEY-----"
  'LDAP "first"':
    BINDPASSWORD: kanari-values-ldap
    ServerAddress: ldap://x:kanari-values-server@old.example.com
  Custom:
    Token: own-kanari-token
    Hook: https://u:own-kanari-hook@custom.example.com/
"""


def seen(shown: str) -> list[str]:
    """Return the lines that show a canary, also in base64 or in the escapes of JSON and YAML."""
    return [line for line in shown.splitlines() if WORD in line.lower() or any(code in line for code in _CODED)]


class Place:
    """A folder to run in, beside one with the inputs."""

    def __init__(self, folder: Path) -> None:
        self.inputs = folder / "old server"
        self.inputs.mkdir()
        self.gcfg = self.inputs / "rstudio-connect.gcfg"
        shutil.copy(CANARIES, self.gcfg)
        self.second = self.inputs / "second.gcfg"
        self.second.write_text(SECOND)
        self.environment = self.inputs / "connect.env"
        self.environment.write_text(ENVIRONMENT)
        self.work = folder / "work"
        self.work.mkdir()

    def values(self) -> str:
        return (self.work / "values.yaml").read_text()

    def run(self, *words: str | Path, product: bool = False, own: str = "") -> Any:
        """Run a command in this process and look for canaries in all that comes of it.

        `product`: standard output is a file of secrets that was asked for. `own` marks what values.yaml may keep.
        """
        done = CliRunner().invoke(app, list(map(str, words)))
        assert done.exception is None or isinstance(done.exception, SystemExit), words
        assert seen(done.stderr) == [], words
        assert product or seen(done.stdout) == [], words
        self.look(own)
        return done

    def look(self, own: str = "") -> None:
        """Look into all files; one of mode 0600 may hold secrets."""
        for file in (path for path in self.work.rglob("*") if path.is_file()):
            private = stat.S_IMODE(file.stat().st_mode) == 0o600
            assert private or file.name not in PRIVATE, file
            if not private:
                assert [line for line in seen(file.read_text()) if not own or own not in line] == [], file


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    monkeypatch.chdir(made.work)
    monkeypatch.setattr(talk, "width", lambda _stream: 4000)  # nothing hides behind the end of a line
    return made


def private(place: Place) -> tuple[dict[str, str], dict[tuple[str, str], list[str]]]:
    """Return the canaries of the manifest by key, and those of the second values file by section and setting."""
    manifest, more = place.work / "values.secret.yaml", place.work / "values.secret-values.yaml"
    for file in (manifest, more):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (secret,) = YAML(typ="safe", pure=True).load_all(manifest.read_text())
    config = YAML(typ="safe", pure=True).load(more.read_text())["config"]
    read = {
        (section, name): [
            gcfg.parse(f"[S]\nX = {one}\n").entries[0].value or ""
            for one in (value if isinstance(value, list) else [value])
        ]
        for section, settings in config.items()
        for name, value in settings.items()
    }
    return secret["stringData"], read


# where they go --------------------------------------------------------------------------------------------------------


def test_every_secret_that_connect_used_arrives_exactly(place: Place) -> None:
    assert place.run("convert", place.gcfg, "--yes").exit_code in (0, 1)
    assert private(place) == (IN_ENVIRONMENT, IN_SECRET_VALUES)
    by_key = {item["valueFrom"]["secretKeyRef"]["key"] for item in YAML().load(place.values())["pod"]["env"]}
    assert by_key == set(IN_ENVIRONMENT)
    (secret,) = YAML(typ="safe", pure=True).load_all((place.work / "values.secret.yaml").read_text())
    kubernetes_validate.validate(secret, kubernetes_validate.latest_version(), strict=True)


def test_the_second_gcfg_and_the_environment_count(place: Place) -> None:
    done = place.run("convert", place.gcfg, "--yes", "--also", place.second, "--env-file", place.environment)
    assert done.exit_code in (0, 1)
    environment, more = private(place)
    changed = {
        "oauth2-clientsecret": "kanari env",
        "vendor-apitoken": "kanari-systemd",
        "postgres-instrumentationpassword": "kanari-env-metrics",
        # It disagrees with the password inside, so it goes whole into the Secret.
        "postgres-instrumentationurl": "postgres://connect@pg.example.com/metrics?sslmode=require&password=kanari%20query%26%2B",
    }
    assert environment == IN_ENVIRONMENT | changed
    assert more == IN_SECRET_VALUES | {('LDAP "third"', "BindPassword"): ["kanari-second"]}


def test_existing_writes_references_only(place: Place) -> None:
    done = place.run("convert", place.gcfg, "--yes", "--secrets", "existing", "--secret-name", "mine")
    assert done.exit_code in (0, 1)
    assert [file.name for file in place.work.iterdir()] == ["values.yaml"]
    assert "kubectl create secret generic mine --namespace rstudio-connect --from-file=" in done.stderr
    assert 'GitCredential "example".Password must be in a values file of your own' in done.stderr


def test_inline_keeps_all_in_a_private_file(place: Place) -> None:
    done = place.run("convert", place.gcfg, "--yes", "--secrets", "inline")
    assert done.exit_code in (0, 1)
    values = place.work / "values.yaml"
    assert [file.name for file in place.work.iterdir()] == ["values.yaml"]
    assert stat.S_IMODE(values.stat().st_mode) == 0o600
    assert done.stderr.count("warning G2H503") == len(IN_ENVIRONMENT) + len(IN_SECRET_VALUES)
    config = YAML(typ="safe", pure=True).load(values.read_text())["config"]
    assert "kanari%2Durl%40%3A%2F%3B%23%25@" in config["Postgres"]["URL"]
    for (section, name), held in IN_SECRET_VALUES.items():
        lines = config[section][name] if isinstance(config[section][name], list) else [config[section][name]]
        assert [gcfg.parse(f"[S]\nX = {line}\n").entries[0].value for line in lines] == held


def test_files_of_a_wider_mode_get_theirs_back(place: Place) -> None:
    for mode in ("separate", "sops", "inline"):
        place.run("convert", place.gcfg, "--yes", "--secrets", mode)
        for file in place.work.iterdir():
            file.chmod(0o644)
        CliRunner().invoke(app, ["convert", str(place.gcfg), "--yes", "--secrets", mode])
        place.look()
        for file in place.work.iterdir():
            file.unlink()


HIDING = """\
; --password kanari-flag and more
; the old password was kanari
; use ghp_kanari012345678901234567890123456789 to log in
[Server]
Address = https://connect.example.com
DataDir = "https://u:kanari-datadir@h/srv"
CustomHeader = "X-Api-Key: kanari-header"
[Postgres]
URL = "host=db.example.com user=connect password = kanari-libpq dbname=x"
[Launcher]
Enabled = true
Kubernetes = true
ClusterDefinition = images.yaml
KubernetesProfilesConfig = profiles.conf
[OTLPEndpoint]
Headers = "Authorization=Bearer kanari-otlp"
[Vendor]
RootKey = kanari-root
Hook = https://kanari-user@hooks.example.com/x
Hook2 = "https://h.example.com/x?X-Amz-Signature=kanari-amz&y=2"
Dsn = "Server=x;Pwd=kanari-odbc;"
Password = kanari-first ;kanari-behind
[OAuth2 "https://u:kanari-section@idp.example.com"]
ClientId = x
"""
IMAGES = """\
name: Kubernetes
images:
  - name: example.com/r:1
    env:
      - {name: DB_PASSWORD, value: kanari-env}
    r: {installations: [{version: "4.4.1", path: /opt/R/4.4.1/bin/R}]}
"""
PROFILES = "[*]\ndefault-cpus=1\ndefault-password=kanari-profile\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", ["launcher", "kubernetes"])
def test_doubtful_secrets_and_those_of_other_files_are_not_shown(mode: str, backend: str, place: Place) -> None:
    place.gcfg.write_text(HIDING)
    (place.inputs / "images.yaml").write_text(IMAGES)
    (place.inputs / "profiles.conf").write_text(PROFILES)
    common = ("--secrets", mode, "--backend", backend, "--chart-version", "0.9.5")
    place.run("convert", place.gcfg, "--yes", "--report", "report.json", "-v", *common)
    for kind in ("text", "json", "markdown", "github"):
        place.run("check", place.gcfg, "--format", kind, *common)
    place.run("check", place.gcfg, "--runbook", *common)
    place.run("diff", place.gcfg, *common)
    if SecretMode(mode).makes_values:
        more = (place.work / "values.secret-values.yaml").read_text()
        assert ("kanari-profile" in more) == (backend == "launcher")
        assert "kanari-env" in more
        assert "kanari-section" in more
        place.run("verify", place.gcfg, "values.yaml", "-f", "values.secret-values.yaml", "--all", *common)
        assert place.run("convert", place.gcfg, "--yes", *common).stderr.count("is up to date") == 1


# where they must not be -----------------------------------------------------------------------------------------------


def _commands(place: Place, mode: str) -> Iterator[tuple[str | Path, ...]]:
    """Yield every command that only shows, in each format; and those that write reports."""
    secrets = ("--secrets", mode)
    yield "convert", place.gcfg, "--dry-run", *secrets
    yield "convert", place.gcfg, *secrets
    yield "convert", place.gcfg, "--strict", *secrets
    yield "convert", place.gcfg, "--dry-run", "--also", place.second, "--env-file", place.environment, *secrets
    yield "convert", place.gcfg, "--dry-run", "--backend", "kubernetes", "--tls", "pod", *secrets
    yield "convert", place.gcfg, "--dry-run", "--prefer", "values", *secrets
    yield "convert", place.gcfg, "--dry-run", "--chart-version", "0.5.0", *secrets
    for kind in ("txt", "json", "md", "html"):
        yield "convert", place.gcfg, "--dry-run", "--report", f"report.{kind}", *secrets
    yield "check", place.gcfg, "--format", "html", *secrets
    yield "check", place.gcfg, "--format", "html", "--also", place.second, "--env-file", place.environment, *secrets
    for kind in ("text", "json", "markdown", "github"):
        yield "diff", place.gcfg, "--format", kind, *secrets
        if "check" in COMMANDS:
            yield "check", place.gcfg, "--format", kind, *secrets
            yield "check", place.gcfg, "--runbook", "--format", kind, *secrets
            yield (
                "check",
                place.gcfg,
                "--format",
                kind,
                "--also",
                place.second,
                "--env-file",
                place.environment,
                *secrets,
            )
    if "off-host" in COMMANDS:
        yield "off-host", place.gcfg, "--dry-run", "--nfs", "nfs.example.com:/connect"
        yield "off-host", place.gcfg, "--dry-run", "--from-executables", "--image", "example.com/r:1"
        yield "off-host", place.gcfg, "-o", "other.gcfg", "--yes", "--nfs", "nfs.example.com:/connect"
    if "explain" in COMMANDS:
        yield ("explain",)
        for word in ("SMTP.Password", "Postgres.URL", "Launcher.KubernetesAuthToken", "G2H503"):
            yield "explain", word


def _verifications(place: Place, mode: str) -> Iterator[tuple[str | Path, ...]]:
    more = ("-f", "values.secret-values.yaml") if (place.work / "values.secret-values.yaml").exists() else ()
    for kind in ("text", "json", "markdown", "github", "html"):
        for some in ((), ("--all",)) if kind != "html" else ((),):
            yield "verify", place.gcfg, "values.yaml", *more, "--format", kind, *some, "--secrets", mode
            yield "verify", place.gcfg, "values.yaml", "--format", kind, *some
            yield "verify", place.gcfg, "values.yaml", *more, "--format", kind, *some, "--secrets", "inline"
            yield "verify", place.second, "values.yaml", *more, "--format", kind, *some
    yield "verify", place.gcfg, "values.yaml", "--chart-version", "0.5.0", "--all"
    yield "verify", place.gcfg, "values.yaml", "--also", place.second, "--env-file", place.environment, "--all"


@pytest.mark.parametrize(
    ("start", "mode"),
    [
        (start, mode)
        for start in ("nothing", "same", "other")
        for mode in MODES
        if start == "other"
        or mode in ("separate", "existing", "inline")  # the others write values.yaml as separate does
    ],
)
def test_no_command_shows_a_secret(start: str, mode: str, place: Place) -> None:
    """With no values.yaml, with one that holds the same secrets under config, and with one that holds others."""
    values = place.work / "values.yaml"
    if start == "same":
        assert place.run("convert", place.gcfg, "--yes", "--secrets", "inline").exit_code in (0, 1)
    if start == "other":
        values.write_text(OTHER_VALUES)
        values.chmod(0o600)
    before = values.read_bytes() if values.exists() else b""
    for words in _commands(place, mode):
        place.run(*words)
    assert (values.read_bytes() if values.exists() else b"") == before, "only shown"
    place.run("convert", place.gcfg, "-o", "-", "--secrets", mode, product=mode == "inline")
    assert place.run("convert", place.gcfg, "--yes", "--secrets", mode).exit_code in (0, 1)
    for words in (*_commands(place, mode), *_verifications(place, mode)):
        place.run(*words)
    if mode != "inline":
        left = [line for line in seen(values.read_text()) if "own-kanari" not in line]
        assert left == [], "the secrets that the gcfg sets have left values.yaml"


CHART = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
  rstudio-connect.gcfg: |
{{- range $section, $settings := .Values.config }}{{ if not (kindIs "invalid" $settings) }}
    [{{ $section }}]
{{- range $name, $value := $settings }}
{{- range (kindIs "slice" $value | ternary $value (list $value)) }}
    {{ $name }} = {{ . }}
{{- end }}{{ end }}{{ end }}{{ end }}
"""


@pytest.fixture
def helm(place: Place) -> tuple[str | Path, ...]:
    """Return the options for a chart that prints `config` as the real one does."""
    chart = place.inputs / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: rstudio-connect\nversion: 0.21.0\n")
    (chart / "templates/configmap.yaml").write_text(CHART)
    return "--chart", chart, "--helm", _helm()


@pytest.mark.parametrize("mode", ["separate", "inline"])
def test_verify_with_real_helm(
    mode: str, helm: tuple[str | Path, ...], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its values files are private while it runs, and gone behind it."""
    found: dict[Path, list[int]] = {}
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        for file in (Path(word) for word in command if word.endswith(".yaml")):
            found[file] = [stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent)]
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", run)
    place.run("convert", place.gcfg, "--yes", "--secrets", mode)
    files = ["values.yaml", *(("-f", "values.secret-values.yaml") if mode == "separate" else ())]
    for kind in ("text", "json", "markdown", "github"):
        done = place.run("verify", place.gcfg, *files, "--all", "--format", kind, "--secrets", mode, *helm)
        assert done.exit_code in (0, 1), "it rendered"
    assert len(found) == 4 * (len(files) // 2 + 1)
    assert list(found.values()) == [[0o600, 0o700]] * len(found)
    assert not any(file.exists() or file.parent.exists() for file in found)


def test_a_refusal_of_helm_shows_none(helm: tuple[str | Path, ...], place: Place) -> None:
    values = place.work / "values.yaml"
    values.write_text("config: {SMTP: kanari, Server: {Address: x}}\n")
    values.chmod(0o600)
    done = place.run("verify", place.gcfg, "values.yaml", *helm)
    assert done.exit_code == 3


def _helm() -> str:
    beside = Path(sys.executable).parent / "helm"
    found = str(beside) if beside.exists() else shutil.which("helm")
    if not found:
        pytest.skip("helm is not there")
    return found


# failing runs ---------------------------------------------------------------------------------------------------------

BROKEN = [
    pytest.param('[SMTP]\nPassword = "kanari\n', id="open-quote"),
    pytest.param('[SMTP]\nPassword = "kanari\\q"\n', id="escape"),
    pytest.param("[SMTP]\nPassword = kanari\\q\n", id="bare-backslash"),
    pytest.param("[SMTP]\nPassword kanari\n", id="no-equals"),
    pytest.param("[SMTP]\nPassword: kanari\n", id="colon"),
    pytest.param('[SMTP]\nPassword = a\\\nkanari-4 "x" "y\\q\n', id="continuation"),
    pytest.param('[SMTP]\nPassword = a\\\nkanari "\n', id="continuation-open-quote"),
    pytest.param('[SMTP]\nPassword = a\\\n  +kanari/= "\n', id="continuation-base64"),
    pytest.param('[SMTP]\nPassword = a\\\n  kanari== "\n', id="continuation-padding"),
    pytest.param('[SMTP] Password = kanari\n', id="behind-a-header"),
    pytest.param('[SMTP "Password=kanari]\n', id="in-a-header"),
    pytest.param('Password = kanari\n', id="before-a-section"),
    pytest.param('[Postgres]\nURL = "postgres://u:kanari;#@h/d\n', id="url"),
    pytest.param('[Postgres]\nURL = "postgres://h/d?password=kanari\n', id="url-parameter"),
    pytest.param('[Postgres]\nURL = "host=h password=\'kanari x\' user=u\n', id="libpq"),
    pytest.param('[A]\nB = "c" ; Password = kanari\nD = "\n', id="other-line"),
    pytest.param('[A]\nB = "c ; Token = kanari\n', id="comment"),
    pytest.param('[A]\n"kanari"\n', id="no-name"),
    pytest.param('[A]\nkanari-7x kanari\n', id="no-statement"),
    pytest.param('[A]\n-----BEGIN PRIVATE KEY-----\nkanari\n', id="key-begin"),
    pytest.param('[A]\nK = -----BEGIN PRIVATE KEY-----\nkanari+4/x\n', id="key-lines"),
    pytest.param(b"[SMTP]\nPassword = kanari\xff\n", id="no-utf-8"),
    pytest.param("[SMTP]\nPassword = kanari\0\n", id="nul"),
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_a_syntax_error_shows_stars(content: str | bytes, place: Place) -> None:
    broken = place.inputs / "broken.gcfg"
    broken.write_bytes(content if isinstance(content, bytes) else content.encode())
    (place.work / "values.yaml").write_text("launcher: {}\n")
    for words in (
        ("convert", broken, "--yes"),
        ("convert", broken, "-o", "-"),
        ("convert", broken, "--yes", "--report", "report.md"),
        ("convert", place.gcfg, "--also", broken),
        ("diff", broken),
        ("verify", broken, "values.yaml"),
        *((("check", broken),) if "check" in COMMANDS else ()),
        *((("off-host", broken, "--dry-run"),) if "off-host" in COMMANDS else ()),
    ):
        done = place.run(*words)
        assert done.exit_code == 3
        assert "broken.gcfg:" in done.stderr


VALUES_BROKEN = [
    pytest.param("config: {SMTP: {Password: *kanari}}\n", id="alias"),
    pytest.param("config: {SMTP: {Password: !kanari x}}\n", id="tag"),
    pytest.param("config: {SMTP: {Password: !k!kanari x}}\n", id="tag-handle"),
    pytest.param("config:\n  SMTP:\n    Password: @kanari\n", id="sign"),
    pytest.param('config:\n  SMTP:\n    Password: "kanari\\q"\n', id="escape"),
    pytest.param('config:\n  SMTP:\n    Password: "kanari\n', id="open-quote"),
    pytest.param("config:\n  SMTP:\n    Password: kanari: x\n", id="colon"),
    pytest.param("config:\n  SMTP:\n    Password: |2x kanari\n", id="block"),
    pytest.param("config:\n  SMTP:\n    Password: kanari\n   Key: kanari\n", id="indentation"),
    pytest.param("config:\n  SMTP:\n    Password: &kanari\n", id="anchor"),
    pytest.param("config:\n  SMTP:\n    Password: %kanari\n", id="percent"),
    pytest.param("config: postgres://u:kanari@h/d\n", id="text"),
    pytest.param("config:\n  SMTP: {Password: {Token: kanari}}\n", id="map-as-value"),
    pytest.param("config:\n  SMTP: {Password: [[kanari], {a: kanari}]}\n", id="list-of-lists"),
    pytest.param("config:\n  Launcher: {Secret: kanari}\n  Server: {DataDir: '\"x'}\nsharedStorage: x\n", id="gcfg"),
    pytest.param('config:\n  SMTP: {Password: "kanari\\nkanari = x"}\n', id="line-break"),
    pytest.param("config:\n  SMTP: {Password: kanari\\x}\n", id="rendered-syntax"),
    pytest.param("launcher: {launcherKubernetesProfilesConf: https://u:kanari@h}\nlicense: {server: [kanari]}\n", id="refused"),
]  # fmt: skip


@pytest.mark.parametrize("content", VALUES_BROKEN)
def test_values_that_cannot_be_used_are_not_shown(content: str, place: Place) -> None:
    values = place.work / "values.yaml"
    values.write_text(content)
    values.chmod(0o600)
    for words in (
        ("diff", place.gcfg),
        ("diff", place.gcfg, "--format", "json"),
        ("diff", place.gcfg, "--format", "markdown"),
        ("convert", place.gcfg, "--dry-run"),
        ("convert", place.gcfg, "--dry-run", "--report", "report.json"),
        ("convert", place.gcfg, "--dry-run", "--prefer", "values"),
        ("verify", place.gcfg, "values.yaml", "--all"),
        ("verify", place.gcfg, "values.yaml", "--all", "--format", "json"),
        *((("check", place.gcfg),) if "check" in COMMANDS else ()),
    ):
        place.run(*words)


# The sign is put together as the program runs: from 3.13 on Python shows the lines of a program given by -c.
PROGRAM = """
import sys
import gcfg2helm.{module}
SIGN = "kan" + "ari"
from gcfg2helm.cli import main
def fail(*_, **__):
    try:
        raise KeyError(f"{{SIGN}}-cause")
    except KeyError as error:
        raise {kind}(f"{{SIGN}}-bug", *{rest}) from error
sys.modules["gcfg2helm.{module}"].{name} = fail
main()
"""


@pytest.mark.parametrize(
    ("module", "name", "kind"),
    [
        ("plan.build", "build", "ValueError"),
        ("plan.placing", "place", "TypeError"),
        ("plan.placing", "env_edits", "RecursionError"),
        ("plan.files", "build", "OSError"),
        ("values.splice", "create", "AssertionError"),
        ("proof.compare", "compare", "LookupError"),
        ("values.write", "documents", "ArithmeticError"),
        ("values.diff", "changes", "ExceptionGroup"),
    ],
)
def test_a_bug_prints_no_value(module: str, name: str, kind: str, place: Place) -> None:
    rest = "[[ValueError(SIGN)]]" if kind == "ExceptionGroup" else "[]"
    program = PROGRAM.format(module=module, name=name, kind=kind, rest=rest)
    done = subprocess.run(
        [sys.executable, "-c", program, "convert", place.gcfg, "--yes"], capture_output=True, text=True, check=False, cwd=place.work
    )  # fmt: skip
    assert done.returncode == 1
    assert f"a bug: {kind}" in done.stderr
    assert seen(done.stdout + done.stderr) == []
    place.look()


def test_a_terminal_shows_none(place: Place) -> None:
    """With colours, as a person sees it, and without the wide lines of the other tests."""
    import pty

    place.run("convert", place.gcfg, "--yes", "--secrets", "inline")
    for words in (
        ["diff", str(place.gcfg)],
        ["verify", str(place.gcfg), "values.yaml", "--all"],
        ["convert", str(place.gcfg)],
    ):
        reader, writer = pty.openpty()
        done = subprocess.Popen(
            [sys.executable, "-c", "from gcfg2helm.cli import main; main()", *words],
            stdin=writer, stdout=writer, stderr=writer, cwd=place.work,
        )  # fmt: skip
        os.write(reader, b"n\n")
        os.close(writer)
        shown = b""
        while True:
            try:
                more = os.read(reader, 65536)
            except OSError:
                break
            if not more:
                break
            shown += more
        done.wait()
        os.close(reader)
        assert b"Postgres" in shown
        assert seen(shown.decode()) == []


# every setting of the tables ------------------------------------------------------------------------------------------

KINDS = {
    "url": "https://user:kanari%40x@host.example.com/path?x=1",
    "parameter": "https://host.example.com/?password=kanari",
    "key": '"-----BEGIN PRIVATE KEY-----\\nkanari\\n-----END PRIVATE KEY-----"',
    "plain": "kanari",
}


def _source(setting: Setting, tables: Tables, value: str) -> str:
    required = tables.sections[setting.section.lower()].subsection is Subsection.REQUIRED
    head = gcfg.header(setting.section, "x" if required else None)
    old = value if setting.secret else KINDS["url"]
    lines = [f"[{head}]", f"; {setting.name} = {old}", f"{setting.name} = {value}", f"#{setting.name}: {old}"]
    return "".join(f"{line}\n" for line in lines)


def _converted(source: str, tables: Tables, mode: SecretMode, values: str | None = None) -> Conversion:
    document = gcfg.parse(source, "x.gcfg")
    sources = [("x.gcfg", document)]
    return convert(
        Request(sources, tables, newest(), Backend.LAUNCHER, "rsc", "connect", Options(secrets=mode), values=values)
    )


def _shown(done: Conversion) -> str:
    from gcfg2helm.report import proof

    parts = [
        *overview.finding_lines(done.findings, 4000, colour=False),
        *proof.as_text(done.proof, show_all=True, width=4000, colour=False),
        proof.as_json(done.proof, show_all=True),
        proof.as_markdown(done.proof, show_all=True),
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_the_tables(kind: str, known: Tables) -> None:
    """What stays a setting arrives and keeps its secrets out of sight; what becomes another value holds none."""
    problems: dict[str, set[str]] = {"values.yaml": set(), "shown": set(), "lost": set()}
    settings = [one for one in known if one.secret or kind != "plain"]
    assert len(settings) >= 8
    for setting in settings:
        for mode in (SecretMode.SEPARATE, SecretMode.INLINE):
            done = _converted(_source(setting, known, KINDS[kind]), known, mode)
            if mode is SecretMode.SEPARATE and seen(done.values.text):
                problems["values.yaml"].add(setting.key)
            if any(one.outcome in _STAYS for one in done.plan.decisions):
                held = done.values.text if mode is SecretMode.INLINE else _private_text(done)
                problems["lost"] |= set() if seen(held) else {setting.key}
                problems["shown"] |= {setting.key} if seen(_shown(done)) else set()
    assert problems["lost"] <= _TURNED
    assert problems["values.yaml"] <= {"Launcher.DataDir"}, "an export, host:/path, is taken to pieces"
    assert problems["shown"] == set()


def test_what_becomes_no_setting_is_not_shown(known: Tables) -> None:
    shown = set()
    for setting in known:
        done = _converted(_source(setting, known, KINDS["url"]), known, SecretMode.SEPARATE)
        shown |= {setting.key} if seen(_shown(done)) else set()
    assert shown == set()


# A boolean, or standard output, takes the place of the value.
_TURNED = {"Applications.UsersListingMinRole", "Authorization.UsersListingMinRole"} | {
    f"Logging.{name}" for name in ("AccessLog", "AuditLog", "ServiceLog")
}
_STAYS = frozenset({Outcome.CARRIED, Outcome.RENAMED, Outcome.SECRET})


def _private_text(done: Conversion) -> str:
    return (done.secret or "") + (done.secret_values.text if done.secret_values else "")


# objects --------------------------------------------------------------------------------------------------------------


def _objects(value: object, found: dict[int, object]) -> dict[int, object]:
    """Gather every object that can be reached: members of dataclasses, tuples, lists and maps, and documents."""
    if id(value) in found or isinstance(value, str | bytes | int | float | type | None):
        return found
    found[id(value)] = value
    if isinstance(value, dict):
        inner: list[object] = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    else:
        names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        inner = [getattr(value, name, None) for name in (*names, *getattr(value, "__dict__", ()))]
    for one in inner:
        _objects(one, found)
    return found


# Their modules belong to others: `source`, `rendered`, `values` and the like need `field(repr=False)`.
_TELLING = {"Document", "Header", "Section", "Request", "Conversion", "Applied", "Proof"}


@pytest.mark.parametrize("mode", list(SecretMode), ids=MODES)
def test_no_object_shows_a_secret(mode: SecretMode, known: Tables) -> None:
    """What a debugger, a log or a failing test prints of the objects of a conversion."""
    source = CANARIES.read_text()
    for values in (None, OTHER_VALUES):
        done = _converted(source, known, mode, values)
        groups = group_entries([("x.gcfg", gcfg.parse(source))], known)
        kinds = set()
        rows = proving.by_model(done.plan, known, [done.values.tree], Options(secrets=mode), every=True).rows
        for one in _objects([done, groups, list(rows)], {}).values():
            name = type(one).__name__
            kinds.add(name)
            if type(one).__module__.startswith("gcfg2helm.") and name not in _TELLING:
                assert seen(repr(one)) + seen(str(one)) + seen(f"{one}") == [], name
        assert {"Entry", "Group", "Located", "Decision", "Plan", "Edit", "Row", "Proof"} <= kinds


def test_no_result_shows_a_secret(known: Tables) -> None:
    done = _converted(CANARIES.read_text(), known, SecretMode.INLINE)
    assert seen(repr(done.proof)) + seen(repr(done.values)) + seen(repr(done)) == []


# an existing values.yaml ----------------------------------------------------------------------------------------------


def _plain(place: Place, gcfg_text: str, values: str, *words: str) -> str:
    """Convert into an existing values.yaml, twice; returns what was said."""
    place.gcfg.write_text(gcfg_text)
    (place.work / "values.yaml").write_text(values)
    done = place.run("convert", place.gcfg, "--yes", *words, own="own-")
    assert done.exit_code in (0, 1), done.stderr
    again = place.run("convert", place.gcfg, "--yes", *words, own="own-")
    assert "up to date" in again.stderr
    return str(done.stderr)


@pytest.mark.parametrize(
    ("source", "values", "left"),
    [
        pytest.param(
            "[Postgres]\nURL = postgres://u@h/d\nPassword = kanari",
            "config:\n  Postgres:\n    Password: kanari-old  # kept by hand\n    URL: postgres://u@h/d\n",
            "config.Postgres.Password",
            id="plain-section",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u@h/d\nPassword = kanari",
            "config:\n  postgres: {password: kanari}\n",
            "config.postgres.password",
            id="other-capitals",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:kanari@h/d",
            "config: {Postgres: {Password: kanari}}\n",
            "config.Postgres.Password",
            id="password-of-the-url",
        ),
        pytest.param(
            "[SMTP]\nPassword = kanari",
            "config:\n  SMTP:\n    Password: [kanari-1, kanari-2]\n",
            "config.SMTP.Password",
            id="the-only-key-of-its-section",
        ),
        pytest.param(
            '[LDAP "x"]\nBindPassword = kanari',
            "config:\n  'LDAP \"x\"':\n    bindpassword: kanari\n    BindDN: cn=x\n",
            "config.'LDAP \"x\"'.bindpassword",
            id="named-section",
        ),
        pytest.param(
            '[X]\nCert = "-----BEGIN PRIVATE KEY-----\\nkanari"',
            'config: {X: {Cert: "-----BEGIN PRIVATE KEY-----\\\\nkanari-old"}}\n',
            "config.X.Cert",
            id="private-key",
        ),
        pytest.param(
            "[Launcher]\nKubernetesAuthToken = kanari",
            "config: {Launcher: {KubernetesAuthToken: kanari}}\n",
            "config.Launcher.KubernetesAuthToken",
            id="launcher-token",
        ),
        pytest.param(
            "[Postgres]\nPassword = kanari",
            "config: {Postgres: {Password: kanari}}\npod:\n  env:\n    - name: CONNECT_POSTGRES_PASSWORD\n      value: own-kanari\n",
            "config.Postgres.Password",
            id="variable-of-their-own",
        ),
    ],
)
@pytest.mark.parametrize("words", [(), ("--prefer", "values"), ("--secrets", "existing")], ids=" ".join)
def test_a_plain_secret_leaves_values_yaml(
    source: str, values: str, left: str, words: tuple[str, ...], place: Place
) -> None:
    said = _plain(place, f"{source}\n", values, *words)
    assert f"G2H214: {left} is removed from values.yaml: it holds a secret" in said
    assert [line for line in seen(place.values()) if "own-" not in line] == []


@pytest.mark.parametrize(
    ("source", "values"),
    [
        pytest.param("[Server]\nAddress = http://x.example.com", "config: {Custom: {Token: own-kanari}}\n", id="not-in-the-gcfg"),
        pytest.param("[SMTP]\nHost = x", "config: {SMTP: {Password: own-kanari}}\n", id="only-the-section-is"),
        pytest.param('[LDAP "x"]\nBindPassword = kanari', "config: {'LDAP \"X\"': {BindPassword: own-kanari}}\n", id="other-name"),
    ],
)  # fmt: skip
def test_secrets_of_the_administrators_own_stay(source: str, values: str, place: Place) -> None:
    said = _plain(place, f"{source}\n", values)
    assert "leaves values.yaml" not in said
    assert "own-kanari" in place.values()


def test_pod_env_is_kept_and_reported(place: Place) -> None:
    values = "pod:\n  env:\n    - name: CONNECT_SMTP_PASSWORD\n      value: own-kanari\n    - name: TZ\n      value: Europe/Berlin\n"
    said = _plain(place, "[SMTP]\nPassword = kanari-smtp\n[OAuth2]\nClientSecret = kanari-oauth\n", values)
    assert "G2H504: pod.env sets CONNECT_SMTP_PASSWORD already" in said
    env = YAML(typ="safe", pure=True).load(place.values())["pod"]["env"]
    assert env[:2] == YAML(typ="safe", pure=True).load(values)["pod"]["env"]
    assert [one["name"] for one in env[2:]] == ["CONNECT_OAUTH2_CLIENTSECRET"]


def test_a_changed_secret_is_shown_as_changed(place: Place) -> None:
    """In the values inline, where old and new differ."""
    place.gcfg.write_text(
        "[SMTP]\nPassword = kanari-new\n[Packages]\nHTTPProxy = http://u:kanari-new@h\n[X]\nY = kanari-no\n"
    )
    (place.work / "values.yaml").write_text(
        "config: {SMTP: {Password: kanari-old}, Packages: {HTTPProxy: 'http://u:kanari-old@h'}}\n"
    )
    place.gcfg.write_text(place.gcfg.read_text().replace("Y = kanari-no", "Y = z"))
    for kind in ("text", "json", "markdown"):
        done = place.run("diff", place.gcfg, "--secrets", "inline", "--format", kind, own="kanari-old")
        assert done.exit_code == 1
        assert done.stdout.count("******** (changed)") == 2


# files ----------------------------------------------------------------------------------------------------------------

MOUNTED = """[LDAP "x"]
TLSCACertificate = /etc/rstudio-connect/ca.pem
BindPasswordFile = /etc/rstudio-connect/missing
[LDAP "y"]
TLSCACertificate = /srv/out.pem
BindPasswordFile = /srv/../../outside/password
[LDAP "z"]
TLSCACertificate = /srv/pipe
BindPasswordFile = /srv/up/password
[OAuth2]
ClientSecretFile = /etc/rstudio-connect/client-secret
[SAML]
IdPMetaDataPath = /etc/rstudio-connect/metadata.xml
SPEncryptionKey = /etc/rstudio-connect/sp.key
[Branding]
Logo = /srv/logo.png
Favicon = /srv/large.ico
[Bootstrap]
SecretKeyFile = /srv/forbidden
"""
KEY = PEM.format("", "kanari-file-key")


@pytest.fixture
def root(place: Place) -> Path:
    made = place.inputs / "root"
    (made / "etc/rstudio-connect").mkdir(parents=True)
    (made / "srv").mkdir()
    (place.inputs / "outside").mkdir()
    (place.inputs / "outside/password").write_text("kanari-outside")
    for name, content in {
        "etc/rstudio-connect/ca.pem": b"a certificate",
        "etc/rstudio-connect/client-secret": b"kanari-file-secret\n",
        "etc/rstudio-connect/metadata.xml": "<é/>\n".encode(),
        "etc/rstudio-connect/sp.key": KEY.encode(),
        "srv/logo.png": b"\x89PNG\0\xff",
        "srv/large.ico": b"\0" * (1024 * 1024 + 1),
        "srv/forbidden": b"kanari-forbidden",
    }.items():
        (made / name).write_bytes(content)
    (made / "srv/forbidden").chmod(0)
    (made / "srv/out.pem").symlink_to("../../outside/password")
    (made / "srv/up").symlink_to("../../outside")
    os.mkfifo(made / "srv/pipe")
    place.gcfg.write_text(MOUNTED)
    return made


def test_files_come_along(place: Place, root: Path) -> None:
    done = place.run("convert", place.gcfg, "--yes", "--root", root)
    assert done.exit_code == 0
    manifests = "".join((place.work / f"values.{kind}.yaml").read_text() for kind in ("secret", "files"))
    assert "kanari-outside" not in manifests
    assert base64.b64encode(b"kanari-outside").decode() not in manifests
    assert seen((place.work / "values.files.yaml").read_text()) == []
    objects = list(YAML(typ="safe", pure=True).load_all(manifests))
    for one in objects:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    held = {
        key: (one["kind"], kind, text)
        for one in objects
        for kind in ("data", "binaryData")
        for key, text in one.get(kind, {}).items()
    }
    forbidden = (
        {"forbidden": ("Secret", "data", base64.b64encode(b"kanari-forbidden").decode())} if os.geteuid() == 0 else {}
    )
    assert held == {
        "ca.pem": ("ConfigMap", "data", "a certificate"),
        "metadata.xml": ("ConfigMap", "data", "<é/>\n"),
        "logo.png": ("ConfigMap", "binaryData", base64.b64encode(b"\x89PNG\0\xff").decode()),
        "client-secret": ("Secret", "data", base64.b64encode(b"kanari-file-secret\n").decode()),
        "sp.key": ("Secret", "data", base64.b64encode(KEY.encode()).decode()),
        **forbidden,
    }
    values = YAML(typ="safe", pure=True).load(place.values())
    mounts = {one["mountPath"]: one for one in values["pod"]["volumeMounts"]}
    assert set(mounts) == {
        *(f"/etc/rstudio-connect/{name}" for name in ("ca.pem", "client-secret", "metadata.xml", "missing", "sp.key")),
        *(f"/srv/{name}" for name in ("forbidden", "large.ico", "logo.png", "out.pem", "pipe", "up/password")),
        "/outside/password",
    }
    assert len({one["name"] for one in mounts.values()}) == len(values["pod"]["volumes"])
    for path, why in {
        "/etc/rstudio-connect/missing": "No such file or directory",
        "/srv/out.pem": "it points outside the root",
        "/srv/up/password": "it points outside the root",
        "/outside/password": "No such file or directory",
        "/srv/pipe": "it is not a regular file",
        "/srv/large.ico": "it is larger than 1 MiB",
        **({} if forbidden else {"/srv/forbidden": "Permission denied"}),
    }.items():
        assert any("G2H512" in line and path in line and why in line for line in done.stderr.splitlines()), path


def test_files_without_a_root_are_named(place: Place, root: Path) -> None:
    done = place.run("convert", place.gcfg, "--yes")
    assert done.exit_code == 0
    assert [file.name for file in place.work.iterdir()] == ["values.yaml"]
    assert "--from-file=sp.key=/etc/rstudio-connect/sp.key" in done.stderr


@pytest.mark.parametrize("mode", ["existing", "external"])
def test_no_secret_is_made_of_files_where_others_make_it(mode: str, place: Place, root: Path) -> None:
    done = place.run("convert", place.gcfg, "--yes", "--root", root, "--secrets", mode)
    assert done.exit_code == 0
    text = (place.work / "values.files.yaml").read_text()
    assert seen(text) == []
    assert {one["kind"] for one in YAML(typ="safe", pure=True).load_all(text)} == {"ConfigMap"}
    named = {
        "existing": "--from-file=sp.key=/etc/rstudio-connect/sp.key",
        "external": "sp.key (the file /etc/rstudio-connect/sp.key)",
    }
    assert named[mode] in done.stderr
    assert not (place.work / "values.secret.yaml").exists()


def test_files_are_shown_nowhere(place: Place, root: Path) -> None:
    commands = (*_commands(place, "separate"), ("convert", place.gcfg, "--yes"), *_verifications(place, "separate"))
    for words in commands:
        if words[0] not in ("off-host", "explain") and place.second not in words:
            place.run(*words, "--root", root)
    report = json.loads((place.work / "report.json").read_text())
    assert report["settings"]
