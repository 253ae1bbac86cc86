"""The report: what became of every setting, in all formats, and the runbook; no secret in any of them."""

from __future__ import annotations

import datetime as dt
import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gcfg2helm import __version__, conversion, gcfg, tables
from gcfg2helm import chart as charts
from gcfg2helm.cli import app
from gcfg2helm.enums import Backend, SecretMode, Tls
from gcfg2helm.findings import Asks, Finding, Level, Place, Where, codes, finding
from gcfg2helm.masked import STARS
from gcfg2helm.plan import postgres
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.request import Request
from gcfg2helm.report import agenda, github, html, markdown, overview, proof, shell, table
from gcfg2helm.report import json as data
from gcfg2helm.report import model as reports
from gcfg2helm.runbook import model, steps
from gcfg2helm.runbook.files import Files
from gcfg2helm.values import diff, read
from helpers.golden import unversioned
from helpers.paths import CORPUS, FIXTURES

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = tables.load()
GOLDENS = Path(__file__).parent / "goldens"
NAMES = ["launcher-nfs", "ldap-postgres", "saml-https"]
HOLD_SECRETS = sorted(path.parent.name for path in FIXTURES)
# Every secret that the fixtures hold.
SECRETS = (
    "s3cret;with",
    "old-password",
    "bind-pw",
    "pg%40pass",
    "pg@pass",
    "pg-secret",
    "kanari",
    "ZXlKaGJHY2l",
    "gh-token-value",
)
PRINTED = {
    "check.txt": [],
    "check-all.txt": ["--all", "--verbose"],
    "check.json": ["--format", "json"],
    "check.md": ["--format", "markdown"],
    "runbook.txt": ["--runbook"],
}


def run(*arguments: str) -> Any:
    """Run a command of the program in this process."""
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fixture's name; its gcfg lies in the current folder, which holds nothing else."""
    prepare(str(request.param), tmp_path, monkeypatch)
    return str(request.param)


@pytest.fixture(params=HOLD_SECRETS)
def holder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same for every fixture there is, also the one with a made-up secret in every place."""
    prepare(str(request.param), tmp_path, monkeypatch)
    return str(request.param)


def prepare(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = (path for path in FIXTURES if path.parent.name == name)
    shutil.copy(source, folder)
    monkeypatch.chdir(folder)


@pytest.fixture
def ldap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the gcfg of the server that has LDAP, PostgreSQL and secrets of all kinds."""
    prepare("ldap-postgres", tmp_path, monkeypatch)
    return tmp_path


def made(source: str, options: Options | None = None, values: str | None = None, **more: Any) -> reports.Report:
    """Return the report of a gcfg text."""
    request = Request(
        [("f.gcfg", gcfg.parse(source.encode(), "f.gcfg"))], TABLES, charts.known(more.get("chart", charts.NEWEST)),
        more.get("backend", Backend.LAUNCHER), "rsc", "connect", options or Options(), values=values,
    )  # fmt: skip
    done = conversion.convert(request)
    secret, values_of_secrets, files = (
        f"v.{kind}.yaml" if there else ""
        for kind, there in (
            ("secret", done.plan.env_secrets),
            ("secret-values", done.secret_values),
            ("files", done.files),
        )
    )
    names = Files("f.gcfg", "v.yaml", secret, values_of_secrets, files, options=("--release", "rsc"))
    return reports.of_conversion(request, done, done.findings, names)


def step(report: reports.Report, name: str) -> model.Step:
    (one,) = (one for one in report.steps if one.name == name)
    return one


def commands(report: reports.Report, name: str) -> list[str]:
    """Return the commands of a step, as a shell gets them."""
    return [one.text for one in step(report, name).commands]


def names(report: reports.Report) -> set[str]:
    return {one.name for one in report.steps}


# goldens ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("golden", PRINTED)
def test_golden(server: str, golden: str, *, update: bool) -> None:
    """What `check` prints of the fixtures, word for word."""
    result = run("check", "rstudio-connect.gcfg", *PRINTED[golden])
    printed = unversioned(result.stdout.replace(f"gcfg2helm {__version__}", "gcfg2helm VERSION"))
    path = GOLDENS / server / golden
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(printed, encoding="utf-8")
    assert printed == path.read_text(encoding="utf-8")


def test_golden_wide(server: str, *, update: bool) -> None:
    """At 200 columns target and reason have columns of their own."""
    report = made(Path("rstudio-connect.gcfg").read_text(encoding="utf-8"))
    path, printed = GOLDENS / server / "table-200.txt", table.render(report.plan, 200, colour=False)
    if update:
        path.write_text(printed, encoding="utf-8")
    assert printed == path.read_text(encoding="utf-8")


# accounting ------------------------------------------------------------------------------------------------------------


def adds_up(report: reports.Report, entries: int) -> None:
    """The line's total is the number of settings in the file, and its parts add up to it; so does the data."""
    line = overview.accounting(report.plan)
    total, *parts = (int(number) for number in re.findall(r"(\d+) (?:settings?|[a-z])", line))
    assert total == entries == sum(parts), line
    made_data: Any = data.report(report)
    assert made_data["total"] == entries == len(made_data["settings"]) == sum(made_data["decisions"].values())
    assert sum(made_data["levels"].values()) == len(made_data["findings"])


