"""Case folders of upgrades, word for word: the new values, the findings; and what an upgrade must never do.

A folder of `upgrading/` holds `values.yaml`, `arguments` (one on each line), perhaps more values files; `expected-*` are the
new files, `findings.txt` what is said.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from gcfg2helm import chart, tables
from gcfg2helm.report import json as data
from gcfg2helm.upgrade import compare, objects
from gcfg2helm.upgrade.model import Request, Status
from gcfg2helm.values import read, relocate
from gcfg2helm.values.tree import Carried, Edit, find
from gcfg2helm.versions import Version
from helpers import charts as small
from helpers.golden import unversioned
from helpers.helm import HELM, needs_helm
from helpers.paths import ROOT
from helpers.run import invoke as run
from helpers.run import told

if TYPE_CHECKING:
    from pathlib import Path

CASES = sorted(path.parent for path in ROOT.glob("tests/upgrading/*/arguments"))
assert len(CASES) >= 9, "the case folders are part of the project"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case gives its files and findings, the new chart renders them, and again it changes nothing."""
    folder = tmp_path / "case"
    shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected*", "findings.txt"))
    monkeypatch.chdir(folder)
    command = ["upgrade", "values.yaml", *(folder / "arguments").read_text().splitlines(), "--yes"]
    done = run(*command, "--report", "../report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    jsonschema.validate(report, data.schema())
    assert (done.exit_code, report["proof"]["verdict"]) in ((0, "proven"), (0, "proven but for")), done.output
    first = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    found = unversioned(told(tmp_path / "report.json"))
    if update:
        for name, text in first.items():
            (case / f"expected-{name}").write_text(text, "utf-8")
        (case / "findings.txt").write_text(found, "utf-8")
    assert first == {name: (case / f"expected-{name}").read_text("utf-8") for name in first}
    assert found == (case / "findings.txt").read_text("utf-8")
    assert run(*command).exit_code == 0
    assert {name: (folder / name).read_text("utf-8") for name in first} == first, "the same command again"
    since = command.index("--from") + 1
    again = run(*command[:since], report["to"]["chart"], *command[since + 1 :], "--report", "../again.json")
    assert again.exit_code == 0, again.output
    assert {name: (folder / name).read_text("utf-8") for name in first} == first, "from the new chart on"
    assert json.loads((tmp_path / "again.json").read_text())["proof"]["verdict"] == "proven"


@pytest.mark.parametrize(
    ("arguments", "text", "code", "said"),
    [
        (["--from", "0.8.99"], "", 2, "chart 0.8.99 is not a published version; 0.8.0 to 0.8.38 are"),
        (["--from", "1.0.0"], "", 2, "--from: chart 1.0.0 is not a published version"),
        (["--from", "x"], "", 2, "--from: 'x' is not a version such as"),
        (["--from", "0.20.0", "--to", "0.9.0"], "", 2, "--to 0.9.0 is older than --from 0.20.0"),
        (["--from", "0.3.0", "--to", "0.8.0", "--backend", "kubernetes"], "", 3, "needs chart 0.9.0 or newer"),
        (["--from", "0.9.0"], "grafana: {}\nadminUser: x\n", 3, "these are not values of rstudio-connect"),
        (["--from", "0.9.0"], "launcher: {enabled: true}\nhomeStorage: {}\n", 3, "these are values of rstudio-workbench"),
        (["--from", "0.9.0"], "launcher: {enabled: true}\nbackends: {kubernetes: {enabled: true}}\n", 3, "values.yaml:2:25: G2H305 `launcher.enabled` and `backends.kubernetes.enabled` cannot both"),
        (["--from", "0.8.38"], "sharedStorage: 3\n", 3, "chart 0.8.38 refuses these values"),
        (["--from", "0.8.38"], "a: b: c\n", 3, "values.yaml:1:"),
        (["--from", "0.8.38", "--release", "NO"], "", 2, "--release"),
        (["--from", "0.8.38", "-f", "values.yaml"], "", 2, "named twice"),
        (["--from", "0.8.38", "-f", "absent.yaml"], "", 3, "absent.yaml: no such file"),
        (["--from", "0.8.38", "--report", "values.json.yaml"], "", 2, "--report"),
    ],
)  # fmt: skip
def test_bad_input_writes_nothing(
    arguments: list[str], text: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "values.yaml"
    file.write_text(text or "sharedStorage: {create: true}\n")
    before = file.read_bytes()
    done = run("upgrade", "values.yaml", *arguments, "--yes")
    assert done.exit_code == code, done.output
    assert said in done.output.replace("\n", " ")
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["values.yaml"]


def rendered(text: str, *origins: tuple[str, str, chart.Origin]) -> chart.Rendered:
    return chart.Rendered(text, {(section, name): origin for section, name, origin in origins})


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("[Server]\nAddress = a\n", "[Server]\nAddress = b\n", Status.DIFFERENT),
        ("[Server]\nAddress = a\n", "", Status.DIFFERENT),
        ("", "[Server]\nAddress = a\n", Status.DIFFERENT),
        ("[Scheduler]\nInitTimeout = 5m\n", "[scheduler]\ninittimeout = 300s\n", Status.SAME),
    ],
)
def test_what_nobody_accounts_for_is_an_error(before: str, after: str, status: Status) -> None:
    files = [("values.yaml", "")]
    old, new = chart.known(Version(0, 9, 5)), chart.newest()
    request = Request(files, tables.load(), old, new, None, "rsc", "ns")
    rows, found = compare.compared(request, rendered(before), rendered(after), compare.Reasons({}, {}, {}))
    assert [row.status for row in rows] == [status]
    assert [one.code for one in found] == (["G2H810"] if status is Status.DIFFERENT else [])


