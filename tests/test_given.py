"""`--chart`: a chart that the tables know, one that they do not, one that was changed, and what is no chart at all."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gcfg2helm import chart, gcfg, tables
from gcfg2helm.chart import folder, given, helm, history
from gcfg2helm.cli import app
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.findings import InputError
from gcfg2helm.plan.request import Request
from helpers import charts as small
from helpers.helm import HELM, needs_helm
from helpers.paths import FIXTURES
from helpers.run import LDAP

if TYPE_CHECKING:
    from collections.abc import Callable

    from gcfg2helm.versions import Version

REAL = os.environ.get("GCFG2HELM_CHARTS", "")
needs_real = pytest.mark.skipif(
    not REAL, reason="GCFG2HELM_CHARTS names no folder of charts as `helm pull` leaves them"
)
TOMORROW = "0.99.0"
NOWHERE = "/nonexistent"
NEWEST = chart.NEWEST
LAST = history.versions()[-5:]


def converted(
    path: Path, made_for: chart.Chart, tool: helm.Helm | None = None, backend: Backend = Backend.LAUNCHER
) -> Conversion:
    """Convert a fixture for a chart; with `tool` real Helm renders what the model does not speak for."""
    sources = [(path.name, gcfg.parse(path.read_bytes(), path.name))]
    return convert(Request(sources, tables.load(), made_for, backend, "rsc", "connect", helm=tool))


def effective(program: str, folder: Path, done: Conversion) -> dict[tuple[str, str | None, str], list[str | None]]:
    """Return what Connect reads in the pod: every setting with its values, as real Helm renders them."""
    document = gcfg.parse(helm.rendered(program, folder, texts(done), "rsc", "connect"))
    found: dict[tuple[str, str | None, str], list[str | None]] = {}
    for one in document.entries:
        found.setdefault((one.section.lower(), one.subsection, one.name.lower()), []).append(one.value)
    return found


def texts(done: Conversion) -> list[str]:
    return [done.values.text] + ([done.secret_values.text] if done.secret_values else [])


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, in a folder and with variables of its own."""
    with contextlib.chdir(cwd):
        done = CliRunner(env=environment).invoke(app, list(map(str, words)))
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


# versions that the tables forgot ---------------------------------------------------------------------------------------


