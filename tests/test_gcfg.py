"""The gcfg language: exactly Go's, lossless, with places for errors."""

from __future__ import annotations

import configparser
import random
from typing import TYPE_CHECKING

import iniconfig
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gcfg2helm import gcfg
from helpers import oracle
from helpers.paths import CORPUS, FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

# Documents that the judge and we must read alike: what the language is about, and its corners.
CASES = [
    b"", b"\xef\xbb\xbf", b"; only\n# comments\n", b"[A]", b"[A]\r\nk = v\r\n", b"[A]\nk=v", b"[A]\nk", b"[A]\nk ; c\n", b"[A]\nk =\n",
    b'[A "x"]\nk = "a;b#c" ; d\n', b'[A "x\\"\\\\"]\nk = 1\n', b'[A ""]\n', b'[A "x" "y"]\n', b"[A] k = v\n", b"[A] ; c\n", b"[ A ]\nk = v\n",
    b"k = v\n", b"[A]\nk = http://h/#/x\n", b"[A]\nk = a;b\n", b'[A]\nk = a"b;c"d\n', b'[A]\nk = "a\\nb\\tc\\"d\\\\e"\n', b'[A]\nk = "a\\qb"\n',
    b"[A]\nk = a\\b\n", b'[A]\nk = a\\"b\n', b"[A]\nk = a\\\n  b\n", b"[A]\nk = a\\\r\n  b\n", b"[A]\nk = a \\\n ; c\n", b'[A]\nk = "open\n',
    b'[A]\nk = "open', b"[A]\nk_1 = v\n", b"[A]\n1k = v\n", b"[A]\nk-1 = v\n", b"[A]\nk v\n", b"[A]\nk = v\x00\n", b"[A]\n; \x00\n", b"[A]\nk = \xff\n",
    "[Ä]\nkéy = ü\n".encode(), b"[A]\nk = a\rb\n", b'[A]\nk = "a\rb"\n', b"[A]\nk = v \t\r\n", b"[A]\nK = 1\nk = 2\n[a]\nk\nk = 3\n", b"[A]\n\xef\xbb\xbfk = v\n",
    b"[A\n]", b"[]\n", b"[A]]\n", b"]\n", b"= v\n", b"[A]\nk == v\n", b'[A]\nk = ""\n', b"[A]\n\x0bk = v\n", b"[A]\nk = \x01\n", b'[A "\\n"]\n', b'[A "x\n"]\n',
    "[A]\nk = \u2028x\u00a0\n".encode(), b"[A];\n", b"[A]#\nk;\nl#\n", b'[A]\nk = \\"\n', b"[A]\nk = \\", b'[A]\nk = "\\', b"[A]\n\\\nk = v\n", b'["A"]\n',
]  # fmt: skip


def test_table_reads_as_in_go(judge: Path) -> None:
    assert oracle.disagreements(judge, CASES) == []


def test_real_files_read_as_in_go(judge: Path) -> None:
    assert oracle.disagreements(judge, [path.read_bytes() for path in [*FIXTURES, *CORPUS]]) == []


@pytest.mark.parametrize("seed", range(3))
def test_generated_documents_read_as_in_go(judge: Path, seed: int) -> None:
    sources = list(oracle.documents(2000, seed))
    accepted = sum(oracle.ours(source) is not None for source in sources)
    assert 500 < accepted < 1500, "the generator must give both verdicts"
    assert oracle.disagreements(judge, sources) == []


