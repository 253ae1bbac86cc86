"""Values that survive Helm: any text a gcfg can hold comes back from the rendered file, word for word."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gcfg2helm import gcfg
from gcfg2helm.chart import template
from gcfg2helm.masked import Secret
from gcfg2helm.plan.slots import node
from gcfg2helm.values import read, splice, write
from gcfg2helm.values.tree import Edit, Tree, same
from helpers.draw import TRAPS, texts, trees
from helpers.helm import helm, needs_helm

if TYPE_CHECKING:
    from pathlib import Path

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), min_size=1, max_size=1200).filter(
    bool
)


def values(value: str, several: list[str], name: str) -> str:
    edits = [
        Edit(("config", gcfg.header("LDAP", name), "One"), node(value)),
        Edit(("config", gcfg.header("LDAP", name), "List"), [node(one) for one in several]),
        Edit(("config", "Postgres", "Password"), Secret(gcfg.quote(value))),
    ]
    return splice.create(edits).text


def check(rendered: str, value: str, several: list[str], name: str) -> None:
    document = gcfg.parse(rendered)
    header = gcfg.header("LDAP", name)
    assert document[header]["One"] == value
    assert document[header].getlist("List") == several
    assert document["Postgres"]["Password"] == value


@given(texts, st.lists(texts, min_size=1, max_size=3), names)
@example("1e+06", ["yes", "~"], "n")
def test_any_text_survives_the_model_of_helm(value: str, several: list[str], name: str) -> None:
    tree = read.load(values(value, several, name))
    check(template.ini(tree["config"]), value, several, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", TRAPS)
def test_every_trap_survives_the_model_of_helm(value: str) -> None:
    tree = read.load(values(value, [value, value], value.replace("\n", "") or "x"))
    check(template.ini(tree["config"]), value, [value, value], value.replace("\n", "") or "x")  # type: ignore[arg-type]


@needs_helm
def test_every_text_survives_real_helm(tmp_path: Path) -> None:
    """One file with all traps and 400 random texts, through the real binary."""
    dice = random.Random(3)
    alphabet = (
        [chr(code) for code in range(1, 0x250) if code != 13]
        + list("\u2028\u202e\ufeff名😀")
        + list(' ;#"\\\n\t:') * 20
    )
    cases = TRAPS + ["".join(dice.choices(alphabet, k=dice.randint(0, 12))) for _ in range(400)]
    edits: list[Edit] = []
    for number, text in enumerate(cases):
        edits.append(Edit(("config", "Values", f"K{number}"), node(text)))
        edits.append(Edit(("config", "Lists", f"K{number}"), [node(text), node("x")]))
        if name := text.replace("\n", ""):
            edits.append(Edit(("config", gcfg.header(f"N{number}", name), "K"), node(text)))
    judged = helm(splice.create(edits).text, tmp_path)
    assert judged is not None, "Helm refused the file"
    document = gcfg.parse(judged[1])
    for number, text in enumerate(cases):
        assert document["Values"][f"K{number}"] == text
        assert document["Lists"].getlist(f"K{number}") == [text, "x"]
        if name := text.replace("\n", ""):
            assert document[gcfg.header(f"N{number}", name)]["K"] == text


@given(st.dictionaries(texts, trees, max_size=4))
def test_any_tree_reads_back(tree: dict[str, Tree]) -> None:
    assert same(read.load(write.document(tree)), tree)


@given(st.text())
def test_a_comment_is_one_line_and_a_comment(text: str) -> None:
    shown = write.comment(text)
    assert shown.startswith("#")
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_what_reads_well_stays_plain() -> None:
    for text in (
        "https://connect.example.org",
        "STDOUT",
        "a@b.c",
        "CN=Data Science,OU=Groups",
        "hello world",
        "/opt/x",
    ):
        assert write.scalar(text) == text