@pytest.mark.parametrize("path", [*FIXTURES, *CORPUS], ids=lambda path: path.parent.name + "-" + path.stem)
def test_accounting_of_real_files(path: Path) -> None:
    """Every line of every real file is in the sum and in the table."""
    source = path.read_bytes()
    try:
        entries = gcfg.parse(source, "f.gcfg").entries
    except gcfg.GcfgError:
        pytest.skip("no gcfg, on purpose")
    report = made(source.decode())
    adds_up(report, len(entries))
    lines = {(one["line"], one["column"]) for one in data.report(report)["settings"]}  # type: ignore[attr-defined]
    assert lines == {(one.line, one.column) for one in entries}


SETTINGS = sorted((one.section, one.name) for one in TABLES)
LINES = st.one_of(
    st.sampled_from(SETTINGS),
    st.tuples(
        st.sampled_from(["Nonsense", 'LDAP "x"', 'GitCredential "a|b"']), st.sampled_from(["Host", "Password", "Odd"])
    ),
)
TEXTS = st.one_of(
    st.just(""), st.sampled_from(["true", "no", "5", "/data/x", "60s", "postgres://u:pw@h/d", "localhost:80"])
)


@given(st.lists(st.tuples(LINES, st.one_of(st.none(), TEXTS)), max_size=12))
def test_accounting_property(lines: Sequence[tuple[tuple[str, str], str | None]]) -> None:
    """Whatever the file: its settings, decisions and the sum are the same in number, and the JSON keeps to its schema."""
    source = "".join(
        f"[{section}]\n{name}{'' if value is None else f' = {value}'}\n" for (section, name), value in lines
    )
    report = made(source)
    adds_up(report, len(lines))
    jsonschema.validate(json.loads(data.dump(data.report(report))), data.schema())


# JSON ------------------------------------------------------------------------------------------------------------------


def test_schema_is_one() -> None:
    """The published schema is valid itself, and speaks of this version."""
    jsonschema.Draft202012Validator.check_schema(data.schema())
    assert data.schema()["$defs"]["schema"]["const"] == data.SCHEMA_VERSION == proof.SCHEMA_VERSION


@pytest.mark.parametrize(
    "arguments", [["check"], ["diff"], ["diff", "--secrets", "inline"], ["check", "--runbook"]], ids=" ".join
)
def test_json_keeps_to_the_schema(server: str, arguments: list[str]) -> None:
    """What the commands print as JSON is what the schema says."""
    result = run(arguments[0], "rstudio-connect.gcfg", *arguments[1:], "--format", "json")
    jsonschema.Draft202012Validator(data.schema()).validate(json.loads(result.stdout))


@pytest.mark.parametrize("wrong", [{}, {"schema": 2}, {"kind": "other"}, {"total": -1}, {"extra": 1}], ids=str)
def test_schema_refuses(wrong: dict[str, object]) -> None:
    """The schema is no rubber stamp."""
    value = data.report(made("[Server]\nAddress = https://x.example.org\n"))
    value = {**value, **wrong} if wrong else {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(data.dump(value)), data.schema())


def test_proof_keeps_to_the_schema(server: str) -> None:
    """The comparison as data too, with all its rows."""
    report = made(Path("rstudio-connect.gcfg").read_text(encoding="utf-8"))
    for show_all in (True, False):
        jsonschema.validate(json.loads(proof.as_json(report.proof, show_all=show_all)), data.schema())


def test_json_names_files_that_are_no_text() -> None:
    """A file name with bytes that are no UTF-8 does not stop the report."""
    one = Finding("G2H101", Level.WARNING, "x", place=Place("caf\udce9.gcfg", 1, 1))
    assert json.loads(json.dumps(data.finding(one), ensure_ascii=False).encode("utf-8", "backslashreplace"))


# secrets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [mode.value for mode in SecretMode])
@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "--runbook"], ["check", "--format", "json"], ["check", "--format", "markdown"],
    ["check", "--format", "github"], ["check", "--runbook", "--format", "markdown"],
    ["diff"], ["diff", "--format", "json"], ["diff", "--format", "markdown"],
], ids=" ".join)  # fmt: skip
def test_no_secret_is_printed(holder: str, arguments: list[str], mode: str) -> None:
    """No format shows a secret, wherever secrets go."""
    result = run(arguments[0], "rstudio-connect.gcfg", *arguments[1:], "--secrets", mode)
    assert result.stdout
    assert not [secret for secret in SECRETS if secret in result.output]


@pytest.mark.parametrize("mode", [mode.value for mode in SecretMode])
def test_no_secret_in_report_files(holder: str, mode: str) -> None:
    """Nor does a report file."""
    for suffix in ("txt", "json", "md"):
        assert (
            run("convert", "rstudio-connect.gcfg", "--dry-run", "--secrets", mode, "--report", f"r.{suffix}").exit_code
            == 0
        )
        content = Path(f"r.{suffix}").read_text(encoding="utf-8")
        assert not [secret for secret in SECRETS if secret in content]


def test_the_secrets_looked_for_are_there() -> None:
    """Each of them is in a fixture, else the tests above would look for nothing."""
    held = "".join(path.read_text(encoding="utf-8") for path in FIXTURES)
    assert [secret for secret in SECRETS if secret not in held] == ["pg@pass"]


