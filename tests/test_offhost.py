"""The command `off-host`: the gcfg completed and nothing else in it touched, the cluster's side, what is found missing."""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from gcfg2helm import chart, conversion, gcfg
from gcfg2helm.cli import app, atomic
from gcfg2helm.enums import Backend
from gcfg2helm.masked import Secret
from gcfg2helm.offhost import build as offhost
from gcfg2helm.offhost import cluster, edit
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.request import Request
from gcfg2helm.values import write
from helpers.paths import CORPUS, FIXTURES

if TYPE_CHECKING:
    from gcfg2helm.tables import Tables


def _readable(path: Path) -> bool:
    try:
        gcfg.parse(path.read_bytes())
    except gcfg.GcfgError:
        return False
    return True


REAL = [path for path in (*FIXTURES, *CORPUS) if _readable(path)]
CASES = sorted(path for path in (Path(__file__).parent / "offhost").iterdir() if path.is_dir())
assert len(CASES) >= 15, "the case folders are part of the project"
ALL = pytest.mark.parametrize("case", [pytest.param(path, id=path.name) for path in CASES])
FINDING = re.compile(r"(?:(?P<place>\S+:\d+:\d+): )?(?P<level>info|warning|error) (?P<code>G2H\d+): ")
GIVEN = ("arguments", "findings.txt")

ANSWERS = offhost.Answers(
    "https://k8s.example.com", "nfs:/rstudio-connect", "content", ("/etc/a.yaml", "/etc/b.yaml"), token=Secret("dG9r")
)


def run(*arguments: str, stdin: str | bytes | None = None) -> Any:
    return CliRunner().invoke(app, ["off-host", *arguments], stdin, catch_exceptions=False)


def missing(path: str) -> bytes | str | None:
    return "it does not exist"


def build(
    text: str, tables: Tables, answers: offhost.Answers = ANSWERS, files: dict[str, str] | None = None
) -> offhost.OffHost:
    def read(path: str) -> bytes | str | None:
        return files[path].encode() if files and path in files else missing(path)

    return offhost.build("x.gcfg", gcfg.parse(text, "x.gcfg"), tables, answers, read)


def codes(done: offhost.OffHost) -> list[str]:
    return [one.code for one in done.findings]


# case folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepared(case: Path, folder: Path) -> list[str]:
    """Copy a case's inputs; `{folder}` in them is where they lie. Returns the arguments."""
    for path in case.iterdir():
        if path.name not in GIVEN and not path.name.startswith("expected."):
            data = path.read_bytes().replace(b"{folder}", str(folder).encode())
            (folder / path.name).write_bytes(data)
            (folder / path.name).chmod(0o644)
    text = (case / "arguments").read_text(encoding="utf-8").replace("{folder}", str(folder))
    return ["input.gcfg", *shlex.split(text)]


@ALL
def test_case(case: Path, folder: Path, update: bool) -> None:
    """The written files and the findings are the expected ones, byte for byte."""
    arguments = prepared(case, folder)
    before = {path.name for path in folder.iterdir()}
    held = (folder / "input.gcfg").read_bytes()
    done = run(*arguments, "--yes")
    assert done.exit_code == 0, done.stderr
    found = [f"{one['level']} {one['code']} {one['place'] or ''}".strip() for one in FINDING.finditer(done.stderr)]
    made: dict[str, bytes] = {"findings.txt": "".join(f"{line}\n" for line in found).encode()}
    for path in folder.iterdir():
        if path.name == "input.gcfg.bak1":
            assert path.read_bytes() == held
        elif path.name == "input.gcfg" or path.name not in before:
            name = path.name.replace("input", "expected") if path.name == "input.gcfg" else f"expected.{path.name}"
            made[name] = path.read_bytes().replace(str(folder).encode(), b"{folder}")
    if update:
        for name, data in made.items():
            (case / name).write_bytes(data)
    golden = {path.name for path in case.iterdir() if path.name.startswith("expected.") or path.name == "findings.txt"}
    assert golden == set(made)
    for name, data in made.items():
        assert data == (case / name).read_bytes(), name


@ALL
def test_twice_is_once(case: Path, folder: Path) -> None:
    """A second run finds nothing to change, and writes nothing."""
    arguments = prepared(case, folder)
    run(*arguments, "--yes")
    held = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    again = run(*arguments)
    assert again.exit_code == 0
    assert "input.gcfg is up to date." in again.stderr
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == held


