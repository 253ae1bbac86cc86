"""The JSON Schema: it refuses nothing that the chart takes, and finds what people get wrong; editors show what it says."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

import write_docs
from gcfg2helm import chart, schema
from gcfg2helm.schema import Draft, editor
from gcfg2helm.tables import Subsection
from gcfg2helm.values import read
from gcfg2helm.values.tree import MISSING, Edit, applied
from gcfg2helm.versions import Version
from helpers import charts as small
from helpers.helm import HELM
from helpers.languageserver import VARIABLE, Server, program
from helpers.paths import FIXTURES, ROOT
from helpers.run import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path as Way
    from gcfg2helm.values.tree import Tree

NEWEST = chart.newest()
SOME = [Version.parse(text) for text in ("0.3.0", "0.5.14", "0.7.28", "0.8.38", "0.9.5", "0.20.13")] + [chart.NEWEST]


@pytest.fixture(scope="module")
def validators(known: Tables) -> Callable[[Version], Draft7Validator]:
    made: dict[Version, Draft7Validator] = {}

    def validator(version: Version) -> Draft7Validator:
        if version not in made:
            made[version] = Draft7Validator(schema.schema(chart.known(version), known, Draft.DRAFT_7))
        return made[version]

    return validator


@pytest.fixture(scope="module")
def newest(validators: Callable[[Version], Draft7Validator]) -> Draft7Validator:
    return validators(chart.NEWEST)


def wrong(validator: Any, text: str) -> list[str]:
    """The paths that the schema refuses in values, as Helm reads them."""
    return sorted({".".join(map(str, error.absolute_path)) for error in validator.iter_errors(read.load(text))})


# what it says ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", SOME, ids=str)
def test_it_is_a_schema_in_both_drafts(version: Version, known: Tables) -> None:
    new = schema.schema(chart.known(version), known)
    old = schema.schema(chart.known(version), known, Draft.DRAFT_7)
    Draft202012Validator.check_schema(new)
    Draft7Validator.check_schema(old)
    assert "$defs" in new
    assert "definitions" in old
    assert json.dumps(old).count("#/definitions/") == json.dumps(new).count("#/$defs/") > 400
    assert json.dumps(old).count("#/$defs/") == 0


def settings(made: dict[str, Any], name: str, subsection: Subsection) -> list[dict[str, Any]]:
    config = made["properties"]["config"]
    found = [config["properties"].get(name)] if subsection is not Subsection.REQUIRED else []
    if subsection is not Subsection.NO:
        found += [one for pattern, one in config["patternProperties"].items() if pattern.startswith(f"^{name} ")]
    assert all(found), name
    return found


def test_every_setting_stands_in_it_with_its_sentence(known: Tables) -> None:
    made = schema.schema(NEWEST, known)
    for section in known.sections.values():
        for where in settings(made, section.name, section.subsection):
            assert where["properties"].keys() == {one.name for one in section.settings.values()}
            for one in section.settings.values():
                row = where["properties"][one.name]
                assert row["description"].startswith(one.sentence)
                assert one.link in row["description"]
                assert row.get("x-since", "") == one.since
                assert row.get("x-until", "") == one.until
                assert {"allOf", "anyOf"} & row.keys()


def test_defaults_are_those_that_count(known: Tables) -> None:
    config = schema.schema(NEWEST, known)["properties"]["config"]["properties"]
    assert config["Scheduler"]["properties"]["InitTimeout"]["default"] == "5m", "the chart's, not Connect's"
    assert config["Authentication"]["properties"]["Lifetime"]["default"] == "24h"
    assert config["R"]["properties"]["Enabled"]["default"] is True
    assert config["Applications"]["properties"]["RenderingSweepLimit"]["default"] == 30
    assert "default" not in config["Git"]["properties"]["PollingFrequency"], "unconfirmed"
    assert "15m (unconfirmed)" in config["Git"]["properties"]["PollingFrequency"]["description"]


def test_what_the_charts_connect_does_not_start_with_is_marked(known: Tables) -> None:
    def marked(version: str, section: str, name: str) -> str:
        made = schema.schema(chart.known(Version.parse(version)), known)
        row = made["properties"]["config"]["properties"][section]["properties"][name]
        assert bool(row.get("deprecated")) is bool(row.get("deprecationMessage") or row.get("doNotSuggest"))
        message: str = row.get("deprecationMessage", "")
        return message

    assert "no longer knows it" in marked("0.21.0", "HTTPS", "ProhibitedCiphers")
    assert "no longer knows it" in marked("0.21.0", "Server", "ExpandedViewUI")
    assert marked("0.7.28", "Server", "ExpandedViewUI") == ""
    assert "came with 2026.02.0" in marked("0.8.22", "OpenTelemetry", "Enabled")
    assert marked("0.21.0", "OpenTelemetry", "Enabled") == ""
    made = schema.schema(NEWEST, known)["properties"]["config"]["properties"]
    assert made["Authentication"]["properties"]["WebSudoMode"]["doNotSuggest"]


# what it accepts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", SOME, ids=str)
def test_the_charts_own_defaults_are_right(version: Version, validators: Callable[[Version], Draft7Validator]) -> None:
    values = small.values_of(version)
    assert not [error.message for error in validators(version).iter_errors(values)]
    assert not [error.message for error in validators(version).iter_errors({})]


def test_every_recorded_values_file_is_right(validators: Callable[[Version], Draft7Validator]) -> None:
    """Every values file of this project that no test writes wrong on purpose."""
    found = [path for path in ROOT.glob("tests/**/*.yaml") if path.name in ("expected.yaml", "existing.yaml")]
    assert len(found) > 30
    seen = 0
    for path in found:
        try:
            values = read.load(path.read_text("utf-8"))
        except read.YamlError:
            continue
        seen += 1
        version = chart.NEWEST
        for error in validators(version).iter_errors(values):
            pytest.fail(f"{path.parent.name}: {list(error.absolute_path)}: {error.message}")
    assert seen > 30


def test_what_real_helm_rendered_is_right(shared: Path, validators: Callable[[Version], Draft7Validator]) -> None:
    found = json.loads((shared / "charts/vectors.json").read_text("utf-8"))
    published, count = set(chart.versions()), 0
    for one in found["vectors"]:
        for render in (render for render in one["renders"] if "gcfg" in render):
            values = read.load(one["values"])
            for version in (Version.parse(text) for text in render["charts"]):
                if version in published and version in SOME:
                    count += 1
                    errors = list(validators(version).iter_errors(values))
                    assert not errors, (one["name"], str(version), errors[0].message)
    assert count > 100


RIGHT = """\
config: {Server: {HideVersion: "true"}}
config: {Server: {HideVersion: "No"}}
config: {Server: {HideVersion: 1}}
config: {Server: {HideVersion: null}}
config: {Server: {HideVersion: '"true"'}}
config: {Server: {HideVersion: ""}}
config: {Server: null}
config: {Server: {Address: null, DataDir: /data}}
config: {Server: {CustomHeader: ["A: b", "C: d"]}}
config: {Server: {CustomHeader: "A: b"}}
config: {Server: {SenderEmailDisplayName: 7}}
config: {Server: {NotKnownYet: [1, 2]}}
config: {NotKnownYet: {A: b}}
config: {Python: {Executable: /usr/bin/python3}}
config: {Scheduler: {MaxProcesses: "3"}}
config: {Scheduler: {LoadFactor: 0.5}}
config: {Scheduler: {LoadFactor: ".5"}}
config: {Scheduler: {InitTimeout: 1h30m}}
config: {Scheduler: {InitTimeout: 60000000000}}
config: {Scheduler: {InitTimeout: "5m ; more than usual"}}
config: {Scheduler: {MemoryLimit: 5 GiB}}
config: {Scheduler: {MemoryLimit: 1000000000}}
config: {Authentication: {Provider: LDAP}}
config: {Authentication: {Provider: '"ldap"'}}
config: {'LDAP "a \\"b\\""': {TLS: true, PermittedLoginGroup: [a, b]}}
config: {'RPackageRepository "CRAN"': null}
config: {GitCredential: {Host: github.com}, 'GitCredential "x"': {Host: example.org}}
config: {HTTPS: {MinimumTLS: 1.2}}
sharedStorage: {create: "true", storageClassName: fast}
sharedStorage: {storageClassName: false, annotations: {"helm.sh/resource-policy": null}}
service: {nodePort: 32029, targetPort: http}
strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
license: {server: "licence:8989", file: {secret: lic}}
pod: {sidecar: [{name: a, image: b}], env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}
initContainers: [{name: a, image: b}]
image: {tag: 2026.08, imagePullSecrets: [regcred]}
image: {imagePullSecrets: [{name: regcred}]}
securityContext: null
resources: {limits: {cpu: 2, memory: 4Gi}}
readinessProbe: {httpGet: null, exec: {command: [a]}}
ingress: {hosts: [{host: a.example.org, paths: [/]}, {host: b, paths: [{path: /, pathType: Prefix}]}]}
extraObjects: [{kind: ConfigMap}, "kind: Secret"]
executionEnvironments: [{name: a, r: {installations: [{version: 4.4.1, path: /opt/R/4.4.1/bin/R}]}}]
backends: {kubernetes: {defaultResourceJobBase: {spec: {template: {spec: {}}}}}}
notOfTheChart: {at: all}
global: {any: thing}
sharedStorage: {subPath: false, selector: [], volumeName: {}}
topologySpreadConstraints: ""
pod: {sidecar: "", env: false, annotations: [], labels: 0}
ingress: {enabled: 0, tls: false, hosts: {}}
resources: ""
launcher: {enabled: {}, extraTemplates: []}
chronicleAgent: {resources: false}
{}
"""


@pytest.mark.parametrize("text", RIGHT.splitlines())
def test_what_is_right(text: str, newest: Draft7Validator) -> None:
    assert wrong(newest, text) == []


def at(path: Way, value: Tree) -> dict[str, Tree]:
    return applied({}, [Edit(path, value)])


@pytest.mark.parametrize("version", SOME, ids=str)
def test_what_a_template_takes_for_nothing_is_right(
    version: Version, validators: Callable[[Version], Draft7Validator]
) -> None:
    """Wherever the table says that an empty value leaves something out; and any switch takes what is neither."""
    paths = chart.paths(version)
    tried: list[tuple[Way, Tree]] = [
        (path, one) for path, values in chart.left_out().items() if path in paths for one in values
    ]
    neither: list[Tree] = [0, "", [], {}]
    flags = [path for path, row in chart.effects() if path in paths and row["kind"] == "flag"]
    tried += [(path, one) for path in flags for one in neither]
    assert len(tried) > 150
    assert [(path, one) for path, one in tried if list(validators(version).iter_errors(at(path, one)))] == []


REAL = os.environ.get("GCFG2HELM_CHARTS", "")
# Everything that can be on, so that a value which is left out is not merely behind a switch.
ON = """\
sharedStorage: {create: true}
ingress: {enabled: true, hosts: [{host: a, paths: [/]}]}
serviceMonitor: {enabled: true}
license: {file: {contents: abc}}
startupProbe: {enabled: true}
"""


@pytest.mark.skipif(not REAL, reason="GCFG2HELM_CHARTS names no folder of charts as `helm pull` saves them")
@pytest.mark.parametrize("version", ["0.21.0", "0.9.5", "0.8.38", "0.5.5", "0.3.0"])
def test_an_empty_value_that_changes_nothing_is_right(
    version: str, validators: Callable[[Version], Draft7Validator], tmp_path: Path
) -> None:
    """By chance, against real Helm: what renders as without the key, or as with null, is not refused."""
    chance, known = random.Random(version), Version.parse(version)
    paths = sorted(path for path in chart.paths(known) if path[0] != "config")
    empty: list[Tree] = [False, "", [], {}, 0]
    tries = [(chance.choice(paths), chance.choice(empty)) for _ in range(40)]
    base = read.load(ON)
    switches: list[dict[str, Tree]] = [{"launcher": {"enabled": True}}]
    if known >= chart.KUBERNETES_SINCE:
        switches.append({"launcher": {"enabled": False}, "backends": {"kubernetes": {"enabled": True}}})

    def rendered(path: Way, value: object, switch: dict[str, Tree]) -> object:
        without = applied(chart.merge(base, switch), [Edit(path, remove=True)])
        values = without if value is MISSING else applied(without, [Edit(path, value)])  # type: ignore[arg-type]
        (tmp_path / "v.yaml").write_text(json.dumps(values))
        folder = Path(REAL) / version / "rstudio-connect"
        done = subprocess.run(
            [str(HELM), "template", "rsc", str(folder), "-f", "v.yaml"],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else None

    refused = []
    for path, value in tries:
        if not list(validators(known).iter_errors(at(path, value))):
            continue
        made = [
            (rendered(path, value, one), rendered(path, MISSING, one), rendered(path, None, one)) for one in switches
        ]
        if all(one is not None and one in others for one, *others in made):
            refused.append((path, value))
    assert refused == []


# what it finds ---------------------------------------------------------------------------------------------------------

WRONG = """\
config: {Server: {HideVersion: maybe}} -> config.Server.HideVersion
config: {Server: {HideVersion: ture}} -> config.Server.HideVersion
config: {Server: {HideVersion: 2}} -> config.Server.HideVersion
config: {Server: {HideVersion: [true]}} -> config.Server.HideVersion
config: {Server: {HideVersion: {Enabled: true}}} -> config.Server.HideVersion
config: {Server: {Address: {host: a}}} -> config.Server.Address
config: {Server: {Address: [a, b]}} -> config.Server.Address
config: {Server: {EmailProvider: smpt}} -> config.Server.EmailProvider
config: {Server: https://connect.example.org} -> config.Server
config: {Server: [Address]} -> config.Server
config: null -> config
config: [] -> config
config: "HideVersion = true" -> config
config: {Launcher: null} -> config.Launcher
config: {Kubernetes: null} -> config.Kubernetes
config: {Authentication: {Provider: openid}} -> config.Authentication.Provider
config: {Authentication: {Provider: [ldap]}} -> config.Authentication.Provider
config: {Authentication: {Lifetime: 24 hours}} -> config.Authentication.Lifetime
config: {Authentication: {Inactivity: 8hours}} -> config.Authentication.Inactivity
config: {Authorization: {DefaultUserRole: administrator}} -> config.Authorization.DefaultUserRole
config: {Database: {Provider: mysql}} -> config.Database.Provider
config: {Scheduler: {InitTimeout: 5 minutes}} -> config.Scheduler.InitTimeout
config: {Scheduler: {InitTimeout: five}} -> config.Scheduler.InitTimeout
config: {Scheduler: {InitTimeout: 1.5}} -> config.Scheduler.InitTimeout
config: {Scheduler: {MaxProcesses: three}} -> config.Scheduler.MaxProcesses
config: {Scheduler: {MaxProcesses: 3.5}} -> config.Scheduler.MaxProcesses
config: {Scheduler: {MaxProcesses: true}} -> config.Scheduler.MaxProcesses
config: {Scheduler: {LoadFactor: half}} -> config.Scheduler.LoadFactor
config: {Scheduler: {MemoryLimit: 4 gigabytes}} -> config.Scheduler.MemoryLimit
config: {Scheduler: {MemoryLimit: 4x}} -> config.Scheduler.MemoryLimit
config: {Python: {Enabled: enabled}} -> config.Python.Enabled
config: {'LDAP "x"': {TLS: ldaps}} -> config.LDAP "x".TLS
config: {SMTP: {Port: smtp}} -> config.SMTP.Port
replicas: two -> replicas
replicas: [1] -> replicas
sharedStorage: true -> sharedStorage
sharedStorage: {create: yes please} -> sharedStorage.create
sharedStorage: {accessModes: ReadWriteMany} -> sharedStorage.accessModes
sharedStorage: {annotations: {keep: true}} -> sharedStorage.annotations.keep
ingress: {enabled: [true]} -> ingress.enabled
ingress: {hosts: connect.example.org} -> ingress.hosts
ingress: {hosts: [connect.example.org]} -> ingress.hosts.0
ingress: {hosts: [{host: a, paths: /}]} -> ingress.hosts.0.paths
ingress: {tls: {secretName: a}} -> ingress.tls
ingress: {annotations: {"nginx.ingress.kubernetes.io/ssl-redirect": true}} -> ingress.annotations.nginx.ingress.kubernetes.io/ssl-redirect
ingress: {annotations: {"nginx.ingress.kubernetes.io/proxy-body-size": 0}} -> ingress.annotations.nginx.ingress.kubernetes.io/proxy-body-size
service: {port: http://x} -> service.port
service: {targetPort: 99999} -> service.targetPort
service: {nodePort: [1]} -> service.nodePort
pod: {env: {A: b}} -> pod.env
pod: {env: [A=b]} -> pod.env.0
pod: {env: [{value: b}]} -> pod.env.0
pod: {volumes: [{emptyDir: {}}]} -> pod.volumes.0
pod: {volumeMounts: [{name: a}]} -> pod.volumeMounts.0
pod: {volumeMounts: {name: a, mountPath: /a}} -> pod.volumeMounts
image: posit/connect -> image
image: {repository: [a]} -> image.repository
tolerations: {key: a} -> tolerations
nodeSelector: {disk: true} -> nodeSelector.disk
resources: 2Gi -> resources
command: /bin/bash -> command
license: {server: [a]} -> license.server
executionEnvironments: {name: a} -> executionEnvironments
executionEnvironments: [{title: a}] -> executionEnvironments.0
executionEnvironments: [ghcr.io/acme/content] -> executionEnvironments.0
backends: {kubernetes: true} -> backends.kubernetes
launcher: enabled -> launcher
rbac: {serviceAccount: connect} -> rbac.serviceAccount
prometheus: false -> prometheus
"""


@pytest.mark.parametrize("line", WRONG.splitlines())
def test_what_people_get_wrong_is_found(line: str, newest: Draft7Validator) -> None:
    text, _, path = line.rpartition(" -> ")
    assert wrong(newest, text) == [path]


def test_there_are_enough_of_them() -> None:
    assert len(set(WRONG.splitlines())) >= 50
    assert len(set(RIGHT.splitlines())) >= 40


# by the tools that read it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draft", Draft)
def test_check_jsonschema_agrees(draft: Draft, tmp_path: Path, known: Tables) -> None:
    pytest.importorskip("check_jsonschema")
    (tmp_path / "schema.json").write_text(json.dumps(schema.schema(NEWEST, known, draft)))
    (tmp_path / "right.yaml").write_text("config:\n  Server:\n    HideVersion: true\n    Unheard: of\nreplicas: 2\n")
    (tmp_path / "wrong.yaml").write_text("config:\n  Server:\n    HideVersion: maybe\n")

    def check(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "check_jsonschema", *arguments]
        return subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert check("--check-metaschema", "schema.json").returncode == 0
    assert check("--schemafile", "schema.json", "right.yaml").returncode == 0
    refused = check("--schemafile", "schema.json", "wrong.yaml")
    assert refused.returncode == 1
    assert "HideVersion" in refused.stdout


def test_helm_takes_it_as_the_charts_own(tmp_path: Path, known: Tables) -> None:
    """Helm checks values against values.schema.json of the chart: it takes ours, our conversions pass, mistakes do not."""
    program = shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")
    if program is None:
        pytest.skip("no helm: the extra `test` brings it")
    folder = small.like(tmp_path, chart.NEWEST)
    (folder / "values.schema.json").write_text(json.dumps(schema.schema(NEWEST, known, Draft.DRAFT_7)))
    gcfg = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
    assert run("convert", gcfg, "--yes", "-o", "values.yaml", cwd=tmp_path).returncode in (0, 1)

    def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [program, "template", "rsc", str(folder), *arguments]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    passed = helm("-f", "values.yaml", "-f", "values.secret-values.yaml")
    assert passed.returncode == 0, passed.stderr
    refused = helm("-f", "values.yaml", "--set", "config.Server.HideVersion=maybe")
    assert "config.Server.HideVersion" in refused.stderr
    assert refused.returncode != 0


# the command, and the line for editors ---------------------------------------------------------------------------------


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    printed = run("schema", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout)["$schema"].endswith("2020-12/schema")
    wrote = run("schema", "--draft", "7", "--chart-version", "0.20.13", "-o", "a.json", cwd=tmp_path)
    assert (wrote.returncode, wrote.stdout, wrote.stderr) == (0, "", "")
    assert (tmp_path / "a.json").read_text("utf-8") == (
        ROOT / "docs/schema/rstudio-connect-0.20.13.schema.json"
    ).read_text("utf-8"), "what is published is what the command writes"
    assert run("schema", "--draft", "4", cwd=tmp_path).returncode == 2
    assert run("schema", "--chart-version", "nine", cwd=tmp_path).returncode == 2
    assert run("schema", "-o", "no/such/folder.json", cwd=tmp_path).returncode == 4


def test_a_charts_own_defaults_count_where_it_is_given(tmp_path: Path) -> None:
    folder = small.like(
        tmp_path, chart.NEWEST, change=lambda values: values.update(replicas=7, ourOwn={"switch": True})
    )
    made = json.loads(run("schema", "--chart", folder, cwd=tmp_path).stdout)
    assert made["properties"]["replicas"]["default"] == 7
    assert made["properties"]["ourOwn"]["properties"]["switch"]["allOf"] == [{"$ref": "#/$defs/flag"}]


def test_a_site_s_own_tables_count(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/server.toml").write_text(
        'section = "Server"\n[OurHeader]\ndescription = "What our proxy sets."\ntype = "boolean"\n'
    )
    made = json.loads(run("schema", "--mappings", "site", cwd=tmp_path).stdout)
    ours = made["properties"]["config"]["properties"]["Server"]["properties"]["OurHeader"]
    assert ours["description"].startswith("What our proxy sets.")


NAME = editor.file_name(chart.NEWEST)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\n", f"# yaml-language-server: $schema={NAME}\na: 1\n"),
        ("", f"# yaml-language-server: $schema={NAME}\n"),
        ("a: 1\r\n", f"# yaml-language-server: $schema={NAME}\r\na: 1\r\n"),
        ("\ufeffa: 1\n", f"\ufeff# yaml-language-server: $schema={NAME}\na: 1\n"),
        ("---\na: 1\n", f"# yaml-language-server: $schema={NAME}\n---\na: 1\n"),
        ("# ours\n#yaml-language-server: $schema=./rstudio-connect-0.9.5.schema.json\na: 1\n", f"# ours\n# yaml-language-server: $schema={NAME}\na: 1\n"),
        ("# yaml-language-server: $schema=https://example.org/ours.json\na: 1\n", "# yaml-language-server: $schema=https://example.org/ours.json\na: 1\n"),
    ],
)  # fmt: skip
def test_the_line_for_editors(before: str, after: str) -> None:
    assert editor.marked(before, NAME) == after
    assert editor.marked(after, NAME) == after


def test_convert_names_the_schema_once(tmp_path: Path) -> None:
    gcfg = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
    options = ("convert", gcfg, "--yes", "--chart-version", str(chart.NEWEST))
    assert run(*options, cwd=tmp_path).returncode in (0, 1)
    plain = (tmp_path / "values.yaml").read_text("utf-8")
    assert run(*options, "--editor", cwd=tmp_path).returncode in (0, 1)
    marked = (tmp_path / "values.yaml").read_text("utf-8")
    assert marked == f"# yaml-language-server: $schema={NAME}\n{plain}"
    assert json.loads((tmp_path / NAME).read_text("utf-8"))["$schema"].startswith("http://json-schema.org/draft-07")
    again = run(*options, "--editor", cwd=tmp_path)
    assert "up to date" in again.stderr
    without = run(*options, cwd=tmp_path)
    assert "up to date" in without.stderr, "a later conversion leaves the line alone"
    assert (tmp_path / "values.yaml").read_text("utf-8") == marked
    assert run("convert", gcfg, "-o", "-", "--editor", cwd=tmp_path).returncode == 2


def test_only_the_last_schemas_are_published() -> None:
    there = {f"schema/{path.name}" for path in (ROOT / "docs/schema").iterdir()}
    assert there == {name for name in write_docs.PAGES if name.startswith("schema/")}
    assert f"schema/{NAME}" in there


# in an editor ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=Draft, ids=lambda draft: draft.value)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, known: Tables) -> Iterator[Server]:
    found = program()
    if found is None:
        pytest.skip(f"no yaml-language-server: {VARIABLE} names none")
    folder = tmp_path_factory.mktemp("editor")
    (folder / NAME).write_text(json.dumps(schema.schema(NEWEST, known, request.param)))
    with Server(found, folder) as running:
        yield running


def doc(text: str) -> str:
    return editor.marked(text, NAME)


def test_an_editor_completes_settings(server: Server, known: Tables) -> None:
    text = doc("config:\n  Server:\n    A\n")
    labels = {
        item["label"]
        for item in server.at("textDocument/completion", server.open("a.yaml", text), text, "    A")["items"]
    }
    section = known.sections["server"]
    assert (
        {"Address", "DataDir", "CustomHeader", "HideVersion"}
        <= labels
        <= {one.name for one in section.settings.values()}
    )
    assert "ExpandedViewUI" not in labels, "Connect no longer knows it"


def test_an_editor_completes_values(server: Server) -> None:
    text = doc("config:\n  Authentication:\n    Provider: \n")
    uri = server.open("b.yaml", text)
    labels = {item["label"] for item in server.at("textDocument/completion", uri, text, "Provider: ")["items"]}
    assert {"ldap", "saml", "oauth2", "password"} <= labels


def test_an_editor_explains_a_setting(server: Server) -> None:
    text = doc("config:\n  Scheduler:\n    IdleTimeout: 5s\n")
    shown = server.at("textDocument/hover", server.open("c.yaml", text), text, "    Idle")["contents"]["value"]
    assert "How long a process without connections stays before it is stopped." in shown
    assert "Scheduler.IdleTimeout" in shown


def test_an_editor_underlines_a_wrong_value(server: Server) -> None:
    text = doc('config:\n  Server:\n    HideVersion: maybe\n  \'LDAP "x"\':\n    TLS: "true"\nreplicas: 2\n')
    found = server.diagnostics(server.open("d.yaml", text))
    assert [one["range"]["start"] for one in found] == [{"line": 3, "character": 17}]
    assert found[0]["severity"] == 1


def test_an_editor_hints_at_a_wrong_name_and_takes_it(server: Server) -> None:
    text = doc("config:\n  Server:\n    Adress: https://a\n  Srver:\n    Address: b\nreplica: 2\n")
    uri = server.open("e.yaml", text)
    assert server.diagnostics(uri) == []
    for place, hint in (
        ("Adress", "Not a setting of"),
        ("Srver", "Not a section"),
        ("replica", "Not a value of chart"),
    ):
        shown = server.at("textDocument/hover", uri, text, place[:-1] if place != "replica" else "replic")
        assert hint in shown["contents"]["value"]


def test_an_editor_underlines_what_connect_no_longer_knows(server: Server) -> None:
    text = doc("config:\n  HTTPS:\n    ProhibitedCiphers: a\n")
    (found,) = server.diagnostics(server.open("f.yaml", text))
    assert "no longer knows it" in found["message"]


def test_an_editor_finds_nothing_in_a_conversion(server: Server, tmp_path: Path) -> None:
    for fixture in (path.parent for path in FIXTURES):
        done = run("convert", fixture / "rstudio-connect.gcfg", "-o", "-", "--quiet", cwd=tmp_path)
        assert done.stdout
        uri = server.open(f"{fixture.name}.yaml", doc(done.stdout))
        assert server.diagnostics(uri) == [], fixture.name
