"""The model of the chart: every rendering that real Helm made of the real chart, and a small set that always runs."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gcfg2helm import chart, findings
from gcfg2helm.chart import Origin, Refused, Rendered
from gcfg2helm.values import read
from gcfg2helm.versions import Version
from helpers.paths import SHARED

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

CHARTS = SHARED / "charts"
needs_shared = pytest.mark.skipif(not CHARTS.is_dir(), reason="the recorded renderings (../shared/charts) are not here")

LAUNCHER = "launcher: {enabled: true}\nbackends: {kubernetes: {enabled: false}}\nsharedStorage: {create: true}\n"
KUBERNETES = "launcher: {enabled: false}\nbackends: {kubernetes: {enabled: true}}\nsharedStorage: {create: true}\n"
OFF = "launcher: {enabled: false}\nbackends: {kubernetes: {enabled: false}}\n"


def render(version: str, *texts: str, release: str = "rsc", namespace: str = "jobs") -> Rendered | Refused:
    """Render values given as YAML."""
    values = [read.load(text) for text in texts]
    return chart.render(chart.known(Version.parse(version)), values, release=release, namespace=namespace)


def gcfg(version: str, *texts: str) -> str:
    """Render values that the chart takes."""
    rendered = render(version, *texts)
    assert isinstance(rendered, Rendered), rendered
    return rendered.gcfg


def codes(version: str, *texts: str) -> set[str]:
    """Return the codes of what the chart refuses."""
    refused = render(version, *texts)
    assert isinstance(refused, Refused)
    assert all(found.level is findings.Level.ERROR for found in refused.findings)
    return {found.code for found in refused.findings}


def section(text: str, name: str) -> list[str]:
    """Return the lines of one section of a gcfg."""
    for block in text.split("\n\n"):
        header, *lines = block.strip("\n").split("\n")
        if header == f"[{name}]":
            return lines
    return []


# what Helm recorded ----------------------------------------------------------------------------------------------------


def _vectors() -> list[Any]:
    if not CHARTS.is_dir():
        return []
    vectors: list[dict[str, Any]] = json.loads((CHARTS / "vectors.json").read_text())["vectors"]
    assert vectors
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@needs_shared
@pytest.mark.parametrize("vector", _vectors())
def test_recorded(vector: dict[str, Any]) -> None:
    """Byte for byte what Helm 3.17.3 rendered, and refused where it refused."""
    for rendering in vector["renders"]:
        for version in rendering["charts"]:
            try:
                values = read.load(vector["values"])
            except read.YamlError:
                assert "error" in rendering, version
                continue
            result = chart.render(
                chart.known(Version.parse(version)), [values], release=vector["release"], namespace=vector["namespace"]
            )
            if "error" in rendering:
                assert isinstance(result, Refused), version
            else:
                assert isinstance(result, Rendered), (version, result)
                assert result.gcfg == rendering["gcfg"], version


@needs_shared
def test_defaults_are_the_charts() -> None:
    """Every published version is known, with its Connect, its `config` and its paths."""
    published = json.loads((CHARTS / "defaults.json").read_text())
    wanted = {Version.parse(text): row for text, row in published.items() if Version.parse(text) >= chart.OLDEST}
    assert set(wanted) <= set(chart.versions())
    for version, row in wanted.items():
        assert chart.app_version(version) == row["appVersion"].removeprefix("bionic-")
        ours = chart.defaults(version)
        assert ours["config"] == row["values"]["config"]
        _same_where_both(ours, row["values"], ())
        for path in _paths(row["values"], ()):
            assert chart.knows(version, path), (version, path)


def _same_where_both(ours: Any, theirs: Any, path: tuple[str, ...]) -> None:
    if isinstance(ours, dict) and ours:
        for key, value in ours.items():
            _same_where_both(value, theirs[key], (*path, key))
    else:
        assert ours == theirs, path


def _paths(tree: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(tree, dict):
        return [path]
    return [path] * bool(path) + [found for key, value in tree.items() for found in _paths(value, (*path, key))]


# versions, defaults, paths ---------------------------------------------------------------------------------------------


def test_versions() -> None:
    """The range that the program knows."""
    assert chart.versions()[0] == chart.OLDEST == (0, 3, 0)
    assert chart.versions()[-1] == chart.NEWEST >= (0, 21, 0)
    assert len(chart.versions()) == len(set(chart.versions()))
    assert chart.app_version(Version(0, 21, 0)) == "2026.08.0"
    assert chart.app_version(Version(0, 3, 5)) == "2022.09.0"
    with pytest.raises(KeyError):
        chart.app_version(Version(0, 10, 0))


def test_every_app_version_is_a_version() -> None:
    """They compare with the versions of Connect in the tables."""
    for version in chart.versions():
        assert Version.parse(chart.app_version(version)) >= (2022, 7, 0)


def test_defaults_by_version() -> None:
    """Defaults come, change and go."""
    at = {
        text: chart.defaults(Version.parse(text)) for text in ("0.3.0", "0.3.7", "0.8.28", "0.8.29", "0.20.1", "0.21.0")
    }
    config: dict[str, Any] = {text: tree["config"] for text, tree in at.items()}
    assert config["0.3.0"]["Logging"]["Enabled"] is True
    assert "Enabled" not in config["0.3.7"]["Logging"]
    assert config["0.8.28"]["TensorFlow"] == {"Enabled": False, "Executable": "/usr/bin/tensorflow_model_server"}
    assert config["0.8.29"]["TensorFlow"] == {"Enabled": True}
    assert config["0.21.0"]["Launcher"] == {}
    assert at["0.20.1"]["launcher"]["enabled"] is False  # type: ignore[index,call-overload]
    assert at["0.3.0"]["securityContext"] == {"privileged": True}
    assert at["0.21.0"]["securityContext"] == {}


def test_rendering_leaves_the_defaults_as_they_are() -> None:
    """The tree is shared, so nothing may write into it."""
    before = copy.deepcopy(chart.defaults(chart.NEWEST))
    values: Any = {
        "launcher": {"enabled": True},
        "config": {"Python": {"Executable": ["x"]}, "Launcher": {"x": 1}},
        "sharedStorage": {"create": True},
    }
    chart.render(chart.newest(), [values], release="rsc", namespace="n")
    chart.merge(chart.defaults(chart.NEWEST), values)
    assert chart.defaults(chart.NEWEST) == before


@pytest.mark.parametrize(
    ("version", "path", "known"),
    [
        ("0.21.0", ("launcher",), True),
        ("0.21.0", ("launcher", "enabled"), True),
        ("0.21.0", ("launcher", "enabeld"), False),
        ("0.21.0", ("launcher", "enabled", "x"), False),
        ("0.21.0", ("config", 'LDAP "x"', "BindDN"), True),
        ("0.21.0", ("nodeSelector", "a/b"), True),
        ("0.21.0", ("ingress", "annotations", "a.b/c"), True),
        ("0.21.0", ("securityContext", "runAsUser"), True),
        ("0.21.0", ("livenessProbe", "httpGet", "scheme"), True),
        ("0.21.0", ("global", "x"), True),
        ("0.21.0", ("launcher", "customRuntimeYaml"), False),
        ("0.9.5", ("launcher", "customRuntimeYaml"), True),
        ("0.8.38", ("backends", "kubernetes", "enabled"), False),
        ("0.9.0", ("backends", "kubernetes", "enabled"), True),
        ("0.8.34", ("executionEnvironments",), False),
        ("0.8.35", ("executionEnvironments",), True),
        ("0.5.4", ("sharedStorage", "subPath"), False),
        ("0.5.5", ("sharedStorage", "subPath"), True),
    ],
)
def test_knows(version: str, path: tuple[str, ...], *, known: bool) -> None:
    """Paths of values.yaml by version; anything goes below the maps that are free."""
    assert chart.knows(Version.parse(version), path) is known


# Helm's merge ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "values", "merged"),
    [
        pytest.param({"a": {"b": 1, "c": 2}}, [{"a": {"b": 3}}], {"a": {"b": 3, "c": 2}}, id="maps merge"),
        pytest.param({"a": [1, 2]}, [{"a": [3]}], {"a": [3]}, id="lists are replaced"),
        pytest.param({"a": {"b": 1}}, [{"a": "x"}], {"a": "x"}, id="text over a map"),
        pytest.param({"a": "x"}, [{"a": {"b": 1}}], {"a": {"b": 1}}, id="a map over text"),
        pytest.param({"a": {"b": 1}}, [{"a": None}], {}, id="null removes a default"),
        pytest.param({"a": {"b": 1}}, [{"a": {"b": None}}], {"a": {}}, id="null removes a nested default"),
        pytest.param({}, [{"a": None, "b": {"c": None}}], {"a": None, "b": {"c": None}}, id="null of nothing stays"),
        pytest.param({"a": 1}, [{"a": 2}, {"a": None}], {}, id="null of a later file"),
        pytest.param({"a": 1}, [{"a": None}, {"a": 2}], {"a": 2}, id="null of an earlier file"),
        pytest.param({}, [{"a": {"b": 1}}, {"a": {"c": 2}}], {"a": {"b": 1, "c": 2}}, id="two files"),
        pytest.param({"a": 1}, [], {"a": 1}, id="no file"),
    ],
)
def test_merge(below: dict[str, Tree], values: list[dict[str, Tree]], merged: dict[str, Tree]) -> None:
    """Helm's rules; what goes in is left alone."""
    before = json.dumps([below, values])
    assert chart.merge(below, *values) == merged
    assert json.dumps([below, values]) == before


