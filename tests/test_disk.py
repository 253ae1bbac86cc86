"""The disk: whatever happens while a file is written, the old one or the new one is there, and no copy of a secret."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gcfg2helm.cli import atomic, talk
from helpers.run import LDAP, run

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "from gcfg2helm.cli import main; main()"

# Patches the calls that change the disk so that the process dies, as by `kill -9`, before or after the n-th of them.
SHIM = """
import os, signal, sys
left = int(sys.argv[1]); after = sys.argv[2] == "after"
def dying(name):
    real = getattr(os, name)
    def call(*arguments, **named):
        global left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **named)
        if left == 0 and after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(os, name, call)
for name in ("fsync", "link", "rename", "replace", "unlink", "fchmod", "fchown"):
    dying(name)
sys.argv = ["gcfg2helm", *sys.argv[3:]]
from gcfg2helm.cli import main
main()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_run_leaves_the_old_or_the_new_file(when: str, tmp_path: Path) -> None:
    gcfg = tmp_path / "x.gcfg"
    gcfg.write_text(LDAP.read_text().replace("bind-pw", "canary-old"))
    run("convert", gcfg, "--yes", cwd=tmp_path)
    old = {path.name: path.read_bytes() for path in tmp_path.glob("values*")}
    gcfg.write_text(LDAP.read_text().replace("bind-pw", "canary-new").replace("12h", "13h"))
    run("convert", gcfg, "--yes", cwd=tmp_path)
    new = {path.name: path.read_bytes() for path in tmp_path.glob("values*")}
    assert old.keys() == new.keys()
    assert old["values.yaml"] != new["values.yaml"]
    assert old["values.secret-values.yaml"] != new["values.secret-values.yaml"]
    killed = 0
    for number in range(1, 60):
        for path in tmp_path.iterdir():
            if path != gcfg:
                path.unlink()
        for name, data in old.items():
            (tmp_path / name).write_bytes(data)
            (tmp_path / name).chmod(0o600)
        done = subprocess.run(
            [sys.executable, "-c", SHIM, str(number), when, "convert", str(gcfg), "--yes"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -9
        killed += 1
        assert (tmp_path / "values.yaml").read_bytes() in (old["values.yaml"], new["values.yaml"])
        for path in tmp_path.iterdir():
            text = path.read_bytes()
            if path.name in old:
                assert text in (old[path.name], new[path.name])
            elif path != gcfg:
                assert b"canary" not in text, f"{path.name} holds a secret"
        run("convert", gcfg, "--yes", cwd=tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != gcfg} == new, (
            "the next run tidies up"
        )
    assert killed >= 6


def test_a_full_disk_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "values.yaml"
    target.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(atomic.WriteError, match="no space left"):
        atomic.write([atomic.New(target, b"new", b"old")])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("values.yaml", b"old")]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_on_a_full_disk_none_of_several_files_is_written(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file system takes the first files, and has no room for the next: all or none."""
    (tmp_path / "b").write_bytes(b"old")
    left, real = [number], os.fsync

    def filling(descriptor: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", filling)
    new = [
        atomic.New(tmp_path / name, b"new", b"old" if name == "b" else None, secret=name == "a")
        for name in ("a", "b", "c")
    ]
    with pytest.raises(atomic.WriteError, match="no space left") as caught:
        atomic.write(new)
    assert caught.value.written == ()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("b", b"old")]


def test_what_stands_on_the_disk_is_said_where_the_system_fails_between_two_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b").write_bytes(b"old")
    new = [atomic.New(tmp_path / "a", b"new", None, secret=True), atomic.New(tmp_path / "b", b"new", b"old")]

    def broken(self: Path, target: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("pathlib.Path.replace", broken)
    with pytest.raises(atomic.WriteError) as caught:
        atomic.write(new)
    said = talk.unwritten(caught.value)
    assert said.startswith(
        f"gcfg2helm: written: {tmp_path / 'a'}; not written, and no file after it: {tmp_path / 'b'}: "
    )
    held = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert held == {"a": b"new", "b": b"old"}


def test_off_host_keeps_every_old_gcfg(tmp_path: Path) -> None:
    """`.bak` with a number, never overwritten; with --quiet errors show all the same."""
    gcfg = tmp_path / "x.gcfg"
    texts = []
    for number in (1, 2):
        gcfg.write_text(f"[Server]\nAddress = https://c{number}.example.com\n")
        texts.append(gcfg.read_text())
        done = run("off-host", gcfg, "-y", "-q", cwd=tmp_path)
        assert "error G2H704" in done.stderr
    assert [(tmp_path / f"x.gcfg.bak{number}").read_text() for number in (1, 2)] == texts
    assert gcfg.read_text() != texts[-1]


def test_without_unnamed_files_a_named_one_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    target = tmp_path / "values.yaml"
    for data, expected in ((b"1", None), (b"2", b"1")):
        atomic.write([atomic.New(target, data, expected)])
        assert [path.name for path in tmp_path.iterdir()] == ["values.yaml"]
    atomic.write([atomic.New(tmp_path / "s", b"x", None, secret=True)])
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_mode_and_symlink_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "values.yaml").symlink_to("real.yaml")
    atomic.write([atomic.New(tmp_path / "values.yaml", b"new", b"old")])
    assert (tmp_path / "values.yaml").is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_dangling_symlink_gets_its_target(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").symlink_to("real.yaml")
    atomic.write([atomic.New(tmp_path / "values.yaml", b"new", None)])
    assert (tmp_path / "real.yaml").read_bytes() == b"new"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("folder", "fifo"):
        done = run("convert", LDAP, "-o", name, "--yes", cwd=tmp_path)
        assert done.returncode in (3, 4), done.stderr
        assert name in done.stderr


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = run("convert", LDAP, "-o", "nowhere/values.yaml", "--yes", cwd=tmp_path)
    assert done.returncode == 4
    assert list(tmp_path.iterdir()) == []


def test_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "values.yaml"
    target.write_bytes(b"theirs")
    with pytest.raises(atomic.WriteError, match="changed while"):
        atomic.write([atomic.New(target, b"ours", b"before")])
    assert target.read_bytes() == b"theirs"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("case", ["read-only folder", "read-only file", "another user's file"])
def test_permissions_of_an_ordinary_user(case: str, tmp_path: Path) -> None:
    for folder in [tmp_path, *tmp_path.parents[:3]]:
        folder.chmod(folder.stat().st_mode | 0o055)
    work = tmp_path / "work"
    work.mkdir()
    target = work / "values.yaml"
    target.write_text("a: 1\n")
    os.chown(work, 65534, 65534)
    if case != "another user's file":
        os.chown(target, 65534, 65534)
    target.chmod(0o444 if case == "read-only file" else 0o666)
    work.chmod(0o555 if case == "read-only folder" else 0o755)
    assert _as_nobody(target) == 7
    assert target.read_text() == "a: 1\n"
    assert [path.name for path in work.iterdir()] == ["values.yaml"]


def _as_nobody(target: Path) -> int:
    """Write as another user, in a child; returns 7 where that is refused."""
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            atomic.write([atomic.New(target, b"x", b"a: 1\n")])
        except atomic.WriteError:
            os._exit(7)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_two_runs_at_once(tmp_path: Path) -> None:
    """Each either writes its whole result or says that the file changed."""
    command = [sys.executable, "-c", "from gcfg2helm.cli import main; main()", "convert", str(LDAP), "--yes", "-q"]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(4)]
    codes = [process.wait(60) for process in both]
    for process in both:
        assert process.stderr is not None
        process.stderr.close()
    assert set(codes) <= {0, 4}
    assert 0 in codes
    expected = run("convert", LDAP, "-o", "-", "-q", cwd=tmp_path).stdout
    assert (tmp_path / "values.yaml").read_text() == expected
    assert not [path.name for path in tmp_path.iterdir() if not path.name.startswith("values")]


@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/stderr", "fifo", "/dev/null", "/dev/zero", "folder"])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_an_output_that_no_file_can_replace_is_refused_before_it_is_read(
    output: str, more: list[str], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "convert", str(LDAP), "--yes", "-o", output, *more],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.startswith(f"gcfg2helm: nothing was written: {output}: is ")
    assert done.stdout == ""


def _odd(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        path.touch()
        os.truncate(path, 2**30)


ODD = [
    ("pipe", "not a regular file"),
    ("device", "not a regular file"),
    ("folder", "is a directory"),
    ("large", "larger than 1 MiB"),
]


@pytest.mark.parametrize(("kind", "said"), ODD)
@pytest.mark.parametrize("name", ["gcfg2helm.toml", "site/server.toml", "site/rules.toml"])
def test_tables_and_answers_have_the_limits_of_every_input(name: str, kind: str, said: str, tmp_path: Path) -> None:
    """Neither a pipe nor a device is waited for, and nothing large is read whole."""
    (tmp_path / "site").mkdir()
    (tmp_path / "x.gcfg").write_bytes(LDAP.read_bytes())
    _odd(tmp_path / name, kind)
    more = ["--mappings", "site"] if name.startswith("site") else []
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "convert", "x.gcfg", "-o", "-", *more],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, f"gcfg2helm: {name}: {said}\n")
