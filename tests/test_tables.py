"""The tables: complete against what is known of Connect and the chart, and strict against whoever writes one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gcfg2helm import chart, tables
from gcfg2helm.enums import Backend
from gcfg2helm.plan import tablechecks
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.tables import Action, Fate, Holds, Kind, Setting, Source, Tables
from gcfg2helm.tables.rows import Problem, TablesError
from gcfg2helm.versions import Version
from helpers.make import converted

# ours against the facts ------------------------------------------------------------------------------------------------

_KINDS = {
    "path": Kind.STRING, "multi-path": Kind.STRING, "multi-string": Kind.STRING, "encrypted-string": Kind.STRING,
}  # fmt: skip
_SOURCES = {"docs": Source.DOCS, "chart": Source.CHART, "public-config": Source.PUBLIC, "memory": Source.UNCONFIRMED}

# (setting, field): why the row says something else than the facts.
EXCEPTIONS = {
    ("LDAP.BindPasswordFile", "secret"): "the content of the file is the secret (holds_secret), its path is none",
    ("EarlyAccess.NodeJs", "since"): "the facts date the feature at NodeJs.Enabled, and not this name of it",
    ("SAML.IdPMetaData", "holds"): "the facts leave it open: the old setting held a path or a URL",
    ("Logging.AccessLog", "values"): "any path is right too",
    ("Logging.AuditLog", "values"): "any path is right too",
    ("Logging.ServiceLog", "values"): "any path is right too",
    ("SAML.IdPAttributeProfile", "values"): "the facts name four of them, the documentation more",
    **dict.fromkeys(
        [
            (key, "type")
            for key in (
                "OAuth2.DiscoveryEndpoint", "OTLPEndpoint.Endpoint", "Postgres.InstrumentationURL", "Postgres.URL",
                "ProxyAuth.LoginURL", "ProxyAuth.LogoutURL", "RPackageRepository.URL", "SAML.IdPMetaDataURL",
                "SAML.IdPSingleSignOnServiceURL",
            )
        ],
        "a string in the facts, and a URL by its name",
    ),
}  # fmt: skip


FACTS = Path(__file__).parent / "recorded/facts.json"


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """What was found out about Connect's settings, apart from our tables; what is needed here of it."""
    found: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))
    return found


def test_the_facts_are_those_that_were_found_out(facts: dict[str, Any], shared: Path) -> None:
    whole = json.loads((shared / "facts/connect-settings.json").read_text("utf-8"))
    for kind, rows in facts.items():
        assert len(rows) == len(whole[kind])
        for row, there in zip(rows, whole[kind], strict=True):
            assert row == {key: there[key] for key in row}


def _said(fact: dict[str, Any]) -> dict[str, object]:
    """What a row has to say, from the facts of one setting."""
    kind = _KINDS.get(fact["type"]) or Kind(fact["type"])
    default = fact["default"]
    since = re.findall(r"\d{4}\.\d{2}(?:\.\d)?", fact.get("introduced_in", ""))
    roughly = re.search(r"earlier|at the latest|shortly before|\d-\d{4}", fact.get("introduced_in", ""))
    return {
        "key": fact["key"],
        "type": kind,
        "multi": fact["multi"],
        "secret": fact["secret"],
        "encrypted": bool(fact.get("encryptable")),
        "subsection": fact["section_takes_subsection"],
        "values": tuple(re.sub(r" \(.*", "", value) for value in fact.get("values", ())),
        "default": "" if default is None else str(default).lower() if isinstance(default, bool) else str(default),
        "since": (since[-1] if roughly and "-" in fact["introduced_in"][:8] else since[0]) if since else "",
        "since_at_latest": bool(roughly),
        "holds": fact.get("path", ""),
    }


def _row(setting: Setting) -> dict[str, object]:
    finer = {Holds.LOG: "file", Holds.PROGRAM: "file"}
    return {
        "key": setting.key,
        "type": setting.kind,
        "multi": setting.multi,
        "secret": setting.secret,
        "encrypted": setting.encrypted,
        "subsection": setting.subsection.value,
        "values": setting.values,
        "default": setting.default,
        "since": setting.since,
        "since_at_latest": setting.since_at_latest,
        "holds": finer.get(setting.holds, setting.holds.value),
    }