# renderings ------------------------------------------------------------------------------------------------------------


def test_launcher() -> None:
    """What the chart writes for the launcher changes with the version."""
    manages = "/etc/rstudio-connect"
    text = gcfg("0.21.0", LAUNCHER)
    assert section(text, "Launcher") == [
        "DataDirPVCName = rsc-rstudio-connect-shared-storage",
        "Enabled = true",
        "Kubernetes = true",
        "KubernetesNamespace = jobs",
        f"KubernetesProfilesConfig = {manages}/launcher/launcher.kubernetes.profiles.conf",
        "KubernetesUseTemplates = true",
        "ScratchPath = /var/lib/rstudio-connect-launcher",
    ]
    runtimes = f"ClusterDefinition = {manages}/runtime.yaml"
    with_runtimes = {v for v in ("0.3.0", "0.9.0", "0.9.1", "0.20.0") if runtimes in gcfg(v, LAUNCHER)}
    assert with_runtimes == {"0.3.0", "0.9.0"}
    assert runtimes in gcfg("0.9.5", LAUNCHER, "launcher: {customRuntimeYaml: base}")
    assert runtimes in gcfg("0.9.5", LAUNCHER, "launcher: {additionalRuntimeImages: [{name: x}]}")
    assert section(gcfg("0.6.3", LAUNCHER), "Python") == ["Enabled = true"]
    scratch = "config: {Launcher: {KubernetesScratchPath: /s}}"
    assert "ScratchPath = /s" in section(gcfg("0.8.1", LAUNCHER, scratch), "Launcher")
    assert "ScratchPath = /s" not in section(gcfg("0.8.0", LAUNCHER, scratch), "Launcher")


