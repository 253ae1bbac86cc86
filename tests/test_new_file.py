"""A new values.yaml as who knows Helm would write it: clean for yamllint, in the chart's order, comments where they belong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gcfg2helm import chart, tables
from gcfg2helm.conversion import convert
from gcfg2helm.enums import Backend, CommentMode, SecretMode
from gcfg2helm.plan.context import Options
from gcfg2helm.values import read, splice, write
from gcfg2helm.values.tree import Comments, Edit, Tree, same
from helpers.draw import TRAPS, trees
from helpers.make import request
from helpers.paths import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

    from gcfg2helm.plan.request import Request

config = pytest.importorskip("yamllint.config", reason="yamllint is not installed (the test extra brings it)")
linter = pytest.importorskip("yamllint.linter")
DEFAULTS = config.YamlLintConfig("extends: default")
KNOWN = tables.load()

REFERENCE = """\
; head of the file
;
; second paragraph

[Server]
; Address is a public URL for this server, which people type. It must be configured to enable e-mail. If
; there is a proxy, this is its URL.
;
;Address = "http://connect.example.com"
DataDir = /var/lib/rstudio-connect

; -------------- E-mail -------------- ;

SenderEmail = a@example.org ; who sends
; EmailProvider = SMTP

; -------------- Kiosk -------------- ;
;ViewerKiosk = true

; -------------- Packages -------------- ;

[RPackageRepository "CRAN"]
URL = https://packages.example.org/cran/latest
Password = abc#1

; -------------- Web server -------------- ;
;[HTTP]
;Listen = :3939
;NoWarning = true

[HTTPS]
; the certificate lies here
Certificate = /etc/ssl/certs/connect.pem

; -------------- Directory -------------- ;
[LDAP "x"]
ServerAddress = ldap.example.org:636
; PermittedLoginGroup = cn=a,dc=example
; PermittedLoginGroup = cn=b,dc=example
UserObjectClass = user
; the last words
"""


def made(text: str, mode: CommentMode = CommentMode.ALL, values: str | None = None) -> str:
    return convert(with_options(request(text, KNOWN, values=values), Options(comments=mode))).values.text


def with_options(one: Request, options: Options) -> Request:
    return one._replace(options=options)


def problems(text: str) -> list[str]:
    return [str(one) for one in linter.run(text, DEFAULTS)]


# yamllint --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(SecretMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_yamllint_finds_nothing_in_what_is_written(path: Path, mode: SecretMode) -> None:
    """In every file of a conversion, with yamllint's defaults."""
    done = convert(with_options(request(path.read_bytes(), KNOWN), Options(secrets=mode)))
    texts = [done.values.text, done.secret_values.text if done.secret_values else "", done.secret, done.files]
    for text in filter(None, texts):
        assert problems(text) == []


def test_yamllint_finds_nothing_in_a_long_file() -> None:
    text = made(REFERENCE)
    assert problems(text) == []
    assert "yamllint disable" not in text


@given(st.dictionaries(st.sampled_from([*(t for t in TRAPS if t), "a"]), trees, min_size=1, max_size=4))
def test_yamllint_finds_nothing_in_any_new_file(tree: dict[str, Tree]) -> None:
    edits = [Edit((key,), value, Comments(("above " * 3,), "beside")) for key, value in tree.items()]
    assert problems(splice.create(edits, ["head"]).text) == []


def test_what_no_line_can_hold_says_so_to_yamllint() -> None:
    text = splice.create([Edit(("a b " * 40,), 1)]).text
    assert text.startswith("---\n# yamllint disable rule:line-length\n")
    assert problems(text) == []


# texts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["12h", "500Gi", "4.4.2", "10.0.0.0/8", ":3939", "EXAMPLE\\admin", "postgres://c@d:5432/x?a=b&c", "(&(o=user))", "Jürgen"],
)  # fmt: skip
def test_no_quotes_where_none_are_needed(text: str) -> None:
    assert write.scalar(text) == text
    assert yaml.safe_load(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    "text",
    [
        "3.12",
        "1e3",
        "0755",
        "1:30",
        "12:30:45",
        "2024-01-01",
        "yes",
        "off",
        "~",
        "",
        "a: b",
        "a #b",
        "- a",
        ".5",
        "1_000",
    ],
)
def test_quotes_where_another_reader_would_see_something_else(text: str) -> None:
    assert write.scalar(text) == f"'{text}'"


@pytest.mark.parametrize("text", ["word " * 60 + "end", "https://example.org/" + "x" * 90, "a  b " * 30 + "c"])
def test_a_long_text_is_folded(text: str) -> None:
    lines = list(write.entry("Key", text, 4))
    assert lines[0] == "    Key: >-"
    assert same(read.load("a:\n" + "\n".join(lines) + "\n"), {"a": {"Key": text}})
    assert max(map(len, lines)) <= 80 or " " not in text


# order -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", list(Backend), ids=lambda backend: backend.value)
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_keys_stand_in_the_order_of_the_chart(path: Path, backend: Backend) -> None:
    tree = convert(request(path.read_bytes(), KNOWN, backend=backend)).values.tree
    order = list(chart.in_order())
    assert list(tree) == sorted(tree, key=order.index)
    assert set(chart.defaults(chart.NEWEST)) <= {*order, "global", "rstudio-library"}