# objects of the cluster ------------------------------------------------------------------------------------------------

SERVICE = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "s"}, "spec": {"type": "ClusterIP"}}


def claim(name: str = "data", **more: Any) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}, **more}
    return {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec}


def deployment(claim_name: str, folder: str = "", labels: str = "a") -> dict[str, Any]:
    mount = {"name": "v", "mountPath": "/data", "subPath": folder}
    pod = {
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}],
        "containers": [{"name": "connect", "volumeMounts": [mount]}],
    }
    spec = {"selector": {"matchLabels": {"app": labels}}, "template": {"spec": pod}}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d"}, "spec": spec}


def service(kind: str = "ClusterIP", **ports: int) -> dict[str, Any]:
    spec = {"type": kind, "ports": [{"name": name, "port": port} for name, port in ports.items()]}
    return {**SERVICE, "spec": spec}


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        pytest.param([claim(), SERVICE], [claim(), SERVICE], [], id="nothing"),
        pytest.param([claim()], [], ["G2H804"], id="a claim goes"),
        pytest.param([claim()], [claim("other")], ["G2H804", "G2H806"], id="a claim of another name"),
        pytest.param([claim()], [claim(storageClassName="fast")], ["G2H805"], id="another class"),
        pytest.param([claim()], [claim(resources={"requests": {"storage": "9Gi"}})], ["G2H805"], id="smaller"),
        pytest.param([claim()], [claim(resources={"requests": {"storage": "1Ti"}})], [], id="larger"),
        pytest.param([deployment("a")], [deployment("b")], ["G2H804"], id="another claim is mounted"),
        pytest.param([deployment("a")], [deployment("a", "sub")], ["G2H804"], id="another folder of it"),
        pytest.param([deployment("a")], [deployment("a", labels="b")], ["G2H805"], id="selector"),
        pytest.param([SERVICE], [], ["G2H806"], id="a service goes"),
        pytest.param([service("NodePort")], [service()], ["G2H806"], id="the type of a service"),
        pytest.param([service(metrics=9108)], [service(metrics=3232)], ["G2H806"], id="a port of a service"),
        pytest.param([{**SERVICE, "apiVersion": "v0"}], [SERVICE], ["G2H806"], id="another API"),
        pytest.param([{"kind": "ConfigMap", "metadata": {"name": "x"}}], [], [], id="a ConfigMap goes"),
    ],
)
def test_what_an_upgrade_does_to_objects(before: Any, after: Any, codes: list[str]) -> None:
    assert sorted(one.code for one in objects.compared(before, after, "ns")) == codes


