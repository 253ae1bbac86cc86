"""The fast reader takes what this program writes, and never reads anything otherwise than Helm does."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FIXTURES
from gcfg2helm import tables
from gcfg2helm.values import plainyaml, read, write
from gcfg2helm.values.tree import Tree, same
from test_plan import converted
from test_splice import documents
from test_survive import texts, trees


def agrees(text: str) -> bool:
    """Whether the fast reader took a text; fails where it reads it otherwise than Helm does."""
    found = plainyaml.read(text)
    if found is None:
        return False
    assert same(found, read.exact(text)), text
    return True


@given(st.dictionaries(texts, trees, max_size=4))
def test_what_is_written_is_read_alike(tree: dict[str, Tree]) -> None:
    agrees(write.document(tree, ["a comment"]))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_conversions_are_read_fast(path) -> None:  # type: ignore[no-untyped-def]
    text = converted(path.read_bytes(), tables.load()).values.text
    assert agrees(text), "falling back to ruamel.yaml would be slow"


@given(documents())
def test_what_people_write_is_read_alike_or_left(text: str) -> None:
    agrees(text)
    agrees(text + "\n")


PIECES = ["a: 1\n", "b:\n", "  c: x\n", "  - d\n", "- e\n", "    f: g h\n", "k: yes\n", "'q': \"z\\n\"\n", "m: |\n", "  text\n", "    more\n", "\n", "# c\n", "  # d\n",
          "n: ~\n", "o: 0755\n", "p: 1e3\n", "r: [1]\n", "s: []\n", "t: {}\n", "u: a # b\n", "v: a#b\n", "w: *x\n", "x: &y 1\n", "y: 1\n", "on: 2\n", "---\n", "...\n",
          "z: 'a''b'\n", "aa: a: b\n", "a: 2\n", "  - g: h\n", "    i: j\n", "bb: -\n", "cc: - x\n", "dd: \"\\x41\\q\"\n", "ee: |-\n", " ff: 1\n", "gg: http://x:1/y\n", "1: x\n",
          "hh: true\n", "ii: True\n", "jj: x \n", "kk:   x\n", "ll:x\n", "<<: x\n", "=: x\n", "mm: 1000000\n", "nn: 2024-01-01\n", "oo: 12:30\n", "null: x\n", "- - a\n"]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_lines_are_read_alike_or_left(seed: int) -> None:
    dice = random.Random(seed)
    taken = 0
    for _ in range(400):
        text = "".join(dice.choices(PIECES, k=dice.randint(1, 6)))
        if plainyaml.read(text) is None:
            continue
        taken += agrees(text)
    assert taken > 5


def test_single_values_change_in_place() -> None:
    text = "# c\na:\n  b: 'x'  # note\n  c: 1\nd: []\ne: |\n  two\n  lines\n"
    meant: dict[str, Tree] = {"a": {"b": "yes", "c": None}, "d": "z", "e": "two\nlines\n"}
    assert plainyaml.changed(text, meant) == "# c\na:\n  b: 'yes'  # note\n  c: null\nd: z\ne: |\n  two\n  lines\n"
    assert plainyaml.changed(text, {**meant, "f": 1}) is None
    assert plainyaml.changed(text, {**meant, "e": "x"}) is None
    assert plainyaml.changed(text, {**meant, "d": [1]}) is None
