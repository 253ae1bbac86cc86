"""Every rule of the tables at work: one setting in, what the rule says out, and the proof that nothing else changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.request import Request
from gcfg2helm.report import destinations
from gcfg2helm.tables import CARRY, Action, Kind, Rule, Setting, Subsection
from gcfg2helm.values.paths import dotted
from gcfg2helm.versions import Version
from helpers import charts
from helpers.paths import CORPUS, FIXTURES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path as ValuesPath
    from gcfg2helm.values.tree import Tree

TABLES = tables.load()
BOUNDARIES = ["0.3.0", "0.7.0", "0.8.0", "0.8.35", "0.9.0", "0.20.0", "0.20.1", "0.21.0"]
RUNTIMES = ("launcher", "customRuntimeYaml")
GOLDENS = ROOT / "tests/goldens/versions"
FULL = GOLDENS / "full.gcfg"

_VALUES = {
    Kind.STRING: "word", Kind.BOOLEAN: "true", Kind.INTEGER: "3", Kind.DECIMAL: "0.5", Kind.DURATION: "30s",
    Kind.BYTESIZE: "10MB", Kind.ENUM: "word", Kind.URL: "https://host.example.com/path",
}  # fmt: skip
_FITTING = {
    "Applications.UsersListingMinRole": "publisher",
    "Authentication.Provider": "ldap",
    "Authorization.UsersListingMinRole": "publisher",
    "Database.Provider": "postgres",
    "HTTP.Listen": ":8080",
    "Kubernetes.Namespace": "content",
    "Launcher.ClusterDefinition": "/etc/rstudio-connect/runtimes.yaml",
    "Launcher.DataDir": "nfs.example.com:/exports/connect",
    "Launcher.KubernetesNamespace": "content",
    "Launcher.KubernetesProfilesConfig": "/etc/rstudio-connect/profiles.conf",
    "Logging.AuditLogFormat": "JSON",
    "Metrics.PrometheusListen": ":3232",
    "OAuth2.DiscoveryEndpoint": "https://login.example.com/.well-known/openid-configuration",
    "Postgres.URL": "postgres://connect@pg.example.com/connect",
    "Python.Executable": "/opt/python/3.11.7/bin/python",
    "Quarto.Executable": "/opt/quarto/1.4.557/bin/quarto",
    "R.Executable": "/opt/R/4.3.2/bin/R",
    "SAML.IdPMetaData": "https://idp.example.com/metadata",
    "Server.RVersion": "/opt/R/4.1.3",
    "TensorFlow.Executable": "/opt/tensorflow/2.16.1/bin/tensorflow_model_server",
}
_DISK = {
    "/etc/rstudio-connect/runtimes.yaml": b"name: Kubernetes\nimages:\n  - name: ghcr.io/example/content:r4.3.2\n    r:\n      installations:\n        - path: /opt/R/4.3.2/bin/R\n          version: 4.3.2\n",
    "/etc/rstudio-connect/profiles.conf": b"[*]\nmax-cpus=4\n\n[@admins]\nmax-cpus=8\n",
    "/etc/rstudio-connect/ca.pem": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
}  # fmt: skip


def read(path: str) -> bytes | str | None:
    return _DISK.get(path, "there is no such file")


def run(
    source: bytes | str, version: Version, backend: Backend, *, images: tuple[str, ...] = (), known: Tables = TABLES
) -> Conversion:
    sources = [("full.gcfg", gcfg.parse(source, "full.gcfg"))]
    options = Options(images=images, read_file=read)
    return convert(Request(sources, known, chart.known(version), backend, "rsc", "rstudio-connect", options))


def value(setting: Setting) -> str:
    """A value that fits."""
    return _FITTING.get(setting.key) or (setting.values[0] if setting.values else _VALUES[setting.kind])


def source(setting: Setting) -> str:
    """A gcfg that holds the setting and, where its section asks for one, a name."""
    name = "main" if setting.subsection is Subsection.REQUIRED else None
    return f"[{gcfg.header(setting.section, name)}]\n{setting.name} = {gcfg.quote(value(setting))}\n"


# every rule ------------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    setting: Setting
    rule: Rule
    version: Version
    backend: Backend


def _charts(setting: Setting, rule: Rule, backend: Backend) -> list[Version]:
    """The first and the last published chart that the rule speaks of and whose Connect knows the setting."""
    since = setting.since if not setting.since_at_latest else ""
    found = [
        version
        for version in chart.versions()
        if setting.rule(version, backend) is rule
        and (backend is Backend.LAUNCHER or version >= Version(0, 9, 0))
        and (not since or Version.parse(chart.app_version(version)) >= Version.parse(since))
    ]
    return list(dict.fromkeys([*found[:1], *found[-1:]]))


def _cases() -> Iterator[Case]:
    """Every rule, and carrying over in the charts that no rule of a setting speaks of."""
    for setting in TABLES:
        for rule in dict.fromkeys(
            [*setting.rules, *(one.rule for one in destinations.destinations(setting) if setting.rules)]
        ):
            backends = [rule.backend] if rule.backend else list(Backend)
            yield from (
                Case(setting, rule, version, backend)
                for backend in backends
                for version in _charts(setting, rule, backend)
            )


CASES = list(_cases())
OUTCOMES = {
    Action.CARRY: {Outcome.CARRIED, Outcome.SECRET},
    Action.MOVE: {Outcome.MOVED},
    Action.RENAME: {Outcome.RENAMED},
    Action.CHART: {Outcome.CHART},
    Action.DROP: {Outcome.DROPPED},
}


def test_every_rule_has_a_case() -> None:
    rules = {(setting.key, rule) for setting in TABLES for rule in setting.rules}
    assert {(case.setting.key, case.rule) for case in CASES if case.rule is not CARRY} == rules
    assert any(case.rule is CARRY for case in CASES)
    assert len(rules) > 130


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{case.setting.key}-{case.rule.action.value}-{case.version}-{case.backend.value}" for case in CASES],
)
def test_a_rule_does_what_it_says(case: Case) -> None:
    setting, rule, version, backend = case
    done = run(source(setting), version, backend, images=("ghcr.io/example/content:1",))
    assert done.unproven == []
    (decision,) = done.plan.decisions
    assert decision.outcome in OUTCOMES[rule.action]
    assert decision.reason or rule is CARRY
    assert decision.origin == f"{setting.section.lower()}.toml"
    place = destinations.place(setting, rule, TABLES, "main" if setting.subsection is Subsection.REQUIRED else None)
    match decision.outcome:
        case Outcome.CARRIED:
            assert decision.path == ("config", decision.section, setting.name)
            assert _at(done.values.tree, decision.path) is not None
        case Outcome.RENAMED:
            assert decision.path[0] == "config"
            assert decision.path != ("config", decision.section, setting.name)
            assert place in (
                ".".join(decision.path),
                dotted(decision.path),
                "another setting under config",
            )
            assert _at(done.values.tree, decision.path) is not None
        case Outcome.MOVED:
            assert decision.path == rule.to
            assert _at(done.values.tree, decision.path) is not None
        case Outcome.CHART | Outcome.DROPPED:
            assert decision.path == ()
            assert setting.name not in str(_at(done.values.tree, ("config", decision.section)))
    codes = {one.code for one in done.findings if one.place and one.place.line == 2}
    expected = {Action.RENAME: "G2H202", Action.MOVE: "G2H203", Action.CHART: "G2H204", Action.DROP: "G2H201"}
    wanted = rule.finding or expected.get(rule.action, "")
    instead = {"G2H408", "G2H414", "G2H423"} if rule.transform else set()
    assert not wanted or wanted in codes or codes & instead, codes


def _at(tree: Tree, path: ValuesPath) -> Tree:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


@pytest.mark.parametrize("backend", Backend)
def test_every_setting_without_a_rule_is_carried(backend: Backend) -> None:
    """All in one file: each is under `config`, or is a secret, at the place that `explain` names."""
    plain = [setting for setting in TABLES if not setting.rules]
    assert len(plain) > 250
    done = run("".join(map(source, plain)), chart.NEWEST, backend)
    assert done.unproven == []
    decided = {one.key.replace(' "main"', ""): one for one in done.plan.decisions}
    for setting in plain:
        decision = decided[setting.key]
        if setting.since and Version.parse(setting.since) > Version.parse(chart.app_version(chart.NEWEST)):
            assert decision.outcome is Outcome.DROPPED, "newer than any known chart's Connect"
        elif setting.secret:
            assert decision.outcome is Outcome.SECRET
            said = destinations.under_config(setting, "main" if " " in decision.section else None)
            assert decision.variable in said
            assert decision.variable or dotted(decision.path) in said
        else:
            assert (decision.outcome, decision.path) == (Outcome.CARRIED, ("config", decision.section, setting.name))
        assert decision.origin == f"{setting.section.lower()}.toml"


def _codes(text: str, version: str = "0.21.0") -> set[str]:
    return {one.code for one in run(text, Version.parse(version), Backend.LAUNCHER).findings}


def test_the_early_name_of_a_switch_asks_for_what_the_switch_asks_for() -> None:
    """Execution as the current user needs the name service, whatever the setting was called."""
    ldap = "[Authentication]\nProvider = LDAP\n"
    early, late = "[EarlyAccess]\nRunAsCurrentUserSSO = {}\n", "[Applications]\nRunAsCurrentUser = {}\n"
    for text in (early, late):
        done = run(ldap + text.format("true"), chart.NEWEST, Backend.LAUNCHER)
        assert _at(done.values.tree, ("nameservice", "enabled")) is True
        assert _at(done.values.tree, ("config", "Applications", "RunAsCurrentUser")) is True
        assert _at(done.values.tree, ("config", "Authentication", "Provider")) == "ldap"
        assert "nameservice" not in run(ldap + text.format("false"), chart.NEWEST, Backend.LAUNCHER).values.tree
        assert "G2H405" in _codes(text.format("true")), "passwords cannot do that"
        assert "G2H405" in _codes(ldap + text.format("true"), "0.8.17"), "no name service yet"
        assert "G2H405" not in _codes(ldap + text.format("true"), "0.8.18")
    both = run(ldap + early.format("true") + late.format("false"), chart.NEWEST, Backend.LAUNCHER)
    assert "nameservice" not in both.values.tree, "the new name wins"


@pytest.mark.parametrize(
    ("path", "refused"),
    [("/opt/rstudio-connect/tmp", True), ("/opt/rstudio-connect", True), ("/tmp/connect", False), ("", False)],
)
def test_a_directory_inside_the_installation(path: str, refused: bool) -> None:
    assert ("G2H428" in _codes(f"[Server]\nTempDir = {path}\n")) is refused


@pytest.mark.parametrize(("value", "said"), [("true", True), ("yes", True), ("false", False), ("", False)])
def test_the_mode_for_viewers_does_more_now(value: str, said: bool) -> None:
    assert ("G2H206" in _codes(f"[Server]\nViewerKiosk = {value}\n")) is said


@pytest.mark.parametrize("version", ["0.7.0", "0.8.35", "0.8.36"])
def test_graphite_does_not_break_the_file(version: str) -> None:
    """Charts 0.7.0 to 0.8.35 print all of `config` before the first section where it is set."""
    done = run("[Metrics]\nGraphiteEnabled = true\nGraphiteHost = g\n", Version.parse(version), Backend.LAUNCHER)
    assert done.unproven == []
    assert {one.outcome for one in done.plan.decisions} == {Outcome.DROPPED}


# values that do not fit ------------------------------------------------------------------------------------------------

FITS = {
    Kind.BOOLEAN: ("Applications.RunAsEnabled", ["true", "FALSE", "yes", "off", "1", "0"], ["maybe", "2", "tru"]),
    Kind.INTEGER: ("Applications.BundleRetentionLimit", ["0", "-1", "0x10", "1000000"], ["many", "1.5", "1e3", "1_000"]),
    Kind.DECIMAL: ("Scheduler.LoadFactor", ["0.5", ".5", "7.", "1e3", "-1"], ["half", "1,5", "0x1"]),
    Kind.DURATION: ("Authentication.Lifetime", ["30s", "1h30m", "2d", "1.5h", "1000"], ["soon", "5 minutes", "1w", "h"]),
    Kind.BYTESIZE: ("Scheduler.MemoryLimit", ["1024", "10MB", "1.5GiB", "2 GB"], ["big", "10XB", "-1"]),
    Kind.ENUM: ("Python.VersionMatching", ["nearest", "EXACT"], ["close", "near"]),
    Kind.URL: ("Server.RootRedirect", ["https://a.b/c", "/connect"], []),
    Kind.STRING: ("Server.ServerName", ["anything at all", "1", "true"], []),
}  # fmt: skip


def _with_kind(kind: Kind) -> Setting:
    setting = TABLES.setting(FITS[kind][0])
    if setting is not None and setting.kind is kind and not setting.rules:
        return setting
    return next(one for one in TABLES if one.kind is kind and not one.rules and bool(one.values) is (kind is Kind.ENUM))


@pytest.mark.parametrize("kind", Kind)
def test_a_value_that_does_not_fit_is_a_warning_at_its_place(kind: Kind) -> None:
    setting = _with_kind(kind)
    _, good, bad = FITS[kind]
    name = "main" if setting.subsection is Subsection.REQUIRED else None
    good = [*good, *setting.values, ""]
    bad = bad if kind is not Kind.ENUM else [f"{setting.values[0]}x"]
    good = good if kind is not Kind.ENUM else [*setting.values, setting.values[0].upper(), ""]
    for text, wrong in [(one, False) for one in good] + [(one, True) for one in bad]:
        done = run(
            f"[{gcfg.header(setting.section, name)}]\n  {setting.name} = {gcfg.quote(text)}\n",
            chart.NEWEST,
            Backend.LAUNCHER,
        )
        found = [one for one in done.findings if one.code == "G2H103"]
        assert bool(found) is wrong, (setting.key, text)
        if wrong:
            assert str(found[0].place) == "full.gcfg:2:3"
            assert f"{text!r}" not in found[0].what, "a value may be a secret"
        assert done.plan.decisions[0].outcome is Outcome.CARRIED, "carried all the same"
        assert done.unproven == []


def test_a_name_without_a_value_fits_a_boolean_only() -> None:
    done = run("[Applications]\nRunAsEnabled\nBundleRetentionLimit\n", chart.NEWEST, Backend.LAUNCHER)
    assert [str(one.place) for one in done.findings if one.code == "G2H103"] == ["full.gcfg:3:1"]


# versions --------------------------------------------------------------------------------------------------------------

TARGETS = [
    (Version.parse(version), backend)
    for backend in Backend
    for version in BOUNDARIES
    if backend is Backend.LAUNCHER or Version.parse(version) >= Version(0, 9, 0)
]
TARGET_IDS = [f"{version}-{backend.value}" for version, backend in TARGETS]


@pytest.mark.parametrize(("version", "backend"), TARGETS, ids=TARGET_IDS)
def test_a_full_configuration_for_every_boundary(version: Version, backend: Backend, update: bool) -> None:
    """The whole values.yaml, and every finding with its place, as they shall be."""
    done = run(FULL.read_bytes(), version, backend)
    assert done.unproven == []
    assert done.proof.totals, f"the chart refuses: {done.proof.findings}"
    findings = sorted((str(one.place or ""), one.code, str(one.level), dotted(one.path)) for one in done.findings)
    listed = "".join(f"{' '.join(part for part in one if part)}\n" for one in findings)
    for suffix, text in (("yaml", done.values.text), ("findings.txt", listed)):
        golden = GOLDENS / f"{version}-{backend.value}.{suffix}"
        if update:
            golden.write_text(text, "utf-8")
        assert golden.read_text("utf-8") == text, f"{golden.name}; --update rewrites it"


def test_no_golden_is_left_over() -> None:
    expected = {f"{target}.{suffix}" for target in TARGET_IDS for suffix in ("yaml", "findings.txt")}
    assert {path.name for path in GOLDENS.iterdir()} == expected | {FULL.name}


READABLE = [path for path in [*FIXTURES, *CORPUS, FULL] if path.stem != "truncated-quote"]


def _leaves(tree: Tree, path: ValuesPath = ()) -> Iterator[ValuesPath]:
    if isinstance(tree, dict) and tree:
        for key, below in tree.items():
            yield from _leaves(below, (*path, key))
    else:
        yield path


@pytest.mark.parametrize(("version", "backend"), TARGETS, ids=TARGET_IDS)
@pytest.mark.parametrize("path", READABLE, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_path_is_unknown_to_the_chart(path: Path, version: Version, backend: Backend) -> None:
    done = run(path.read_bytes(), version, backend, images=("ghcr.io/example/content:1",))
    trees = [done.values.tree, *([done.secret_values.tree] if done.secret_values else [])]
    written = [leaf for tree in trees for leaf in _leaves(tree)]
    assert [leaf for leaf in written if not chart.knows(version, leaf)] == []


def test_no_path_is_unknown_to_the_default_values() -> None:
    """The same against the default values of the published charts (test_recorded tells that they are those)."""
    for version, backend in TARGETS:
        values = charts.values_of(version)
        for path in READABLE:
            done = run(path.read_bytes(), version, backend, images=("ghcr.io/example/content:1",))
            for leaf in _leaves(done.values.tree):
                assert _has(values, leaf), (str(version), backend.value, leaf)


def _has(values: Tree, path: ValuesPath) -> bool:
    """Whether the default values have a path; an empty or absent map takes any key, and so does `config`.

    The list of images of older charts is a word by default, and may be a map.
    """
    if path[:1] == ("config",) or (path[:2] == RUNTIMES != path and _has(values, RUNTIMES)):
        return True
    for key in path:
        if not isinstance(values, dict) or not values:
            return values in ({}, None, "", False)
        if key not in values:
            return False
        values = values[key]
    return True