def test_a_kept_claim_that_leaves_the_release_is_no_loss() -> None:
    kept = claim()
    kept["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    assert [one.code for one in objects.compared([kept], [], "ns")] == ["G2H806"]


def test_a_folder_that_the_old_chart_ignored_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sharedStorage.subPath is read from 0.5.5 on: an older chart mounted the whole claim."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(
        "sharedStorage: {create: true, subPath: connect}\nlauncher: {enabled: true}\n"
    )
    done = run("upgrade", "values.yaml", "--from", "0.5.0", "--strict", "--yes")
    assert done.exit_code == 1
    assert "error G2H804" in done.output
    assert "nothing was written: errors are open (--strict)" in done.output


# texts that move -------------------------------------------------------------------------------------------------------

ROWS = [
    pytest.param("a: 1 # x\nb: 2\n", ("a",), ("c",), "c: 1 # x\nb: 2\n", id="renamed in place"),
    pytest.param("a: {x: 1} # x\n", ("a",), ("b", "c"), "b:\n  c: {x: 1} # x\n", id="below a new map"),
    pytest.param("# top\na:\n  # mine\n  b: |\n    text\n\n      more\nz: 1\n", ("a", "b"), ("z2", "b"),
                 "# top\nz2:\n  # mine\n  b: |\n    text\n\n      more\nz: 1\n", id="a literal"),
    pytest.param("a:\n  b: 1\n  c: 2\n", ("a", "b"), ("d", "e"), "a:\n  c: 2\nd:\n  e: 1\n", id="a neighbour stays"),
    pytest.param("a:\n- x # 1\n- z\nl:\n  - name: web\n", ("a",), ("l", "[web]", "v"),
                 "l:\n  - name: web\n    v:\n    - x # 1\n    - z\n", id="into an item of a list"),
    pytest.param("a: &x {k: 1}\nb: *x\n", ("b",), ("c", "d"), "a: &x {k: 1}\nb: *x\n", id="an alias stays"),
    pytest.param("{a: 1, b: 2}\n", ("a",), ("c",), "{a: 1, b: 2}\n", id="a flow map stays"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "origin", "to", "expected"), ROWS)
def test_texts_move_as_they_are(text: str, origin: tuple[str, ...], to: tuple[str, ...], expected: str) -> None:
    value: Any = find(read.load(text), origin)
    assert relocate.carried(text, [Edit(to, value, carried=(Carried(origin, to),))]) == expected


def test_the_news_of_the_chart_name_published_versions() -> None:
    assert {version for version, _ in chart.news()} <= set(chart.versions())
    assert not any(one.stop for version, one in chart.news() if version > Version(0, 3, 0))


# what runs today -------------------------------------------------------------------------------------------------------

OLD = "sharedStorage: {create: true}\nlauncher:\n  enabled: true # for all\nconfig:\n  Server:\n    Address: https://a.example.org\n"
FAKE = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(" ".join(words) + "\\n")
answers = json.loads(pathlib.Path({answers!r}).read_text())
key = " ".join(words[:2] if words[0] == "get" else words[:1])
if key not in answers:
    sys.exit("Error: release: not found")