@ALL
def test_preview_is_the_difference(case: Path, folder: Path) -> None:
    """--dry-run writes nothing, and shows the same lines as the run that writes; no secret is among them."""
    arguments = prepared(case, folder)
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    dry = run(*arguments, "--dry-run")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == held
    wet = run(*arguments, "--yes")
    assert wet.stderr.startswith(dry.stderr.removesuffix("input.gcfg is up to date.\n"))
    for secret in ("bmV3", "LXRva2Vu", "b2xkLXRva2Vu", "not.base64"):
        assert secret not in wet.stderr


# the text --------------------------------------------------------------------------------------------------------------


def others(text: str) -> list[tuple[str, str | None, str, str | None]]:
    return [one[:4] for one in gcfg.parse(text).entries if (one.section.lower(), one.subsection) != ("launcher", None)]


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in REAL])
def test_real_files(path: Path, known: Tables) -> None:
    """Every line that is not of a changed setting is where it was; a second run changes nothing."""
    document = gcfg.parse(path.read_bytes(), path.name)
    once = offhost.build(path.name, document, known, ANSWERS, missing)
    kept = [line for line in document.source.split("\n") if line in once.document.source.split("\n")]
    gone = [line for line in document.source.split("\n") if line not in once.document.source.split("\n")]
    assert all("launcher" in document.source.lower() and "=" in line for line in gone), gone
    assert len(kept) + len(gone) == document.source.count("\n") + 1
    assert others(once.document.source) == others(document.source)
    assert offhost.build(path.name, once.document, known, ANSWERS, missing).text == once.text


LINES = st.sampled_from([
    "[Launcher]", "[launcher] ; c", "[Server]", "[Launcher \"x\"]", "Enabled = false", "Enabled", "Enabled = on;x", "",
    "ClusterDefinition = /etc/a.yaml", "ClusterDefinition = /old.yaml", "ClusterDefinition", "ClusterDefinition=",
    "DataDir =", "DataDir = \"a#b\" # c", "DataDir = a\\\nb", "  KubernetesAPIURL = https://x ; y", "; comment", "Kubernetes = 1 ",
    "KubernetesNamespace = \"\"", "KubernetesAuthToken=;x", "\tOther = \\\"\\\" ",
])  # fmt: skip


@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_any_file(lines: list[str], newline: str, closed: bool, bom: bool) -> None:
    """The section says what was asked for, everything else says what it said, and twice is once."""
    source = "\n".join(["[Server]", "", *lines]).replace("\n", newline) + (newline if closed else "")
    before = gcfg.parse(("\ufeff" if bom else "") + source)
    single: dict[str, str | bool] = {
        "Enabled": True,
        "Kubernetes": True,
        "DataDir": "nfs:/a;b",
        "KubernetesAuthToken": "x",
    }
    several = {"ClusterDefinition": ("/etc/a.yaml", "/etc/b.yaml")}
    text = edit.settle(before, "Launcher", single, several)
    after = gcfg.parse(text)
    assert after.bom == bom
    assert after.getboolean("Launcher", "Enabled") is True
    assert after.getboolean("Launcher", "Kubernetes") is True
    assert after.get("Launcher", "DataDir") == "nfs:/a;b"
    live = [one for one in after.entries if one.section.lower() == "launcher" and one.subsection is None]
    assert set(several["ClusterDefinition"]) <= {one.value for one in edit.live_entries(live, "ClusterDefinition")}
    assert others(text) == others(before.source)
    comments = [part for one in before.entries for part in (*one.above, one.beside)]
    assert sorted(filter(None, comments)) == sorted(
        filter(None, (part for one in after.entries for part in (*one.above, one.beside) if part in comments))
    )
    assert text.count("\r\n") == (text.count("\n") if newline == "\r\n" else 0)
    assert edit.settle(after, "Launcher", single, several) == text


def test_impossible_value() -> None:
    with pytest.raises(ValueError, match="gcfg cannot hold"):
        edit.settle(gcfg.parse(""), "Launcher", {"DataDir": "nfs:/a\r"}, {})


def test_preview_hides_secrets_over_several_lines() -> None:
    before = gcfg.parse("[Launcher]\nKubernetesAuthToken = abc\\\ndef\nDataDir = x\n")
    after = gcfg.parse("[Launcher]\nKubernetesAuthToken = ghi\nDataDir = x\n")
    lines = edit.preview(before, after)
    assert lines[0] == "@@ line 2 @@"
    assert not any(word in line for line in lines for word in ("abc", "def", "ghi"))
    assert len(lines) == 4


