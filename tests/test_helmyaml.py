"""Values files read as Helm reads them: a table of scalars, errors with their places, limits, and Helm as the judge."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from gcfg2helm.chart import template
from gcfg2helm.masked import Secret
from gcfg2helm.values import read, scalars
from helpers.helm import helm, needs_helm

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.values.tree import Tree


SCALARS: dict[str, Tree] = {
    "1": 1,
    "-1": -1,
    "+1": 1,
    "007": 7,
    "0755": 493,
    "010": 8,
    "08": 8.0,
    "0_8": 8.0,
    "0o17": 15,
    "-0O17": -15,
    "0o8": "0o8",
    "0x1F": 31,
    "+0x1F": 31,
    "0x": "0x",
    "0x_1F": 31,
    "0x1FFFFFFFFFFFFFFFF": "0x1FFFFFFFFFFFFFFFF",
    "0xFFFFFFFFFFFFFFFF": 18446744073709551615.0,
    "0b101": 5,
    "-0b11": -3,
    "0b2": "0b2",
    "1_000": 1000,
    "1_0_": 10,
    "_1": "_1",
    "-_1": -1,
    "1_000.5": 1000.5,
    "1e3": 1000.0,
    "1E+3": 1000.0,
    "1.5e-3": 0.0015,
    "1e": "1e",
    "1e400": "1e400",
    "1e-400": 0.0,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    ".": ".",
    ".5_0": 0.5,
    ".5__0": ".5__0",
    "+.5__0": 0.5,
    "1.10": 1.1,
    "1.2.3": "1.2.3",
    "-0": 0,
    "-0.0": -0.0,
    "1000000": 1000000,
    "999999.5": 999999.5,
    "9007199254740991": 9007199254740991,
    "9007199254740993": 9007199254740992.0,
    "18446744073709551615": 18446744073709551615.0,
    "18446744073709551616": 18446744073709551616.0,
    "123456789012345678901234567890": 1.2345678901234568e29,
    "-9223372036854775809": -9223372036854775809.0,
    "0777777777777777777777777": 777777777777777777777777.0,
    "1:30": "1:30",
    "190:20:30": "190:20:30",
    "2001-12-14": "2001-12-14",
    "2001-12-14T21:59:43Z": "2001-12-14T21:59:43Z",
    "yes": True,
    "Yes": True,
    "yEs": "yEs",
    "no": False,
    "on": True,
    "OFF": False,
    "y": True,
    "N": False,
    "t": "t",
    "TRUE": True,
    "tRUE": "tRUE",
    "~": None,
    "Null": None,
    "nULL": "nULL",
    "": None,
    "inf": "inf",
    "nan": "nan",
    "<<": "<<",
    "=": "=",
    "'yes'": "yes",
    '"\\x41"': "A",
    "!!str 123": "123",
    "!!str": "",
    '!!int "12"': 12,
    "!!float 1": 1.0,
    '!!bool "yes"': True,
    '!!null ""': None,
    "!!binary aGVsbG8=": "hello",
    "!!binary /w==": "\ufffd",
    "!!timestamp 2001-12-14": "2001-12-14",
    "!!python/name:os.system x": "x",
    "!foo 12": "12",
    "! 12": "12",
    "!!set {a, b}": {"a": None, "b": None},
    "!!omap [a: 1]": [{"a": 1}],
    "<no value>": "<no value>",
    "a # b": "a",
    "a#b": "a#b",
    "[1, ~, yes, 1000000, x, {b: ~, a: 1.10}]": [1, None, True, 1000000, "x", {"b": None, "a": 1.1}],
    "[]": [],
    "{b: [], c: {}, d: ''}": {"b": [], "c": {}, "d": ""},
}

DOCUMENTS: dict[str, Tree] = {
    "": {},
    "# only a comment\n": {},
    "~\n": {},
    "---\na: 1\n...\n": {"a": 1},
    "%YAML 1.1\n---\na: 1\n": {"a": 1},
    "\ufeffa: 1\n": {"a": 1},
    "a: b\r\nc: d\r\n": {"a": "b", "c": "d"},
    "1: a\n": {"1": "a"},
    "0x10: a\n": {"16": "a"},
    "1e6: a\n": {"1e+06": "a"},
    "1.23456789: a\n": {"1.2345679": "a"},
    "9223372036854775807: a\n": {"9223372036854775807": "a"},
    "-.inf: a\n": {"-.inf": "a"},
    "n: a\nyes: b\n": {"false": "a", "true": "b"},
    "2001-12-14: a\n": {"2001-12-14": "a"},
    "!!binary aGVsbG8=: x\n": {"hello": "x"},
    "? a\n": {"a": None},
    "a: &x 1\n*x : 2\n": {"a": 1, "1": 2},
    "&k a: 1\nb: *k\n": {"a": 1, "b": "a"},
    "a: &x {b: 1}\nc: {<<: *x, d: 2}\n": {"a": {"b": 1}, "c": {"b": 1, "d": 2}},
    "a: &x {b: 1}\nc: {<<: *x, b: 2}\n": {"a": {"b": 1}, "c": {"b": 2}},
    "a: &x {b: 1}\nc: {b: 2, <<: *x}\n": {"a": {"b": 1}, "c": {"b": 1}},
    "c: {<<: [{b: 1}, {b: 2, d: 1}]}\n": {"c": {"b": 1, "d": 1}},
    "c: {'<<': {b: 1}}\n": {"c": {"<<": {"b": 1}}},
    "a: &x 1\nb: &x 2\nc: *x\n": {"a": 1, "b": 2, "c": 2},
    "a: |-\n  x\n   y\n": {"a": "x\n y"},
    "a: >-\n  x\n  y\n": {"a": "x y"},
}

REFUSED_BY_HELM: dict[str, tuple[int, int]] = {
    "a: .inf\n": (1, 4),
    "a: .nan\n": (1, 4),
    '\na: !!int "abc"\n': (2, 4),
    "a: !!int 1.5\n": (1, 4),
    'a: !!null "x"\n': (1, 4),
    'a: !!binary "?"\n': (1, 4),
    "a: !!timestamp x\n": (1, 4),
    "a: b: c\n": (1, 5),
    "a: 'x\n": (2, 1),
    "a: [1, 2\n": (2, 1),
    "a:\n\t- b\n": (2, 1),
    "a: @x\n": (1, 4),
    'a: "\\q"\n': (1, 5),
    'a: "\\uD800"\n': (1, 7),
    'a: "\\/"\n': (1, 4),
    "a: [b?c]\n": (1, 5),
    "a: *x\n": (1, 4),
    "a: &x [*x]\n": (1, 8),
    "a: !e!x 1\n": (1, 4),
    "~: a\n": (1, 1),
    "9223372036854775808: a\n": (1, 1),
    "[a]: b\n": (1, 1),
    "c: {<<: 1}\n": (1, 9),
    "a: &x [{b: 1}]\nc: {<<: *x}\n": (2, 9),
    "%YAML 1.2\n---\na: 1\n": (1, 1),
    "%FOO x\n---\na: 1\n": (1, 1),
    "a: \x01\n": (1, 4),
    "b: 1\na: x\x7f\n": (2, 5),
    "- a\n": (1, 1),
    "text\n": (1, 1),
}

REFUSED_BY_US: dict[str, tuple[int, int]] = {
    "a: 1\na: 2\n": (2, 1),
    "1: a\n'1': b\n": (2, 1),
    "a: 1\n---\nb: 2\n": (2, 1),
    "a: 1\n...\nb: 2\n": (3, 1),
    " a: 1\nb: 2\n": (2, 1),
    "a: x\u2028y\n": (1, 5),
}


@pytest.mark.parametrize("text", SCALARS)
def test_scalar(text: str) -> None:
    """A scalar is what goyaml.v2 makes of it, of the same type."""
    found = read.load(f"k: {text}\n")["k"]
    assert found == SCALARS[text]
    assert type(found) is type(SCALARS[text])


@pytest.mark.parametrize("text", DOCUMENTS)
def test_document(text: str) -> None:
    """Keys become text, aliases and merge keys are resolved where they are."""
    assert read.load(text) == DOCUMENTS[text]


@pytest.mark.parametrize("text", [*REFUSED_BY_HELM, *REFUSED_BY_US])
def test_refused(text: str) -> None:
    """What cannot be used is refused with its place."""
    with pytest.raises(read.YamlError) as caught:
        read.load(text, "my.yaml")
    line, column = {**REFUSED_BY_HELM, **REFUSED_BY_US}[text]
    assert (caught.value.file, caught.value.line, caught.value.column) == ("my.yaml", line, column)
    assert str(caught.value).startswith(f"my.yaml:{line}:{column}: ")


def test_message_holds_no_value() -> None:
    """A value may be a secret: no message repeats it."""
    for text in ("a: !!int hunter2\n", "a: !!binary hunter2?\n", "a: [hunter2\n", "a: 'hunter2\n", "a: hunter2: x\n"):
        with pytest.raises(read.YamlError) as caught:
            read.load(text)
        assert "hunter2" not in str(caught.value)


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: " + "[" * 100_000, id="lists in one line"),
        pytest.param("a: " + "[\n" * 100_000, id="lists in many lines"),
        pytest.param("{a: " * 100_000, id="maps"),
        pytest.param("- " * 100_000, id="dashes"),
        pytest.param("\n".join(" " * depth + "a:" for depth in range(1000)), id="blocks"),
        pytest.param(LAUGHS, id="a billion laughs"),
        pytest.param("a: &a {b: 1}\n" + "".join(f"k{n}: &a {{b: *a}}\n" for n in range(300)), id="deep aliases"),
        pytest.param("#" * (4 * 1024 * 1024 + 1), id="large"),
    ],
)
def test_limits(text: str) -> None:
    """What would cost too much is refused soon."""
    start = time.monotonic()
    with pytest.raises(read.YamlError):
        read.load(text)
    assert time.monotonic() - start < 10


def test_depth_that_is_allowed() -> None:
    """Two hundred levels are fine; the tree holds no part twice, so that it may be changed."""
    assert read.load("a: " + "[" * 199 + "]" * 199)
    tree = read.load("a: &x {b: [1]}\nc: *x\n")
    assert tree["a"] == tree["c"]
    assert tree["a"] is not tree["c"]


@pytest.mark.parametrize("text", [*DOCUMENTS, *REFUSED_BY_HELM, *REFUSED_BY_US])
def test_without_libyaml_all_reads_alike(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML was built without libyaml its own parser takes and refuses the same."""

    def said() -> object:
        try:
            return read.load(text)
        except read.YamlError:
            return None

    with_it = said()
    monkeypatch.delattr("yaml.CSafeLoader")
    assert said() == with_it


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1000000, "1e+06"),
        (999999, "999999"),
        (1048576, "1.048576e+06"),
        (493, "493"),
        (-1000000, "-1e+06"),
        (1.1, "1.1"),
        (100000.5, "100000.5"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (-0.0, "-0"),
        (0, "0"),
        (5e-324, "5e-324"),
        (True, "true"),
        (None, ""),
        ("x", "x"),
        ([1, None, True, 1000000, {"b": None, "a": 1.1}], "[1 <nil> true 1e+06 map[a:1.1 b:<nil>]]"),
        ({}, "map[]"),
        (Secret("s3cret"), "s3cret"),
        ([Secret("s3cret")], "[s3cret]"),
    ],
)
def test_go_text(value: Tree, text: str) -> None:
    """Values print as Go's templates print them."""
    assert scalars.go_text(value) == text