@pytest.mark.parametrize(("url", "hosts", "user", "name"), [
    pytest.param("postgres://u@db.example.org/connect", ["db.example.org 5432"], "u", "connect", id="no port"),
    pytest.param("postgresql://u:hunter2@db:6543/c?sslmode=require", ["db 6543"], "u", "c", id="password"),
    pytest.param("postgres://u:{$}@db/c", ["db 5432"], "u", "c", id="placeholder"),
    pytest.param("postgres://u@a:1,b:2/c", ["a 1", "b 2"], "u", "c", id="several"),
    pytest.param("postgres://u@[fd00::1]:5433/c", ["fd00::1 5433"], "u", "c", id="IPv6"),
    pytest.param("postgres:///c?host=db&port=7&user=u", ["db 7"], "u", "c", id="in the query"),
    pytest.param("host=db port=7 user=u dbname=c password=hunter2", ["db 7"], "u", "c", id="libpq"),
    pytest.param("postgres://db/c", ["db 5432"], "", "c", id="no user"),
    pytest.param("postgres://u@db", ["db 5432"], "u", "", id="no name: libpq takes the user's"),
    pytest.param("postgres://u%2Dx@db/c%2Dd", ["db 5432"], "u-x", "c-d", id="coded"),
    pytest.param("postgres://u@db/my%20db", ["db 5432"], "", "", id="a name that is not plain is not the user's"),
    pytest.param("postgres://u@db/-d", ["db 5432"], "", "", id="a name like an option"),
    pytest.param("postgres://u:hunter/2@db/c", ["db 5432"], "u", "c", id="slash in the password"),
    pytest.param("postgres://u:12/hunter@db/c", [], "", "", id="digits and a slash"),
    pytest.param("postgres://u:hunter?2@db/c", ["db 5432"], "u", "c", id="question mark in the password"),
    pytest.param("postgres://u:hunter2", [], "", "", id="no host"),
    pytest.param("nonsense hunter2", [], "", "", id="nonsense"),
])  # fmt: skip
def test_database(url: str, hosts: list[str], user: str, name: str) -> None:
    """Host, port, user and name are read where that is certain, and a password never is."""
    found = postgres.parse("Postgres.URL", url)
    assert [" ".join(one) for one in found.hosts] == hosts
    assert (found.user, found.name) == (user, name)
    assert "hunter" not in repr(found)


# GitHub and Markdown ---------------------------------------------------------------------------------------------------


def test_github_annotations() -> None:
    """Position, code and text are in the annotation, escaped by the runner's rules; the gravest comes first."""
    found = [
        Finding("G2H201", Level.INFO, "an info"),
        Finding("G2H101", Level.WARNING, "100% of a,b:c\nnext\r", "do, this: 50%", Place("a,b:c%.gcfg", 3, 5)),
        Finding("G2H401", Level.ERROR, "an error", "", Place("f.gcfg", 1, 2)),
    ]
    assert github.annotations(found).splitlines() == [
        "::error file=f.gcfg,line=1,col=2,title=G2H401::an error",
        "::warning file=a%2Cb%3Ac%25.gcfg,line=3,col=5,title=G2H101::100%25 of a,b:c%0Anext%0D%0Ado, this: 50%25",
        "::notice title=G2H201::an info",
    ]


def test_github_format(server: str) -> None:
    """Every finding is one annotation; the last line is the sum."""
    *lines, last = run("check", "rstudio-connect.gcfg", "--format", "github").stdout.splitlines()
    found = json.loads(run("check", "rstudio-connect.gcfg", "--format", "json").stdout)
    assert len(lines) == len(found["findings"])
    assert all(re.match(r"::(error|warning|notice) ", line) for line in lines)
    assert last.startswith(f"{found['total']} settings: ")


@pytest.mark.parametrize(("given_text", "shown"), [
    ("plain words, CONNECT_SMTP_PASSWORD", "plain words, CONNECT_SMTP_PASSWORD"),
    ("a|b *c* _d_ <e> [f](g) ~h~", "a\\|b \\*c\\* \\_d\\_ \\<e\\> \\[f\\](g) \\~h\\~"),
    ("use `--tls pod` | now", "use `--tls pod` \\| now"),
    ("`a|b`", "`a\\|b`"),
    ("one ` alone", "one \\` alone"),
    ("&lt;b&gt; & c", "\\&lt;b\\&gt; & c"),
    ("a\nb\x1b[0m", "a\\\\nb\\\\x1b\\[0m"),
    ("# no heading", "\\# no heading"),
])  # fmt: skip
def test_markdown_prose(given_text: str, shown: str) -> None:
    """Text shows as it is, code between backticks stays code."""
    assert markdown.prose(given_text) == shown


@pytest.mark.parametrize(("given_text", "shown"), [
    ("a|b", "`a\\|b`"), ("a`b", "`` a`b ``"), ("`", "`` ` ``"), ("", ""), ("<b>", "`<b>`"),
])  # fmt: skip
def test_markdown_code(given_text: str, shown: str) -> None:
    """Code holds backticks and bars."""
    assert markdown.code(given_text) == shown


def test_markdown_fence() -> None:
    """No line of a block ends it."""
    assert list(markdown.fence("sh", ["echo '````'"])) == ["`````sh", "echo '````'", "`````"]


def test_markdown_tables_are_whole() -> None:
    """Whatever a name holds, every row has as many cells as its head."""
    report = made('[LDAP "a|b`c"]\nServerAddress = x\nOdd|Name\n'.replace("Odd|Name\n", "OddName = 1\n"))
    rows = [line for line in markdown.render(report).splitlines() if line.startswith("|")]
    cells = [len(re.split(r"(?<!\\)\|", row)) for row in rows]
    assert set(cells) == {6, 7}


