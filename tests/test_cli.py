"""The command line as people use it: exit codes, what is printed where, what is written."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from helpers.paths import CORPUS, FIXTURES
from helpers.run import LDAP, LICENSED, PROGRAM, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "path",
    [*FIXTURES, *(one for one in CORPUS if one.stem != "truncated-quote")],
    ids=lambda path: path.parent.name + "-" + path.stem,
)
def test_convert_diff_verify(path: Path, tmp_path: Path) -> None:
    assert run("diff", path, "values.yaml", cwd=tmp_path).returncode == 1
    assert not (tmp_path / "values.yaml").exists()
    done = run("convert", path, "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "stdout is the product"
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    again = run("convert", path, "--yes", cwd=tmp_path)
    assert "up to date" in again.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first
    assert run("diff", path, cwd=tmp_path).returncode == 0
    more = ["-f", "values.secret-values.yaml"] if (tmp_path / "values.secret-values.yaml").exists() else []
    verified = run("verify", path, "values.yaml", *more, cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout
    assert "proven" in verified.stdout


def test_output_on_stdout_is_yaml_alone(tmp_path: Path) -> None:
    done = run("convert", LDAP, "-o", "-", cwd=tmp_path)
    assert done.returncode == 0
    run("convert", LDAP, "-o", "v.yaml", "--yes", cwd=tmp_path)
    assert done.stdout == (tmp_path / "v.yaml").read_text()
    assert run("convert", LDAP, "-o", "-", "--quiet", *LICENSED, cwd=tmp_path).stderr == ""


def test_standard_input(tmp_path: Path) -> None:
    done = run("convert", "-", "-o", "-", cwd=tmp_path, stdin=LDAP.read_bytes())
    assert done.returncode == 0
    assert done.stdout == run("convert", LDAP, "-o", "-", cwd=tmp_path).stdout


def test_without_terminal_and_yes_nothing_is_written(tmp_path: Path) -> None:
    done = run("convert", LDAP, cwd=tmp_path)
    assert done.returncode == 4
    assert "--yes" in done.stderr
    assert "+ enabled: true" in done.stderr, "the preview was shown"
    assert list(tmp_path.iterdir()) == []


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert run("convert", LDAP, "--dry-run", cwd=tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_syntax_error_shows_the_place_and_hides_the_secret(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text('[SMTP]\nPassword = "hunter2\n')
    done = run("convert", "x.gcfg", "--yes", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("x.gcfg:2:12: error: string not terminated\n")
    assert "hunter2" not in done.stderr
    assert done.stderr.split("\n")[2].index("^") == 13
    assert [file.name for file in tmp_path.iterdir()] == ["x.gcfg"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", 0), (b"; only\n# comments\n", 0), (b"\xef\xbb\xbf[Server]\r\nAddress = http://x.example.com\r\n", 0), (b"[Server]\nAddress = \xff\n", 3), (b"[Server]\nX = \0\n", 3)],
)  # fmt: skip
def test_odd_inputs(content: bytes, code: int, tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_bytes(content)
    done = run("convert", "x.gcfg", "-o", "-", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    if code == 0 and b"only" in content:
        assert "# only" in done.stdout


def test_inputs_that_are_no_files(tmp_path: Path) -> None:
    for name in (".", "missing.gcfg"):
        done = run("convert", name, cwd=tmp_path)
        assert done.returncode == 3
        assert name in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--chart-version", "x"], ["--chart-version", "0.2.0"], ["--backend", "kubernetes", "--chart-version", "0.8.0"], ["--backend", "docker"],
        ["--ignore", "G2H999"], ["--fail-on", "fatal"], ["--release", "Bad Name"], ["--nonsense"],
    ],
)  # fmt: skip
def test_usage_errors(arguments: list[str], tmp_path: Path) -> None:
    done = run("convert", LDAP, *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr


def test_a_newer_chart_is_taken_as_the_newest_known(tmp_path: Path) -> None:
    done = run("convert", LDAP, "--chart-version", "9.0.0", "-o", "-", cwd=tmp_path)
    assert done.returncode == 0
    assert "G2H215" in done.stderr


def test_a_values_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("a: 1\na: 2\n")
    done = run("convert", LDAP, "--yes", cwd=tmp_path)
    assert done.returncode == 3
    assert "values.yaml:2:1" in done.stderr
    assert (tmp_path / "values.yaml").read_text() == "a: 1\na: 2\n"


def test_strict_writes_nothing_while_errors_are_open(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text("[Server]\nAddress = http://x.example.com\n")
    done = run("convert", "x.gcfg", "--yes", "--strict", cwd=tmp_path)
    assert done.returncode == 1
    assert "G2H401" in done.stderr
    assert not (tmp_path / "values.yaml").exists()


def test_fail_on_and_ignore(tmp_path: Path) -> None:
    assert run("convert", LDAP, "-o", "-", "--fail-on", "warning", cwd=tmp_path).returncode == 1
    assert run("convert", LDAP, "-o", "-", "--fail-on", "error", cwd=tmp_path).returncode == 1
    assert run("convert", LDAP, "-o", "-", "--fail-on", "error", *LICENSED, cwd=tmp_path).returncode == 0
    assert "G2H410" not in run("convert", LDAP, "-o", "-", "--ignore", "g2h410", cwd=tmp_path).stderr


def test_secret_files_are_private_and_whole(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    for name in ("values.secret.yaml", "values.secret-values.yaml"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "values.yaml").stat().st_mode) == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_verify_notices_a_change_and_says_where(tmp_path: Path) -> None:
    run("convert", LDAP, "--yes", cwd=tmp_path)
    values = tmp_path / "values.yaml"
    values.write_text(values.read_text().replace("12h", "13h"))
    done = run("verify", LDAP, "values.yaml", "--values", "values.secret-values.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "Authentication.Lifetime" in done.stdout
    assert "not proven" in done.stdout


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    command = " ".join(f"'{part}'" for part in [*PROGRAM, "convert", str(LDAP), "-o", "-", "-q", *LICENSED])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -1"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 4), (b"\x03", 130)])
def test_a_terminal_is_asked(answer: bytes, code: int, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "convert", str(LDAP)],
        cwd=tmp_path,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=lambda: _take(follower),  # noqa: PLW1509 - the test has one thread
    )
    os.close(follower)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(leader, 4096)
    os.write(leader, answer)
    try:
        while chunk := os.read(leader, 4096):
            seen += chunk
    except OSError:
        pass  # the other end is closed
    assert process.wait(30) == code, seen
    assert (tmp_path / "values.yaml").exists() == (code == 0)
    assert b"\x1b[32m" in seen, "colours on a terminal"


def _take(terminal: int) -> None:
    import fcntl
    import signal
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background hands down that it is ignored
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
