"""No input makes it hang, lie or stop with a traceback; nothing of it reaches a terminal raw."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gcfg2helm
from gcfg2helm import gcfg, tables
from gcfg2helm.conversion import convert
from gcfg2helm.plan import connection
from gcfg2helm.values import read
from helpers.draw import documents
from helpers.make import converted, request
from helpers.paths import ROOT
from helpers.run import PROGRAM, run

KNOWN = tables.load()
BASE = b"[Server]\nAddress = https://x.example.com\n"

# arbitrary inputs -------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.binary(max_size=80) | st.text(max_size=60).map(str.encode))
def test_any_bytes_convert_or_are_refused(data: bytes) -> None:
    try:
        gcfg.parse(data, "f")
    except gcfg.GcfgError:
        return
    assert converted(data, KNOWN).unproven == []


@settings(max_examples=150)
@given(st.text("ab:-{}[]&*!|>'\"#\n \t,?%@`~0", max_size=40) | documents())
def test_any_values_file_is_merged_or_refused(text: str) -> None:
    try:
        done = convert(request(BASE, KNOWN, values=text))
    except read.YamlError:
        return
    assert done.unproven == []
    assert read.load(done.values.text) == done.values.tree


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines) + "\n"


HOSTILE = {
    "billion laughs": bomb(),
    "deep flow": "a: " + "[" * 10_000 + "]" * 10_000 + "\n",
    "deep flow, open": "a: " + "[" * 100_000,
    "deep maps": "".join(" " * n + f"k{n}:\n" for n in range(1_500)),
    "duplicate keys": "a: 1\na: 2\n",
    "python tag": "a: !!python/object/apply:os.system [id]\n",
    "tab": "a:\n\tb: 1\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a cycle": "a: &a [*a]\n",
    "a merge bomb": "".join(
        f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 9)}]\n" if n else "m0: &m0 {x: 1}\n" for n in range(12)
    ),
    "a large scalar": "a: '" + "x" * 5_000_000 + "'\n",
    "NUL": "a: \0\n",
    "a list": "- a\n",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_yaml_is_refused_or_handled(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_bytes(BASE)
    (tmp_path / "values.yaml").write_text(HOSTILE[name])
    start = time.monotonic()
    done = run("convert", "x.gcfg", "--yes", cwd=tmp_path)
    assert time.monotonic() - start < 20
    if done.returncode == 3:
        assert "values.yaml" in done.stderr
        assert (tmp_path / "values.yaml").read_text() == HOSTILE[name]
    else:
        assert done.returncode == 0
        assert name in ("python tag", "deep flow", "tab", "a large scalar", "a merge bomb")


def test_a_hundred_megabytes_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_bytes(BASE)
    with (tmp_path / "values.yaml").open("wb") as file:
        file.write(b"a: '")
        file.seek(100_000_000)
        file.write(b"'\n")
    start = time.monotonic()
    assert run("convert", "x.gcfg", "--yes", cwd=tmp_path).returncode == 3
    assert time.monotonic() - start < 20


# large inputs -----------------------------------------------------------------------------------------------------

LARGE = {
    "unknown settings": "[Server]\n" + "".join(f"Nobody{n} = knows {n}\n" for n in range(30_000)),
    "one list": "[Server]\n" + "".join(f"CustomHeader = X-{n}: {n}\n" for n in range(30_000)),
    "secrets in one section": "[Odd]\n" + "".join(f"Password{n} = secret {n}\n" for n in range(4_000)),
    "secrets in named sections": "".join(f'[LDAP "{n}"]\nBindPassword = s{n}\n' for n in range(10_000)),
    "repeated key": "[Server]\n" + "".join(f"Address = http://x{n}\n" for n in range(30_000)),
    "sections": "".join(f"[S{n}]\n" for n in range(60_000)),
    "one value": "[Server]\nPublicWarning = " + "x" * 2_000_000 + "\n",
    "one comment": "; " + "x" * 2_000_000 + "\n[Server]\nPublicWarning = x\n",
    "comments": "[Server]\n" + "; note\n" * 60_000 + "PublicWarning = x\n",
    "blanks before a quote": "[Server]\nPublicWarning =" + " " * 1_000_000 + '"x"\n',
    "continued lines": "[Server]\nPublicWarning = " + "a\\\n" * 200_000 + "b\n",
    "files to mount": "".join(f'[LDAP "{n}"]\nTLSCACertificate = /etc/x{n}/ca.pem\n' for n in range(2_000)),
}


@pytest.mark.parametrize("name", list(LARGE))
def test_large_inputs_take_bounded_time(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.gcfg").write_text(LARGE[name])
    start = time.monotonic()
    done = subprocess.run(
        [*PROGRAM, "convert", "x.gcfg", "-o", "-", "-q"], cwd=tmp_path, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert time.monotonic() - start < 40


@pytest.mark.parametrize("text", ["[" * 1_000_000, '"' * 1_000_000, "\\" * 1_000_000, "=" * 1_000_000])
def test_large_nonsense_is_refused_at_once(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(gcfg.GcfgError):
        gcfg.parse(text)
    assert time.monotonic() - start < 10


# the terminal -----------------------------------------------------------------------------------------------------

RAW = "\x1b[31mred\x1b[0m \u202egnirts\u2066 \x9b31m \x07"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_nothing_of_an_input_reaches_the_terminal_raw(tmp_path: Path) -> None:
    text = f'; {RAW}\n[Server]\nAddress = https://x.example.com\nPublicWarning = "{RAW}" ; {RAW}\n[LDAP "{RAW}"]\nBindDN = {RAW}\nTLSCACertificate = "/etc/{RAW}"\n[Odd]\nName = {RAW}\n'
    (tmp_path / "x.gcfg").write_text(text)
    (tmp_path / "values.yaml").write_text('"k\\e[31m\\u202e": 1\nconfig: {Server: {PublicWarning: "\\e[31m\\u202e"}}\n')
    outputs = [
        run("convert", "x.gcfg", "-o", "-", "-v", cwd=tmp_path),
        run("convert", "x.gcfg", "--dry-run", "-v", cwd=tmp_path),
        run("diff", "x.gcfg", cwd=tmp_path),
        run("check", "x.gcfg", cwd=tmp_path),
        run("check", "x.gcfg", "--runbook", cwd=tmp_path),
        run("verify", "x.gcfg", "values.yaml", "--all", cwd=tmp_path),
        run("explain", RAW, cwd=tmp_path),
        run("convert", f"{RAW}.gcfg".replace("/", ""), cwd=tmp_path),
    ]
    for done in outputs:
        assert not CONTROL.search(done.stdout.replace("\n", "")), done.args
        assert not CONTROL.search(done.stderr.replace("\n", "")), done.args
    (tmp_path / "values.yaml").unlink()
    assert run("convert", "x.gcfg", "--yes", cwd=tmp_path).returncode in (0, 1)
    read.load((tmp_path / "values.yaml").read_text())


# expressions ------------------------------------------------------------------------------------------------------


def patterns() -> dict[str, tuple[re.Pattern[str], bool]]:
    """Return every compiled expression of the program, and whether it is looked for anywhere in a text, not at a place."""
    found: dict[str, tuple[re.Pattern[str], bool]] = {}
    for module in pkgutil.walk_packages(gcfg2helm.__path__, "gcfg2helm."):
        loaded = importlib.import_module(module.name)
        source = Path(str(loaded.__file__)).read_text(encoding="utf-8")
        for name, value in vars(loaded).items():
            for key, one in value.items() if isinstance(value, dict) else [("", value)]:
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    searched = bool(re.search(rf"{name}(\[[^]]*\])?\.(search|finditer|findall|sub|split)\(", source))
                    found[f"{module.name}.{name}{key}"] = one, searched
    for names in ("password|sslpassword", "[A-Za-z_]{1,64}"):
        found[f"libpq {names}"] = connection.pattern(names), True
    return found


PATTERNS = patterns()


def slowest(pattern: re.Pattern[str], pieces: list[str], count: int, *, searched: bool) -> float:
    worst = 0.0
    for piece in pieces:
        text = piece * count + "\x00"
        start = time.perf_counter()
        pattern.match(text)
        pattern.fullmatch(text)
        if searched:
            for _ in pattern.finditer(text):
                pass
        worst = max(worst, time.perf_counter() - start)
    return worst


# Looked for only in texts of at most 100 characters that another expression has matched as a whole.
BOUNDED = {"gcfg2helm.tables.types._DURATION_PART"}


@pytest.mark.parametrize("name", sorted(set(PATTERNS) - BOUNDED))
def test_expressions_take_linear_time(name: str) -> None:
    """The worst of what can be made of a pattern's own characters takes no more than three times as long when doubled."""
    pattern, searched = PATTERNS[name]
    letters = [
        char for char in dict.fromkeys(pattern.pattern + " \ta0-'\"\\/:@=.#;,") if char.isprintable() or char == "\t"
    ][:24]
    pieces = (
        letters
        + [one + other for one in letters[:12] for other in letters[:12] if one != other]
        + ["a=", "x:y@", "://a:", "'a'", '"a\\', "password ", "- a", "1m", "1.5h"]
    )
    measured = []
    for _ in range(3):  # a busy machine may spoil one
        small, large = (slowest(pattern, pieces, count, searched=searched) for count in (1_500, 3_000))
        if large < 0.02 or large < 3 * small:
            return
        measured.append((small, large))
    pytest.fail(f"{measured}")


def test_the_expressions_were_found() -> None:
    assert len(PATTERNS) > 40
    assert (ROOT / "benchmarks/fuzz.py").exists()
    assert sys.version_info >= (3, 11)


def test_values_may_hold_anything() -> None:
    value: Any = converted(f'[Server]\nPublicWarning = "{RAW}"\n'.encode(), KNOWN).values.tree["config"]
    assert value["Server"]["PublicWarning"] == RAW
