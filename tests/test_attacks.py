"""No pod that reads something else is called proven: each way that was tried, and every change of a whole values file."""

from __future__ import annotations

import copy
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import gcfg2helm_mappings
from gcfg2helm import chart, gcfg, tables
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Level
from gcfg2helm.plan.request import Request
from gcfg2helm.proof import effects, run
from gcfg2helm.proof.model import Proof, Verdict
from gcfg2helm.values.read import YamlError
from gcfg2helm.values.tree import MISSING, Edit, applied, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

KNOWN = tables.load()
SOURCE = """\
[Server]
Address = https://c.example.com
DataDir = /var/lib/rstudio-connect
[HTTP]
Listen = :3939
[Database]
Provider = Postgres
[Postgres]
URL = postgres://connect@pg.example.com/connect
Password = s3cret-one
[SMTP]
Host = mail.example.com
Password = s3cret-two
"""
VERSIONS = ["0.3.0", "0.6.3", "0.8.38", "0.9.5", "0.21.0"]


def asked(source: str, version: str, backend: Backend, values: str | None = None) -> Request:
    document = gcfg.parse(source, "f.gcfg")
    return Request(
        [("f.gcfg", document)], KNOWN, chart.known(Version.parse(version)), backend, "rsc", "connect", values=values
    )


@cache
def made(source: str, version: str, backend: Backend) -> tuple[Request, dict[str, Tree], list[dict[str, Tree]]]:
    request = asked(source, version, backend)
    done = convert(request)
    assert done.proof.verdict is Verdict.PROVEN
    return request, done.values.tree, [done.secret_values.tree] if done.secret_values else []


def judged(request: Request, *layers: dict[str, Tree]) -> Proof:
    merged = chart.merge({}, *layers)
    return run.by_model(run.source_plan(request, merged), request.tables, list(layers), request.options)


def at(path: str, value: Tree) -> Edit:
    return Edit(tuple(path.split("/")), value)


def config(section: str, key: str, value: Tree) -> Edit:
    return Edit(("config", section, key), value)


def named(*entries: dict[str, Tree]) -> Edit:
    return Edit(("pod", "env"), list(entries))


SMTP: Any = {
    "name": "CONNECT_SMTP_PASSWORD",
    "valueFrom": {"secretKeyRef": {"name": "rsc-rstudio-connect-secrets", "key": "smtp-password"}},
}
POSTGRES: Any = {
    "name": "CONNECT_POSTGRES_PASSWORD",
    "valueFrom": {"secretKeyRef": {"name": "rsc-rstudio-connect-secrets", "key": "postgres-password"}},
}


def key(entry: Any, key: str) -> Any:
    new = copy.deepcopy(entry)
    new["valueFrom"]["secretKeyRef"]["key"] = key
    return new


def manifest(kind: str, end: str, start: str = "rsc-rstudio-connect") -> dict[str, Tree]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": start + end}}


def mount(path: str, name: str = "own") -> list[Edit]:
    return [
        Edit(("pod", "volumes"), [{"name": "own", "configMap": {"name": "mine"}}]),
        Edit(("pod", "volumeMounts"), [{"name": name, "mountPath": path}]),
    ]


