"""The command `charts`, and what another Connect than the chart's own means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.chart import history
from gcfg2helm.cli import app
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.plan import connect
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.request import Request
from gcfg2helm.report import changes
from gcfg2helm.values import read
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.tables import Tables


def printed(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["charts", *words])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


# charts ----------------------------------------------------------------------------------------------------------------


def test_every_version_is_listed_once() -> None:
    """With its Connect and back ends, the newest first, in each format."""
    known = [str(one) for one in reversed(chart.versions())]
    lines = [line.split() for line in printed().splitlines() if not line.startswith(" ")]
    assert [line[0] for line in lines] == known
    assert all(line[1:3] == ["Connect", history.app_version(Version.parse(line[0]))] for line in lines)
    data = json.loads(printed("--format", "json"))
    assert [one["chart"] for one in data["charts"]] == known
    assert {tuple(sorted(one["backends"])) for one in data["charts"]} == {("launcher",), ("kubernetes", "launcher")}
    rows = [line.split(" | ")[0].strip("| ") for line in printed("--format", "markdown").splitlines()[2:]]
    assert rows == known


def test_between_two_versions_every_kind_of_change_is_said() -> None:
    """Moved, gone, new, other defaults, settings; with the reasons of the tables."""
    data = json.loads(printed("0.8.38", "0.21.0", "--format", "json"))
    found = {(one["kind"], one["name"]): one for one in data["changes"]}
    assert found["moved", "image.tagPrefix"]["becomes"] == "image.os"
    assert "executionEnvironments" in found["moved", "launcher.customRuntimeYaml"]["reason"]
    assert ("new", "backends.kubernetes.enabled") in found
    assert found["default", "launcher.enabled"]["becomes"] == "true -> false"
    assert found["setting", "EarlyAccess.NodeJs"]["becomes"] == "renamed to config.NodeJs.Enabled"
    assert "NodeJs.Enabled" in found["setting", "EarlyAccess.NodeJs"]["reason"]
    text, page = printed("0.8.38", "0.21.0"), printed("0.8.38", "0.21.0", "--format", "markdown")
    for one in data["changes"]:
        assert one["name"] in " ".join(text.split())
        assert f"`{one['name']}`" in page


def test_the_steps_make_up_the_way(known: Tables) -> None:
    """What is new or gone between two versions is what the steps between them bring, taken together."""
    older, newer = Version(0, 7, 0), Version(0, 20, 0)
    steps = [one for one in changes.history(known) if older <= one.older and one.newer <= newer]
    for kind in ("new", "setting"):
        names = {line.name for line in changes.between(known, older, newer).kinds[kind]}
        assert names <= {line.name for step in steps for line in step.kinds[kind]}
    assert changes.between(known, newer, newer).kinds.keys()
    assert not changes.between(known, newer, newer)


def test_one_version_means_up_to_the_newest() -> None:
    assert printed("0.9.0") == printed("0.9.0", str(chart.NEWEST))
    assert "nothing changes" in printed(str(chart.NEWEST))


@pytest.mark.parametrize("width", [40, 80])
def test_lines_keep_to_the_width(width: int, known: Tables) -> None:
    lines = list(changes.as_text(changes.history(known), width))
    breakable = [line for line in lines if len(line.split()) > 3]
    assert max(map(len, breakable)) <= max(width, 50)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("0.21.0", "0.9.0"), "gcfg2helm charts 0.9.0 0.21.0"),
        (("x",), "is not a version"),
        (("0.10.0",), "0.9.5 is the one before it"),
        (("0.2.0",), "charts 0.3.0 to"),
        (("--format", "github"), "is not one of 'text', 'json', 'markdown'"),
    ],
)
def test_usage(words: tuple[str, ...], said: str) -> None:
    assert said in printed(*words, code=2)


# another Connect -------------------------------------------------------------------------------------------------------

SOURCE = b"""[Server]
DefaultContentListView = expanded
[EarlyAccess]
NodeJs = true
[Chronicle]
LocalStorageEnabled = true
[Database]
Provider = postgres
"""


def converted(known: Tables, values: str | None = None, option: str = "", version: str = "0.21.0") -> Conversion:
    sources = [("f.gcfg", gcfg.parse(SOURCE, "f.gcfg"))]
    made_for = chart.known(Version.parse(version))
    return convert(
        Request(sources, known, made_for, Backend.LAUNCHER, "rsc", "connect", Options(connect=option), values=values)
    )


@pytest.mark.parametrize(
    ("values", "option"),
    [
        pytest.param(None, "2025.05.0", id="option"),
        pytest.param("versionOverride: 2025.05.0\n", "", id="versionOverride"),
        pytest.param("image: {tag: 2025.05.0-ubuntu-24.04}\n", "", id="tag with a system"),
        pytest.param("image: {tag: ubuntu2204-2025.05.0}\n", "", id="tag with a prefix"),
        pytest.param("image: {tag: jammy-2025.05.0}\nversionOverride: 2026.08.0\n", "", id="the tag wins"),
        pytest.param("image: {tag: 2026.08.0}\n", "2025.05.0", id="the option wins"),
    ],
)
def test_an_older_connect_decides_what_a_setting_means(values: str | None, option: str, known: Tables) -> None:
    """What came later is left out, what was given up later stays, and the chart's newer defaults go."""
    done = converted(known, values, option)
    config: Any = done.values.tree["config"]
    assert config["Server"]["DefaultContentListView"] == "expanded"
    assert "NodeJs" not in config
    assert config["Chronicle"] == {"Enabled": None}, "this Connect would not start with the chart's default"
    late = [one for one in done.findings if one.code == "G2H104"]
    assert {one.what.split()[0] for one in late} == {"EarlyAccess.NodeJs", "Chronicle.LocalStorageEnabled"}
    assert all("Connect 2025.05.0 starts" in one.what for one in late)
    assert done.plan.connect == "2025.05.0"
    assert done.proof.proven, done.proof.findings