def test_kubernetes() -> None:
    """What the chart writes for its own runner, and that empty keys of `config` do not hide it."""
    runtime, job = (
        "ConnectRuntimeDir = /opt/rstudio-connect-runtime",
        "DefaultResourceJobBase = /etc/rstudio-connect/job.yaml",
    )
    base = [job, "Enabled = true", "Namespace = jobs"]
    pvc = "DataDirPVCName = rsc-rstudio-connect-shared-storage"
    assert section(gcfg("0.9.0", KUBERNETES), "Kubernetes") == [pvc, *base]
    assert section(gcfg("0.20.7", KUBERNETES), "Kubernetes") == [runtime, pvc, *base]
    empty = 'config: {Kubernetes: {DefaultResourceJobBase: "", ConnectRuntimeDir: ""}}'
    assert section(gcfg("0.20.7", KUBERNETES, empty), "Kubernetes") == [runtime, pvc, *base]
    assert section(gcfg("0.8.38", KUBERNETES), "Kubernetes") == []
    storage = "sharedStorage: {subPath: a/b}"
    assert "DataDirPVCSubPath = a/b" in gcfg("0.21.0", KUBERNETES, storage)
    assert "DataDirPVCSubPath" not in gcfg("0.20.11", KUBERNETES, storage)


def test_other_managed_sections() -> None:
    """Licensing, metrics, telemetry, execution environments, the name of the release."""
    assert section(gcfg("0.21.0", OFF, "license: {server: h}"), "Licensing") == ["LicenseType = Remote"]
    assert section(gcfg("0.21.0", OFF), "Metrics") == ["PrometheusListen = :3232"]
    assert section(gcfg("0.21.0", OFF, "prometheus: {port: 1000000}"), "Metrics") == ["PrometheusListen = :1e+06"]
    assert "GraphitePort = 9109" in gcfg("0.7.0", OFF, "prometheus: {legacy: true}")
    telemetry = "config: {OpenTelemetry: {Enabled: true}}"
    told = "CollectorAdvertiseHost = rsc-rstudio-connect.jobs.svc.cluster.local"
    assert [v for v in ("0.8.33", "0.8.34", "0.8.36", "0.8.37") if told in gcfg(v, OFF, telemetry)] == [
        "0.8.34",
        "0.8.36",
    ]
    environments = "executionEnvironments: [{name: i}]"
    assert [v for v in ("0.8.34", "0.8.35") if "ConfigFilePath" in gcfg(v, OFF, environments)] == ["0.8.35"]
    rendered = render("0.21.0", LAUNCHER, release="x" * 60)
    assert isinstance(rendered, Rendered)
    assert f"DataDirPVCName = {'x' * 60}-rs-shared-storage" in rendered.gcfg
    assert "DataDirPVCName = my-shared-storage" in gcfg("0.21.0", LAUNCHER, "fullnameOverride: my")


