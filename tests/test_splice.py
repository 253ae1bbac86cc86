"""values.yaml in place: only the lines of what is set change, whatever the file looks like."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chart_renderings import RECORDED as _RECORDED
from gcfg2helm.values import read, splice
from gcfg2helm.values.tree import Comments, Edit, Tree, applied, find, same
from helpers.draw import documents, keys

EXISTING = """\
# top of the file

launcher: {enabled: false}   # flow style
config:
    Server:
        # the admin's own words
        Address: "http://old"   # keep this remark
        DataDir: /data   \n\
    'LDAP "Corp"':
        PermittedLoginGroup:
        - one
        - two
pod: &pod
  env:
  - name: X
    value: "1"   # one
  annotations:
    text: |
      several lines
      # not a comment
other: *pod
on: 1
empty:
nothing: null
folded: >-
  some
  text
# the end"""

ENV: list[Tree] = [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]


def removed(before: str, after: str) -> list[str]:
    """Return the lines that the new text does not have any more."""
    return [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]


@pytest.mark.parametrize(
    ("edit", "lost"),
    [
        pytest.param(
            Edit(("launcher", "enabled"), value=True), ["launcher: {enabled: false}   # flow style"], id="flow map"
        ),
        pytest.param(
            Edit(("config", "Server", "Address"), "https://new"),
            ['        Address: "http://old"   # keep this remark'],
            id="scalar",
        ),
        pytest.param(Edit(("config", "Server", "Address"), "http://old"), [], id="the same scalar"),
        pytest.param(Edit(("config", "Server", "New"), "x"), [], id="new key"),
        pytest.param(Edit(("config", 'LDAP "Other"', "BindDN"), "x"), [], id="new section"),
        pytest.param(
            Edit(("config", 'LDAP "Corp"', "PermittedLoginGroup"), ["one", "two", "three"]), [], id="longer list"
        ),
        pytest.param(
            Edit(("config", 'LDAP "Corp"', "PermittedLoginGroup"), ["two"]),
            ["        - one", "        - two"],
            id="shorter list",
        ),
        pytest.param(Edit(("rbac", "create"), value=True), [], id="new top key"),
        pytest.param(Edit(("empty",), {"a": {"b": [1]}}), [], id="an empty value becomes a map"),
        pytest.param(Edit(("nothing",), 1), ["nothing: null"], id="null becomes a number"),
        pytest.param(Edit(("on",), 2), ["on: 1"], id="a key that is a boolean"),
        pytest.param(Edit(("folded",), "x"), ["folded: >-", "  some", "  text"], id="folded text"),
        pytest.param(Edit(("config", "Server", "DataDir"), remove=True), ["        DataDir: /data   "], id="removal"),
        pytest.param(
            Edit(("pod", "annotations", "text"), "x"),
            ["    text: |", "      several lines", "      # not a comment"],
            id="literal",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_lines_of_the_key_change(edit: Edit, lost: list[str], newline: str) -> None:
    text = EXISTING.replace("\n", newline)
    if edit.path[0] == "pod":  # the alias shares what changes
        text = text.replace("other: *pod", "other: 1").replace("&pod", "")
        lost = lost.copy()
    done = splice.apply(text, [edit])
    assert not done.rewritten
    assert same(read.load(done.text), applied(read.load(text), [edit]))
    gone = removed(text, done.text)
    assert [line for line in gone if line not in lost and "empty:" not in line] == []
    assert splice.apply(done.text, [edit]).text == done.text


def test_an_alias_is_written_out_where_what_it_shares_changes() -> None:
    done = splice.apply(EXISTING, [Edit(("pod", "env"), ENV)])
    tree = read.load(done.text)
    assert find(tree, ("pod", "env")) == ENV
    assert find(tree, ("other", "env")) == ENV[:1]
    assert not done.rewritten
    assert removed(EXISTING, done.text) == ["other: *pod"]


def test_the_last_resort_is_a_whole_dump() -> None:
    """A literal that ends with the file changes where anything follows; ruamel.yaml writes it anew."""
    done = splice.apply("a: 1  # one\nb: |\n  no\n  end", [Edit(("on",), "yes")])
    assert done.rewritten
    assert "# one" in done.text
    assert read.load(done.text) == {"a": 1, "b": "no\nend", "on": "yes"}


def test_a_flow_map_that_is_written_as_a_block_keeps_its_comments() -> None:
    text = """\
config: {  # about all
  # above
  Server: {
    Address: old,  # beside
    "a # b": [1,  # among items
      2],
    # the end of the server
  },
  # the end
}  # behind
"""
    edit = Edit(("config", "Server", "Address"), "new")
    done = splice.apply(text, [edit])
    assert not done.rewritten
    assert (
        done.text
        == """\
config:  # behind
  # about all
  # above
  Server:
    Address: new  # beside
    # the end of the server
    # among items
    'a # b':
      - 1
      - 2
  # the end
"""
    )
    assert splice.apply(done.text, [edit]).text == done.text


def test_items_that_change_leave_their_comments_above() -> None:
    text = "a:\n  # first\n  - 1  # one\n  # second\n  - 2\n"
    assert splice.apply(text, [Edit(("a",), [2])]).text == "# first\n# one\n# second\na:\n  - 2\n"


def test_a_repeated_anchor_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    """No warning of a library: it would show the lines."""
    text = "a: &x {password: s3cret}\nb: &x {password: s3cret}\nc: *x\n"
    done = splice.apply(text, [Edit(("c", "d"), 1), Edit(("e",), 1)])
    assert find(read.load(done.text), ("c",)) == {"password": "s3cret", "d": 1}
    assert capfd.readouterr() == ("", "")


def test_comments_come_once() -> None:
    edits = [
        Edit(("config", "Server", "Address"), "https://new", Comments(("above",), "beside", ())),
        Edit(("config", "Server", "New"), "x", Comments(("over new",), "next to new", ())),
        Edit(("config", "Server"), comments=Comments(("section",), "", ("last words",)), comments_only=True),
        Edit(("license",), todo="Which licence?\n  file: x", comments_only=True),
    ]
    once = splice.apply(EXISTING, edits, ["head"])
    assert splice.apply(once.text, edits, ["head"]).text == once.text
    for line in (
        "# above",
        "# beside",
        "# over new",
        "# next to new",
        "# section",
        "# last words",
        "# TODO(gcfg2helm): Which licence?",
        "# head",
    ):
        assert once.text.count(line) == 1, line
    assert (
        removed(EXISTING, once.text) == ['        Address: "http://old"   # keep this remark', "# the end"]
        or not once.rewritten
    )


def test_an_answered_question_goes_with_all_its_lines() -> None:
    asked = [Edit(("license",), todo="Which licence?\nfile: x\nserver: y", comments_only=True)]
    text = splice.apply("a: 1\n", asked).text
    assert text.count("\n") == 4
    assert splice.apply(text, []).text == "a: 1\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- a\n", 1),
        ("a: 1\na: 2\n", 2),
        ("a: [\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("\ta: 1\n", 1),
        ("just text\n", 1),
        ("a: !!python/name:os.system x\n", None),
    ],
)
def test_what_is_no_values_file_is_refused_with_its_place(text: str, line: int | None) -> None:
    if line is None:
        splice.apply(text, [])  # Helm takes an unknown tag for text
        return
    with pytest.raises(read.YamlError) as caught:
        splice.apply(text, [Edit(("b",), 1)])
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text", ["", "\n", "# only a comment\n", "{}\n", "---\n", "---\n# c\n...\n", "null\n", "\ufeffa: 1\n"]
)
def test_files_without_content(text: str) -> None:
    done = splice.apply(text, [Edit(("b", "c"), "yes")])
    assert find(read.load(done.text.removeprefix("\ufeff")), ("b", "c")) == "yes"
    assert all(line in done.text for line in text.splitlines() if line.startswith("#"))