def test_markdown_says_a_finding_once() -> None:
    """The verdict first; findings under what they ask; of the same ones one, with its places."""
    report = made("[Server]\nAddress = https://c.example.com\n")
    lines = markdown.render(report).splitlines()
    assert lines[2] == f"**{overview.verdict(report.proof)}**"
    asked = [line.split(" (")[0] for line in lines if re.match(r"### [A-Z]\w+( \w+)? \(\d+\)$", line)]
    assert asked == ["### Blocks start", "### Decide", "### Know"]
    same = [finding("G2H101", "Odd.", "Look.", place=Place("f.gcfg", line, 1)) for line in (9, 2, 3)]
    more = [finding("G2H101", "Odder.", "Look.", place=Place("g.gcfg", 4, 7))]
    rows = [line for line in markdown.finding_lines([*same, *more], main="f.gcfg") if "G2H101" in line]
    assert rows == ["| error | G2H101 | `lines 2-3, 9`: Odd.<br>`g.gcfg:4:7`: Odder. | Look. |"]


def test_no_green_where_the_pod_does_not_start() -> None:
    """A proven conversion without a licence is not shown as settled."""
    report = made("[Server]\nAddress = https://c.example.com\n")
    assert report.proof.blocks
    assert overview.hue(report.proof) == "yellow"
    assert overview.hue(report.proof._replace(blocks=())) == "green"
    page = html.render(report, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert 'class="verdict but-for"' in page


def test_markdown_has_the_runbook(server: str) -> None:
    """The steps are in the report, and alone with --runbook."""
    whole = run("check", "rstudio-connect.gcfg", "--format", "markdown").stdout
    alone = run("check", "rstudio-connect.gcfg", "--format", "markdown", "--runbook").stdout
    assert "## Runbook" in whole
    titles = [line.lstrip("#") for line in alone.splitlines() if line.startswith("## ")]
    assert titles == [line.lstrip("#") for line in whole.splitlines() if re.match(r"### \d+\. ", line)]


# the runbook -----------------------------------------------------------------------------------------------------------

SMALL = """[Server]
Address = https://c.example.org
[Database]
Provider = postgres
[Postgres]
URL = postgres://u@db.example.org:6543/connect
[Authentication]
Provider = ldap
[LDAP "x"]
ServerAddress = ldap.example.org:636
[RPackageRepository "CRAN"]
URL = https://p.example.org/latest
"""
ALL_ANSWERS = Options(
    pvc="data", images=("ghcr.io/a/b:r4.4.2",), license_server="l:8989", ingress_class="nginx", tls_secret="cert"
)
ALWAYS = {
    "convert", "verify", "images", "ingress", "repository", "namespace", "dry-run", "database-check", "certificate", "licence",
    "storage", "key", "stop", "install", "dns", "caches", "old-licence", "roll-back",
}  # fmt: skip


def test_runbook_of_a_simple_server() -> None:
    """A server whose questions are all answered has the steps that every one has, and no decision."""
    report = made(SMALL, ALL_ANSWERS)
    assert names(report) == ALWAYS
    assert model.Mark.DECISION not in {one.mark for one in report.steps}


@pytest.mark.parametrize(("source", "options", "extra", "missing"), [
    pytest.param("[SMTP]\nPassword = x\n", {}, {"secret"}, set(), id="a secret"),
    pytest.param('[LDAP "x"]\nBindPassword = x\n', {}, {"secret-values"}, set(), id="a secret of a named section"),
    pytest.param("[SMTP]\nPassword = x\n", {"secrets": SecretMode.INLINE}, {"warnings"}, set(), id="inline"),
    pytest.param("", {"pvc": ""}, {"storage-choice", "copy", "difference", "clean"}, set(), id="new storage"),
    pytest.param("", {"pvc": "", "nfs": "n:/d"}, set(), set(), id="NFS"),
    pytest.param("[Server]\nAddress = http://localhost\n", {"tls": Tls.POD}, {"ingress-choice"}, {"certificate", "dns", "ingress"}, id="no host"),
    pytest.param("[Launcher]\nEnabled = true\nKubernetes = true\n", {}, set(), {"caches"}, id="off-host already"),
    pytest.param("[Launcher]\nEnabled = true\nKubernetesAuthToken = x\n", {}, {"token"}, {"caches"}, id="a token"),
    pytest.param("[Launcher]\nKubernetesNamespace = other\n", {}, {"content-data"}, set(), id="two namespaces"),
    pytest.param("[Postgres]\nURL = postgres://u@localhost/c\n", {}, {"database-address"}, {"database-check"}, id="localhost"),
    pytest.param("[Database]\nProvider = sqlite\n", {}, {"postgresql"}, {"database-check"}, id="SQLite"),
    pytest.param("[Branding]\nLogo = /etc/logo.png\n", {}, {"files", "clean"}, set(), id="a file"),
    pytest.param("[Authentication]\nProvider = pam\n", {}, {"errors"}, set(), id="what no step settles"),
    pytest.param("[Nonsense]\nX = 1\n", {}, {"errors"}, set(), id="an unknown setting"),
    pytest.param("[Licensing]\nLicenseType = remote\n", {}, set(), {"old-licence"}, id="a floating licence"),
    pytest.param("", {"images": (), "license_server": ""}, {"images-choice", "licence-choice"}, {"images", "licence"}, id="open"),
])  # fmt: skip
def test_runbook_steps(source: str, options: dict[str, Any], extra: set[str], missing: set[str]) -> None:
    """A step is there where the server needs it, and only there."""
    found = names(made(SMALL + source, ALL_ANSWERS._replace(**options)))
    assert (found - {"warnings"}) | (extra & {"warnings"} & found) == (ALWAYS | extra) - missing


def test_runbook_settles_what_is_asked(server: str) -> None:
    """No finding that asks for something is left without a step, and no step names one that is not there."""
    report = made(Path("rstudio-connect.gcfg").read_text(encoding="utf-8"))
    settled = {code for one in report.steps for code in one.codes}
    asked = {one.code for one in report.findings if one.asks is not Asks.KNOW}
    assert asked <= settled <= {one.code for one in report.findings}


@pytest.mark.parametrize(("answers", "gone"), [
    ({"pvc": "data"}, "storage-choice"), ({"nfs": "n:/d"}, "storage-choice"),
    ({"storage_class": "fast", "storage_size": "20Gi"}, "storage-choice"),
    ({"license_server": "l:8989"}, "licence-choice"), ({"license_file_secret": "l"}, "licence-choice"),
    ({"images": ("ghcr.io/a/b:r4.4.2",)}, "images-choice"),
    ({"ingress_class": "nginx", "tls_secret": "c"}, "ingress-choice"),
    ({"storage_class": "fast"}, ""), ({"storage_size": "20Gi"}, ""), ({"ingress_class": "nginx"}, ""), ({"tls_secret": "c"}, ""),
])  # fmt: skip
def test_runbook_decisions(answers: dict[str, Any], gone: str) -> None:
    """They come first and together; an answer takes its own away and nothing else, half an answer is not asked for again."""
    before, after = (made(SMALL, options) for options in (Options(), Options(**answers)))
    marks = [one.mark for one in before.steps]
    assert marks == sorted(marks, key=lambda mark: mark is not model.Mark.DECISION)
    decided = {one for one in names(before) if one.endswith("-choice")}
    assert decided == {"storage-choice", "licence-choice", "images-choice", "ingress-choice"}
    assert {one for one in names(after) if one.endswith("-choice")} == decided - {gone}
    asks, left = (" ".join(note for one in report.steps for note in one.notes) for report in (before, after))
    for name in answers:
        option = f"(--{name.replace('_', '-')})"
        assert option not in left, option
        assert option in asks or name in ("pvc", "nfs", "images"), option


def test_runbook_decisions_in_order() -> None:
    """What stops the new server comes first, then what every server is asked, then the rest."""
    source = '[Nonsense]\nX = 1\n[Database]\nProvider = sqlite\n[RPackageRepository "B"]\nURL = https://p.example.org/__linux__/focal/latest\n'
    found = [one.name for one in made(SMALL + source, Options()).steps if one.mark is model.Mark.DECISION]
    asked = ["storage-choice", "ingress-choice", "licence-choice", "images-choice"]
    assert found == ["errors", "postgresql", *asked, "warnings"]


@pytest.mark.parametrize("server", [path.parent.name for path in FIXTURES])
def test_findings_follow_the_runbook(server: str) -> None:
    """What is to be decided comes in the order of the steps that ask it."""
    source = next(path for path in FIXTURES if path.parent.name == server).read_text("utf-8")
    for report in (
        made(source),
        made("[Server]\nDataDir = /srv/x\n[HTTPS]\nListen = :443\n[Launcher]\nKubernetesNamespace = other\n"),
    ):
        asked = [one for one in report.steps if one.mark is model.Mark.DECISION]
        turns = [codes()[code].turn for one in asked for code in one.codes if codes()[code].asks is Asks.DECIDE]
        assert turns
        assert turns == sorted(turns)


def test_runbook_order() -> None:
    """Proof and dry run come before anything is installed, the copy before the stop, the licence after the installation."""
    found = [one.name for one in made(SMALL + "[SMTP]\nPassword = x\n", Options(license_server="l")).steps]
    wanted = [
        "convert",
        "verify",
        "namespace",
        "dry-run",
        "secret",
        "copy",
        "stop",
        "difference",
        "install",
        "old-licence",
    ]
    assert [one for one in found if one in wanted] == wanted
    assert found[-1] == model.BACK


def test_runbook_facts() -> None:
    """Host, port, files, versions and names are this server's."""
    report = made(SMALL + '[SMTP]\nPassword = x\n[LDAP "x"]\nBindPassword = y\n', ALL_ANSWERS)
    assert commands(report, "convert") == ["gcfg2helm convert f.gcfg --output v.yaml --yes --release rsc"]
    check = commands(report, "database-check")[-1]
    assert check.endswith("-- pg_isready -h db.example.org -p 6543")
    assert check.index("--namespace connect") < check.index(" -- ")
    assert commands(report, "secret") == ["kubectl apply -f v.secret.yaml"]
    start = f"helm upgrade --install rsc rstudio/rstudio-connect --version {charts.NEWEST} --namespace connect"
    assert commands(report, "install")[0] == f"{start} -f v.yaml -f v.secret-values.yaml"
    assert step(report, "dns").title == "Point c.example.org to the cluster"
    assert "ghcr.io/a/b:r4.4.2" in step(report, "images").notes[0]
    assert "v.secret-values.yaml" not in commands(made(SMALL, ALL_ANSWERS), "install")[0]


def test_runbook_with_existing_secrets() -> None:
    """The files that Helm and kubectl get are made by commands of the runbook, with every key and no value."""
    source = SMALL + '[SMTP]\nPassword = x-1\n[Postgres]\nPassword = x-2\n[LDAP "x"]\nBindPassword = x-3\n'
    report = made(source, ALL_ANSWERS._replace(secrets=SecretMode.EXISTING))
    for name, keys in (
        ("secret", ("smtp-password", "postgres-password")),
        ("secret-values", ('LDAP "x"', "BindPassword")),
    ):
        write, *_ = commands(report, name)
        assert write.startswith(f"test -e v.{name}.yaml || (umask 077 && printf ")
        assert all(key in write for key in keys)
    assert not any(value in str(report.steps) for value in ("x-1", "x-2", "x-3"))
    assert commands(report, "install")[0].endswith("-f v.yaml -f v.secret-values.yaml")


def test_decisions_have_the_order_of_the_findings() -> None:
    """What the audit names first, the runbook asks first: also where no step of its own asks it."""
    source = SMALL + "[SMTP]\nPassword = x-1\n[Server]\nTempDir = /elsewhere/tmp\n"
    report = made(source, Options(secrets=SecretMode.EXTERNAL))
    told = [one.code for one in agenda.agenda(report.findings) if one.asks is Asks.BLOCKS]
    first = step(report, "errors")
    asked = [note.partition(":")[0].partition(" ")[0] for note in first.notes]
    assert len(asked) >= 2
    assert asked == [code for code in told if code in asked]


def test_runbook_commands_are_for_a_shell() -> None:
    """Names with blanks and quotes come through a shell in one piece, and each command is on one line."""
    source = SMALL.replace("[Server]", '[Server]\nDataDir = "/mnt/it\'s here"')
    report = made(source, Options(images=("i",), license_server="l", storage_class="c", storage_size="1Gi"))
    copied = [shlex.split(command) for command in commands(report, "copy")]
    assert copied[4][:5] == ["{", "sudo", "tar", "-C", "/mnt/it's here"]
    (override,) = (word for word in copied[2] if word.startswith("--overrides="))
    volumes = json.loads(override.partition("=")[2])["spec"]["volumes"]
    assert volumes[0]["persistentVolumeClaim"]["claimName"] == "rsc-rstudio-connect-shared-storage"
    assert not any("\n" in command.line for one in report.steps for command in one.commands)


@pytest.mark.parametrize("name", ["-x.gcfg", "--yes", "it's $(x) `y`.gcfg", "a b.gcfg"])
def test_next_commands_work_as_printed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that each command names next reads the same file, whatever its name: also one like an option."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(SMALL, encoding="utf-8")
    for arguments in (["check", "--", name], ["convert", "--yes", "--", name]):
        last = [line for line in run(*arguments).output.splitlines() if line.startswith("next: ")]
        program, *words = shlex.split(last[-1].removeprefix("next: "))
        assert program == "gcfg2helm"
        more = ["--yes"] if words[0] == "convert" else []
        assert run(*words, *more).exit_code in (0, 1)
    script = run("check", "--runbook", "--format", "shell", "--", name).output
    (line,) = (one for one in script.splitlines() if one.startswith("    gcfg2helm convert "))
    assert run(*shlex.split(line)[1:]).exit_code in (0, 1)
    Path(name).write_text("sharedStorage:\n  create: true\n", encoding="utf-8")
    script = run("upgrade", "--from", "0.8.38", "--runbook", "--format", "shell", "--", name).output
    (line,) = (one for one in script.splitlines() if one.startswith("    gcfg2helm upgrade "))
    Path("upgraded").mkdir()  # the step before
    assert run(*shlex.split(line)[1:]).exit_code in (0, 1)


def test_runbook_gives_helm_the_files_of_the_proof(server: str) -> None:
    """The proof, the dry run and the installation name the same files."""
    report = made(Path("rstudio-connect.gcfg").read_text(encoding="utf-8"))
    installed = set(re.findall(r"v\.[a-z.-]*yaml", commands(report, "install")[0]))
    for name in ("verify", "dry-run"):
        assert installed == set(re.findall(r"v\.[a-z.-]*yaml", commands(report, name)[0]))


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is absent")
@pytest.mark.parametrize("mode", list(SecretMode))
def test_the_script_is_clean(server: str, mode: SecretMode) -> None:
    """shellcheck finds nothing in the runbook as a script, which holds every command that is no decision's."""
    report = made(Path("rstudio-connect.gcfg").read_text(encoding="utf-8"), Options(secrets=mode))
    script = shell.render("A title\nof two lines", report.steps)
    done = subprocess.run(["shellcheck", "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    for one in report.steps:
        for command in one.commands if one.mark is model.Mark.COMMAND else ():
            assert (command.text if command.where is Where.HERE else shlex.quote(command.text)) in script
            assert command.into in script


def test_the_script_stops_where_nobody_answers(tmp_path: Path) -> None:
    """At the first decision, before any command."""
    script = tmp_path / "migrate.sh"
    script.write_text(shell.render("t", made(SMALL, Options()).steps), encoding="utf-8")
    done = subprocess.run(["bash", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nobody answers: stopped at a decision." in done.stderr
    assert subprocess.run(["bash", script, "else"], capture_output=True, check=False).returncode == 2


# check -----------------------------------------------------------------------------------------------------------------


def test_check_exit_codes(ldap: Path) -> None:
    """1 on an error that is not ignored, 0 else; nothing is written."""
    before = sorted(ldap.iterdir())
    licence = ("--license-server", "licence.example.org:8989")
    assert run("check", "rstudio-connect.gcfg").exit_code == 1
    assert run("check", "rstudio-connect.gcfg", *licence).exit_code == 0
    assert run("check", "rstudio-connect.gcfg", *licence, "--fail-on", "warning").exit_code == 1
    Path("sqlite.gcfg").write_text(SMALL + "[Database]\nProvider = sqlite\n", encoding="utf-8")
    assert run("check", "sqlite.gcfg").exit_code == 1
    ignored = run("check", "sqlite.gcfg", "--ignore", "G2H401", "--ignore", "G2H410")
    assert ignored.exit_code == 0
    assert "error G2H401" not in ignored.stdout
    assert run("check", "none.gcfg").exit_code == 3
    assert run("check", "sqlite.gcfg", "--runbook", "--format", "github").exit_code == 2
    assert run("check", "sqlite.gcfg", "--format", "shell").exit_code == 2
    assert sorted(ldap.iterdir()) == sorted([*before, ldap / "sqlite.gcfg"])


def test_check_reads_the_values(ldap: Path) -> None:
    """What an existing values.yaml answers is no question any more."""
    Path("v.yaml").write_text("sharedStorage: {create: false, mount: true, name: mine}\n", encoding="utf-8")
    assert "G2H411" in run("check", "rstudio-connect.gcfg").stdout
    assert "G2H411" not in run("check", "rstudio-connect.gcfg", "v.yaml").stdout


def test_several_sources_are_named(ldap: Path) -> None:
    """With a second file the table says in which file a line is."""
    Path("more.gcfg").write_text("[Server]\nSenderEmail = a@example.org\n", encoding="utf-8")
    printed = run("check", "rstudio-connect.gcfg", "--all", "--also", "more.gcfg").stdout
    assert "[Server]  more.gcfg" in printed
    assert "[Server]  rstudio-connect.gcfg" in printed


# diff ------------------------------------------------------------------------------------------------------------------


def test_diff_formats(ldap: Path) -> None:
    """Changes as data: what was, what will be; stars for a secret; exit 1 as long as there are any."""
    Path("v.yaml").write_text(
        "config: {SMTP: {Host: other, Port: 25}, Postgres: {Password: hunter2}}\n", encoding="utf-8"
    )
    result = run("diff", "rstudio-connect.gcfg", "v.yaml", "--format", "json", "--secrets", "inline")
    assert result.exit_code == 1
    changes = {tuple(one["path"]): one for one in json.loads(result.stdout)["changes"]}
    assert changes["config", "SMTP", "Host"] == {
        "change": "changed", "path": ["config", "SMTP", "Host"], "old": "other", "new": "mail.example.org",
    }  # fmt: skip
    assert STARS in changes["config", "SMTP", "Password"]["new"]
    assert "hunter2" not in result.stdout
    assert run("diff", "rstudio-connect.gcfg", "--format", "github").exit_code == 2


def test_diff_without_difference(ldap: Path) -> None:
    """After convert there is none."""
    assert run("convert", "rstudio-connect.gcfg", "--yes").exit_code == 0
    result = run("diff", "rstudio-connect.gcfg", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {**json.loads(result.stdout), "differs": False, "changes": []}
    assert "No difference." in run("diff", "rstudio-connect.gcfg", "--format", "markdown").stdout


def test_diff_markdown_of_odd_values() -> None:
    """Values with bars and line breaks stay in their cells."""
    changes = diff.changes({"a": "x|y"}, {"a": "x\ny"}, lambda _: False)
    (row,) = [
        line for line in markdown.render_changes("v", changes, differs=True).splitlines() if line.startswith("| ~")
    ]
    assert row == '| ~ | `a` | `x\\|y` | `"x\\ny"` |'


# report files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["txt", "json", "md"])
def test_report_file(server: str, suffix: str) -> None:
    """The suffix says the format; report and `check` agree."""
    assert run("convert", "rstudio-connect.gcfg", "--dry-run", "--report", f"r.{suffix}").exit_code == 0
    content = Path(f"r.{suffix}").read_text(encoding="utf-8")
    match suffix:
        case "json":
            assert json.loads(content) == json.loads(run("check", "rstudio-connect.gcfg", "--format", "json").stdout)
        case "md":
            assert content == run("check", "rstudio-connect.gcfg", "--format", "markdown").stdout
        case _:
            for line in run("check", "rstudio-connect.gcfg", "--all", "-v").stdout.splitlines():
                assert line in content or line.startswith("next: ")
            assert run("check", "rstudio-connect.gcfg", "--runbook").stdout in content


@pytest.mark.parametrize("name", ["r.pdf", "report", "rstudio-connect.txt", "values.json"])
def test_report_usage(ldap: Path, name: str) -> None:
    """An unknown suffix, or the name of an input or output, is refused before anything is read or written."""
    Path("rstudio-connect.gcfg").rename("rstudio-connect.txt")
    content = Path("rstudio-connect.txt").read_bytes()
    result = run("convert", "rstudio-connect.txt", "-o", "values.json", "--yes", "--report", name)
    assert result.exit_code == 2
    assert "--report" in result.stderr
    assert [path.name for path in ldap.iterdir()] == ["rstudio-connect.txt"]
    assert Path("rstudio-connect.txt").read_bytes() == content
    assert run("convert", "none.gcfg", "--report", "r.pdf").exit_code == 2


@pytest.mark.parametrize(("arguments", "code"), [
    pytest.param([], 4, id="not confirmed"),
    pytest.param(["--strict"], 1, id="errors are open"),
])  # fmt: skip
def test_report_of_a_conversion_that_wrote_nothing(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is there also where the values are not."""
    prepare("saml-https", tmp_path, monkeypatch)
    assert run("convert", "rstudio-connect.gcfg", "--report", "r.json", *arguments).exit_code == code
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))["levels"]["error"] == 3
    assert not Path("values.yaml").exists()


@pytest.mark.parametrize("name", ["values.yaml", "values.secret-values.yaml"])
def test_report_where_the_values_cannot_be_used(ldap: Path, name: str) -> None:
    """A broken values file ends the conversion; the report says so, and holds everything else."""
    Path(name).write_text("a: [\n", encoding="utf-8")
    result = run("convert", "rstudio-connect.gcfg", "--yes", "--report", "r.json")
    assert result.exit_code == 3
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, data.schema())
    assert report["failure"]
    assert report["total"] == 54
    for suffix in ("txt", "md"):
        run("convert", "rstudio-connect.gcfg", "--yes", "--report", f"r.{suffix}")
        assert "The conversion failed" in Path(f"r.{suffix}").read_text(encoding="utf-8")


def test_no_report_without_a_gcfg(ldap: Path) -> None:
    """What cannot be read has no report, and an older one stays."""
    Path("r.json").write_text("old", encoding="utf-8")
    Path("rstudio-connect.gcfg").write_text("[Server\n", encoding="utf-8")
    assert run("convert", "rstudio-connect.gcfg", "--report", "r.json").exit_code == 3
    assert Path("r.json").read_text(encoding="utf-8") == "old"


def test_report_that_cannot_be_written(ldap: Path) -> None:
    """Nothing else is written then either."""
    Path("r.json").mkdir()
    assert run("convert", "rstudio-connect.gcfg", "--yes", "--report", "r.json").exit_code == 4
    assert not Path("values.yaml").exists()


# terminals -------------------------------------------------------------------------------------------------------------


def terminal(arguments: list[str], columns: int, **environment: str) -> str:
    """Return what the program prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES", "TERM")}
    with subprocess.Popen(
        [sys.executable, "-c", "from gcfg2helm.cli import main; main()", *arguments],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL, env={**kept, "TERM": "xterm", **environment},
    ):  # fmt: skip
        os.close(theirs)
        out = io.BytesIO()
        try:
            while chunk := os.read(ours, 65536):
                out.write(chunk)
        except OSError:  # Linux's end of a terminal that nobody writes to
            pass
    os.close(ours)
    return out.getvalue().decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_table_keeps_to_the_width(columns: int, ldap: Path) -> None:
    """No line of the table is wider than the terminal, and nothing of it is cut."""
    printed = terminal(["check", "rstudio-connect.gcfg", "--all"], columns, NO_COLOR="1")
    lines = printed.splitlines()
    commands = ("next: ", "       kubectl ")  # stay whole, to be copied
    assert not [line for line in lines if len(line) > columns and " " in line.strip() and not line.startswith(commands)]
    for one in gcfg.parse(Path("rstudio-connect.gcfg").read_bytes(), "f").entries:
        assert any(line.split()[:1] == [str(one.line)] for line in lines)
    assert "…" not in printed


def test_colours(ldap: Path) -> None:
    """Colours on a terminal; none with NO_COLOR, on a dumb one, or in a pipe; the text is the same."""
    arguments = ["check", "rstudio-connect.gcfg", "--all"]
    coloured = terminal(arguments, 100)
    assert "\x1b[32mcarried" in coloured
    plain = [terminal(arguments, 100, NO_COLOR="1"), terminal(arguments, 100, TERM="dumb"), run(*arguments).stdout]
    assert len(set(plain)) == 1
    assert "\x1b" not in plain[0]
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain[0].splitlines()


@pytest.mark.parametrize("arguments", [["check"], ["check", "--runbook"], ["check", "--format", "json"]], ids=" ".join)
def test_closed_pipe(ldap: Path, arguments: list[str]) -> None:
    """`| head` ends the program quietly."""
    Path("long.gcfg").write_text("".join(f"[Nonsense]\nX{number} = 1\n" for number in range(2000)), encoding="utf-8")
    program = [sys.executable, "-c", "from gcfg2helm.cli import main; main()"]
    with subprocess.Popen(
        [*program, arguments[0], "long.gcfg", *arguments[1:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode in (0, 1)


def test_odd_names_on_a_terminal() -> None:
    """Names that hold escape sequences, wide characters or markup are shown, not obeyed."""
    report = made('[LDAP "\x1b[31m[bold]字"]\nServerAddress = x\n')
    printed = table.render(report.plan, 80, colour=False)
    assert "\x1b" not in printed
    assert "[bold]字" in printed


def test_empty_gcfg() -> None:
    """A file without settings has a report too."""
    report = made("")
    assert table.render(report.plan, 80, colour=False) == ""
    assert overview.accounting(report.plan) == "0 settings"
    assert read.load("") == {}
    jsonschema.validate(json.loads(data.dump(data.report(report))), data.schema())
    assert markdown.render(report).startswith("# `f.gcfg`")
    assert steps.__doc__