def test_graphite_mistake() -> None:
    """Charts 0.7.0 to 0.8.35 print `config` before the first section where it sets GraphiteEnabled."""
    text = "config: {Metrics: {GraphiteEnabled: true}}"
    assert gcfg("0.8.35", OFF, text).startswith("map[Authentication:map[Provider:password]")
    assert gcfg("0.8.36", OFF, text).startswith("[Authentication]")


def test_printing() -> None:
    """Numbers, words, nulls, lists and maps as Go prints them."""
    text = (
        "config: {T: {a: 1000000, b: yes, c: null, d: [1, null], e: [], f: {x: 1.10}, 'g': '<no value>'}, U: {}, V: null, "
        "W: [p, q]}"
    )
    rendered = gcfg("0.21.0", OFF, text)
    assert section(rendered, "T") == ["a = 1e+06", "b = true", "c = ", "d = 1", "d = ", "f = map[x:1.1]", "g = "]
    assert section(rendered, "U") == section(rendered, "V") == []
    assert section(rendered, "W") == ["0 = p", "1 = q"]


def test_end_of_the_file() -> None:
    """One newline ends the text; blanks there are lost where the ConfigMap holds nothing else."""
    assert gcfg("0.21.0", OFF, "config: {Z: {z: ''}}").endswith("[Z]\nz =\n")
    assert gcfg("0.21.0", LAUNCHER, "config: {Z: {z: ''}}").endswith("[Z]\nz = \n")