def test_blank_lines_part_the_sections() -> None:
    text = made(REFERENCE)
    for key in (*re.findall(r"^[a-z]\w*(?=:)", text, re.MULTILINE), *re.findall(r"^  ['A-Z].*", text, re.MULTILINE)):
        above = text[: text.index(f"\n{key}")].split("\n")
        while above[-1].strip().startswith("#"):
            above.pop()
        assert above[-1] in ("", "---", "config:"), key


# comments --------------------------------------------------------------------------------------------------------------


def test_comments_stand_with_what_they_are_about() -> None:
    assert (
        made(REFERENCE)
        .partition("\nconfig:\n")[2]
        .startswith("""\
  Server:
    # Address is a public URL for this server, which people type. It must be
    # configured to enable e-mail. If there is a proxy, this is its URL.
    # Address: http://connect.example.com
    DataDir: /var/lib/rstudio-connect
    # -------------- E-mail --------------
    SenderEmail: a@example.org  # who sends
    Address: null  # The old server had no address set
    # EmailProvider: SMTP
    # -------------- Kiosk --------------
    # ViewerKiosk: true

  # -------------- Packages --------------
  'RPackageRepository "CRAN"':
    URL: https://packages.example.org/cran/latest
""")
    )


def test_settings_that_are_commented_out_become_yaml() -> None:
    text = made(REFERENCE)
    assert (
        "\n  # -------------- Web server --------------\n  # HTTP:\n  #   Listen: :3939\n  #   NoWarning: true\n"
        in text
    )
    assert (
        "    # PermittedLoginGroup:\n    #   - cn=a,dc=example\n    #   - cn=b,dc=example\n    UserObjectClass: user\n"
        in text
    )
    assert not re.search(r"# *\[|# \w+ = |# 1$|# \*+$", text, re.MULTILINE)


def test_what_belongs_to_nothing_that_is_carried_closes_the_file() -> None:
    text = made(REFERENCE)
    config = text.partition("\nconfig:\n")[2]
    assert "# About HTTPS, which is not carried over:\n#   the certificate lies here\n" in config
    assert "\n    # the last words\n" in config
    assert text.startswith("---\n# head of the file\n# second paragraph\n\n")


def test_only_own_comments() -> None:
    text = made(REFERENCE, CommentMode.OWN)
    assert "SenderEmail: a@example.org  # who sends\n" in text
    for gone in ("ViewerKiosk", "Listen", "certificate lies", "Permitted", "last words", "EmailProvider"):
        assert gone not in text
    assert problems(text) == []


def test_no_comments() -> None:
    comments = [line for line in made(REFERENCE, CommentMode.NONE).splitlines() if "#" in line]
    assert [
        line for line in comments if "TODO" not in line and not re.search(r"#   |# The old|# \w+ was off", line)
    ] == []


@pytest.mark.parametrize("mode", list(CommentMode), ids=lambda mode: mode.value)
def test_a_second_run_changes_nothing(mode: CommentMode) -> None:
    once = made(REFERENCE, mode)
    assert made(REFERENCE, mode, values=once) == once


def test_a_head_comment_stands_below_the_admins_own() -> None:
    text = made(REFERENCE, values="# ours\n\nreplicas: 2\n")
    assert text.startswith("# ours\n\nreplicas: 2\n")
    assert "# head of the file\n# second paragraph\nconfig:\n" in text


def test_a_comment_beside_a_value_that_changes_is_marked() -> None:
    text = made(
        REFERENCE,
        values="config:\n  Server:\n    SenderEmail: old@example.org   # new name\n    DataDir: /var/lib/rstudio-connect  # fine\n",
    )
    assert "    # about the previous value: new name\n    SenderEmail: a@example.org  # who sends\n" in text
    assert "    DataDir: /var/lib/rstudio-connect  # fine\n" in text


LINES = [
    "; note about it", "; [SMTP]", ";Host = x", ";Port =", '; [LDAP "y"]', "; ---- Banner ---- ;", "#########", "; Password = abc", "",
    "; a long comment that goes on and on and on, about nothing in particular, until its end. And Then\n; more of it.", "; TODO(gcfg2helm): not ours",
    "; https://example.org/a/very/long/path/that/cannot/be/broken/anywhere/because/it/has/no/blank", "[Server]", "Address = https://a.example.org ; beside",
    "[SMTP]", "Host = mail", "[HTTPS]", "Certificate = /etc/x.pem", '[LDAP "x"]', "PermittedLoginGroup = cn=a", "; PermittedLoginGroup = cn=b", "; 1", "; '",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=2, max_size=14), st.sampled_from(list(CommentMode)))
def test_whatever_the_comments_are(lines: list[str], mode: CommentMode) -> None:
    text = "\n".join(["[Server]", *lines, ""])
    once = made(text, mode)
    assert problems(once) == []
    assert made(text, mode, values=once) == once