# findings --------------------------------------------------------------------------------------------------------------

GOOD = "[Server]\nDataDir = /mnt/rstudio-connect\n[Database]\nProvider = postgres\n"
IMAGES = "images:\n- name: x\n  r:\n    installations:\n    - {version: 4.2.3, path: /opt/R/4.2.3/bin/R}\n"
FILES = {"/etc/a.yaml": IMAGES, "/etc/b.yaml": IMAGES}


def test_good_file_only_needs_a_restart(known: Tables) -> None:
    assert codes(build(GOOD, known, files=FILES)) == ["G2H716"]


def test_finished_file_needs_nothing(known: Tables) -> None:
    assert codes(build(build(GOOD, known).text, known, files=FILES)) == []


@pytest.mark.parametrize(
    ("export", "folder", "fits"),
    [
        pytest.param("/mnt/rstudio-connect", "/mnt/rstudio-connect", True, id="same"),
        pytest.param("/exports/connect", "/var/lib/rstudio-connect", True, id="part-of-the-name"),
        pytest.param("/exports/Connect/", "/connect", True, id="case-and-slash"),
        pytest.param("/exports", "/mnt/exports/connect", False, id="folder-below"),
        pytest.param("/", "/mnt/rstudio-connect", False, id="root"),
        pytest.param("/home", "/var/lib/rstudio-connect", False, id="other"),
    ],
)
def test_same_storage(export: str, folder: str, fits: bool, known: Tables) -> None:
    text = GOOD.replace("/mnt/rstudio-connect", folder)
    assert ("G2H703" not in codes(build(text, known, offhost.Answers(nfs=f"nfs:{export}")))) is fits


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param("", "[Authentication]\nProvider = pam\n", "", id="pam-stays-possible"),
        pytest.param("", "[Applications]\nRunAsCurrentUser\n", "G2H712", id="current-user"),
        pytest.param("", "[Applications]\nRunAsCurrentUser = no\n", "", id="not-current-user"),
        pytest.param("", "[Kubernetes]\nEnabled = false\n", "", id="runner-off"),
        pytest.param("", "[Kubernetes]\nEnabled = true\n", "G2H719", id="runner-on"),
        pytest.param("", "[Server]\nAddress = https://connect.example.com\n", "", id="address"),
        pytest.param("", "[Server]\nAddress = http://[::1]:3939\n", "G2H713", id="loopback"),
        pytest.param("postgres", "Postgres", "", id="postgres-in-any-case"),
        pytest.param("postgres", "sqlite", "G2H701", id="sqlite"),
    ],
)
def test_check(old: str, new: str, code: str, known: Tables) -> None:
    text = GOOD.replace(old, new) if old else GOOD + new
    assert [one for one in codes(build(text, known, files=FILES)) if one != "G2H716"] == ([code] if code else [])


def test_namespace_of_the_file_stays(known: Tables) -> None:
    """Without --namespace the file's own counts, in the manifests too."""
    done = build("[Launcher]\nKubernetesNamespace = mine\n", known, offhost.Answers())
    assert done.namespace == "mine"
    assert done.document.get("Launcher", "KubernetesNamespace") == "mine"
    done = build("[Launcher]\nKubernetesNamespace = mine\n", known, offhost.Answers(namespace="rstudio-connect"))
    assert done.document.get("Launcher", "KubernetesNamespace") == "rstudio-connect"
    done = build("", known, offhost.Answers(namespace="rstudio-connect"))
    assert done.document.get("Launcher", "KubernetesNamespace") is None


# the cluster -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("node_access", [False, True])
def test_manifests_are_valid(node_access: bool) -> None:
    made = cluster.manifests("content", node_access=node_access)
    read = list(YAML(typ="safe").load_all(write.documents(made)))
    assert read == made
    kinds = [one["kind"] for one in read]
    assert kinds[:5] == ["Namespace", "ServiceAccount", "Secret", "Role", "RoleBinding"]
    assert kinds[5:] == (["ClusterRole", "ClusterRoleBinding"] if node_access else [])
    for one in read:
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
    secret = read[2]
    assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": read[1]["metadata"]["name"]}
    assert not {"data", "stringData"} & secret.keys()
    assert all(
        one["roleRef"]["name"] == read[3]["metadata"]["name"] and one["subjects"][0]["namespace"] == "content"
        for one in read
        if one["kind"].endswith("Binding")
    )