@needs_helm
@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("version", LAST, ids=str)
def test_a_forgotten_version_comes_out_the_same(
    version: Version, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken out of the tables, a version gives the same configuration from its own files, and Helm proves it."""
    assert HELM
    path = small.like(tmp_path, version)
    _same_without_tables(path, version, backend, monkeypatch)


@needs_helm
@needs_real
@pytest.mark.parametrize("backend", list(Backend))
@pytest.mark.parametrize("version", LAST, ids=str)
def test_a_forgotten_version_of_the_real_chart(
    version: Version, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the chart as it was published."""
    _same_without_tables(Path(REAL) / str(version) / "rstudio-connect", version, backend, monkeypatch)


def _same_without_tables(path: Path, version: Version, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    assert HELM
    with_tables = [converted(one, chart.known(version), backend=backend) for one in FIXTURES]
    with small.forgotten(monkeypatch, version):
        unknown, said = given.load(path)
        assert (unknown.known, unknown.published) == (False, False)
        assert "G2H222" in {one.code for one in said}
        without = [converted(one, unknown, helm.Helm(HELM, path), backend) for one in FIXTURES]
    for one, other in zip(with_tables, without, strict=True):
        assert other.proof.verdict is one.proof.verdict
        assert not other.unproven
        if texts(other) != texts(one):
            assert effective(HELM, path, other) == effective(HELM, path, one)


# charts that never were ------------------------------------------------------------------------------------------------


def tomorrow(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    return small.like(folder, NEWEST, TOMORROW, change)


@needs_helm
def test_tomorrows_chart_is_proven_by_helm(tmp_path: Path) -> None:
    """The whole way, by folder and by archive, with Helm on PATH and named."""
    assert HELM
    path = tomorrow(tmp_path)
    archive = shutil.make_archive(str(tmp_path / "pulled"), "gztar", tmp_path, "rstudio-connect")
    for one, words, where in (
        (path, ("--helm", HELM), NOWHERE),
        (Path(archive), (), f"{Path(HELM).parent}:/usr/bin:/bin"),
    ):
        done = run("convert", LDAP, "--yes", "--chart", one, *words, cwd=tmp_path, PATH=where)
        assert done.returncode == 0, done.stderr
        assert "proven: the pod reads what the server read" in done.stderr
        assert f"Chart {TOMORROW} is newer than the newest known, {NEWEST}" in " ".join(done.stderr.split())
        again = run(
            "verify", LDAP, "values.yaml", "-f", "values.secret-values.yaml", "--chart", one, *words, cwd=tmp_path, PATH=where
        )  # fmt: skip
        assert again.returncode == 0, again.stdout
        assert "proven: the pod reads what the server read" in again.stdout


def test_without_helm_nothing_is_proven_and_that_is_said(tmp_path: Path) -> None:
    """Not proven is no failure, but under --strict, where nothing is written."""
    path = tomorrow(tmp_path)
    wanted = f"not proven: chart {TOMORROW} is unknown and there is no helm"
    strict = run("convert", LDAP, "--yes", "--strict", "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert strict.returncode == 1
    assert wanted in strict.stderr
    assert not (tmp_path / "values.yaml").exists()
    done = run("convert", LDAP, "--yes", "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert done.returncode == 0
    assert wanted in done.stderr
    words = ("verify", LDAP, "values.yaml", "-f", "values.secret-values.yaml", "--chart", path)
    verified = run(*words, cwd=tmp_path, PATH=NOWHERE)
    assert verified.returncode == 0
    assert wanted in verified.stdout
    assert run(*words, "--strict", cwd=tmp_path, PATH=NOWHERE).returncode == 1
    checked = run("check", LDAP, "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert "warning G2H618" in checked.stdout
    assert checked.returncode == run("check", LDAP, cwd=tmp_path).returncode, "it is no error"
    assert run("diff", LDAP, "--chart", path, cwd=tmp_path, PATH=NOWHERE).returncode == 0
    (tmp_path / "old.yaml").write_text("sharedStorage: {create: true}\nconfig: {Server: {HideVersion: true}}\n")
    upgrade = ("upgrade", "old.yaml", "-o", "new.yaml", "--yes")
    upgraded = run(*upgrade, "--from", str(NEWEST), "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert upgraded.returncode == 0
    assert "warning G2H618" in upgraded.stderr
    assert wanted in upgraded.stderr
    assert (tmp_path / "new.yaml").exists()
    page = run(*upgrade[:2], "--from", str(NEWEST), "--chart", path, "--format", "html", cwd=tmp_path, PATH=NOWHERE)
    assert "nothing was compared" in page.stdout
    (tmp_path / "new.yaml").unlink()
    strict = run(*upgrade, "--strict", "--from", str(NEWEST), "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert strict.returncode == 1
    assert wanted in strict.stderr
    assert not (tmp_path / "new.yaml").exists()
    unread = run(*upgrade, "--from-chart", path, "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    assert unread.returncode == 3
    assert f"chart {TOMORROW} is unknown and there is no helm; install Helm" in unread.stderr


@needs_helm
def test_a_new_default_under_config_is_taken_out(tmp_path: Path) -> None:
    """In a plain section by its keys, in a named one as a whole; and named."""
    assert HELM

    def more(values: dict[str, Any]) -> None:
        values["config"]["Server"]["Tomorrow"] = True
        values["config"]["Brandnew"] = {"Enabled": True, "Depth": 3}
        values["config"]['RPackageRepository "Tomorrow"'] = {"URL": "https://packages.example.org"}
        values["config"]["SMTP"] = {"Host": "mail.example.org"}

    path = tomorrow(tmp_path, more)
    made_for, _ = given.load(path)
    done = converted(LDAP, made_for, helm.Helm(HELM, path))
    assert done.proof.proven, done.proof.findings
    config: Any = done.values.tree["config"]
    assert config["Server"]["Tomorrow"] is None
    assert config["Brandnew"] == {"Enabled": None, "Depth": None}
    assert config['RPackageRepository "Tomorrow"'] is None
    assert config["SMTP"]["Host"] == "mail.example.org", "the gcfg sets it"
    named = {one.path for one in done.findings if one.code == "G2H208"}
    assert {("config", "Server", "Tomorrow"), ("config", 'RPackageRepository "Tomorrow"')} <= named
    before = converted(LDAP, chart.newest())
    assert effective(HELM, path, done) == effective(HELM, path, before._replace(values=done.values))
    assert not {key for key in effective(HELM, path, done) if "tomorrow" in str(key) or key[0] == "brandnew"}


@needs_helm
def test_a_vanished_value_is_moved_nowhere(tmp_path: Path) -> None:
    """What would be written there is an error that says where to look; the line stays accounted for."""
    assert HELM

    def without(values: dict[str, Any]) -> None:
        values["prometheus"] = {"enabled": True, "listen": {"port": values["prometheus"]["port"]}}
        del values["rbac"]["create"]

    source = tmp_path / "a.gcfg"
    source.write_text("[Metrics]\nPrometheusListen = :9090\n[Database]\nProvider = postgres\n")
    path = tomorrow(tmp_path, without)
    template = path / "templates/configmap.yaml"
    template.write_text(template.read_text().replace(".Values.prometheus.port", ".Values.prometheus.listen.port"))
    made_for, _ = given.load(path)
    done = converted(source, made_for, helm.Helm(HELM, path))
    lost = {one.path: one for one in done.findings if one.code == "G2H224"}
    assert set(lost) == {("prometheus", "port"), ("rbac", "create")}
    assert "prometheus.port is no longer a value of chart 0.99.0" in lost["prometheus", "port"].what
    assert "prometheus.listen.port" in lost["prometheus", "port"].todo
    assert "NEWS.md" in lost["rbac", "create"].todo
    assert "prometheus" not in done.values.tree
    assert "rbac" not in done.values.tree
    assert sum(done.plan.counts().values()) == 2
    assert not done.proof.proven
    assert not done.unproven, "it is the chart's fault, not this program's"


@needs_helm
def test_moved_keys_are_named_with_their_new_place(tmp_path: Path) -> None:
    """A whole branch that moved: each value that would be there, and what is new."""
    assert HELM

    def moved(values: dict[str, Any]) -> None:
        values["storage"] = {"shared": values.pop("sharedStorage")}

    path = tomorrow(tmp_path, moved)
    template = path / "templates/configmap.yaml"
    template.write_text(template.read_text().replace(".Values.sharedStorage", ".Values.storage.shared"))
    made_for, said = given.load(path)
    assert made_for.gone == (("sharedStorage",),)
    assert any("storage.shared.create" in one.what for one in said if one.code == "G2H223")
    done = converted(LDAP, made_for, helm.Helm(HELM, path))
    lost = {one.path: one for one in done.findings if one.code == "G2H224"}
    assert "storage.shared.create" in lost["sharedStorage", "create"].todo
    assert "sharedStorage" not in done.values.tree
    old = converted(LDAP, chart.newest())
    (tmp_path / "values.yaml").write_text(old.values.text)
    verified = run("verify", LDAP, "values.yaml", "--chart", path, "--helm", HELM, cwd=tmp_path)
    assert verified.returncode == 1
    assert "sharedStorage is no longer a value of chart 0.99.0" in " ".join(verified.stdout.split())


@needs_helm
@pytest.mark.parametrize(
    ("written", "status"),
    [
        pytest.param('"Launcher" (dict "Enabled" "true" "Tomorrow" "x")', "chart", id="of the chart"),
        pytest.param('"Server" (dict "Tomorrow" "x")', "different", id="of Connect"),
    ],
)
def test_what_new_templates_write(written: str, status: str, tmp_path: Path) -> None:
    """In the chart's own sections it is the chart's; elsewhere it is a default that nothing takes out."""
    assert HELM
    path = tomorrow(tmp_path)
    template = path / "templates/configmap.yaml"
    template.write_text(
        template.read_text().replace("apiVersion:", f"{{{{- $_ := set $own {written} }}}}\napiVersion:", 1)
    )
    done = converted(LDAP, given.load(path)[0], helm.Helm(HELM, path))
    assert done.proof.proven is (status == "chart"), done.proof.findings
    assert [one.code for one in done.unproven] == ([] if status == "chart" else ["G2H603"])
    command = run("convert", LDAP, "--yes", "--chart", path, "--helm", HELM, cwd=tmp_path)
    assert command.returncode == (0 if status == "chart" else 1)
    assert (tmp_path / "values.yaml").exists() is (status == "chart")
    if status == "different":
        assert f"chart {TOMORROW} is unknown" in command.stderr


@needs_helm
def test_a_template_that_takes_the_old_value_is_found_out(tmp_path: Path) -> None:
    """Whatever tomorrow's chart does with `config`: what Helm renders is compared."""
    assert HELM
    path = tomorrow(tmp_path)
    template = path / "templates/_printed.tpl"
    template.write_text(template.read_text().replace("{{ $key }} = {{ . }}", "{{ $key }} = {{ lower (toString .) }}"))
    done = converted(LDAP, given.load(path)[0], helm.Helm(HELM, path))
    assert {one.code for one in done.unproven} == {"G2H601"}


# charts that were changed ----------------------------------------------------------------------------------------------


@needs_real
def test_a_published_chart_is_the_tables_own(tmp_path: Path) -> None:
    """Every published version, as a folder and as an archive, is known and raises nothing."""
    for version in history.versions():
        path = Path(REAL) / str(version) / "rstudio-connect"
        found, said = given.load(path)
        assert (found.version, found.app_version) == (version, history.app_version(version))
        assert (found.known, found.source, said) == (True, path, []), version
    archive = shutil.make_archive(str(tmp_path / "c"), "gztar", Path(REAL) / str(NEWEST), "rstudio-connect")
    assert given.load(Path(archive))[1] == []


def as_published(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take the small chart for the published one: its digests become those of the tables."""
    digests = given.unpacked(path).digests
    monkeypatch.setattr(history, "digests", lambda version: digests)
    return path


def test_a_known_chart_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_published(small.like(tmp_path, NEWEST), monkeypatch)
    found, said = given.load(path)
    assert said == []
    assert found.known
    assert found.defaults == chart.newest().defaults
    crlf = path / "templates/configmap.yaml"
    crlf.write_bytes(crlf.read_bytes().replace(b"\n", b"\r\n"))
    assert given.load(path)[1] == [], "line ends are git's"


def _defaults(path: Path) -> None:
    file = path / "values.yaml"
    file.write_text(file.read_text().replace('"Listen": ":3939"', '"Listen": ":4040"'))


def _null(path: Path) -> None:
    file = path / "values.yaml"
    file.write_text(file.read_text().replace('"versionOverride": ""', '"versionOverride": "2025.01.0"'))


def _template(path: Path) -> None:
    with (path / "templates/configmap.yaml").open("a") as file:
        file.write("# patched\n")


def _another(path: Path) -> None:
    (path / "templates/more.yaml").write_text("{{/* more */}}\n")


def _subchart(path: Path) -> None:
    inner = path / "charts/more"
    (inner / "templates").mkdir(parents=True)
    (inner / "Chart.yaml").write_text("apiVersion: v2\nname: more\nversion: 0.1.0\n")
    (inner / "templates/_more.tpl").write_text("{{/* more */}}\n")


def _app(path: Path) -> None:
    about = path / "Chart.yaml"
    about.write_text(about.read_text().replace("appVersion: ", "appVersion: 1"))


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        pytest.param(_defaults, "values.yaml: config.HTTP.Listen differs", id="a default"),
        pytest.param(_null, "values.yaml: versionOverride differs", id="a default outside config"),
        pytest.param(_template, "templates/configmap.yaml differs", id="a template"),
        pytest.param(_another, "templates/more.yaml is not in the published chart", id="another template"),
        pytest.param(_subchart, "charts/more/templates/_more.tpl is not in the published chart", id="a subchart"),
        pytest.param(_app, "appVersion is 12026.08.0, not 2026.08.0", id="appVersion"),
    ],
)
def test_a_patched_chart_says_what_differs(
    patch: Callable[[Path], None], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own files count, and the model does not speak for it."""
    path = as_published(small.like(tmp_path, NEWEST), monkeypatch)
    patch(path)
    found, said = given.load(path)
    assert [one.code for one in said] == ["G2H221"]
    assert named in said[0].what
    assert not found.known
    assert found.unknown == f"chart {NEWEST} is not as it was published"


@needs_helm
def test_a_fork_is_proven_by_helm_with_its_own_defaults(tmp_path: Path) -> None:
    assert HELM
    path = small.like(tmp_path, NEWEST, change=lambda values: values["config"]["Server"].update(Fork=1))
    done = run("convert", LDAP, "--yes", "--chart", path, "--helm", HELM, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert "is not in the published chart" in said
    assert "G2H221" in said
    assert "Fork: null" in (tmp_path / "values.yaml").read_text()
    assert (
        f"rstudio-connect --version {NEWEST}"
        not in run("check", LDAP, "--runbook", "--chart", path, "--helm", HELM, cwd=tmp_path).stdout
    ), "the fork is installed, not the published chart"


# commands --------------------------------------------------------------------------------------------------------------


def test_every_command_takes_a_chart(tmp_path: Path) -> None:
    """convert, diff, check, verify and off-host; each says that the chart is unknown."""
    path = tomorrow(tmp_path)
    run("convert", LDAP, "--yes", "--chart", path, cwd=tmp_path, PATH=NOWHERE)
    for words in (
        ("convert", LDAP, "-o", "-"), ("check", LDAP), ("verify", LDAP, "values.yaml"),
        ("off-host", LDAP, "-o", "out.gcfg", "--dry-run"),
    ):  # fmt: skip
        done = run(*words, "--chart", path, cwd=tmp_path, PATH=NOWHERE)
        assert done.returncode in (0, 1), (words, done.stderr)
        assert "G2H222" in done.stdout + done.stderr, words
    assert run("diff", LDAP, "--chart", tmp_path, cwd=tmp_path).returncode == 3
    assert run("diff", LDAP, "--chart", path, cwd=tmp_path, PATH=NOWHERE).returncode == 0


def test_an_unknown_version_without_a_chart_names_the_command(tmp_path: Path) -> None:
    next_one = f"{NEWEST.major}.{NEWEST.minor + 1}.0"
    done = run("convert", LDAP, "--chart-version", next_one, "--dry-run", cwd=tmp_path)
    assert f"helm pull rstudio/rstudio-connect --version {next_one} --untar" in " ".join(done.stderr.split())
    between = run("convert", LDAP, "--chart-version", "0.10.0", "--dry-run", cwd=tmp_path)
    assert between.returncode == 0
    assert "Chart 0.10.0 is not known; it is taken as 0.9.5" in " ".join(between.stderr.split())


def test_two_versions_are_one_too_many(tmp_path: Path) -> None:
    path = tomorrow(tmp_path)
    assert run("convert", LDAP, "--chart", path, "--chart-version", "0.9.0", cwd=tmp_path).returncode == 2
    assert run("convert", LDAP, "--chart", path, "--chart-version", TOMORROW, "--dry-run", cwd=tmp_path).returncode == 0


# what is no chart ------------------------------------------------------------------------------------------------------


def _tar(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """Write an archive; a text for a member is the target of a link."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


GOOD = b"apiVersion: v2\nname: rstudio-connect\nversion: 0.99.0\nappVersion: 2026.08.0\n"
C = "rstudio-connect/"


def _broken(folder: Path, about: bytes, **files: str) -> Path:
    path = folder / "rstudio-connect"
    (path / "templates").mkdir(parents=True)
    (path / "Chart.yaml").write_bytes(about)
    (path / "templates/x.yaml").write_text(files.pop("template", ""))
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text)
    return path


def _linked(folder: Path) -> Path:
    path = _broken(folder, GOOD)
    (path / "values.yaml").symlink_to("/etc/passwd")
    return path


def _pipe(folder: Path) -> Path:
    path = _broken(folder, GOOD)
    os.mkfifo(path / "values.yaml")
    return path


def _deep(folder: Path) -> Path:
    path = _broken(folder, GOOD)
    (path / "/".join(["templates", *["d"] * 40])).mkdir(parents=True)
    return path


def _many(folder: Path) -> Path:
    return _tar(folder / "many.tgz", (C + "Chart.yaml", GOOD), *((f"{C}files/{n}", b"") for n in range(6_000)))


def _bomb(folder: Path) -> Path:
    path = folder / "bomb.tgz"
    info = tarfile.TarInfo(C + "files/zeros")
    info.size = 100 << 20
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.addfile(info, _Zeros(info.size))
    return path


class _Zeros(io.RawIOBase):
    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        taken = min(self.left, size)
        self.left -= taken
        return b"\0" * taken


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _cut(folder: Path) -> Path:
    path = _tar(folder / "c.tgz", (C + "Chart.yaml", GOOD), (C + "templates/x", os.urandom(9000)))
    return _written(path, path.read_bytes()[:4000])


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no folder": (lambda at: at / "nothing", "no such file"),
    "an empty folder": (lambda at: at, "no Chart.yaml"),
    "a gcfg": (lambda at: LDAP, "neither a folder nor a .tgz"),
    "workbench": (
        lambda at: _broken(at, GOOD.replace(b"-connect", b"-workbench")),
        "this is the chart 'rstudio-workbench'",
    ),
    "package manager": (lambda at: _broken(at, GOOD.replace(b"-connect", b"-pm")), "this is the chart 'rstudio-pm'"),
    "Chart.yaml is no YAML": (lambda at: _broken(at, b"name: [\n"), "Chart.yaml"),
    "Chart.yaml is no text": (lambda at: _broken(at, b"\xff\xfe\x00"), "Chart.yaml: not UTF-8"),
    "Chart.yaml is a list": (lambda at: _broken(at, b"- a\n"), "Chart.yaml"),
    "no version": (lambda at: _broken(at, GOOD.replace(b"0.99.0", b"tomorrow")), "states no version"),
    "a number": (lambda at: _broken(at, GOOD.replace(b"0.99.0", b"0.99")), "states no version"),
    "too old": (lambda at: _broken(at, GOOD.replace(b"0.99.0", b"0.2.9")), "too old"),
    "no templates": (lambda at: _tar(at / "c.tgz", (C + "Chart.yaml", GOOD)), "no templates"),
    "values.yaml is no YAML": (lambda at: _broken(at, GOOD, values="config: {\n"), "values.yaml"),
    "no library": (
        lambda at: _broken(at, GOOD + b"dependencies: [{name: rstudio-library, version: 0.1.0, repository: x}]\n"),
        "rstudio-library, is not in its folder charts/",
    ),
    "a link": (_linked, "a link"),
    "a pipe": (_pipe, "not a regular file"),
    "folders without end": (_deep, "folders in folders"),
    "upwards": (lambda at: _tar(at / "c.tgz", (C + "Chart.yaml", GOOD), (C + "../../x", b"")), "points outside"),
    "absolute": (lambda at: _tar(at / "c.tgz", ("/etc/x", b"")), "points outside"),
    "a link in an archive": (lambda at: _tar(at / "c.tgz", (C + "Chart.yaml", "/etc/passwd")), "is a link"),
    "many files": (_many, "more than 5,000 files"),
    "a bomb": (_bomb, "unpacks to more than"),
    "cut short": (_cut, "no archive that can be read"),
    "no archive": (lambda at: _written(at / "c.tgz", b"\x1f\x8bnothing"), "no archive that can be read"),
    "empty": (lambda at: _written(at / "c.tgz", b""), "neither a folder nor a .tgz"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_clear_error(name: str, tmp_path: Path) -> None:
    """Named and explained on one line or two; no traceback."""
    make, wanted = BAD[name]
    with pytest.raises(InputError, match=r".") as caught:
        given.load(make(tmp_path))
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["workbench", "upwards", "a link in an archive", "many files", "no templates"])
def test_bad_input_exits_3_and_writes_nothing(name: str, tmp_path: Path) -> None:
    path = BAD[name][0](tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for words in (("convert", LDAP, "--yes"), ("off-host", LDAP, "-o", "out", "--yes"), ("check", LDAP)):
        done = run(*words, "--chart", path, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert str(path) in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@needs_helm
@pytest.mark.parametrize("template", ["{{ nonsense }}", '{{ fail "not today" }}', "{{ if }}", "a: b: c"])
def test_templates_that_helm_refuses(template: str, tmp_path: Path) -> None:
    assert HELM
    path = _broken(tmp_path, GOOD, template=template)
    done = run("convert", LDAP, "--yes", "--chart", path, "--helm", HELM, cwd=tmp_path)
    assert done.returncode == 3
    assert "helm refuses" in done.stderr
    assert not (tmp_path / "values.yaml").exists()


def test_limits_are_helms_or_narrower() -> None:
    assert folder.MOST_BYTES <= 100 << 20


def test_only_what_matters_is_read() -> None:
    """The rest of a chart is neither read nor limited."""
    paths = (
        "Chart.yaml",
        "values.yaml",
        "templates/a/b.tpl",
        "charts/x/templates/c.yaml",
        "charts/x.tgz",
        "charts/x/Chart.yaml",
    )
    assert [path for path in (*paths, "README.md", "ci/values.yaml", "files/templates/x") if folder.wanted(path)] == [
        *paths
    ]


def test_a_library_in_an_archive_counts_as_in_a_folder(tmp_path: Path) -> None:
    """`helm dependency build` leaves archives, `helm pull` folders."""
    path = _broken(tmp_path, GOOD + b"dependencies: [{name: lib, version: 0.1.0, repository: x}]\n")
    inner = path / "charts/lib"
    (inner / "templates").mkdir(parents=True)
    (inner / "Chart.yaml").write_text("apiVersion: v2\nname: lib\nversion: 0.1.0\n")
    (inner / "templates/_x.tpl").write_text("x")
    before = given.unpacked(path).digests
    shutil.make_archive(str(path / "charts/lib-0.1.0"), "gztar", path / "charts", "lib")
    (path / "charts/lib-0.1.0.tar.gz").rename(path / "charts/lib-0.1.0.tgz")
    shutil.rmtree(inner)
    assert given.unpacked(path).digests == before
    assert "charts/lib/templates/_x.tpl" in before