print(answers[key])
"""


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Helm of our own on PATH that gives the answers it is told to, and remembers what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log, answers = tmp_path / "asked", tmp_path / "answers"
    log.write_text("")
    answers.write_text("{}")
    program = folder / "helm"
    program.write_text(FAKE.format(python=sys.executable, log=str(log), answers=str(answers)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def told(**given: Any) -> Path:
        answers.write_text(json.dumps({key.replace("_", " "): value for key, value in given.items()}))
        return log

    return told


METADATA = json.dumps({"name": "rsc", "chart": "rstudio-connect", "version": "0.8.38", "appVersion": "2026.03.1"})


def test_the_cluster_tells_version_and_values(helm: Any, tmp_path: Path) -> None:
    log = helm(get_metadata=METADATA, get_values=OLD)
    done = run("upgrade", "--from-cluster", "-o", "new.yaml", "--backend", "kubernetes", "--yes")
    assert done.exit_code == 0, done.output
    assert "chart 0.8.38 today (from helm get metadata)" in done.output
    assert "# about the previous value: for all\n" in (tmp_path / "work/new.yaml").read_text()
    asked = log.read_text().splitlines()
    assert {line.split()[0] for line in asked} == {"get"}, "nothing is written to the cluster"
    assert all("--namespace rstudio-connect" in line for line in asked)


def test_files_that_are_not_what_the_release_was_made_with(helm: Any, tmp_path: Path) -> None:
    helm(get_metadata=METADATA, get_values=OLD + "replicas: 2\nlicense: {key: OURSECRETKEY}\n")
    (tmp_path / "work/values.yaml").write_text(OLD)
    done = run("upgrade", "values.yaml", "--from-cluster", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "G2H812" in done.output
    assert "replicas, license" in done.output.replace("\n       ", " ")
    assert "OURSECRETKEY" not in done.output
    helm(get_metadata=METADATA, get_values=OLD)
    assert "G2H812" not in run("upgrade", "values.yaml", "--from-cluster", "--dry-run").output


def test_helm_list_tells_the_version(helm: Any, tmp_path: Path) -> None:
    (tmp_path / "work/values.yaml").write_text(OLD)
    listed = [{"name": "rsc", "chart": "rstudio-connect-0.8.38"}, {"name": "rsc2", "chart": "rstudio-connect-0.3.0"}]
    helm(list=json.dumps(listed))
    done = run("upgrade", "values.yaml", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "chart 0.8.38 today (from helm list)" in done.output


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "said"),
    [
        ({"get_metadata": METADATA.replace("rstudio-connect", "grafana"), "get_values": OLD}, ["--from-cluster", "-o", "x"], 3, "is of the chart grafana"),
        ({}, ["--from-cluster", "-o", "x.yaml"], 3, "release: not found"),
        ({"get_metadata": METADATA, "get_values": OLD}, ["--from-cluster"], 2, "name one file for the new values with -o"),
        ({"get_metadata": "no JSON", "get_values": OLD}, ["--from-cluster", "-o", "x.yaml"], 3, "cannot be read as JSON"),
        ({"get_metadata": METADATA.replace("0.8.38", "0.8.99"), "get_values": OLD}, ["--from-cluster", "-o", "x"], 2, "not a published version"),
        ({"list": "[]"}, ["values.yaml"], 2, "there is no release rsc of it in rstudio-connect"),
        ({}, ["values.yaml"], 2, "--from: name the version"),
        ({}, [], 2, "name the values file, or ask Helm"),
    ],
)  # fmt: skip
def test_what_helm_cannot_tell_is_an_error(
    answers: dict[str, str], arguments: list[str], code: int, said: str, helm: Any, tmp_path: Path
) -> None:
    helm(**answers)
    (tmp_path / "work/values.yaml").write_text(OLD)
    done = run("upgrade", *arguments, "--yes")
    assert done.exit_code == code, done.output
    assert said in done.output.replace("\n", " ")
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["values.yaml"]


DEPENDENCY = "dependencies:\n- name: rstudio-connect\n  repository: https://helm.rstudio.com\n  version: {}\n"


def test_the_lock_of_a_chart_around_it_tells_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a chart of one's own the values are below the name of the dependency, or below its alias."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Chart.yaml").write_text(
        "name: ours\nversion: 1.0.0\n" + DEPENDENCY.format("~0.8") + "  alias: connect\n"
    )
    (tmp_path / "Chart.lock").write_text(DEPENDENCY.format("0.8.38"))
    nested = "global: {a: 1}\nconnect:\n" + "".join(f"  {line}\n" for line in OLD.splitlines())
    (tmp_path / "values.yaml").write_text(nested)
    done = run("upgrade", "values.yaml", "--backend", "kubernetes", "--yes")
    assert done.exit_code == 0, done.output
    assert "chart 0.8.38 today (from Chart.lock)" in done.output
    tree = read.load((tmp_path / "values.yaml").read_text())
    assert list(tree) == ["global", "connect"]
    assert find(tree, ("connect", "backends", "kubernetes", "enabled")) is True
    assert "# about the previous value: for all\n" in (tmp_path / "values.yaml").read_text()


def test_the_steps_in_a_chart_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are written where they are, database and objects are found below the alias, which is the chart's name there."""
    folder = tmp_path / "platform"
    folder.mkdir()
    (folder / "Chart.yaml").write_text(
        "name: ours\nversion: 1.0.0\n" + DEPENDENCY.format("0.8.38") + "  alias: connect\n"
    )
    own = OLD + "  Postgres:\n    URL: postgres://connect@db.example.org/rsc\n"
    (folder / "values.yaml").write_text("connect:\n" + "".join(f"  {line}\n" for line in own.splitlines()))
    monkeypatch.chdir(tmp_path)
    done = run("upgrade", "platform/values.yaml", "--backend", "kubernetes", "--runbook", "--format", "json")
    assert done.exit_code == 0, done.output
    steps = {one["name"]: one for one in json.loads(done.stdout)["runbook"]}
    commands = {name: [command["text"] for command in one["commands"]] for name, one in steps.items()}
    assert next(iter(steps)) == "dependency"
    assert commands["write"] == [
        "gcfg2helm upgrade platform/values.yaml --from 0.8.38 --backend kubernetes --yes",
    ]
    assert "pg_dump --host db.example.org" in commands["save-data"][0]
    assert commands["repository"][2] == "helm dependency update platform"
    assert f"version: {chart.NEWEST}$" in commands["repository"][3]
    assert "deployment/rsc-connect" in commands["check"][0]
    assert commands["upgrade"] == [
        "helm upgrade rsc platform --reset-values -f platform/values.yaml --namespace rstudio-connect"
    ]