def test_commands_name_the_secret() -> None:
    secret: Any = cluster.manifests("content")[2]
    for command in cluster.token_commands("content"):
        assert f"secret {secret['metadata']['name']} --namespace content" in command


# off-host, then convert ------------------------------------------------------------------------------------------------


def values(
    document: gcfg.Document, known: Tables, options: Options, namespace: str = "rstudio-connect"
) -> dict[str, Any]:
    request = Request(
        [("f.gcfg", document)], known, chart.newest(), Backend.LAUNCHER, "rsc", namespace, options
    )  # fmt: skip
    return conversion.convert(request).values.tree


@pytest.mark.parametrize("path", [pytest.param(path, id=path.parent.name) for path in FIXTURES])
@pytest.mark.parametrize("namespace", ["rstudio-connect", "content"])
def test_then_convert(path: Path, namespace: str, known: Tables) -> None:
    """The values are those of a conversion of the old file with the same answers."""
    before = gcfg.parse(path.read_bytes())
    nfs = "nfs.example.com:/mnt/rstudio-connect"
    answers = offhost.Answers("https://k8s.example.com", nfs, namespace, token=Secret("dG9r"))
    done = offhost.build("f.gcfg", before, known, answers, missing)
    old = values(before, known, Options(nfs=nfs), namespace)
    if before.get("Launcher", "KubernetesNamespace"):
        old["launcher"].pop("namespace", None)  # the old file's own; --namespace has taken its place
    assert values(done.document, known, Options(), namespace) == old


def test_from_executables_then_convert(known: Tables) -> None:
    """The images are those of a conversion with --image; only their titles, which such files lack, are not there."""
    before = gcfg.parse(
        "[R]\nExecutable = /opt/R/4.2.3/bin/R\nExecutable = /opt/R/4.4.1/bin/R\n"
        "[Python]\nExecutable = /opt/python/3.10.1/bin/python3\n[Quarto]\nExecutable = /opt/quarto/1.4.557/bin/quarto\n"
    )
    named = ("ghcr.io/acme/content:1", "ghcr.io/rstudio/content-base:r4.4.1-py3.10.1-ubuntu2204")
    done = offhost.build("f.gcfg", before, known, offhost.Answers(images=named, made="/etc/runtimes.yaml"), missing)
    assert done.definition is not None
    files = {"/etc/runtimes.yaml": done.definition.encode()}
    moved = values(done.document, known, Options(read_file=lambda path: files.get(path, "no such file")))
    old = values(before, known, Options(images=named))
    titles = [one.pop("title") for one in old["executionEnvironments"]]
    assert len(titles) == 2
    assert moved == old


# the command -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--api-url", "https://k8s.example.com/api"], "--api-url", id="api"),
        pytest.param(["--api-url", "https://u:geheim@k8s.example.com"], "--api-url", id="user"),
        pytest.param(["--api-url", "http://k8s.example.com"], "--api-url", id="no-tls"),
        pytest.param(["--api-url", "k8s.example.com"], "--api-url", id="no-scheme"),
        pytest.param(["--api-url", "https://k8s.example.com?x"], "--api-url", id="query"),
        pytest.param(["--nfs", "/mnt/connect"], "--nfs", id="nfs-without-host"),
        pytest.param(["--namespace", "Connect"], "--namespace", id="namespace"),
        pytest.param(["--from-executables"], "--image", id="no-image"),
        pytest.param(["--image", "x"], "--from-executables", id="image-alone"),
        pytest.param(["--node-access"], "--manifests", id="nodes-without-manifests"),
        pytest.param(["-o", "-", "--manifests", "m.yaml"], "-o -", id="printed-with-files"),
        pytest.param(["--manifests", "in.gcfg"], "the same", id="manifests-over-the-gcfg"),
        pytest.param(["--nfs", "nfs:/a\rb"], "cannot hold", id="carriage-return"),
    ],
)
def test_usage(arguments: list[str], says: str, folder: Path) -> None:
    """Nonsense ends with code 2, nothing is written, and what may be a secret is not repeated."""
    (folder / "in.gcfg").write_text(GOOD)
    done = run("in.gcfg", *arguments, "--yes")
    assert done.exit_code == 2
    assert says in done.stderr
    assert "geheim" not in done.stderr
    assert [path.name for path in folder.iterdir()] == ["in.gcfg"]
    assert (folder / "in.gcfg").read_text() == GOOD