NEW_SECTION = "\n[Authorization]\nDefaultUserRole = administrator\n"
NOT_PROVEN = [
    pytest.param([config("Server", "Address", f"https://c.example.com{NEW_SECTION}[Server]\n")], id="value with a section"),
    pytest.param([config("Server", "Address", "https://c.example.com\nHideVersion = true")], id="value with a setting"),
    pytest.param([config("Server", "Address", ["https://c.example.com", "x\nHideVersion = true"])], id="item of a list"),
    pytest.param([config("Server", "Address", {"a": f"b{NEW_SECTION}"})], id="map as a value"),
    pytest.param([Edit(("config", f"Authorization]{NEW_SECTION}[Foo"), {})], id="name of a section"),
    pytest.param([config("Foo]\n[Authorization", "DefaultUserRole", "administrator")], id="name of a section with keys"),
    pytest.param([config("Server", "Port # ", "1")], id="key with a comment"),
    pytest.param([config("Server", "A = 1\nHideVersion", "true")], id="key with a line break"),
    pytest.param([config("Server", "HideVersion ", "true")], id="key with a blank"),
    pytest.param([config("Foo", "Bar", "x\n[Launcher]\nEnabled=false")], id="launcher off"),
    pytest.param([config("Foo", "Bar", "x\n[Logging]\nServiceLog=/dev/null")], id="log to nowhere"),
    pytest.param([config("Server", "AAA", "x\\")], id="a backslash that joins the next line"),
    pytest.param([config("Foo", "Bar", 'x"')], id="an open quote"),
    pytest.param([config("Foo", "Bar", "x\r\n[Logging]\r\nServiceLog=/dev/null")], id="with carriage returns"),
    pytest.param([config("Server", "Port", None)], id="null without a default"),
    pytest.param([config("Launcher", "Enabled", value=False)], id="the launcher off, in its own name"),
    pytest.param([at("sharedStorage/path", "/elsewhere")], id="data elsewhere"),
    pytest.param([at("sharedStorage/create", value=False)], id="no storage"),
    pytest.param([at("pod/port", 4000)], id="port of the container"),
    pytest.param([at("service/targetPort", 4000)], id="port of the service"),
    pytest.param([at("service/targetPort", "https")], id="a port of no name"),
    pytest.param([at("readinessProbe/httpGet/port", 4000)], id="port of a probe"),
    pytest.param([at("readinessProbe/httpGet/scheme", "HTTPS")], id="scheme of a probe"),
    pytest.param([at("livenessProbe/enabled", value=True), at("livenessProbe/httpGet/port", 1)], id="a probe switched on"),
    pytest.param([named(SMTP, POSTGRES, POSTGRES)], id="a variable twice"),
    pytest.param([named(SMTP, POSTGRES, {"name": "CONNECT_POSTGRES_PASSWORD", "value": "x"})], id="a second one with a value"),
    pytest.param([named(SMTP, {"name": "CONNECT_POSTGRES_PASSWORD", "value": "s3cret-one"})], id="a literal secret"),
    pytest.param([named(key(SMTP, "postgres-password"), key(POSTGRES, "smtp-password"))], id="keys swapped"),
    pytest.param([named(SMTP, {"name": "CONNECT_POSTGRES_PASSWORD", "valueFrom": {"secretKeyRef": {}}})], id="empty reference"),
    pytest.param([named(SMTP, {**POSTGRES, "value": "x"})], id="value beside valueFrom"),
    pytest.param([named(SMTP)], id="a variable missing"),
    pytest.param([named(SMTP, POSTGRES, {"name": "CONNECT_SERVER_ADDRESS", "value": "https://d.example.com"})], id="overridden"),
    pytest.param([named(SMTP, POSTGRES, {"name": "CONNECT_SERVER_DATADIR", "value": "/tmp"})], id="data overridden"),
    pytest.param([named(SMTP, POSTGRES, {"name": "CONNECT_LOGGING_SERVICELOG", "value": "/dev/null"})], id="kept default overridden"),
    pytest.param([at("command", ["/bin/sh"])], id="command"),
    pytest.param([at("args", ["--config", "/tmp/x.gcfg"])], id="args"),
    pytest.param(mount("/etc/rstudio-connect"), id="mount over the folder"),
    pytest.param(mount("/etc//rstudio-connect/"), id="the folder, spelt otherwise"),
    pytest.param(mount("/etc/x/../rstudio-connect"), id="the folder, by a detour"),
    pytest.param(mount("/etc"), id="mount above the folder"),
    pytest.param(mount("/"), id="mount of everything"),
    pytest.param(mount("/etc/rstudio-connect/rstudio-connect.gcfg"), id="mount over the file"),
    pytest.param(mount("/etc/rstudio-connect/rstudio-connect-migration.gcfg"), id="a second file"),
    pytest.param(mount("/var/lib/rstudio-connect"), id="mount over the data"),
    pytest.param(mount("/mnt/x", "rstudio-connect-config"), id="the chart's volume again"),
    pytest.param(mount("/mnt/x", "nowhere"), id="a volume that is not"),
    pytest.param([at("pod/volumes", [{"name": "rstudio-connect-config", "emptyDir": {}}])], id="a volume of that name"),
    pytest.param([at("pod/volumes", [{"name": "rstudio-connect-data", "emptyDir": {}}])], id="a volume for the data"),
    pytest.param(
        [at("extraObjects", [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "rsc-rstudio-connect-config"}}])],
        id="the chart's ConfigMap again",
    ),
    pytest.param(
        [at("pod/sidecar", [{"name": "x", "image": "x", "volumeMounts": [{"name": "rstudio-connect-config", "mountPath": "/c"}]}])],
        id="a sidecar at the configuration",
    ),
    pytest.param([at("pod/sidecar", [{"name": "connect", "image": "x"}])], id="a sidecar of Connect's name"),
    pytest.param(
        [at("initContainers", [{"name": "x", "image": "x", "volumeMounts": [{"name": "rstudio-connect-config", "mountPath": "/c"}]}])],
        id="an init container at the configuration",
    ),
    # a whole name of an object, by every way that leads there
    pytest.param([at("extraObjects", [{"apiVersion": "v1", "kind": "List", "items": [manifest("ConfigMap", "-config")]}])], id="in a list"),
    pytest.param([at("extraObjects", [manifest("Secret", "-license-file")])], id="the chart's Secret again"),
    pytest.param([at("extraObjects", [manifest("ConfigMap", "x"), manifest("ConfigMap", "x")])], id="one manifest twice"),
    pytest.param([at("extraObjects", [manifest("PersistentVolumeClaim", "-shared-storage")])], id="the claim again"),
    pytest.param([at("sharedStorage/name", "c"), at("extraObjects", [manifest("PersistentVolumeClaim", "c", "")])], id="a named claim again"),
    # mounts that values move
    pytest.param([at("license/file/secret", "x"), at("license/file/mountPath", "/etc/rstudio-connect")], id="the licence over the folder"),
    pytest.param([at("license/file/secret", "x"), at("license/file/mountPath", "/var/lib/rstudio-connect")], id="the licence over the data"),
    pytest.param([at("sharedStorage/path", "/etc/rstudio-connect"), config("Server", "DataDir", "/etc/rstudio-connect")], id="data over the folder"),
    pytest.param(mount("/opt/rstudio-connect"), id="mount over Connect"),
    pytest.param(mount("/scripts"), id="mount over what starts it"),
    pytest.param(mount("/usr/local/bin"), id="mount over programs"),
    # who reaches it
    pytest.param([at("pod/labels", {"app.kubernetes.io/name": "x"})], id="the label of the service"),
    pytest.param([at("pod/annotations", {"checksum/config": "x"})], id="the checksum of the configuration"),
    pytest.param([at("readinessProbe/httpGet/host", "example.com")], id="a probe of another host"),
    pytest.param([at("readinessProbe/tcpSocket", {"port": 3939})], id="a probe with two questions"),
    # the environment
    pytest.param([named(SMTP, {**POSTGRES, "VALUE": "x"})], id="a field that is none"),
    pytest.param([named(SMTP, POSTGRES, {"name": "RSTUDIO_CONNECT_HASTE", "value": "x"})], id="a variable of the chart's"),
    pytest.param([at("pod/env", {"a": "b"})], id="an environment that is no list"),
    # what the templates print as it is
    *(
        pytest.param([at(path, f"x{end}")], id=f"{path} with {end!r}")
        for path in ("sharedStorage/name", "service/port", "strategy/type", "launcher/namespace", "rbac/serviceAccount/name", "image/tag")
        for end in ("\n---\nkind: ConfigMap", ": y", " #")
        if not (path == "image/tag" and end != "\n---\nkind: ConfigMap")
    ),
    pytest.param([at("image/repository", 'x"\n        env: []')], id="a quote in the image"),
    pytest.param([at("pod/annotations", {"x\n  y": "z"})], id="a line break in an annotation's name"),
    pytest.param([at("pod/annotations", {"x": 1})], id="an annotation that is a number"),
    pytest.param([at("service/annotations", "x")], id="annotations that are a text"),
    pytest.param([at("service/type", "x")], id="a type of service that is none"),
    pytest.param([at("ingress/hosts", "x")], id="hosts that are a text"),
    pytest.param([at("ingress/hosts", ["x"])], id="hosts of texts"),
    pytest.param([at("ingress/hosts", [{"host": "x", "paths": ["/a\n---"]}])], id="a path with a line break"),
    pytest.param([at("ingress/tls", [{"secretName": "a: b"}])], id="a Secret that is no name"),
    pytest.param([at("rbac/serviceAccount/create", "true")], id="a text for a switch"),
    pytest.param([at("launcher/launcherKubernetesProfilesConf", {"*": {"a": "b\n  rstudio-connect.gcfg: |"}})], id="a profile of two lines"),
    pytest.param([at("launcher/templateValues/pod/volumes", "x")], id="volumes of the content that are a text"),
    pytest.param([at("priorityClassName", "a\u2028b")], id="a line separator"),
    pytest.param([at("replicas", "{{ .Release.Name }}")], id="a template for a number"),
    pytest.param([Edit(("config", 'RPackageRepository "x"'), {})], id="an empty named section"),
]  # fmt: skip
# Differences, and what the chart itself refuses.
ERRORS = {
    "G2H601",
    "G2H602",
    "G2H605",
    "G2H610",
    "G2H611",
    "G2H612",
    "G2H613",
    "G2H614",
    "G2H615",
    "G2H617",
    "G2H619",
    "G2H301",
    "G2H302",
    "G2H304",
    "G2H314",
}
BUT_FOR = [
    pytest.param([config("Authorization", "DefaultUserRole", "viewer")], "G2H609", id="a key of its own"),
    pytest.param([at("pod/envFrom", [{"secretRef": {"name": "x"}}])], "G2H616", id="envFrom"),
    pytest.param([at("image/tag", "mine")], "G2H616", id="another tag"),
    pytest.param([at("image/repository", "example.com/connect")], "G2H616", id="another image"),
    pytest.param([at("extraObjects", ["apiVersion: v1"])], "G2H616", id="a manifest as text"),
    pytest.param(
        [named(SMTP, POSTGRES, {"name": "CONNECT_SMTP_USER", "value": "x"})], "G2H606", id="a variable besides"
    ),
    pytest.param(
        [named(SMTP, {**POSTGRES, "valueFrom": {"secretKeyRef": {"name": "mine", "key": "password"}}})],
        "G2H616",
        id="another Secret",
    ),
    pytest.param(mount("/var/lib/rstudio-connect/db"), "G2H616", id="a mount inside the data"),
    pytest.param(mount("/opt/rstudio-connect/ext/x"), "G2H616", id="a mount inside Connect"),
    pytest.param([at("extraObjects", [manifest("ConfigMap", "{{ 1 }}")])], "G2H616", id="a template as a name"),
    pytest.param(
        [
            at(
                "extraObjects",
                [{**manifest("ConfigMap", "x"), "data": {"a": '{{ $_ := set .Values.config "Foo" (dict) }}'}}],
            )
        ],
        "G2H616",
        id="a template that changes values",
    ),
    pytest.param([at("extraObjects", [manifest("MutatingWebhookConfiguration", "x")])], "G2H616", id="a webhook"),
    pytest.param([at("extraObjects", [manifest("Job", "x")])], "G2H616", id="a job"),
    pytest.param([at("pod/annotations", {"sidecar.istio.io/inject": "true"})], "G2H616", id="an injected container"),
    pytest.param(
        [at("pod/hostAliases", [{"ip": "10.0.0.1", "hostnames": ["pg.example.com"]}])], "G2H616", id="another address"
    ),
    pytest.param([at("sharedStorage/subPath", "x")], "G2H616", id="a folder of the volume"),
    pytest.param(
        [at("readinessProbe/httpGet", None), at("readinessProbe/exec", {"command": ["true"]})],
        "G2H616",
        id="a probe by command",
    ),
    pytest.param(
        [named(SMTP, POSTGRES, {"name": "PGHOST", "value": "x"})], "G2H606", id="a variable of the database's"
    ),
    pytest.param(
        [named(SMTP, POSTGRES, {"name": "LD_PRELOAD", "value": "x"})], "G2H606", id="a variable of the loader"
    ),
    pytest.param([at("launcher/extraTemplates", {"x.tpl": "y"})], "G2H616", id="a template of content"),
]
PROVEN = [
    pytest.param([at("replicas", 2)], id="replicas"),
    pytest.param([at("resources", {"limits": {"memory": "2Gi"}})], id="resources"),
    pytest.param([at("nodeSelector", {"disk": "ssd"})], id="a node"),
    pytest.param([at("tolerations", [{"key": "x", "operator": "Exists"}])], id="tolerations"),
    pytest.param([at("pod/annotations", {"team": "x"})], id="an annotation"),
    pytest.param([at("service/type", "LoadBalancer")], id="a type of service"),
    pytest.param([at("ingress/annotations", {"a.example.com/b": "c"})], id="an annotation of the ingress"),
    pytest.param([at("image/imagePullSecrets", [{"name": "x"}])], id="a Secret for pulling"),
    pytest.param([at("launcher/templateValues/pod/nodeSelector", {"disk": "ssd"})], id="a node for content"),
    pytest.param([at("command", value=False), at("initContainers", [])], id="nothing, in so many words"),
    pytest.param([at("license/file/secret", "licence"), at("license/file/secretKey", "connect.lic")], id="a licence file"),
    pytest.param([named(SMTP, POSTGRES, {"name": "TZ", "value": "Europe/Berlin"})], id="a time zone"),
    pytest.param([at("extraObjects", [manifest("ConfigMap", "-mine")])], id="an object beside"),
    pytest.param(mount("/mnt/x"), id="a mount elsewhere"),
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("edits", NOT_PROVEN)
def test_not_proven(edits: list[Edit], version: str) -> None:
    request, values, more = made(SOURCE, version, Backend.LAUNCHER)
    proof = judged(request, applied(values, edits), *more)
    assert proof.verdict is Verdict.NOT_PROVEN, proof.findings
    assert {one.code for one in proof.findings if one.level is Level.ERROR} <= ERRORS


@pytest.mark.parametrize(("edits", "code"), BUT_FOR)
def test_proven_but_for(edits: list[Edit], code: str) -> None:
    request, values, more = made(SOURCE, "0.21.0", Backend.LAUNCHER)
    proof = judged(request, applied(values, edits), *more)
    assert proof.verdict is Verdict.BUT_FOR, proof.findings
    assert {one.code for one in proof.doubts} == {code}


@pytest.mark.parametrize("edits", PROVEN)
def test_what_changes_nothing_that_connect_reads_is_proven(edits: list[Edit]) -> None:
    request, values, more = made(SOURCE, "0.21.0", Backend.LAUNCHER)
    proof = judged(request, applied(values, edits), *more)
    assert proof.verdict is Verdict.PROVEN, proof.findings


def test_every_path_of_the_chart_has_one_row_of_effects() -> None:
    rows = effects.table()
    paths = [row.path for row in rows]
    assert len(paths) == len(set(paths))
    assert {row.effect for row in rows} == {"compared", "nothing", "unseen"}
    assert {row.kind for row in rows} <= set(effects.KINDS)
    table = tomllib.loads((gcfg2helm_mappings.folder() / "chart" / "paths.toml").read_text("utf-8"))["path"]
    every = {tuple(path.split("/")) for row in table for path in (*row.get("leaf", ()), *row.get("free", ()))}
    ours = set(paths) | {("config",)}
    assert [one for one in every if not any(one[: len(row)] == row for row in ours)] == []
    assert [row for row in ours if not any(one[: len(row)] == row or row[: len(one)] == one for one in every)] == []
    for version in chart.versions():
        defaults = chart.defaults(version)
        for row in rows:
            value = find(defaults, row.path)
            if value is not MISSING and value is not None:
                assert effects.problem(row, value) == "", (version, row.path)  # type: ignore[arg-type]


def test_a_named_section_without_settings_comes_along() -> None:
    source = SOURCE + '[RPackageRepository "a"]\n[ldap "x"]\n'
    request, values, more = made(source, "0.21.0", Backend.LAUNCHER)
    assert values["config"]['LDAP "x"'] == {}  # type: ignore[index,call-overload]
    gone = applied(values, [Edit(("config", 'LDAP "x"'), remove=True)])
    assert judged(request, gone, *more).verdict is Verdict.NOT_PROVEN


@pytest.mark.parametrize(
    "values",
    [
        'config: {Server: {Address: "https://c.example.com\\n[Authorization]\\nDefaultUserRole = administrator\\n[Server]\\n"}}\n',
        "config:\n  Foo:\n    Bar: |\n      x\n      [Authorization]\n      DefaultUserRole = administrator\n",
        'config: {"Authorization]\\nDefaultUserRole = administrator\\n[Foo": {A: b}}\n',
        'config: {Server: {"Port # ": 1}}\n',
    ],
)
def test_convert_onto_such_a_file_is_refused_or_mends_it(values: str) -> None:
    try:
        done = convert(asked(SOURCE, "0.21.0", Backend.LAUNCHER, values))
    except YamlError:
        return
    rendered = chart.render(chart.newest(), [done.values.tree], release="rsc", namespace="connect")
    assert isinstance(rendered, chart.Rendered)
    assert "DefaultUserRole" not in rendered.gcfg
    assert "Port" not in rendered.gcfg


def test_every_old_chart_has_python_decided() -> None:
    """Charts up to 0.6.3 switch Python on with the launcher: taken out where the server had none, kept where it had."""
    for version in ("0.3.0", "0.6.3"):
        done = convert(asked(SOURCE, version, Backend.LAUNCHER))
        assert done.values.tree["config"]["Python"]["Enabled"] is False  # type: ignore[index,call-overload]
        assert "G2H208" in {one.code for one in done.findings if one.path == ("config", "Python", "Enabled")}
        kept = convert(asked(f"{SOURCE}[Python]\nEnabled = true\n", version, Backend.LAUNCHER))
        assert ("config", "Python", "Enabled") not in kept.plan.added
        assert kept.proof.verdict is Verdict.PROVEN


def test_convert_and_verify_say_the_same_of_a_file_of_the_admin() -> None:
    values = (
        "ingress: {enabled: true, hosts: [{host: mine.example.com, paths: [/]}], tls: []}\n"
        "config:\n  Authentication: {Provider: oauth2}\n  OAuth2: {ClientId: mine}\n"
    )
    source = f"{SOURCE}[Authentication]\nProvider = ldap\n"
    done = convert(asked(source, "0.21.0", Backend.LAUNCHER, values))
    layers = [done.values.tree, *([done.secret_values.tree] if done.secret_values else [])]
    proof = judged(asked(source, "0.21.0", Backend.LAUNCHER), *layers)
    assert done.proof.verdict is proof.verdict is Verdict.BUT_FOR
    assert {(one.code, one.what) for one in done.proof.findings} == {(one.code, one.what) for one in proof.findings}
    said = " ".join(one.what for one in proof.doubts)
    assert "mine.example.com" in said
    assert "OAuth2.ClientId" in said