def test_origins() -> None:
    """Each line says whose it is."""
    text = "config: {Launcher: {KubernetesNamespace: x}, Server: {Address: https://h}, T: {a: 1}}"
    rendered = render("0.21.0", LAUNCHER, text)
    assert isinstance(rendered, Rendered)
    assert rendered.origins["Launcher", "KubernetesNamespace"] is Origin.USER
    assert rendered.origins["Launcher", "Enabled"] is Origin.MANAGED
    assert rendered.origins["Server", "Address"] is Origin.USER
    assert rendered.origins["Server", "DataDir"] is Origin.DEFAULT
    assert rendered.origins["T", "a"] is Origin.USER
    assert rendered.origins["Metrics", "PrometheusListen"] is Origin.MANAGED


def test_values_are_left_alone() -> None:
    """Rendering changes nothing of what it reads."""
    values = read.load("config: {Kubernetes: {ConnectRuntimeDir: ''}, Metrics: {GraphiteEnabled: true}}" + "\n" + OFF)
    before = json.dumps(values)
    for version in chart.versions():
        chart.render(chart.known(version), [values], release="r", namespace="n")
    assert json.dumps(values) == before


# refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "texts", "code"),
    [
        pytest.param("0.21.0", [LAUNCHER, "config: null"], "G2H301", id="config null"),
        pytest.param("0.21.0", [LAUNCHER, "config: {Server: text}"], "G2H301", id="text for a section"),
        pytest.param("0.21.0", [LAUNCHER, "config: {Launcher: null}"], "G2H301", id="Launcher null"),
        pytest.param("0.21.0", [KUBERNETES, "config: {Kubernetes: null}"], None, id="Kubernetes null"),
        pytest.param("0.8.0", [LAUNCHER, "config: {Metrics: null}"], "G2H301", id="Metrics null"),
        pytest.param("0.21.0", [LAUNCHER, "launcher: null"], "G2H301", id="launcher null"),
        pytest.param("0.21.0", [LAUNCHER, "nameOverride: 5"], "G2H301", id="number for a name"),
        pytest.param("0.21.0", [LAUNCHER, "launcher: {customRuntimeYaml: base}"], "G2H302", id="customRuntimeYaml"),
        pytest.param("0.9.5", [LAUNCHER, "launcher: {customRuntimeYaml: base}"], None, id="customRuntimeYaml before"),
        pytest.param(
            "0.3.0", [LAUNCHER, "launcher: {contentInitContainer: {a: b}}"], "G2H302", id="contentInitContainer"
        ),
        pytest.param("0.4.0", [LAUNCHER, "pod: {serviceAccountName: x}"], "G2H302", id="serviceAccountName"),
        pytest.param("0.3.19", [LAUNCHER, "pod: {serviceAccountName: x}"], None, id="serviceAccountName before"),
        pytest.param("0.20.0", [LAUNCHER, "image: {tagPrefix: x}"], "G2H302", id="tagPrefix"),
        pytest.param("0.21.0", [LAUNCHER, "image: {tagPrefix: ''}"], None, id="tagPrefix empty"),
        pytest.param("0.3.0", [LAUNCHER, "config: {Launcher: {DataDir: 'h:/p'}}"], "G2H303", id="NFS"),
        pytest.param("0.3.3", [OFF, "launcher: {enabled: true}"], "G2H304", id="no storage"),
        pytest.param("0.3.2", [OFF, "launcher: {enabled: true}"], None, id="no storage before"),
        pytest.param("0.21.0", [OFF, "backends: {kubernetes: {enabled: true}}"], "G2H304", id="no storage, runner"),
        pytest.param("0.9.0", [LAUNCHER, "backends: {kubernetes: {enabled: true}}"], "G2H305", id="both"),
        pytest.param("0.8.38", [LAUNCHER, "backends: {kubernetes: {enabled: true}}"], None, id="both before"),
        pytest.param("0.9.0", [KUBERNETES, "config: {Kubernetes: {Enabled: false}}"], "G2H306", id="Enabled"),
        pytest.param("0.9.0", [KUBERNETES, "config: {Kubernetes: {Namespace: x}}"], "G2H306", id="Namespace"),
        pytest.param("0.9.0", [KUBERNETES, "config: {Kubernetes: {Namespace: jobs}}"], None, id="Namespace the same"),
        pytest.param(
            "0.21.0",
            [LAUNCHER, "launcher: {launcherKubernetesProfilesConf: {'*': {job-json-overrides: []}}}"],
            "G2H307",
            id="overrides",
        ),
        pytest.param("0.8.35", [LAUNCHER, "executionEnvironments: [{title: t}]"], "G2H308", id="no name"),
        pytest.param("0.8.18", [LAUNCHER, "nameservice: {enabled: true, apiKey: k}"], "G2H309", id="name service"),
        pytest.param(
            "0.8.18",
            [LAUNCHER, "nameservice: {enabled: true}\nconfig: {Authentication: {Provider: ldap}}"],
            "G2H309",
            id="name service without a key",
        ),
        pytest.param("0.20.12", [KUBERNETES, "sharedStorage: {subPath: a}"], "G2H310", id="subPath, old Connect"),
        pytest.param("0.21.0", [KUBERNETES, "sharedStorage: {subPath: ../a}"], "G2H310", id="subPath upwards"),
        pytest.param("0.21.0", [KUBERNETES, "sharedStorage: {subPath: a}"], None, id="subPath"),
        pytest.param(
            "0.9.0", [KUBERNETES, "backends: {kubernetes: {defaultResourceJobBase: {kind: Pod}}}"], "G2H311", id="base"
        ),
        pytest.param(
            "0.21.0",
            [OFF, "chronicle: {localConfig: {a: {b: c}}}\npod: {securityContext: {runAsUser: 999}}"],
            "G2H312",
            id="Chronicle",
        ),
        pytest.param(
            "0.7.26", [OFF, "chronicleAgent: {enabled: true, image: {registry: ''}}"], "G2H313", id="agent image"
        ),
        pytest.param(
            "0.8.10", [OFF, "chronicleAgent: {enabled: true, autoDiscovery: false}"], "G2H313", id="agent server"
        ),
        pytest.param("0.8.9", [OFF, "chronicleAgent: {enabled: true, autoDiscovery: false}"], None, id="agent before"),
        pytest.param("0.21.0", [OFF, "service: null"], "G2H301", id="service null"),
        pytest.param("0.21.0", [OFF, "strategy: {rollingUpdate: null}"], "G2H301", id="rollingUpdate null"),
        pytest.param("0.21.0", [OFF, "strategy: {type: Recreate, rollingUpdate: null}"], None, id="Recreate"),
        pytest.param("0.3.0", [OFF, "securityContext: null"], None, id="securityContext null"),
        pytest.param("0.21.0", [OFF, r'config: {T: {a: "\a"}}'], "G2H314", id="control character"),
    ],
)
def test_refusals(version: str, texts: list[str], code: str | None) -> None:
    """Each kind of refusal has its code, from the version that has it on."""
    if code is None:
        gcfg(version, *texts)
    else:
        assert code in codes(version, *texts)


def test_all_reasons_at_once() -> None:
    """Whoever repairs values wants to see everything that is wrong with them."""
    found = codes("0.21.0", "launcher: {enabled: true, customRuntimeYaml: x}\nimage: {tagPrefix: x}")
    assert found == {"G2H302", "G2H304", "G2H305"}


def test_refusals_hold_no_value() -> None:
    """A value may be a secret."""
    for version in chart.versions():
        text = "config: {Authentication: hunter2, Kubernetes: {Namespace: hunter2}}\nnameservice: hunter2"
        result = render(str(version), KUBERNETES, text)
        assert isinstance(result, Rendered) or "hunter2" not in repr(result)


def test_loading_is_light() -> None:
    """The list of all paths is read by those who ask for it only, and no YAML library for the chart."""
    program = (
        "import sys; from gcfg2helm import chart; from gcfg2helm.chart import history; chart.defaults(chart.NEWEST); "
        "chart.render(chart.newest(), [], release='r', namespace='n'); "
        "print(history._paths.cache_info().currsize, 'yaml' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["0", "False"]