@pytest.mark.parametrize(
    ("chart_yaml", "said"),
    [
        ("name: ours\nversion: 1.0.0\n" + DEPENDENCY.format("~0.8"), "~0.8 is a range"),
        ("name: ours\nversion: 1.0.0\n" + DEPENDENCY.format("0.8.38"), "chart 0.8.38 today (from Chart.yaml)"),
        ("name: rstudio-connect\nversion: 0.8.38\n", "chart 0.8.38 today (from Chart.yaml)"),
    ],
)
def test_a_chart_beside_the_values(chart_yaml: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Chart.yaml").write_text(chart_yaml)
    (tmp_path / "values.yaml").write_text(OLD)
    assert said in run("upgrade", "values.yaml", "--dry-run").output


# layouts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            b"launcher:\r\n  enabled: true\r\n  namespace: x # y\r\nsharedStorage:\r\n  create: true\r\n",
            b"launcher:\r\n  enabled: false\r\nbackends:\r\n  kubernetes:\r\n    namespace: x # y\r\n    enabled: true\r\n"
            b"sharedStorage:\r\n  create: true\r\n",
            id="CRLF",
        ),
        pytest.param(
            b"\xef\xbb\xbfsharedStorage: {create: true}\nlauncher:\n  enabled: true\n",
            b"\xef\xbb\xbfsharedStorage: {create: true}\nlauncher:\n  enabled: false\nbackends:\n  kubernetes:\n    enabled: true\n",
            id="byte order mark",
        ),
        pytest.param(
            b"sharedStorage: {create: true}\nlauncher:\n  enabled: 'true'\n",
            b"sharedStorage: {create: true}\nlauncher:\n  enabled: false\nbackends:\n  kubernetes:\n    enabled: true\n",
            id="a text that the template takes for true",
        ),
    ],
)
def test_a_layout_stays(before: bytes, after: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_bytes(before)
    done = run("upgrade", "values.yaml", "--from", "0.8.38", "--backend", "kubernetes", "--yes")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "values.yaml").read_bytes() == after


# where it goes ---------------------------------------------------------------------------------------------------------


def test_several_files_go_beside_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(OLD)
    (tmp_path / "more.yaml").write_text("launcher:\n  namespace: content\n")
    (tmp_path / "new").mkdir()
    command = ["upgrade", "values.yaml", "-f", "more.yaml", "--from", "0.8.38", "--backend", "kubernetes", "--yes"]
    assert run(*command, "-o", "new/first.yaml").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["first.yaml", "more.yaml"]
    assert (tmp_path / "values.yaml").read_text() == OLD
    assert "namespace: content" in (tmp_path / "new/more.yaml").read_text()
    assert run(*command, "-o", "new").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["first.yaml", "more.yaml", "values.yaml"]
    printed = run(*command, "-o", "-")
    assert printed.exit_code == 2
    assert "-o - prints one file" in printed.output