def test_standard_input_needs_an_output(folder: Path) -> None:
    assert run("-", stdin=GOOD).exit_code == 2
    assert run("-", "-o", "-", "--token-file", "-", stdin=GOOD).exit_code == 2
    done = run("-", "-o", "-", "-q", stdin=GOOD.replace("\n", "\r\n").encode())
    assert done.exit_code == 0
    assert (
        done.stdout_bytes == (GOOD + "\n[Launcher]\nEnabled = true\nKubernetes = true\n").replace("\n", "\r\n").encode()
    )
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines() if "G2H" in line] == ["error G2H704"]


@pytest.mark.parametrize("token", ["", "eyJh.eyJp.c2ln", "a b c", "dG9rZW4"])
def test_token_must_be_base64(token: str, folder: Path) -> None:
    (folder / "in.gcfg").write_text(GOOD)
    done = run("in.gcfg", "--token-file", "-", "--yes", stdin=token)
    assert done.exit_code == 3
    assert not token or token not in done.stderr
    assert (folder / "in.gcfg").read_text() == GOOD


def test_unreadable_inputs(folder: Path) -> None:
    (folder / "bad.gcfg").write_text("Key = 1\n")
    assert run("bad.gcfg", "--yes").exit_code == 3
    assert run("missing.gcfg", "--yes").exit_code == 3
    (folder / "in.gcfg").write_text(GOOD)
    assert run("in.gcfg", "--token-file", "missing", "--yes").exit_code == 3


def test_without_a_terminal_nothing_is_written(folder: Path) -> None:
    (folder / "in.gcfg").write_text(GOOD)
    assert run("in.gcfg", "--manifests", "m.yaml").exit_code == 4
    assert [path.name for path in folder.iterdir()] == ["in.gcfg"]
    assert (folder / "in.gcfg").read_text() == GOOD


def test_mode_is_kept_and_an_open_token_reported(folder: Path) -> None:
    path = folder / "in.gcfg"
    path.write_text(GOOD)
    path.chmod(0o640)
    done = run("in.gcfg", "--token-file", "-", "--yes", stdin="dG9rZW4=\n")
    assert "G2H718" in done.stderr
    assert "dG9rZW4=" not in done.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert gcfg.parse(path.read_bytes()).get("Launcher", "KubernetesAuthToken") == "dG9rZW4="
    path.chmod(0o600)
    assert "G2H718" not in run("in.gcfg", "--yes").stderr


def test_another_file_is_private(folder: Path) -> None:
    """-o leaves the gcfg alone; the new file, which holds its passwords too, is for its owner."""
    (folder / "in.gcfg").write_text(GOOD)
    assert run("in.gcfg", "-o", "out.gcfg", "--manifests", "m.yaml", "--yes", "-q").exit_code == 0
    assert (folder / "in.gcfg").read_text() == GOOD
    assert stat.S_IMODE((folder / "out.gcfg").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "m.yaml").stat().st_mode) & 0o400
    assert not list(folder.glob(".*"))


def test_definition_stands_beside_the_output(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "in.gcfg").write_text(GOOD + "[R]\nExecutable = /opt/R/4.2.3/bin/R\n")
    done = run("in.gcfg", "-o", "etc/out.gcfg", "--from-executables", "--image", "x:1", "--yes")
    assert done.exit_code == 0
    made = folder / "etc" / "runtimes.yaml"
    assert YAML(typ="safe").load(made)["images"][0]["r"]["installations"][0]["version"] == "4.2.3"
    assert gcfg.parse((folder / "etc/out.gcfg").read_bytes()).get("Launcher", "ClusterDefinition") == str(made)


def test_write_error_leaves_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "in.gcfg").write_text(GOOD)

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise atomic.WriteError(path, "no space left on device")

    monkeypatch.setattr(atomic, "write", refuse)
    done = run("in.gcfg", "--yes")
    assert done.exit_code == 4
    assert (folder / "in.gcfg").read_text() == GOOD


def test_symlink_is_followed(folder: Path) -> None:
    (folder / "real.gcfg").write_text(GOOD)
    (folder / "in.gcfg").symlink_to("real.gcfg")
    assert run("in.gcfg", "--yes").exit_code == 0
    assert (folder / "in.gcfg").is_symlink()
    assert "[Launcher]" in (folder / "real.gcfg").read_text()