def test_values_files_of_sites_lose_no_line() -> None:
    """Values files as people write them, and all that were recorded, with one key set in each map that we set."""
    edits = [Edit(("launcher", "enabled"), value=True), Edit(("rbac", "create"), value=True), Edit(("config", "Server", "Foo"), "a;b"),
             Edit(("pod", "env"), [{"name": "Z", "value": "1"}])]  # fmt: skip
    texts = {path.stem: path.read_text() for path in (_RECORDED / "values").glob("site-*.yaml")}
    assert len(texts) >= 8
    for name, text in texts.items():
        tree = read.load(text)
        mine = [edit for edit in edits if edit.path != ("pod", "env") or find(tree, ("pod", "env")) in (None, [])]
        done = splice.apply(text, mine)
        assert not done.rewritten, name
        assert same(read.load(done.text), applied(tree, mine)), name
        touched = ("enabled:", "create:", "pod:", "launcher:", "rbac:", "config:", "env:", "Server:")
        assert [line for line in removed(text, done.text) if not line.strip().startswith(touched)] == [], name


paths = st.lists(keys, min_size=1, max_size=3).map(tuple)
edits = st.lists(
    st.builds(Edit, paths, st.sampled_from(["yes", "a;b", 7, None, ["p", "q"], {"m": {"n": True}}]))
    | st.builds(Edit, paths, remove=st.just(value=True)),
    max_size=4,
)


@settings(max_examples=150)
@given(documents(), edits, st.sampled_from(["\n", "\r\n"]))
def test_any_file_says_what_is_meant_and_keeps_the_rest(text: str, changes: list[Edit], newline: str) -> None:
    text = text.replace("\n", newline)
    tree = read.load(text)
    meant = applied({("true" if key == "on" else key): value for key, value in tree.items()}, changes)
    done = splice.apply(text, changes)
    assert same(read.load(done.text), meant)
    assert splice.apply(done.text, changes).text == done.text
    if same(tree, meant):
        assert done.text == text