def test_every_setting_of_the_facts_has_its_row(facts: dict[str, Any], known: Tables) -> None:
    used = set()
    for fact in facts["settings"]:
        setting = known.setting(fact["key"])
        assert setting is not None, fact["key"]
        row, said = _row(setting), _said(fact)
        for field, value in said.items():
            if row[field] != value:
                assert (setting.key, field) in EXCEPTIONS, f"{setting.key}.{field}: {row[field]!r}, facts {value!r}"
                used.add((setting.key, field))
        source = _SOURCES[fact["source"]]
        assert setting.source in (source, Source.UNCONFIRMED), setting.key
        if setting.source is not source:
            assert fact["confidence"] == "low", f"{setting.key}: {fact['source']} in the facts"
    assert used == set(EXCEPTIONS), "an exception that nobody needs"
    assert len(facts["settings"]) == 405


# What the facts say of something else than one setting: which rows carry it.
ELSEWHERE = {
    "HTTPS.ExcludedCiphers (1.6.8 post": ["HTTPS.ExcludedCiphers", "HTTPS.ProhibitedCiphers"],
    "Postgres.URL placeholder": ["Postgres.URL"],
    "Postgres.InstrumentationURL placeholder": ["Postgres.InstrumentationURL"],
    "SAML.IdPSigningCertificate inline": ["SAML.IdPSigningCertificate"],
    "SAML.SPEncryptionCertificate inline": ["SAML.SPEncryptionCertificate"],
    "GroupsByUniqueId=true with": ["LDAP.GroupsByUniqueId", "OAuth2.GroupsByUniqueId", "SAML.GroupsByUniqueId", "ProxyAuth.GroupsByUniqueId"],
    "Server.DataDir, SQLite.Dir": ["Server.DataDir", "SQLite.Dir", "Server.TempDir", "Server.LandingDir", "Database.Dir", "Applications.Pandoc1Dir", "Applications.Pandoc2Dir", "Applications.Pandoc211Dir"],
    "Applications.Supervisor under": ["Applications.Supervisor"],
    "Logging.AuditLogFormat": ["Logging.AuditLogFormat", "Logging.AuditLog"],
    "Launcher.DataDir = host:/path": ["Launcher.DataDir", "Launcher.DataDirPVCName", "Kubernetes.DataDirPVCName"],
    "[Launcher] as the off-host": ["Launcher.Enabled", "Launcher.KubernetesNamespace", "Launcher.DataDirPVCName"],
    "Logging.ServiceLog / Logging.AccessLog": ["Logging.ServiceLog", "Logging.AccessLog"],
    "Python.Executable pointing at": ["Python.Executable"],
    "Python.Executable / Quarto.Executable": ["Python.Executable", "Quarto.Executable"],
    "Launcher.KubernetesProfilesConfig and": ["Launcher.KubernetesProfilesConfig"],
    "[Kubernetes] / runtime directory": ["Kubernetes.ConnectRuntimeDir"],
    "RPackageRepository URL on": ["RPackageRepository.URL"],
}  # fmt: skip
NO_RULE = {
    "email settings stored in the database": "no setting: G2H108 asks for the second file that Connect wrote them to",
    "TensorFlow model APIs": "no setting: the default TensorFlow.Enabled says it",
    "chart defaults": "no setting: the defaults have rows of their own",
    "Metrics.Instrumentation, Metrics": "not deprecated: carried, and PrometheusListen as its own row says",
    "Server.JumpStartEnabled": "still known: carried",
    "Server.AllowConfirmedUsers": "still known: carried",
    "HTTP.NoWarning": "still known: carried",
    "R.Enabled": "introduced, not removed: carried",
}


def test_every_rename_and_removal_is_a_rule(facts: dict[str, Any], known: Tables) -> None:
    assert len(facts["renamed_or_removed"]) == 75
    used = set()
    for fact in facts["renamed_or_removed"]:
        name = fact["setting"]
        start = next((one for one in (*ELSEWHERE, *NO_RULE) if name.startswith(one)), "")
        used.add(start)
        for key in ELSEWHERE.get(start, [] if start else [name]):
            setting = known.setting(key)
            assert setting is not None, name
            assert setting.rules or setting.until, key
        if not start:
            _follows(fact, known)
    assert used - {""} == {*ELSEWHERE, *NO_RULE}