def test_the_new_values_alone_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(OLD)
    done = run("upgrade", "values.yaml", "--from", "0.8.38", "-o", "-")
    assert read.load(done.stdout)["backends"] == {"kubernetes": {"enabled": False}}
    assert (tmp_path / "values.yaml").read_text() == OLD


def test_defaults_are_taken_over_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(OLD)
    done = run("upgrade", "values.yaml", "--from", "0.5.0", "--chart-defaults", "chart", "-o", "-")
    assert done.exit_code == 0, done.output
    assert set(read.load(done.stdout)) == {"sharedStorage", "launcher", "config", "backends"}
    assert "service.type" in run("upgrade", "values.yaml", "--from", "0.5.0", "-o", "-", "-v").output


# the way there ---------------------------------------------------------------------------------------------------------


def test_the_steps_name_this_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(OLD + "  Postgres:\n    URL: postgres://connect@db.example.org/rsc\n")
    command = ["upgrade", "values.yaml", "--from", "0.8.38", "--release", "connect", "--namespace", "apps"]
    done = run(*command, "--backend", "kubernetes", "--runbook", "--format", "json")
    assert done.exit_code == 0, done.output
    steps = json.loads(done.stdout)["runbook"]
    assert [one["name"] for one in steps] == [
        "warnings", "save-release", "write", "save-data", "repository", "look", "service-accounts", "upgrade", "check",
        "roll-back",
    ]  # fmt: skip
    commands = {one["name"]: [command["text"] for command in one["commands"]] for one in steps}
    assert commands["upgrade"] == [
        f"helm upgrade connect rstudio/rstudio-connect --version {chart.NEWEST} --reset-values -f upgraded/values.yaml --namespace apps"
    ]
    assert "pg_dump --host db.example.org --port 5432 --username connect" in commands["save-data"][0]
    assert 'helm rollback connect --namespace apps "$(cat connect-revision-before)"' in commands["roll-back"]
    written = "--from 0.8.38 --backend kubernetes --release connect --namespace apps -o upgraded/ --yes"
    assert commands["write"][-1] == f"gcfg2helm upgrade values.yaml {written}"
    assert (
        "kubectl label serviceaccount default connect.posit.co/service-account=true --namespace apps"
        in commands["service-accounts"]
    )
    assert "diff -u connect-manifest-before.yaml -" in commands["look"][0]
    assert (tmp_path / "values.yaml").read_text().startswith(OLD)
    for form in ("text", "markdown"):
        shown = run(*command, "--runbook", "--format", form)
        assert shown.exit_code == 0
        assert "helm rollback connect --namespace apps" in shown.output
    assert run(*command, "--runbook", "--format", "github").exit_code == 2
    assert run(*command, "--format", "shell").exit_code == 2
    assert run(*command, "--format", "github").stdout.startswith("::")
    script = run(*command, "--runbook", "--format", "shell")
    assert script.exit_code == 0
    assert subprocess.run(["bash", "-n"], input=script.stdout, text=True, check=False).returncode == 0
    assert run(*command, "--format", "shell").exit_code == 2
    page = run(*command, "--format", "html")
    assert page.exit_code == 0
    assert "rstudio-connect.gcfg after the upgrade" in page.stdout
    for suffix in (".html", ".md", ".json", ".txt"):
        assert run(*command, "--dry-run", "--report", f"report{suffix}").exit_code == 0
        assert (tmp_path / f"report{suffix}").stat().st_size > 1000


@needs_helm
def test_real_helm_compares_all_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With both charts at hand real Helm renders them, and what only it sees is compared too."""
    assert HELM
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(OLD)
    paths = [small.like(tmp_path / name, version) for name, version in (("a", Version(0, 9, 5)), ("b", chart.NEWEST))]
    roles = "kind: RoleBinding\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: x}\nroleRef: {name: %s}\n"
    for path, name in zip(paths, ("one", "other"), strict=True):
        (path / "templates/roles.yaml").write_text(roles % name)
    command = ["upgrade", "values.yaml", "--from-chart", str(paths[0]), "--chart", str(paths[1]), "--helm", HELM]
    done = run(*command, "--dry-run")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "error G2H805: RoleBinding x: roleRef was" in said
    wrong = run(*command, "--from", "0.9.0")
    assert (wrong.exit_code, "leave --from out" in wrong.output) == (2, True)
