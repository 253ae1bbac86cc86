"""`explain`: what the tables know, found under the name that a person types."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gcfg2helm import chart
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Code, codes
from gcfg2helm.report import destinations, explain, topics
from gcfg2helm.report.destinations import Destination
from gcfg2helm.tables import Action, Section, Setting
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.tables import Tables

PROGRAM = [sys.executable, "-c", "from gcfg2helm.cli import main; main()", "explain"]


def run(*arguments: str, code: int = 0) -> str:
    done = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert (not done.stderr) is (code == 0)
    assert (not done.stdout) is (code != 0)
    return done.stdout or done.stderr


def lines(known: Tables, name: str, width: int = 100) -> list[str]:
    return list(explain.text(topics.find(known, name), known, width, colour=False))


# finding ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "subsection"),
    [
        ("Server.Address", "Server.Address", None),
        ("server.ADDRESS", "Server.Address", None),
        (" [Server] . Address ", "Server.Address", None),
        ("LDAP.BindDN", "LDAP.BindDN", None),
        ('LDAP "x".BindDN', "LDAP.BindDN", "x"),
        ('[ldap "a.b \\"c\\""].binddn', "LDAP.BindDN", 'a.b "c"'),
        ("CONNECT_SERVER_ADDRESS", "Server.Address", None),
        ("favicon", "Branding.Favicon", None),
    ],
)
def test_a_setting_by_its_name(text: str, key: str, subsection: str | None, known: Tables) -> None:
    topic = topics.find(known, text)
    assert isinstance(topic, topics.Named)
    assert (topic.setting.key, topic.subsection) == (key, subsection)


def test_a_section_and_a_finding_by_their_names(known: Tables) -> None:
    for text in ("ldap", "[LDAP]", 'LDAP "x"'):
        section = topics.find(known, text)
        assert isinstance(section, Section)
        assert section.name == "LDAP"
    for text in ("G2H101", "g2h101"):
        code = topics.find(known, text)
        assert isinstance(code, Code)
        assert code.code == "G2H101"


def test_every_setting_section_and_finding_is_found(known: Tables) -> None:
    for setting in known:
        assert topics.find(known, setting.key) == topics.Named(setting, None)
    assert all(topics.find(known, section.name) is section for section in known.sections.values())
    assert all(topics.find(known, code) is codes()[code] for code in codes())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Server.Adress", "Server.Address"),
        ("Sevrer.Address", "Server.Address"),
        ("LDPA", "LDAP"),
        ("G2H1O1", ""),
        ("G2H1011", "G2H101"),
        ("Favicn", "Branding.Favicon"),
        ("DataDir", "Server.DataDir"),
        ("", ""),
        ("a b c", ""),
        ("{$}", ""),
    ],
)
def test_a_misspelt_name_gets_the_nearest(text: str, near: str, known: Tables) -> None:
    with pytest.raises(topics.NotFoundError) as error:
        topics.find(known, text)
    assert near in error.value.near if near else error.value.near == ()
    assert near in str(error.value)


# where a setting goes --------------------------------------------------------------------------------------------------


def test_the_destinations_cover_every_chart_and_agree_with_the_rules(known: Tables) -> None:
    for setting in known:
        found = destinations.destinations(setting)
        for version in chart.versions():
            for backend in Backend:
                if backend is Backend.KUBERNETES and version < Version(0, 9, 0):
                    continue
                (one,) = [one for one in found if version in one.span and one.backend in (None, backend)]
                assert one.rule is setting.rule(version, backend), (setting.key, version)


def _when(known: Tables, key: str) -> list[tuple[str, Action]]:
    setting = known.setting(key)
    assert isinstance(setting, Setting)
    return [(one.when, one.rule.action) for one in destinations.destinations(setting)]


def test_destinations_in_words(known: Tables) -> None:
    assert _when(known, "Server.Address") == [("", Action.CARRY)]
    assert _when(known, "R.Executable") == [("charts before 0.8.35", Action.MOVE), ("charts from 0.8.35", Action.MOVE)]
    assert _when(known, "Metrics.PrometheusListen") == [
        ("charts before 0.7.0", Action.CARRY),
        ("charts from 0.7.0", Action.MOVE),
    ]
    assert _when(known, "Launcher.KubernetesUseTemplates") == [
        ("back end launcher", Action.MOVE),
        ("back end kubernetes", Action.DROP),
    ]


def test_a_destination_for_a_range_and_a_back_end() -> None:
    from gcfg2helm.tables import CARRY
    from gcfg2helm.versions import Span

    one = Destination(Span(Version(0, 8, 0), Version(0, 9, 0)), Backend.LAUNCHER, CARRY)
    assert one.when == "charts 0.8.0 to before 0.9.0, back end launcher"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Server.Address", "config.Server.Address"),
        ("LDAP.BindDN", "config.'LDAP \"NAME\"'.BindDN"),
        ('LDAP "x".BindDN', "config.'LDAP \"x\"'.BindDN"),
        ('LDAP "x".BindPassword', "config.'LDAP \"x\"'.BindPassword in the second values file"),
        ("SMTP.Password", "the environment variable CONNECT_SMTP_PASSWORD, from a Secret"),
        ("Password.UserInfoEditableBy", "config.Authorization.UserInfoEditableBy"),
        ("Launcher.KubernetesNamespace", "launcher.namespace"),
        ("Launcher.Enabled", "written by the chart"),
        ("Git.Executable", "left out"),
        ("SAML.IdPMetaData", "another setting under config"),
    ],
)
def test_a_place_in_words(name: str, place: str, known: Tables) -> None:
    named = topics.find(known, name)
    assert isinstance(named, topics.Named)
    assert destinations.place(named.setting, destinations.newest(named.setting), known, named.subsection) == place


# the answers -----------------------------------------------------------------------------------------------------------


def test_the_text_about_a_setting(known: Tables) -> None:
    assert lines(known, "metrics.prometheuslisten") == [
        "Metrics.PrometheusListen",
        "  The address and port where Prometheus fetches metrics.",
        "  type     string, one value",
        "  default  not known",
        "  since    Connect 2024.02.0 (charts from 0.5.14 start it)",
        "  source   Posit's documentation",
        *[line for line in lines(known, "metrics.prometheuslisten") if line.startswith("  link ")],
        "  row      metrics.toml",
        "",
        "charts before 0.7.0: carry: config.Metrics.PrometheusListen",
        "  It stays as it is.",
        "charts from 0.7.0: move: prometheus.port",
        "  The chart writes the address from its port.",
    ]


def test_all_that_a_row_can_say_is_said(known: Tables) -> None:
    text = "\n".join(lines(known, 'LDAP "x".BindPasswordFile'))
    assert "names    a file, whose content is a secret" in text
    assert text.startswith('LDAP "x".BindPasswordFile\n')
    assert "secret   yes, and may be encrypted by rscadmin" in "\n".join(lines(known, "SMTP.Password"))
    assert "A secret: it leaves values.yaml for a Secret; no ConfigMap holds it." in "\n".join(
        lines(known, "SMTP.Password")
    )
    named = " ".join(" ".join(lines(known, "LDAP.BindPassword")).split())
    assert "the second values file ends in the ConfigMap all the same" in named
    assert "To avoid that, set BindPasswordFile in its place, or restrict who may read ConfigMaps" in named
    either = " ".join(" ".join(lines(known, "GitCredential.Password")).split())
    assert (
        "no ConfigMap holds it. In a section with a name it goes into the second values file. In the cluster" in either
    )
    assert "To avoid that, leave it out, or restrict" in either
    assert "UNCONFIRMED" in "\n".join(lines(known, "SAML.IdPEncryptionCertificate"))
    assert "type     one of viewer, publisher, one value" in "\n".join(lines(known, "Authorization.DefaultUserRole"))
    assert "until    Connect 1.5.14, which no longer knows it" in "\n".join(lines(known, "Applications.ReadTimeout"))
    assert "perhaps earlier" in "\n".join(lines(known, "Server.GalleryEnabled"))
    assert "no known chart starts it" in "\n".join(lines(known, "AgentPlugins.Enabled"))
    account = "\n".join(lines(known, "Launcher.KubernetesDefaultServiceAccount", 500))
    assert "-> Label the account: kubectl label serviceaccount NAME connect.posit.co/service-account=true" in account
    assert "finding G2H420" in account


def test_lines_fit_the_width(known: Tables) -> None:
    for setting in known:
        for line in (line for line in lines(known, setting.key, 60) if line.startswith("  ")):
            assert len(line) <= 60 or max(map(len, line.split())) > 40, "a path or a link stays whole"


def test_the_text_about_a_section_and_a_finding(known: Tables) -> None:
    section = lines(known, "postgres")
    assert section[0] == f"[Postgres]: {len(section) - 1} settings; its header has no name"
    assert lines(known, "LDAP")[0].startswith('[LDAP "NAME"]: ')
    assert any(line.startswith("Postgres.Password ") for line in section)
    assert lines(known, "G2H101")[0] == "G2H101 (error, blocks start): Unknown setting"
    assert "Connect refuses to start" in lines(known, "G2H101")[1]


def test_colours_are_only_added(known: Tables) -> None:
    import re

    for name in ("Server.Address", "LDAP", "G2H101"):
        coloured = explain.text(topics.find(known, name), known, 100, colour=True)
        plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured]
        assert plain == lines(known, name)


def test_the_list_and_its_filters(known: Tables) -> None:
    assert len(topics.listed(known)) == sum(1 for _ in known)
    assert {one.section for one in topics.listed(known, "ldap")} == {"LDAP"}
    dropped = topics.listed(known, action=Action.DROP)
    assert "Git.Executable" in {one.key for one in dropped}
    assert "Server.Address" not in {one.key for one in dropped}
    some = {one.key for one in topics.listed(known, "LAUNCHER", Action.DROP)}
    assert "Launcher.KubernetesUseTemplates" in some, "with one back end only"
    carried = {one.key for one in topics.listed(known, action=Action.CARRY)}
    assert {"Server.Address", "Metrics.Enabled"} <= carried, "in some charts only"
    with pytest.raises(topics.NotFoundError, match="LDAP"):
        topics.listed(known, "LDPA")


def test_the_command_line() -> None:
    everything = run()
    assert len(everything.splitlines()) > 400
    assert all(line.strip() == line and "…" not in line for line in everything.splitlines())
    assert "config.Server.Address" in run("server.address")
    assert len(run("--section", "ldap").splitlines()) == len(run("ldap").splitlines()) - 1
    assert "Git.Executable" in run("--action", "drop", "--section", "git")
    assert run("--findings").startswith("G2H101  error    blocks start  ")
    assert "Outside quotes a `;`" in run("g2h102")


def test_the_command_line_refuses() -> None:
    assert "did you mean Server.Address" in run("Server.Adress", code=2)
    assert "did you mean Launcher.DataDir or Server.DataDir?" in run("DataDir", code=2)
    assert "'carry', 'move', 'rename', 'chart', 'drop'" in run("--action", "keep", code=2)
    assert "LDAP" in run("--section", "LDPA", code=2)
    assert "exclude each other" in run("LDAP", "--findings", code=2)
    assert "exclude each other" in run("--findings", "--action", "drop", code=2)
    assert "'text', 'json', 'markdown'" in run("--format", "github", code=2)
    assert "no such folder" in run("LDAP", "--mappings", "/nowhere/at/all", code=3)


def test_json() -> None:
    setting: Any = json.loads(run('LDAP "x".BindPassword', "--format", "json"))
    assert (setting["setting"], setting["secret"], setting["subsection"]) == ("LDAP.BindPassword", True, "required")
    templates: Any = json.loads(run("Launcher.KubernetesUseTemplates", "--format", "json"))
    assert [(one["backend"], one["action"], one["path"]) for one in templates["becomes"]] == [
        ("launcher", "move", ["launcher", "useTemplates"]),
        ("kubernetes", "drop", None),
    ]
    section: Any = json.loads(run("ldap", "--format", "json"))
    assert section["section"] == "LDAP"
    assert setting["setting"] in {one["setting"] for one in section["settings"]}
    unknown: Any = json.loads(run("g2h101", "--format", "json"))
    assert (unknown["level"], unknown["asks"]) == ("error", "blocks start")
    listed: Any = json.loads(run("--action", "move", "--format", "json"))
    assert all("move" in {one["action"] for one in setting["becomes"]} for setting in listed)
    assert {one["code"] for one in json.loads(run("--findings", "--format", "json"))} == set(codes())


def test_markdown() -> None:
    page = run("Metrics.PrometheusListen", "--format", "markdown")
    assert "| charts from 0.7.0 | move | `prometheus.port` | The chart writes the address from its port. |" in page
    assert run("LDAP", "--format", "markdown").startswith('## LDAP\n\n`[LDAP "NAME"]`')
    assert run("G2H101", "--format", "markdown").startswith("## G2H101: ")
    assert "| Git.Executable | " in run("--section", "Git", "--format", "markdown")
    assert run("--findings", "--format", "markdown").count("\n## ") == len(codes()) - 1


def test_a_site_explains_its_own(tmp_path: Path) -> None:
    text = 'section = "Server"\n[Motto]\n[[Motto.rules]]\naction = "drop"\nreason = "The proxy has it."\n'
    (tmp_path / "own.toml").write_text(text, "utf-8")
    said = run("Server.Motto", "--mappings", str(tmp_path))
    assert "source   your own tables" in said
    assert f"row      {tmp_path.name}/own.toml" in said
    assert "The proxy has it." in said