def _follows(fact: dict[str, Any], known: Tables) -> None:
    """A rule renames as the facts say, and the release in which the name went is in the row or its reason."""
    setting = known.setting(fact["setting"])
    assert setting is not None
    targets = {rule.setting for rule in setting.rules} | {rule.transform for rule in setting.rules}
    replacement = fact.get("replacement") or ""
    if fact["kind"].startswith(("renamed", "moved", "replaced")) and "the replacement is itself" not in fact["kind"]:
        through_transform = targets & {"provider_section", "idp_metadata", "interpreter"}
        one_step = known.setting(replacement.split(" ")[0])
        local = any("local execution" in rule.reason for rule in setting.rules)
        ends = {replacement, *(rule.setting for rule in one_step.rules)} if one_step else {replacement}
        assert through_transform or local or targets & ends or "NodeJs.Enabled" in targets, setting.key
    removed = re.match(r"\d+\.\d+\.\d+", str(fact.get("removed_in") or ""))
    if removed:
        assert setting.until == removed[0], setting.key


# Section 3 of connect-to-chart.md: the start of each line, and the rows that carry it.
SECTION_3: dict[str, list[str]] = {
    "anything known": [],
    "unknown settings": [],
    "`Launcher.Enabled`": ["Launcher.Enabled chart", "Launcher.Kubernetes chart", "always launcher.enabled"],
    "back end kubernetes": ["always backends.kubernetes.enabled", "always rbac.serviceAccount.labels.connect.posit.co/service-account"],
    "always": ["always rbac.create"],
    "charts 0.2.11": ["always securityContext"],
    "`Launcher.KubernetesNamespace`": ["Launcher.KubernetesNamespace move"],
    "`Launcher.KubernetesAPIURL`": ["Launcher.KubernetesAPIURL drop", "Launcher.KubernetesAuthToken drop"],
    "`Launcher.DataDir = host": ["Launcher.DataDir move"],
    "`Launcher.DataDirPVCName`": ["Launcher.DataDirPVCName move"],
    "`Launcher.ClusterDefinition`": ["Launcher.ClusterDefinition move"],
    "`Launcher.KubernetesProfilesConfig`": ["Launcher.KubernetesProfilesConfig move drop"],
    "`Launcher.KubernetesUseTemplates`": ["Launcher.KubernetesUseTemplates move drop"],
    "other `Launcher.*`": ["Launcher.ScratchPath chart", "Launcher.KubernetesScratchPath chart"],
    "`Server.DataDir`": ["Server.DataDir carry", "Database.Dir carry", "SQLite.Dir drop", "Server.LandingDir carry"],
    "storage": [],
    "`Server.Address`": ["Server.Address carry"],
    "`HTTPS.*`": ["HTTPS.Listen drop", "HTTPS.Certificate drop", "HTTPS.Key drop", "HTTPS.MinimumTLS drop", "HTTPS.Permanent rename", "HTTPRedirect.Listen drop"],
    "`HTTP.Listen`": ["HTTP.Listen carry"],
    "`Metrics.PrometheusListen`": ["Metrics.PrometheusListen carry move", "Metrics.Enabled carry drop", "Metrics.GraphiteHost carry drop"],
    "`Licensing.LicenseType`": ["Licensing.LicenseType chart"],
    "`Database.Provider`": ["Database.Provider carry", "Postgres.URL carry"],
    "passwords": [],
    "`R.*`, `Python.*`": ["R.Executable move", "Python.Executable move", "Quarto.Executable move", "TensorFlow.Executable move", "R.ExecutableScanning drop", "Server.RVersion move", "R.Enabled carry", "Python.VersionMatching carry"],
    "`RPackageRepository": ["RPackageRepository.URL carry"],
    "`Authentication.Provider": ["Authentication.Provider carry", "PAM.Service carry"],
    "`Applications.RunAsCurrentUser`": ["Applications.RunAsCurrentUser carry"],
    "`Applications.Supervisor`": ["Applications.Supervisor drop"],
    "`Logging.*`": ["Logging.ServiceLog carry", "Logging.AccessLog carry", "Logging.AuditLog carry", "Logging.ServiceLogLevel carry"],
    "`Server.EmailProvider": ["Server.EmailProvider carry"],
    "`Kubernetes.*`": ["Kubernetes.Enabled chart", "Kubernetes.Namespace move", "Kubernetes.ConnectRuntimeDir chart"],
    "names Connect renamed": ["Logging.Enabled carry drop", "Server.ExpandedViewUI drop", "Server.DefaultContentListView carry drop", "Metrics.Enabled carry drop", "Metrics.Instrumentation carry", "Server.RVersion move", "Authentication.WebSudoMode rename"],
    "settings newer": [],
}  # fmt: skip