def test_judge_notices_a_wrong_reading(judge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a parser that reads `#` as text is found out."""
    real = oracle.ours
    monkeypatch.setattr(oracle, "ours", lambda source: real(source.replace(b"#", b"+")))
    assert oracle.disagreements(judge, [b"[A]\nk = a#b\n"])


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")), st.text(min_size=1))
@example("a;b", "x")
@example(" a ", '"\\')
@example('\n\t\\"', "é")
def test_what_is_quoted_reads_back(value: str, name: str) -> None:
    subsection = name.replace("\0", "").replace("\n", "")
    if not subsection or any(0xD800 <= ord(char) < 0xE000 for char in subsection):
        return
    text = f"[{gcfg.header('LDAP', subsection)}]\nKey = {gcfg.quote(value)}\n"
    (entry,) = gcfg.parse(text.encode()).entries
    assert (entry.subsection, entry.value) == (subsection, value)
    assert gcfg.split_header(gcfg.header("LDAP", subsection)) == ("LDAP", subsection)


@pytest.mark.parametrize("text", ["a\0", "a\rb", "\ud800"])
def test_what_no_gcfg_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        gcfg.quote(text)


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_are_refused_with_a_place(data: bytes) -> None:
    refusal: gcfg.GcfgError | None = None
    try:
        assert gcfg.parse(data, "f").source.encode() == data.removeprefix(b"\xef\xbb\xbf")
    except gcfg.GcfgError as error:
        refusal = error
    assert refusal is None or refusal.line >= 1 <= refusal.column <= len(refusal.source_line) + 1


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("[A]\nk = v\n  Ke y = 1\n", 3, 6, "expected '='"),
        ("k = v", 1, 1, "expected section header"),
        ('[A]\nk = "x\n', 2, 5, "string not terminated"),
        ("[A]\nk = a\\b\n", 2, 6, "unquoted '\\' must be followed by new line or double quote"),
        ('[A]\nk = "a\\qb"\n', 2, 8, "unknown escape sequence"),
        ('[A ""]', 1, 4, "empty subsection name"),
        ("[A", 1, 3, "expected subsection name or right bracket"),
        ("[A] x", 1, 5, "expected EOL, EOF, or comment"),
        ("[A]\nk = \0", 2, 5, "illegal character NUL"),
        ("[A]\n_k = 1", 2, 1, "illegal character"),
    ],
)
def test_errors_name_the_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(gcfg.GcfgError) as caught:
        gcfg.parse(text, "x.gcfg")
    error = caught.value
    assert (error.line, error.column, error.message) == (line, column, message)
    assert str(error) == f"x.gcfg:{line}:{column}: error: {message}"
    shown = error.format(lambda source: source).split("\n")
    assert shown[1] == "  " + text.split("\n")[line - 1]
    assert shown[2].index("^") == column + 1


def test_not_utf8_names_the_place() -> None:
    with pytest.raises(gcfg.GcfgError) as caught:
        gcfg.parse(b"[A]\nk = \xe4\n", "f")
    assert (caught.value.line, caught.value.column) == (2, 5)


SAMPLE = """\
; top

; about server
[Server] ; aside
; the address
Address = http://x ; beside
Address = "http://y"
Flag
; last of server

[LDAP "A b"]
Path = a;b
# end
"""


def test_every_comment_finds_its_place() -> None:
    document = gcfg.parse(SAMPLE)
    server, ldap = document.headers
    assert document.head == ("; top",)
    assert server.above == ("; about server", "; aside")
    assert document.entries[0].above == ("; the address",)
    assert document.entries[0].beside == "; beside"
    assert server.after == ("; last of server",)
    assert ldap.after == ("# end",)


def test_lines_columns_and_offsets_are_exact() -> None:
    document = gcfg.parse(SAMPLE)
    for entry in document.entries:
        line = SAMPLE.split("\n")[entry.line - 1]
        assert line[entry.column - 1 :].startswith(entry.name)
        assert SAMPLE[entry.start :].startswith(entry.name)
        if entry.value is not None:
            assert SAMPLE[entry.value_start : entry.value_end].strip('"') == entry.value
        assert SAMPLE[entry.end - 1] == "\n"


def test_reads_like_configparser() -> None:
    document = gcfg.parse(SAMPLE)
    assert document.sections() == ["Server", 'LDAP "A b"']
    assert document["server"]["ADDRESS"] == "http://y"
    assert document["Server"].getlist("address") == ["http://x", "http://y"]
    assert document.get("Server", "Nothing") is None
    assert document.get("Nowhere", "Nothing", "else") == "else"
    assert document.getboolean("Server", "flag") is True
    assert document.items('ldap "A b"') == [("Path", "a")]
    assert 'LDAP "a b"' not in document, "subsections compare with case"
    with pytest.raises(KeyError):
        document["Nowhere"]
    with pytest.raises(ValueError, match="not a boolean"):
        document.getboolean("Server", "Address")


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("k = a;b", True),
        ("k = http://h/#/x", True),
        ("k = a ; b", False),
        ("k = #fff", True),
        ("k = ; note", False),
        ('k = "a;b"', False),
    ],
)
def test_a_cut_value_is_known_as_one(line: str, cut: bool) -> None:
    assert gcfg.parse(f"[A]\n{line}\n").entries[0].cut is cut


def test_an_entry_never_shows_its_value() -> None:
    entry = gcfg.parse("[A]\nPassword = hunter2\n").entries[0]
    assert "hunter2" not in f"{entry!r} {entry} {[entry]}"


class TestOtherParsers:
    """iniconfig and configparser cannot read this language; where they agree with us, and where not."""

    PLAIN = "[Server]\nAddress = http://x\nPort = 1\n\n[Mail]\nFrom = a@b\n"

    def test_they_agree_on_plain_files(self) -> None:
        document = gcfg.parse(self.PLAIN)
        ours = {name: dict(document[name]) for name in document.sections()}
        ini = iniconfig.IniConfig("f", data=self.PLAIN)
        assert {section.name: dict(section.items()) for section in ini} == ours
        config = configparser.RawConfigParser()
        config.optionxform = str  # type: ignore[assignment,method-assign]
        config.read_string(self.PLAIN)
        assert {name: dict(config[name]) for name in config.sections()} == ours

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            pytest.param("[A]\nk = 1\nk = 2\n", "2", id="repeated key"),
            pytest.param("[A]\nk = 1\n[A]\nl = 2\n", "1", id="repeated section"),
            pytest.param('[A]\nk = "a;b"\n', "a;b", id="quotes"),
            pytest.param('[A]\nk = "a\\tb"\n', "a\tb", id="escapes"),
            pytest.param("[A]\nk = a;b\n", "a", id="inline comment"),
            pytest.param("[A]\nK = 1\n", "1", id="case"),
        ],
    )
    def test_they_do_not_read_gcfg(self, text: str, value: str) -> None:
        assert gcfg.parse(text)["a"]["k"] == value
        with pytest.raises((iniconfig.ParseError, KeyError, AssertionError)):
            assert iniconfig.IniConfig("f", data=text)["A"]["k"] == value
        with pytest.raises((configparser.Error, KeyError, AssertionError)):
            assert self._by_configparser(text) == value

    @staticmethod
    def _by_configparser(text: str) -> str:
        config = configparser.RawConfigParser()
        config.optionxform = str  # type: ignore[assignment,method-assign]
        config.read_string(text)
        return config["A"]["k"]


def test_odd_files_parse() -> None:
    line = "Key{0} = value {0} ; note\n"
    text = "[Server]\n" + "".join(line.format(number) for number in range(100_000))
    for source in (text, text.replace("\n", "\r\n"), "\ufeff" + text.removesuffix("\n")):
        document = gcfg.parse(source.encode())
        assert len(document.entries) == 100_000
        dice = random.Random(1)
        for number in dice.choices(range(100_000), k=20):
            entry = document.entries[number]
            assert (entry.value, entry.line) == (f"value {number}", number + 2)