def test_the_charts_own_connect_is_the_default(known: Tables) -> None:
    """A prefix, a system or a tag without a release tell nothing."""
    done = converted(known)
    assert done.plan.connect == "2026.08.0"
    config: Any = done.values.tree["config"]
    assert config["NodeJs"]["Enabled"] is True
    assert "DefaultContentListView" not in config["Server"]
    for values in ("image: {os: ubuntu-22.04}\n", "image: {tag: latest}\n", "image: {tag: mine-20260801}\n"):
        assert converted(known, values).plan.connect == "2026.08.0", values


def test_the_proof_finds_what_an_older_connect_does_not_know(known: Tables) -> None:
    """Values that were right for the chart's own Connect stop an older one."""
    values = "versionOverride: 2025.05.0\nconfig: {Chronicle: {Enabled: false}}\n"
    done = converted(known, values)
    assert "G2H620" in {one.code for one in done.proof.findings}
    assert not done.proof.proven


@pytest.mark.parametrize(
    ("release", "version"),
    [("2026.08.0", "0.20.13"), ("2026.04.0", "0.9.4"), ("2022.01.0", "0.3.0"), ("2099.01.0", str(chart.NEWEST))],
)
def test_the_chart_that_carries_a_connect(release: str, version: str) -> None:
    found = connect.chart_like(chart.known(Version(0, 8, 0)), connect.version(release))
    assert history.app_version(found) == history.app_version(Version.parse(version))


def test_a_name_that_was_given_up_later_is_carried(known: Tables) -> None:
    """A rename of Connect does not hold for a release before it."""
    setting = next(one for one in known if one.until and one.rules and one.rules[0].setting)
    source = f"[{setting.section}]\n{setting.name} = 1\n[Database]\nProvider = postgres\n".encode()
    sources = [("f.gcfg", gcfg.parse(source, "f.gcfg"))]
    options = Options(connect="1.5.0")
    done = convert(Request(sources, known, chart.newest(), Backend.LAUNCHER, "rsc", "c", options))
    config: Any = done.values.tree["config"]
    assert setting.name in config[setting.section]


def test_the_option_says_where_values_start_another(tmp_path: Path) -> None:
    (tmp_path / "a.gcfg").write_bytes(SOURCE)
    (tmp_path / "v.yaml").write_text("image: {tag: 2026.04.0-ubuntu-24.04}\n")
    words = ["diff", str(tmp_path / "a.gcfg"), str(tmp_path / "v.yaml"), "--connect-version"]
    done = CliRunner().invoke(app, [*words, "2025.05.0"])
    assert "G2H225" in done.output
    assert "Set versionOverride: 2025.05.0" in " ".join(done.output.split())
    assert "+ versionOverride" not in done.output, "the whole tag counts"
    assert "G2H225" not in CliRunner().invoke(app, [*words, "2026.04.0"]).output
    assert CliRunner().invoke(app, [*words, "tomorrow"]).exit_code == 2


@pytest.mark.parametrize(
    ("version", "image"),
    [
        ("0.21.0", "posit/connect:2025.05.0-ubuntu-24.04"),
        ("0.9.5", "ghcr.io/rstudio/rstudio-connect:ubuntu2204-2025.05.0"),
        ("0.3.0", "ghcr.io/rstudio/rstudio-connect:2025.05.0"),
    ],
)
def test_the_values_start_the_connect_that_is_named(version: str, image: str, tmp_path: Path) -> None:
    """Written once, proven, and what an existing file says wins."""
    source, values = str(tmp_path / "a.gcfg"), tmp_path / "v.yaml"
    (tmp_path / "a.gcfg").write_bytes(SOURCE)
    target = ["--chart-version", version]
    words = ["convert", source, "-o", str(values), "--yes", *target]
    done = CliRunner().invoke(app, [*words, "--connect-version", "2025.05.0"])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stderr.split())
    assert f"See that the registry has the image {image}." in said
    assert "G2H226" in said
    assert "G2H225" not in said
    assert read.load(values.read_text())["versionOverride"] == "2025.05.0"
    first = values.read_bytes()
    for more in (["--connect-version", "2025.05.0"], []):
        again = CliRunner().invoke(app, [*words, *more])
        assert values.read_bytes() == first, again.output
        assert "G2H225" not in again.stderr
        proven = CliRunner().invoke(app, ["verify", source, str(values), *target, *more])
        assert proven.exit_code == 0, proven.output
        assert "G2H225" not in proven.output
    other = CliRunner().invoke(app, [*words, "--connect-version", "2025.06.0"])
    assert values.read_bytes() == first, "what values.yaml says wins"
    assert "G2H225" in other.stderr
    own = history.app_version(Version.parse(version))
    done = CliRunner().invoke(app, ["convert", source, "-o", "-", *target, "--connect-version", own])
    assert "versionOverride" not in done.output, "the chart starts it by itself"


def test_rules_of_connect_name_it(known: Tables) -> None:
    """A row that holds because of a release of Connect says so, so that another Connect finds it."""
    marked = {one.key for one in tables.load() for rule in one.rules if rule.of_connect}
    assert marked == {"EarlyAccess.NodeJs", "Logging.Enabled", "Server.DefaultContentListView"}
