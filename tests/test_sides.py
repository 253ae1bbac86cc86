"""Where each line of the gcfg is in the values files, and that no line shown holds a secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from gcfg2helm import gcfg, tables
from gcfg2helm.chart import newest
from gcfg2helm.cli import app, inputs
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.masked import STARS
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.request import Request
from gcfg2helm.report import html
from gcfg2helm.report import model as reports
from gcfg2helm.report.places import Map, Spot, Written
from gcfg2helm.report.sides import source_lines, values_lines
from gcfg2helm.runbook.files import Files
from gcfg2helm.values import read
from gcfg2helm.values.tree import MISSING, find
from helpers.paths import CORPUS, FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = tables.load()
WHEN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def made(
    *sources: tuple[str, str],
    values: str | None = None,
    environment: Path | None = None,
    options: Options | None = None,
) -> reports.Report:
    """Return the report of a conversion; `environment` is the file of the old service's variables."""
    documents = [(name, gcfg.parse(text.encode(), name)) for name, text in sources]
    if environment:
        documents.append((str(environment), inputs.environment(str(environment), KNOWN)))
    request = Request(
        documents,
        KNOWN,
        newest(),
        Backend.LAUNCHER,
        "rsc",
        "connect",
        options or Options(),
        str(environment or ""),
        values=values,
    )
    done = convert(request)
    more = "v.secret-values.yaml" if done.secret_values else ""
    return reports.of_conversion(request, done, done.findings, Files(sources[0][0], "v.yaml", "", more))


def where(report: reports.Report) -> dict[int, list[Spot]]:
    """Return file, first and last line of what each line of the first source became."""
    ways = Map(report.plan, report.written)
    return {one.at.entry.line: ways.spots(one) for one in report.plan.decisions if one.at.file == report.sources[0]}


def lines(report: reports.Report, spots: list[Spot]) -> list[str]:
    """Return the lines that spots name."""
    texts = {name: text.split("\n") for name, text, _ in report.values}
    return [line.strip() for name, first, last in spots for line in texts[name][first - 1 : last]]


def shown(report: reports.Report) -> dict[str, list[str]]:
    """Return the lines of all files as the page shows them."""
    sides = {
        name: source_lines(document.source, [one for one in report.plan.decisions if one.at.file == name], KNOWN)
        for name, document in report.documents
    }
    ways = Map(report.plan, report.written)
    return sides | {
        one.name: values_lines(one, KNOWN, report.secret_paths(), ways.spared(number))
        for number, one in enumerate(report.written)
    }


# the map --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [*FIXTURES, *CORPUS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_line_holds_what_it_is_said_to_hold(file: Path) -> None:
    """Without the lines that an entry is on, the values lack its path, or one item of its list, and nothing else."""
    try:
        report = made((file.name, file.read_text("utf-8")))
    except gcfg.GcfgError:
        pytest.skip("no gcfg, on purpose")
    ways = Map(report.plan, report.written)
    text = report.values[0][1]
    tree = read.load(text)
    compared = 0
    for one in report.plan.decisions:
        if one.outcome not in (Outcome.CARRIED, Outcome.RENAMED) or find(tree, one.path) is MISSING:
            continue
        spot = ways.spots(one)[0]
        held = text.split("\n")
        without = read.load("\n".join([*held[: spot.first - 1], *held[spot.last :]]))
        value = find(tree, one.path)
        left = find(without, one.path)
        assert (left is MISSING or left is None) if not isinstance(value, list) else left != value, one
        section = find(tree, one.path[:2])
        assert isinstance(section, dict)
        rest = find(without, one.path[:2])
        same = {key for key in section if isinstance(rest, dict) and rest.get(key) == section[key]}
        assert same >= section.keys() - {one.path[2]}, one
        compared += 1
    assert compared or not any(one.outcome is Outcome.CARRIED for one in report.plan.decisions)


def test_each_of_several_lines_has_its_item() -> None:
    report = made(("a", "[Server]\nCustomHeader = A: 1\n\nCustomHeader = B: 2\nCustomHeader = C: 3\n"))
    assert {line: lines(report, spots) for line, spots in where(report).items()} == {
        2: ["- 'A: 1'"], 4: ["- 'B: 2'"], 5: ["- 'C: 3'"],
    }  # fmt: skip


