"""At home in other tools: the plugin of Helm, the hooks of pre-commit, a repository's own file, variables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

from gcfg2helm import __version__
from gcfg2helm.cli import app
from helpers.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"
SMALL = "[Server]\nAddress = https://x.example.com\n[Database]\nProvider = postgres\n[Postgres]\nURL = postgres://c@db.example.com/c\n"


def run(*words: str | Path, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(map(str, words)), env=env)
    return done.exit_code, done.stdout, done.stderr


# a repository's file -----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "a.gcfg").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return folder


def shown(words: Sequence[str | Path], env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """Return what --show-config says: each option's value and source."""
    code, out, err = run(*words, "--show-config", env=env)
    assert code == 0, err
    rows = (line.partition("  # ") for line in out.splitlines())
    return {left.partition(" = ")[0]: (left.partition(" = ")[2].strip(), source) for left, _, source in rows}


def test_the_file_beside_the_gcfg_answers(server: Path) -> None:
    (server / "gcfg2helm.toml").write_text('release = "prod"\nimage = ["a/b:1"]\nroot = "disk"\nstrict = false\n')
    (server / "disk").mkdir()
    settings = shown(["convert", "server/a.gcfg"])
    assert settings["release"] == ('"prod"', "gcfg2helm.toml")
    assert settings["image"] == ('["a/b:1"]', "gcfg2helm.toml")
    assert settings["root"] == ('"server/disk"', "gcfg2helm.toml")
    assert settings["namespace"] == ('"rstudio-connect"', "default")
    run("convert", "server/a.gcfg", "--yes", "-o", "server/values.yaml", "--nfs", "h:/x")
    assert "prod-rstudio-connect" in (server / "values.yaml").read_text()


def test_the_command_line_wins_over_a_variable_over_the_file(server: Path) -> None:
    (server / "gcfg2helm.toml").write_text('release = "f"\nnamespace = "f"\npvc = "f"\n')
    env = {"GCFG2HELM_RELEASE": "v", "GCFG2HELM_NAMESPACE": "v"}
    settings = shown(["check", "server/a.gcfg", "--release", "c"], env)
    assert settings["release"] == ('"c"', "command line")
    assert settings["namespace"] == ('"v"', "GCFG2HELM_NAMESPACE")
    assert settings["pvc"] == ('"f"', "gcfg2helm.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('relase = "x"', "'relase' is not an option; did you mean release?"),
        ('image = "x"', "image takes a list of texts"),
        ("release = 3", "release takes a text in quotes"),
        ('strict = "x"', "strict takes true or false"),
        ("release = ", "Invalid value"),
        ('help = "x"', "'help' is not an option"),
    ],
)
def test_a_file_that_is_no_good_is_named(server: Path, text: str, message: str) -> None:
    (server / "gcfg2helm.toml").write_text(text)
    code, _, err = run("convert", "server/a.gcfg", "--yes")
    assert code == 3
    assert "server/gcfg2helm.toml:1:" in err
    assert message in err
    assert not (server.parent / "values.yaml").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('release = "A b"', "release: 'A b' is not a valid name"),
        ('backend = "swarm"', "backend: 'swarm' is not one of"),
        ('ignore = ["G2H999"]', "ignore: G2H999: no such finding"),
        ('pvc = "a"\nnfs = "b:/c"', "pvc: --pvc and --nfs"),
        ('connect-version = "x"', "connect-version: 'x' is not a release"),
        ('storage-size = "many"', "storage-size: 'many' is not a size"),
        ('mappings = "nowhere"', "mappings: server/nowhere: no such folder"),
        ('also = ["nowhere.gcfg"]', "also: server/nowhere.gcfg: no such file"),
        ('root = "nowhere"', "root: Directory 'server/nowhere' does not exist"),
        ('[target]\nrelease = "a"', "'target' is not an option"),
        ('release = "x', "Illegal character"),
    ],
)
def test_a_mistake_has_its_line_and_key(server: Path, line: str, message: str) -> None:
    """Whoever finds it: the file's reader, the option, or the command; but not where the command line says another."""
    (server / "gcfg2helm.toml").write_text(f"# ours\n\n{line}\n")
    code, _, err = run("convert", "server/a.gcfg", "--yes")
    assert code == 3
    said = " ".join(err.split())
    assert "server/gcfg2helm.toml:3:" in said
    assert message in said


def test_the_command_line_s_own_mistake_is_its_own(server: Path) -> None:
    (server / "gcfg2helm.toml").write_text('connect-version = "2026.04.0"\njobs = 2\n')
    code, _, err = run("convert", "server/a.gcfg", "--yes", "--connect-version", "y")
    assert code == 2
    assert "gcfg2helm.toml" not in err
    assert run("convert", "server/a.gcfg", "--dry-run")[0] == 0


def test_a_file_serves_all_commands(server: Path) -> None:
    """An option that only another command has is no mistake."""
    (server / "gcfg2helm.toml").write_text('nfs = "h:/x"\nstrict = true\n')
    assert run("diff", "server/a.gcfg", "--show-config")[0] == 0