def test_key_text() -> None:
    """A number that is a key is printed with the digits of 32 bits."""
    assert scalars.key_text(0.1) == "0.1"
    assert scalars.key_text(1e300) == ".inf"


@needs_helm
def test_helm_agrees_on_scalars(tmp_path: Path) -> None:
    """Helm itself reads and prints the whole table of scalars as we do."""
    text = "config:\n  T:\n" + "".join(f"    k{number}: {scalar}\n" for number, scalar in enumerate(SCALARS))
    judged = helm(text, tmp_path)
    assert judged is not None
    ours = read.load(text)
    tree, printed = judged
    assert isinstance(tree, dict)
    assert json.dumps(_plain(ours), sort_keys=True) == json.dumps(_plain(tree), sort_keys=True)
    config = ours["config"]
    assert isinstance(config, dict)
    assert template.ini(config) + "\n" == printed


def _plain(tree: Tree) -> Tree:
    """Make all numbers floats, which they are for Helm, except -0.0, which JSON does not keep."""
    if isinstance(tree, dict):
        return {key: _plain(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(item) for item in tree]
    return float(tree) + 0.0 if type(tree) in (int, float) else tree  # type: ignore[arg-type]


@needs_helm
@pytest.mark.parametrize("text", DOCUMENTS)
def test_helm_agrees_on_documents(text: str, tmp_path: Path) -> None:
    """Helm reads the same tree; where a null is at the top it takes it for a key to remove."""
    judged = helm(text, tmp_path)
    assert judged is not None
    assert _plain({**read.load(text)}) == _plain(judged[0])


@needs_helm
@pytest.mark.parametrize("text", REFUSED_BY_HELM)
def test_helm_refuses_too(text: str, tmp_path: Path) -> None:
    """What we refuse in Helm's name, Helm refuses."""
    assert helm(text, tmp_path) is None


@needs_helm
@pytest.mark.parametrize("text", list(REFUSED_BY_US)[:5])
def test_helm_loses_what_we_refuse(text: str, tmp_path: Path) -> None:
    """Helm takes these in silence, and drops a part."""
    assert helm(text, tmp_path) is not None