def test_no_line_of_the_conversion_is_left_out(shared: Path) -> None:
    text = (shared / "connect-to-chart.md").read_text("utf-8")
    lines = text.partition("## 3. ")[2].partition("**The chart's own defaults**")[0].split("\n")
    starts = [line[2:] for line in lines if line.startswith("| ") and not line.startswith(("| in the gcfg", "| ---"))]
    assert len(starts) == len(SECTION_3)
    for start, name in zip(starts, SECTION_3, strict=True):
        assert start.startswith(name), start


def test_every_line_of_the_conversion_is_a_row(known: Tables) -> None:
    for rows in SECTION_3.values():
        for row in rows:
            key, *actions = row.split()
            if key == "always":
                assert any(".".join(one.path) == actions[0] for one in known.always), row
            else:
                setting = known.setting(key)
                assert setting is not None
                assert _actions(setting) == set(actions), row


def _actions(setting: Setting) -> set[str]:
    from gcfg2helm.report.destinations import actions

    return {action.value for action in actions(setting)}


GONE: dict[str, list[tuple[str, ...]]] = {
    "chronicleAgent.*": [("chronicleAgent", "enabled")],
    "launcher.defaultInitContainer.tagPrefix, backends.kubernetes.defaultInitContainer.tagPrefix": [
        ("launcher", "defaultInitContainer", "tagPrefix"), ("backends", "kubernetes", "defaultInitContainer", "tagPrefix"),
    ],
    "prometheus.legacy, prometheusExporter.*": [("prometheus", "legacy"), ("prometheusExporter",)],
    "pod.nodeSelector, pod.serviceAccountName": [("pod", "nodeSelector"), ("pod", "serviceAccountName")],
    # Gone before the oldest supported chart; a row cannot tell the text from the map, the chart's refusal (G2H301) can.
    "license as a plain string": [],
}  # fmt: skip


def test_every_chart_value_that_went_has_a_row(facts: dict[str, Any], known: Tables) -> None:
    legacy = {row.path: row for row in known.legacy}
    assert len(facts["chart_values_renamed_or_removed"]) == 9
    for fact in facts["chart_values_renamed_or_removed"]:
        version = re.search(r"\d+\.\d+\.\d+", fact["since"])
        for path in GONE.get(fact["setting"], [tuple(fact["setting"].split("."))]):
            assert version
            assert legacy[path].span.since == Version.parse(version[0]), path


def test_a_licence_that_is_a_plain_text_is_refused() -> None:
    refused = chart.render(chart.newest(), [{"license": "AB-CD"}], release="rsc", namespace="ns")
    assert isinstance(refused, chart.Refused)


def test_every_default_under_config_has_one_row(known: Tables) -> None:
    for version in chart.versions():
        config: Any = chart.defaults(version)["config"]
        for section, settings in config.items():
            for name in settings if isinstance(settings, dict) else ():
                rows = [
                    row for row in known.defaults if version in row.span and row.path in ((section,), (section, name))
                ]
                assert len(rows) == 1, (version, section, name)
    assert {row.fate for row in known.defaults} == set(Fate)


def test_our_tables_name_only_what_there_is(known: Tables) -> None:
    problems: list[Problem] = []
    tablechecks.check(known, problems)
    assert problems == []


def test_every_transform_is_named_by_a_row(known: Tables) -> None:
    from gcfg2helm.plan.transforms import TRANSFORMS
    from gcfg2helm.plan.transforms.legacy import LEGACY

    assert {rule.transform for setting in known for rule in setting.rules} - {""} == set(TRANSFORMS)
    assert {row.transform for row in known.legacy} - {""} == set(LEGACY)