# helm ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Real Helm, with the plugin installed from this checkout."""
    program = shutil.which("helm", path=str(Path(sys.executable).parent)) or shutil.which("helm")
    if program is None:
        pytest.skip("no helm: the package helm-binary is not installed")
    home = tmp_path_factory.mktemp("helm")
    words = ["env", f"HELM_DATA_HOME={home}", f"HELM_CONFIG_HOME={home}", f"HELM_CACHE_HOME={home}", program]
    subprocess.run([*words, "plugin", "install", ROOT / "tools/helm"], check=True, capture_output=True)
    return words


def plugin(helm: list[str], *words: str, path: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}" if path is None else path
    environment = {**os.environ, "PATH": found, **env}
    return subprocess.run([*helm, *words], capture_output=True, text=True, check=False, env=environment)


def test_helm_lists_and_runs_the_plugin(helm: list[str]) -> None:
    assert "gcfg2helm" in plugin(helm, "plugin", "list").stdout
    done = plugin(helm, "gcfg2helm", "convert", str(LDAP), "-o", "-")
    assert done.returncode == 0, done.stderr
    assert "launcher:" in done.stdout


def test_what_helm_says_counts_as_a_default(helm: list[str]) -> None:
    said = ("gcfg2helm", "check", str(LDAP), "--show-config")
    lines = plugin(helm, "--namespace", "prod", *said).stdout.splitlines()
    assert any(line.startswith('namespace = "prod"') for line in lines)
    assert any(line.startswith('helm = "/') for line in lines)
    lines = plugin(helm, *said).stdout.splitlines()
    assert any(line.startswith('namespace = "rstudio-connect"') for line in lines)
    lines = plugin(helm, "--namespace", "prod", *said, "--namespace", "mine").stdout.splitlines()
    assert any(line.startswith('namespace = "mine"') for line in lines)


def test_the_plugin_says_how_to_get_the_program(helm: list[str], tmp_path: Path) -> None:
    copied = tmp_path / "checkout/tools/helm"
    shutil.copytree(ROOT / "tools/helm", copied)
    done = subprocess.run(
        ["/bin/sh", copied / "gcfg2helm.sh", "--version"],
        capture_output=True, text=True, check=False, env={"HELM_PLUGIN_DIR": str(copied), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if done.returncode == 0:
        pytest.skip("gcfg2helm is installed for the whole system")
    assert done.returncode == 127
    assert "is not installed" in done.stderr


def test_the_version_of_the_plugin_is_the_program_s() -> None:
    assert yaml.safe_load((ROOT / "tools/helm/plugin.yaml").read_text())["version"] == __version__


# pre-commit ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose gcfg and values belong together, and that uses the hooks of this checkout as pre-commit would."""
    folder = tmp_path / "repository"
    (folder / "prod").mkdir(parents=True)
    shutil.copy(LDAP, folder / "prod/rstudio-connect.gcfg")
    code, _, err = run(
        "convert", folder / "prod/rstudio-connect.gcfg", "--yes", "-o", folder / "prod/values.yaml"
    )  # fmt: skip
    assert code in (0, 1), err
    return folder


def hook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from gcfg2helm.cli.hook import main; main()", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_hooks_judge_each_file(repository: Path) -> None:
    ok = hook(repository, "verify", "prod/values.yaml")
    assert ok.returncode == 0, ok.stdout + ok.stderr
    values = repository / "prod/values.yaml"
    values.write_text(values.read_text().replace("ServerAddress", "ServerAddresses"))
    assert hook(repository, "verify", "prod/rstudio-connect.gcfg").returncode == 1
    (repository / "b.gcfg").write_text("[Server\n")
    broken = hook(repository, "check", "prod/rstudio-connect.gcfg", "b.gcfg")
    assert broken.returncode == 3
    assert "b.gcfg:1:8" in broken.stderr
    assert hook(
        repository, "check", "--ignore", "G2H410", "--ignore", "G2H511", "--", "prod/rstudio-connect.gcfg"
    ).returncode in (0, 1)
    assert hook(repository, "other").returncode == 2


def git(folder: Path, *words: str) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(["git", *name, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_real_pre_commit_runs_the_hooks(repository: Path, tmp_path: Path) -> None:
    """Installed from this checkout as committed, run over a repository's files."""
    program = Path(sys.executable).parent / "pre-commit"
    if not program.exists() or shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no pre-commit, no git, or no checkout to install the hooks from")
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "dist", ".hypothesis"))
    git(checkout, "init", "--quiet")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "as it is")
    config = {"repos": [{"repo": str(checkout), "rev": git(checkout, "rev-parse", "HEAD"), "hooks": [
        {"id": "gcfg2helm-check", "args": ["--fail-on", "error", "--ignore", "G2H410", "--"]}, {"id": "gcfg2helm-verify"}]}]}  # fmt: skip
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repository, "init", "--quiet")
    git(repository, "add", "--all")
    words = [str(program), "run", "--all-files", "--verbose"]
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}

    def hooks() -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=repository, env=environment, capture_output=True, text=True, check=False)

    done = hooks()
    if "No matching distribution" in done.stdout:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Passed") == 2
    values = repository / "prod/values.yaml"
    values.write_text(values.read_text().replace("EmailProvider: SMTP", "EmailProvider: sendmail"))
    git(repository, "add", "--all")
    done = hooks()
    assert done.returncode == 1
    assert "EmailProvider" in done.stdout