def test_what_follows_from_a_line_is_named_behind_it() -> None:
    report = made(("a", "[Server]\nAddress = https://x.example.com/connect\n[HTTP]\nListen = :8080\n"))
    found = where(report)
    assert lines(report, found[2])[:1] == ["Address: https://x.example.com/connect"]
    assert {"enabled: true", "- host: x.example.com"} <= set(lines(report, found[2]))
    assert lines(report, found[4]).count("port: 8080") == 4


def test_a_file_is_named_by_its_mount_and_volume() -> None:
    report = made(("a", '[LDAP "x"]\nTLSCACertificate = /etc/x/ca.pem\n[LDAP "y"]\nTLSCACertificate = /etc/x/ca.pem\n'))
    found = where(report)
    for line in (2, 4):
        assert "mountPath: /etc/x/ca.pem" in lines(report, found[line])
        assert "- name: files-etc-x" in lines(report, found[line])


def test_a_secret_is_found_in_pod_env_and_in_the_second_file() -> None:
    report = made(
        ("a", '[SMTP]\nPassword = one\n[Packages]\nHTTPProxy = http://u:two@h\n[LDAP "x"]\nBindPassword = three\n')
    )
    found = where(report)
    assert lines(report, found[2])[0] == "- name: CONNECT_SMTP_PASSWORD"
    assert lines(report, found[4])[0] == "- name: CONNECT_PACKAGES_HTTPPROXY"
    assert [spot.file for spot in found[6]] == ["v.secret-values.yaml"]
    assert lines(report, found[6]) == ["BindPassword: three"]


def test_lines_of_several_sources_are_told_apart(tmp_path: Path) -> None:
    environment = tmp_path / "service.env"
    environment.write_text("CONNECT_SERVER_ADDRESS=https://env.example.com\nCONNECT_OTHER_THING=x\n")
    report = made(("a", "[SMTP]\nHost = a\n"), ("b", "[HTTP]\nListen = :8080\n"), environment=environment)
    assert lines(report, where(report)[2]) == ["Host: a"], "line 2 of the second source has set other things"
    ways = Map(report.plan, report.written)
    spots = {one.at.entry.name: lines(report, ways.spots(one)) for one in report.plan.decisions if one.at.file == str(environment)}  # fmt: skip
    assert "Address: https://env.example.com" in spots["Address"]
    assert "host: env.example.com" in " ".join(spots["Address"])
    assert spots["THING"] == ["- name: CONNECT_OTHER_THING", "value: x"]


def test_what_stands_nowhere_has_no_lines() -> None:
    report = made(("a", "[SMTP]\nPort = 25\nPort = 587\n[Python]\nExecutable = /opt/python/3.11/bin/python\n"))
    found = where(report)
    assert found[2] == []
    assert found[5] == []
    assert lines(report, found[3]) == ["Port: 587"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param("config: {SMTP: {Port: 25, Host: b}}\n", id="flow"),
        pytest.param('{"config": {"SMTP": {"Port": 25,\n"Host": "b"}}}\n', id="json"),
        pytest.param("config:\r\n  SMTP:\r\n    Port: 25 # the port\r\n", id="crlf"),
        pytest.param("\ufeffconfig:\n  SMTP:\n    # the port\n    Port:\n      25\n    Host: |-\n      b\n", id="lines-of-its-own"),
        pytest.param("x: &s {Port: 25}\nconfig:\n  SMTP: *s\n", id="alias"),
    ],
)  # fmt: skip
def test_the_map_holds_in_any_layout(values: str) -> None:
    report = made(("a", "[SMTP]\nPort = 587\n"), values=values)
    (spot,) = where(report)[2]
    assert "587" in " ".join(lines(report, [spot]))


def test_data_names_the_lines(tmp_path: Path) -> None:
    (tmp_path / "f.gcfg").write_text("[SMTP]\nHost = a\nPort = 1\nPort = 2\n")
    (tmp_path / "none.yaml").write_text("")
    result = CliRunner().invoke(
        app, ["check", str(tmp_path / "f.gcfg"), str(tmp_path / "none.yaml"), "--format", "json"]
    )
    settings = json.loads(result.stdout)["settings"]
    assert settings[1]["values"] == []
    (host,), (port,) = settings[0]["values"], settings[2]["values"]
    assert host["line"] + 1 == port["line"] == port["last"]
    assert host["file"] == str(tmp_path / "none.yaml")


# no secret -------------------------------------------------------------------------------------------------------------

