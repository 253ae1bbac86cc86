"""Many servers in one run: each in its own folder, none stops the others, what they share can be split off."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gcfg2helm.cli import app, many, split
from gcfg2helm.cli.session import UsageError
from gcfg2helm.values.tree import Edit, applied, find, same
from helpers.paths import CORPUS, FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LDAP = ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg"


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three servers that differ in their address, and one that is no gcfg."""
    for name in ("eu/prod", "eu/test", "us/prod"):
        folder = tmp_path / "servers" / name
        folder.mkdir(parents=True)
        text = LDAP.read_text().replace("https://connect.example.org", f"https://{name.replace('/', '-')}.example.com")
        assert name.replace("/", "-") in text
        (folder / "rstudio-connect.gcfg").write_text(text)
    (tmp_path / "servers/broken.gcfg").write_text("[Server\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_server_has_its_folder_and_one_failure_stops_nothing(servers: Path) -> None:
    (servers / "servers/eu/prod/gcfg2helm.toml").write_text('release = "mine"\n')
    code, out, _ = run("convert", "--out-dir", "out", "servers", "--jobs", "1", "--format", "json")
    assert code == 3
    told = {one["name"]: one for one in json.loads(out)}
    assert set(told) == {"servers-broken", "eu-prod", "eu-test", "us-prod"}
    assert "servers/broken.gcfg:1:8" in told["servers-broken"]["problem"]
    for name in ("eu-prod", "eu-test", "us-prod"):
        assert told[name]["verdict"].startswith("proven")
        assert told[name]["settings"] == 54
        alone = servers / "alone" / name
        alone.mkdir(parents=True)
        source = servers / "servers" / name.replace("-", "/") / "rstudio-connect.gcfg"
        run("convert", source, "--yes", "-o", alone / "values.yaml")
        for kind in ("values.yaml", "values.secret.yaml", "values.secret-values.yaml"):
            assert (servers / "out" / name / kind).read_bytes() == (alone / kind).read_bytes()
    assert "mine-rstudio-connect" in (servers / "out/eu-prod/values.yaml").read_text()


def test_worker_processes_give_the_same(servers: Path) -> None:
    for jobs in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-m", "gcfg2helm", "convert", "servers", "--out-dir", f"out{jobs}", "--jobs", jobs],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        (servers / f"table{jobs}").write_text(done.stdout)
    assert (servers / "table1").read_text() == (servers / "table3").read_text()
    assert "4 servers: 3 converted, 3 with open questions, 1 failed" in (servers / "table1").read_text()
    for path in (servers / "out1").rglob("*.yaml"):
        assert path.read_bytes() == (servers / "out3" / path.relative_to(servers / "out1")).read_bytes()


def test_what_they_share_is_split_off_and_proven(servers: Path) -> None:
    (servers / "servers/broken.gcfg").unlink()
    code, out, err = run("convert", "--out-dir", "out", "servers", "--common", "out/common.yaml", "--jobs", "1")
    assert code == 0, out + err
    common = (servers / "out/common.yaml").read_text()
    assert "EmailProvider: SMTP" in common
    assert "    Address:" not in common
    for name in ("eu-prod", "eu-test", "us-prod"):
        own = (servers / "out" / name / "values.yaml").read_text()
        assert f"https://{name}.example.com" in own
        assert "EmailProvider" not in own
        source = servers / "servers" / name.replace("-", "/") / "rstudio-connect.gcfg"
        layers = ("out/common.yaml", "-f", f"out/{name}/values.yaml", "-f", f"out/{name}/values.secret-values.yaml")
        assert run("verify", source, *layers)[0] == 0
    again = run("convert", "--out-dir", "out", "servers", "--common", "out/common.yaml")
    assert again[0] == 2
    assert "exists" in again[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.gcfg", "b.gcfg"), "several servers go with --out-dir"),
        (("a.gcfg", "--common", "c.yaml"), "several servers go with --out-dir"),
        (("-", "--out-dir", "out"), "standard input"),
        (("a.gcfg", "--out-dir", "out", "--dry-run"), "--out-dir writes"),
        (("empty", "--out-dir", "out"), "no *.gcfg in empty"),
    ],
)
def test_what_cannot_be_meant(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("a.gcfg", "b.gcfg"):
        shutil.copy(LDAP, name)
    code, _, err = run("convert", *words)
    assert code == 2
    assert message in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["/etc/a/rstudio-connect.gcfg", "/etc/b/rstudio-connect.gcfg"], ["a", "b"]),
        (["a.gcfg", "b.gcfg"], ["a", "b"]),
        (["x/prod/c.gcfg", "y/prod/c.gcfg"], ["x-prod-c", "y-prod-c"]),
        (["rstudio-connect.gcfg"], ["rstudio-connect"]),
        (["../eu/rstudio-connect.gcfg", "us/rstudio-connect.gcfg"], ["eu", "us"]),
    ],
)
def test_names_are_as_short_as_they_can_be(files: list[str], names: list[str]) -> None:
    assert many.names_of(files) == names


def test_a_name_for_two_is_refused() -> None:
    with pytest.raises(UsageError):
        many.names_of(["a/x.gcfg", "./a/x.gcfg"])
    with pytest.raises(
        UsageError, match=r"^b/y\.gcfg and b/y/rstudio-connect\.gcfg would have the same name, b-y: rename one$"
    ):
        many.names_of(["a.gcfg", "b/y.gcfg", "b/y/rstudio-connect.gcfg"])


TREES = st.recursive(
    st.integers(0, 2) | st.booleans() | st.lists(st.integers(0, 1), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), TREES, max_size=3), min_size=2, max_size=4))
def test_shared_paths_hold_the_same_everywhere_and_nothing_else_does(trees: list[dict[str, object]]) -> None:
    paths = split.shared(trees)  # type: ignore[arg-type]
    for path in paths:
        values = [find(one, path) for one in trees]
        assert all(same(values[0], one) for one in values)
    rest = [applied(one, [Edit(path, remove=True) for path in paths]) for one in trees]  # type: ignore[arg-type]
    assert split.shared([{**one} for one in rest]) in (
        [],
        [path for path in split.shared(rest) if find(rest[0], path) == {}],
    )


def test_every_real_file_in_one_run(tmp_path: Path) -> None:
    sources = [*FIXTURES, *CORPUS]
    code, out, _ = run("convert", "--out-dir", tmp_path / "out", "--jobs", "2", "--format", "json", *sources)
    told = json.loads(out)
    assert len(told) == len(sources)
    assert code in (0, 1, 3)
    assert {one["source"] for one in told if one["code"] == 3} <= {
        str(one) for one in CORPUS if one.stem == "truncated-quote"
    }