# whoever writes a table ------------------------------------------------------------------------------------------------


def site(folder: Path, **texts: str) -> Path:
    """A site's folder, a file for each section; `rules` is its rules.toml."""
    (folder / "site").mkdir()
    for name, text in texts.items():
        (folder / "site" / f"{name}.toml").write_text(text, "utf-8")
    return folder / "site"


def problems(folder: Path) -> list[str]:
    with pytest.raises(TablesError) as error:
        tables.load(folder, tablechecks.check)
    assert str(error.value) == "\n".join(map(str, error.value.problems))
    return [str(one) for one in error.value.problems]


def _server(rows: str) -> str:
    return f'section = "Server"\n{rows}'


def _rule(fields: str) -> str:
    return _server(f'[New]\n[[New.rules]]\nreason = "r"\n{fields}')


BAD = {
    "no TOML": ("[", "site/server.toml: Invalid initial character for a key part (at end of document)"),
    "not UTF-8": ("\udcff", "site/server.toml: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    "no section": ("[New]\n", "site/server.toml: section: required"),
    "unknown field": (_server("[New]\ncolour = 1"), "site/server.toml: New: unknown field 'colour'"),
    "unknown field at the top": (_server("colour = 1"), "site/server.toml: unknown field 'colour'"),
    "unknown field of a rule": (_rule('action = "drop"\nwhy = "x"'), "site/server.toml: New.rules[1]: unknown field 'why'"),
    "unknown type": (_server('[New]\ntype = "float"'), "site/server.toml: New: type: 'float' is none of string, boolean, integer, decimal, duration, bytesize, enum, url"),
    "unknown source": (_server('[New]\nsource = "x"'), "site/server.toml: New: source: 'x' is none of docs, chart, public, unconfirmed, site"),
    "unknown subsection": ('section = "Own"\nsubsection = "maybe"', "site/server.toml: subsection: 'maybe' is none of no, optional, required"),
    "wrong type of a field": (_server('[New]\nmulti = "yes"'), "site/server.toml: New: multi: bool expected, found 'yes'"),
    "values that are no texts": (_server("[New]\nvalues = [1]"), "site/server.toml: New: values: a list of strings expected, found [1]"),
    "rules that are no tables": (_server("[New]\nrules = [1]"), "site/server.toml: New: rules: a list of tables expected"),
    "the same twice": (_server("[New]\n[NEW]"), "site/server.toml: NEW: the same setting twice, in different case"),
    "no action": (_rule(""), "site/server.toml: New.rules[1]: action: required"),
    "unknown action": (_rule('action = "keep"'), "site/server.toml: New.rules[1]: action: 'keep' is none of carry, move, rename, chart, drop"),
    "unknown back end": (_rule('action = "drop"\nbackend = "slurm"'), "site/server.toml: New.rules[1]: backend: 'slurm' is none of launcher, kubernetes"),
    "no reason": (_server('[New]\n[[New.rules]]\naction = "carry"'), "site/server.toml: New.rules[1]: reason: required, since the report prints it"),
    "malformed chart version": (_rule('action = "drop"\nfrom = "0.8.x"'), "site/server.toml: New.rules[1]: from: not a version: '0.8.x'"),
    "a version that is a number": (_rule('action = "drop"\nfrom = 0.8'), "site/server.toml: New.rules[1]: from: str expected, found 0.8"),
    "empty range": (_rule('action = "drop"\nfrom = "0.9.0"\nbefore = "0.8.0"'), "site/server.toml: New.rules[1]: from 0.9.0 is not before 0.8.0"),
    "range before all charts": (_rule('action = "drop"\nbefore = "0.3.0"'), "site/server.toml: New.rules[1]: no supported chart version lies before 0.3.0"),
    "malformed release": (_server('[New]\nsince = "soon"'), "site/server.toml: New: since: not a version: 'soon'"),
    "since after until": (_server('[New]\nsince = "2023.01"\nuntil = "2022.01"'), "site/server.toml: New: since 2023.01 is not before until 2022.01"),
    "roughly since nothing": (_server("[New]\nsince_at_latest = true"), "site/server.toml: New: since_at_latest needs `since`"),
    "default that does not fit": (_server('[New]\ntype = "integer"\ndefault = "many"'), "site/server.toml: New: default: 'many' is not an integer"),
    "value that does not fit": (_server('[New]\ntype = "integer"\nvalues = ["1", "b"]'), "site/server.toml: New: values: 'b' does not fit the type integer"),
    "overlapping rules": (
        _rule('action = "drop"\nfrom = "0.8.0"\n[[New.rules]]\naction = "chart"\nreason = "r"\nbefore = "0.8.1"\nbackend = "launcher"'),
        "site/server.toml: New.rules[2]: overlaps with another rule (from 0.8.0)",
    ),
    "move to nowhere": (_rule('action = "move"'), "site/server.toml: New.rules[1]: move needs the values path in `to`, or a transform"),
    "rename to nothing": (_rule('action = "rename"'), "site/server.toml: New.rules[1]: rename needs the new name in `setting`"),
    "unlisted new name": (_rule('action = "rename"\nsetting = "Server.Adress"'), "site/server.toml: New.rules[1]: setting: Server.Adress is not listed; Server.Address is"),
    "new name without a rename": (_rule('action = "drop"\nsetting = "Server.Address"'), "site/server.toml: New.rules[1]: setting: only for rename, not for drop"),
    "path without a move": (_rule('action = "carry"\nto = ["pod"]'), "site/server.toml: New.rules[1]: to: not for carry"),
    "unknown transform": (_rule('action = "carry"\ntransform = "magic"'), "site/server.toml: New.rules[1]: transform: no function 'magic'"),
    "unknown finding": (_rule('action = "drop"\nfinding = "G2H999"'), "site/server.toml: New.rules[1]: finding: no finding G2H999"),
    "renamed to itself": (_rule('action = "rename"\nsetting = "Server.New"'), "site/server.toml: New.rules[1]: renames go in a circle: Server.New to Server.New"),
    "renamed twice": (_rule('action = "rename"\nsetting = "Password.UserInfoEditableBy"'), "site/server.toml: New.rules[1]: Password.UserInfoEditableBy is itself renamed: name Authorization.UserInfoEditableBy"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    folder = site(tmp_path)
    (folder / "server.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert problems(folder) == [message]


BAD_RULES = {
    "no path": ('[[always]]\nvalue = true\nreason = "r"', "site/rules.toml: always[1]: path: required"),
    "no reason": ('[[always]]\npath = ["x"]\nvalue = true', "site/rules.toml: always[1]: reason: required"),
    "two values": ('[[always]]\npath = ["x"]\nvalue = true\ntext = "a"\nreason = "r"', "site/rules.toml: always[1]: `value` and `text` exclude each other"),
    "no fate": ('[[defaults]]\npath = ["HTTP", "Listen"]\nreason = "r"', "site/rules.toml: defaults[1]: fate: required"),
    "overlap": ('[[defaults]]\npath = ["A"]\nfate = "keep"\nreason = "r"\n[[defaults]]\npath = ["A"]\nfate = "reset"\nreason = "r"', "site/rules.toml: defaults[2]: overlaps with another row for the same path (all versions)"),
    "unknown transform": ('[[legacy]]\npath = ["a", "b"]\nto = ["c"]\ntransform = "interpreter"\nreason = "r"', "site/rules.toml: a.b: transform: no function 'interpreter' for values of older charts"),
    "unknown field": ('[[legacy]]\npath = ["a"]\nfate = "goes"\nreason = "r"\nwhere = "x"', "site/rules.toml: legacy[1]: unknown field 'where'"),
    "no place and no fate": ('[[legacy]]\npath = ["a"]\nreason = "r"', "site/rules.toml: legacy[1]: either the new place in `to`, or what becomes of it in `fate`"),
    "a place and a fate": ('[[legacy]]\npath = ["a"]\nto = ["b"]\nfate = "goes"\nreason = "r"', "site/rules.toml: legacy[1]: either the new place in `to`, or what becomes of it in `fate`"),
    "lost without advice": ('[[legacy]]\npath = ["a"]\nfate = "lost"\nreason = "r"', "site/rules.toml: legacy[1]: todo: required where a value is lost"),
    "changed twice": ('[[changed]]\npath = ["a"]\nfate = "chart"\nreason = "r"\n[[changed]]\npath = ["a"]\nfate = "written"\nlocal = true\nreason = "r"', "site/rules.toml: changed[2]: overlaps with another row for the same path (all versions)"),
    "unknown table": ("[[never]]", "site/rules.toml: unknown field 'never'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD_RULES.values(), ids=BAD_RULES)
def test_bad_rules_for_values_are_refused(text: str, message: str, tmp_path: Path) -> None:
    assert problems(site(tmp_path, rules=text)) == [message]


def test_a_circle_over_several_steps_is_found_once_for_each_row(tmp_path: Path) -> None:
    steps = {"A": "B", "B": "C", "C": "A"}
    text = "".join(
        f'[{old}]\n[[{old}.rules]]\naction = "rename"\nsetting = "Own.{new}"\nreason = "r"\n'
        for old, new in steps.items()
    )
    assert problems(site(tmp_path, own=f'section = "Own"\n{text}')) == [
        "site/own.toml: A.rules[1]: renames go in a circle: Own.A to Own.B to Own.C to Own.A",
        "site/own.toml: B.rules[1]: renames go in a circle: Own.B to Own.C to Own.A to Own.B",
        "site/own.toml: C.rules[1]: renames go in a circle: Own.C to Own.A to Own.B to Own.C",
    ]


def test_names_that_change_back_in_another_version_are_no_circle(tmp_path: Path) -> None:
    text = """section = "Own"
[A]
[[A.rules]]
action = "rename"
setting = "Own.B"
from = "0.9.0"
reason = "r"
[B]
[[B.rules]]
action = "rename"
setting = "Own.A"
before = "0.9.0"
reason = "r"
"""
    assert tables.load(site(tmp_path, own=text), tablechecks.check).setting("own.b")


def test_all_problems_of_all_files_show_at_once(tmp_path: Path) -> None:
    folder = site(
        tmp_path,
        server=_server('[New]\ntype = "float"\ncolour = 1\n[Other]\nsince = "soon"'),
        http='section = "HTTP"\n[Listen]\n[[Listen.rules]]\naction = "carry"\ntransform = "magic"',
        broken="[",
        rules='[[always]]\npath = ["x"]\n[[defaults]]\npath = ["A"]\nreason = "r"\n',
    )
    assert problems(folder) == [
        "site/broken.toml: Invalid initial character for a key part (at end of document)",
        "site/http.toml: Listen.rules[1]: reason: required, since the report prints it",
        "site/server.toml: New: type: 'float' is none of string, boolean, integer, decimal, duration, bytesize, enum, url",
        "site/server.toml: New: unknown field 'colour'",
        "site/server.toml: Other: since: not a version: 'soon'",
        "site/rules.toml: always[1]: reason: required",
        "site/rules.toml: defaults[1]: fate: required",
        "site/http.toml: Listen.rules[1]: transform: no function 'magic'",
    ]


def test_a_folder_without_tables_and_a_missing_one(tmp_path: Path) -> None:
    assert problems(site(tmp_path)) == [f"{tmp_path / 'site'}: no *.toml files in this folder"]
    assert problems(tmp_path / "none") == [f"{tmp_path / 'none'}: no such folder"]


def test_a_section_stands_in_one_file(tmp_path: Path) -> None:
    folder = site(tmp_path, a='section = "Own"', b='section = "OWN"')
    assert problems(folder) == ["site/b.toml: section OWN is in site/a.toml already"]


# a site's own tables ---------------------------------------------------------------------------------------------------


def test_a_site_adds_settings_and_sections(tmp_path: Path) -> None:
    folder = site(
        tmp_path,
        a='section = "server"\n[Motto]\ntype = "integer"\n[[Motto.rules]]\naction = "drop"\nreason = "The proxy has it."',
        b='section = "Own"\nsubsection = "required"\n[Token]\nsecret = true',
    )
    known = tables.load(folder, tablechecks.check)
    motto, token = known.setting("Server.Motto"), known.setting("Own.Token")
    assert motto is not None
    assert token is not None
    assert (motto.section, motto.kind, motto.source, motto.origin) == (
        "Server",
        Kind.INTEGER,
        Source.SITE,
        "site/a.toml",
    )
    assert token.secret
    done = converted('[Server]\nMotto = x\nAddress = https://a.b\n[Own "n"]\ntoken = abc\n', known)
    rows = [(one.key, one.outcome, one.reason, one.origin) for one in done.plan.decisions]
    assert rows == [
        ("Server.Motto", Outcome.DROPPED, "The proxy has it.", "site/a.toml"),
        ("Server.Address", Outcome.CARRIED, "It stays; the ingress is proposed from its scheme, host and path.", "server.toml"),
        ('Own "n".Token', Outcome.SECRET, "A secret: it goes into the second values file.", "site/b.toml"),
    ]  # fmt: skip
    assert {"G2H103", "G2H502"} <= {one.code for one in done.findings}


def test_a_site_overrides_rules_and_keeps_the_rest_of_the_row(tmp_path: Path) -> None:
    """Nobody who writes a reason must repeat that a setting is secret."""
    text = """section = "ldap"
[bindpassword]
[[bindpassword.rules]]
action = "carry"
reason = "Ask the directory team."
[BindDN]
note = "The service account."
"""
    known = tables.load(site(tmp_path, connect=text), tablechecks.check)
    ours = tables.load()
    password, name = known.setting("LDAP.BindPassword"), known.setting("LDAP.BindDN")
    assert password is not None
    assert name is not None
    assert password.secret
    assert password.encrypted
    assert (password.key, password.rules[0].reason) == ("LDAP.BindPassword", "Ask the directory team.")
    assert (name.note, name.origin, name.source) == ("The service account.", "site/connect.toml", Source.DOCS)
    assert known.setting("LDAP.TLS") == ours.setting("LDAP.TLS")
    assert known.sections["ldap"].name == "LDAP"


def test_an_overridden_row_keeps_our_rules_and_their_origin(tmp_path: Path) -> None:
    known = tables.load(site(tmp_path, a=_server('[Address]\nnote = "n"')))
    done = converted("[Server]\nAddress = https://a.b\n", known)
    assert done.plan.decisions[0].origin == "server.toml"


def test_a_site_overrides_rules_for_values(tmp_path: Path) -> None:
    text = """
[[always]]
path = ["rbac", "create"]
value = false
reason = "Our operators create the roles."
[[always]]
path = ["replicas"]
text = "2"
reason = "Two are the rule here."
[[defaults]]
path = ["Python", "Enabled"]
fate = "keep"
reason = "Everybody gets Python."
[[legacy]]
path = ["oldValue"]
to = ["replicas"]
reason = "Our own wrapper had it."
"""
    folder = site(tmp_path)
    (folder / "chart").mkdir()
    (folder / "chart/rules.toml").write_text(text, "utf-8")
    known, ours = tables.load(folder, tablechecks.check), tables.load()
    done = converted("[Server]\nAddress = https://a.b\n", known)
    tree: Any = done.values.tree
    assert tree["rbac"]["create"] is False
    assert tree["replicas"] == "2"
    assert "Enabled" not in tree["config"].get("Python", {})
    assert len(known.always) == len(ours.always) + 1
    assert len(known.defaults) == len(ours.defaults)
    assert known.legacy[-1].origin == "site/rules.toml"


def test_the_layout_of_the_package_is_right_for_a_site_too(tmp_path: Path) -> None:
    folder = site(tmp_path)
    (folder / "connect").mkdir()
    (folder / "connect/own.toml").write_text('section = "Own"\n[A]\n', "utf-8")
    known = tables.load(folder, tablechecks.check)
    setting = known.setting("Own.A")
    assert setting is not None
    assert setting.origin == "site/own.toml"
    assert setting.rule(chart.NEWEST, Backend.LAUNCHER).action is Action.CARRY


def test_our_files_are_named_after_their_sections(known: Tables) -> None:
    """A section is read from the file of its name, when somebody asks for it."""
    assert len(known.sections) >= 48
    for name, section in known.sections.items():
        assert name == section.name.lower()
        assert {setting.origin for setting in section.settings.values()} == {f"{name}.toml"}
        assert {setting.section for setting in section.settings.values()} == {section.name}
        assert all(key == setting.name.lower() for key, setting in section.settings.items())