SOURCES = [
    pytest.param("[SMTP]\nPassword = hushhush\n", id="setting"),
    pytest.param('[SMTP]\nPassword = "hush;hush" ; Password = hushhush\n', id="comment-beside"),
    pytest.param("[SMTP]\nPassword = hush#hush-hush\n", id="cut"),
    pytest.param("[SMTP]\nPassword = hushhush\nPassword = other\n", id="superseded"),
    pytest.param("[SMTP]\nPassword = a\\\nhushhush\\\n  hush\n", id="continued"),
    pytest.param('[SMTP]\nPassword = "a\\nhushhush"\n', id="escaped"),
    pytest.param("; Password = hushhush\n[SMTP]\n;Token: hushhush\nHost = a\n# password is: hushhush\n", id="comments"),
    pytest.param('[SMTP] ; Password = hushhush\nHost = a\n', id="header"),
    pytest.param('[LDAP "x"]\nBindPassword = hushhush\n', id="named-section"),
    pytest.param("[Postgres]\nURL = postgres://u:hushhush@h/d\n", id="url"),
    pytest.param("[Postgres]\nURL = postgres://h/d?password=hushhush\nURL = postgres://h/d\n", id="superseded-url"),
    pytest.param("[Postgres]\nURL = \"host=h password='hush hush' user=u\"\nURL = postgres://h/d\n", id="superseded-libpq"),
    pytest.param("[Postgres]\nURL = postgres://u:hush\\\nhush@h/d\n", id="continued-url"),
    pytest.param("[Postgres]\nURL = postgres://u:hush#hush@h/d\n", id="cut-url"),
    pytest.param("[Launcher]\nEnabled = true\nKubernetesAuthToken = hushhush\n", id="dropped"),
    pytest.param("[Vendor]\nApiKey = hushhush\nApiKey = hushhush2\n", id="unlisted-several"),
    pytest.param("[Vendor]\nHook = https://u:hushhush@h/?api_key=hushhush\n", id="unlisted-url"),
    pytest.param('[SAML]\nSPEncryptionKey = "-----BEGIN PRIVATE KEY-----\\nhushhush\\n-----END PRIVATE KEY-----"\n', id="key"),
    pytest.param("[Server]\n; -----BEGIN RSA PRIVATE KEY-----\n; hush0MIIEpAIBAAKCAQEA7bq3Yx2kVw0Jm5n8\nAddress = http://x\n", id="key-in-comments"),
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("mode", list(SecretMode))
def test_no_secret_is_shown(source: str, mode: SecretMode) -> None:
    """On neither side, nor anywhere on the page; and as many lines are shown as there are."""
    report = made(("a", source), options=Options(secrets=mode))
    assert "hush" in source
    sides = shown(report)
    assert [line for side in sides.values() for line in side if "hush" in line] == []
    assert STARS in "\n".join(sides["a"])
    assert len(sides["a"]) == source.count("\n") + 1
    assert "hush" not in html.render(report, WHEN)


VALUES = """\
# Password = hushhush
license: {key: hushhush, server: ''}   # token: hushhush
pod:
  env:
    - name: OWN_TOKEN
      value: hushhush
    - {name: OTHER, valueFrom: {secretKeyRef: {name: shown-name, key: shown-key}}}
  args: ["--password=hushhush", "--shown=x"]
  annotations:
    "https://u:hushhush@h/": x
extraObjects:
  - kind: Secret
    stringData:
      any: hushhush
      more: |
        hush
        hush
  - kind: ConfigMap
    data:
      file: |
        shown = x
        password = hushhush
config:
  SMTP:
    Password: >-
      hush
      hush
  Custom:
    Hook: "postgres://u:hush\\x68ush@h/"
    Long: postgres://u:hush
      hush@h/
    Token: [hushhush, "hushhush"]
# the end: secret = hushhush
"""


def test_no_secret_of_a_values_file_is_shown() -> None:
    report = made(("a", "[Server]\nSenderEmail = a@example.com\n"), values=VALUES)
    side = shown(report)["v.yaml"]
    assert [line for line in side if "hush" in line] == []
    assert len(side) == len(report.values[0][1].split("\n"))
    for word in ("shown-name", "shown-key", "--shown=x", "shown = x", "OWN_TOKEN"):
        assert any(word in line for line in side), f"{word} is none"
    assert "hush" not in html.render(report, WHEN)


def test_no_secret_of_an_upgrade_is_shown(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(VALUES + "sharedStorage: {create: true}\n")
    words = ["--from", "0.8.38", "--backend", "kubernetes", "--dry-run", "--report", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, ["upgrade", str(tmp_path / "v.yaml"), *words])
    assert done.exit_code in (0, 1), done.output
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count(STARS) > 20
    assert "hush" not in page


def test_what_is_no_secret_is_shown() -> None:
    source = (
        "; a comment\n[Server] # beside\nAddress = https://x.example.com ; the address\nPublicWarning = \"a; b\"\n"
        "[Postgres]\nURL = postgres://u:pw@db.example.com/d?sslmode=require\n[Vendor]\nTokenEnabled = yes\n"
    )  # fmt: skip
    assert shown(made(("a", source)))["a"] == source.replace(":pw@", f":{STARS}@").split("\n")


SPARED = """\
[Vendor]
ApiKey = shown1
; ApiKey = hush1
Hook = https://u:shown2@h/?api_key=shown3 ; ApiKey = hush2
Token = hush3
Pin = hush4pass
[LDAP "x"]
BindPassword = shown4
[LDAP "y"]
BindPassword = hush5
"""


@pytest.mark.parametrize("mode", list(SecretMode))
def test_what_the_admin_says_is_no_secret_is_shown_and_nothing_else(mode: SecretMode, tmp_path: Path) -> None:
    """In both panes: exactly the settings that `--not-secret` names, also a variable that names no setting."""
    environment = tmp_path / "env"
    environment.write_text("CONNECT_OTHER_SECRET=shown5\nCONNECT_OTHER_TOKEN=hush6\n")
    names = "vendor.apikey", "VENDOR.Hook", 'ldap "x".bindpassword', "connect_other_secret"
    options = Options(secrets=mode, not_secret=frozenset(name.lower() for name in names))
    report = made(("a", SPARED), environment=environment, options=options)
    sides = shown(report)
    both = "\n".join([*sides["a"], *sides[str(environment)]]), "\n".join(sides["v.yaml"])
    page = html.render(report, WHEN)
    for number in range(1, 6):
        assert [f"shown{number}" in side for side in both] == [True, True], number
        assert page.count(f"shown{number}") >= 2
    assert "hush" not in page
    assert "hush" not in "".join(both)


@pytest.mark.parametrize(
    "words", [["diff"], ["diff", "--unified"], ["diff", "--format", "json"], ["convert", "--dry-run"]]
)
def test_a_preview_shows_what_is_no_secret(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "f.gcfg").write_text(SPARED)
    command, *more = words
    where = ["-o", str(tmp_path / "v.yaml")] if command == "convert" else [str(tmp_path / "v.yaml")]
    (tmp_path / "v.yaml").write_text("replicas: 1\n")
    said = ["--not-secret", "Vendor.ApiKey", "--not-secret", "Vendor.Hook", "--not-secret", 'LDAP "x".BindPassword']
    done = CliRunner().invoke(app, [command, str(tmp_path / "f.gcfg"), *where, *more, *said])
    assert [f"shown{number}" in done.output for number in range(1, 5)] == [True] * 4, done.output
    assert "hush" not in done.output


def test_variables_of_the_old_service_are_masked(tmp_path: Path) -> None:
    environment = tmp_path / "service.env"
    environment.write_text(
        "# CONNECT_SMTP_PASSWORD=hushhush\nCONNECT_SMTP_PASSWORD=\"hush hush\"\nOTHER_PASSWORD=hushhush\n"
        'Environment="CONNECT_VENDOR_APITOKEN=hushhush" "CONNECT_SMTP_HOST=shown.example.com"\n'
    )  # fmt: skip
    side = shown(made(("a", "[SMTP]\nHost = a\n"), environment=environment))[str(environment)]
    assert [line for line in side if "hush" in line] == []
    assert len(side) == 5


def test_what_cannot_be_printed_is_shown_by_its_number() -> None:
    report = made(("a", '[Server]\nPublicWarning = "a\u202eb\u2066"\n; c\u200bd\x1b[31m\n'))
    assert shown(report)["a"][1:3] == ['PublicWarning = "a\\u202eb\\u2066"', "; c\\u200bd\\x1b[31m"]


def test_a_part_is_written_as_the_whole_of_a_written_file() -> None:
    """The lines of a file without an end of its last line, and of an empty one."""
    assert values_lines(Written("v", "a: 1"), KNOWN, frozenset()) == ["a: 1"]
    assert values_lines(Written("v", ""), KNOWN, frozenset()) == [""]
    assert values_lines(Written("v", "# token: x\n"), KNOWN, frozenset()) == [f"# token: {STARS}", ""]
