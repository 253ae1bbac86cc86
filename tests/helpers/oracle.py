"""Go's own gcfg package as a judge: builds the small program in `go/` and asks it about documents."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm import gcfg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GOPATH = Path("/usr/share/gocode")
MISSING = "Go or Debian's golang-gopkg-gcfg.v1-dev is not installed"


def available() -> bool:
    """Whether Go and its gcfg package are on this machine."""
    return shutil.which("go") is not None and (GOPATH / "src/gopkg.in/gcfg.v1").is_dir()


def build(folder: Path) -> Path:
    """Compile the judge into `folder`."""
    program = folder / "oracle"
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache"), "GOFLAGS": "",
    }  # fmt: skip
    source = Path(__file__).parent.parent / "go" / "oracle.go"
    subprocess.run(["go", "build", "-o", program, source], check=True, env=environment, timeout=300)
    return program


def ours(source: bytes) -> dict[str, Any] | None:
    """Return what our parser reads, in the judge's shape; None where it refuses."""
    try:
        document = gcfg.parse(source, "f")
    except gcfg.GcfgError:
        return None
    sections: dict[str, dict[str, dict[str, list[str]]]] = {}
    names: dict[str, list[str]] = {}
    for header in document.headers:
        subsections = sections.setdefault(header.section.lower(), {})
        settings = subsections.setdefault(header.subsection or "", {})
        known = names.setdefault(header.section.lower(), [])
        for entry in header.entries:
            name = entry.name.lower()
            if name not in known:
                known.append(name)
            values = settings.setdefault(name, [])
            if entry.value is None:
                values.clear()
            else:
                values.append(entry.value)
    for section, subsections in sections.items():
        for settings in subsections.values():
            for name in names[section]:
                settings.setdefault(name, [])
    return sections


def disagreements(program: Path, sources: Sequence[bytes]) -> list[str]:
    """Return a line for each document that the judge reads otherwise than we do."""
    read = [ours(source) for source in sources]
    asked = "".join(
        json.dumps(
            {
                "Source": base64.b64encode(source).decode(),
                "Sections": {
                    name: sorted({key for one in subs.values() for key in one}) for name, subs in (mine or {}).items()
                },
            }
        )
        + "\n"
        for source, mine in zip(sources, read, strict=True)
    )
    done = subprocess.run([program], input=asked, capture_output=True, text=True, check=True, timeout=600)
    found: list[str] = []
    for source, mine, line in zip(sources, read, done.stdout.splitlines(), strict=True):
        theirs = json.loads(line)
        values = {
            name: {sub: {key: values or [] for key, values in settings.items()} for sub, settings in subs.items()}
            for name, subs in (theirs["Values"] or {}).items()
        }
        if (mine is not None) != theirs["OK"] or (mine is not None and values != mine):
            found.append(f"{source!r}: ours {mine!r}, Go's {theirs['OK']} {theirs['Error']} {values!r}")
    return found


_PIECES = [
    "[", "]", "=", ";", "#", '"', "\\", "\n", "\r\n", "\r", " ", "\t", "a", "B", "name", "Server", "LDAP", "-", "_", "9", ".",
    ",", "\\n", "\\t", '\\"', "\\\\", "\\\n", "\\\r\n", "é", "ß", "名", "٣", "\u00a0", "\u2028", "\U0001f600", "\ufeff", "\0", "\x0b",
    "\x1b", "[A]", '[A "x"]', '[A "X\\"\\\\"]', "\n[B]\n", "\nk = v", "\nk", "\nk =", ' = "', '"\n', "true", "http://h/#/x", ":", "/",
]  # fmt: skip
_GOOD_LINES = [
    "[Server]", '[LDAP "x"]', '[ LDAP "X y" ] ; c', "[A ]", "[A] # c", "[A] ; c\r", '[A "é\r"]', "Key = value", "key=value;c", "Key",
    'Key = "a;b"#c', "Key ; c", "Key =", 'Key = a\\"b', 'Key = "a\\tb" c "d"', "; c", "#", "", "  \t", "Key = a \t ", "Key = a\r",
    "K-1 = x", "Key = [x]", "Ünï = x", "Key == x", "  b", 'Key = "a\\\\" ; x', "Key = \x01", "Key = a\\\nb", "Key = a \\\r\n ; c",
    'Key = x"y;z"w', "Key = http://h/#/x", "sErVeR = 'q'", 'Key = "" ""', 'Key = "a"\\\n"b"', "Key = \u00a0x\u2028",
]  # fmt: skip
_BAD_LINES = [
    "[A]x", '[A "\\q"]', '[A ""]', '["A"]', "[]", "[A", "Key = \\", 'Key = "open', "1K = x", "K_1 = x", "Key : x", "Key value", "= x",
    'Key = "a" \\', "Key = a\\", "Key = a\\b", 'Key = "a\\q"', '[A "x" "y"]', "[A B]", ']', "Key = \0", "; \0",
]  # fmt: skip


def documents(count: int, seed: int) -> Iterator[bytes]:
    """Yield generated documents: from pieces of the language, from lines, and real-looking ones with bytes changed."""
    dice = random.Random(seed)
    for number in range(count):
        if number % 3 == 0:
            text = "".join(dice.choices(_PIECES, k=dice.randint(0, 25)))
            if dice.random() < 0.7:
                text = "[S]\n" + text
        else:
            lines = dice.choices(_GOOD_LINES, k=dice.randint(0, 12))
            if dice.random() < 0.2:
                lines.insert(dice.randint(0, len(lines)), dice.choice(_BAD_LINES))
            text = _join(dice, ["[S]", *lines] if dice.random() < 0.9 else lines)
        data = bytearray(text.encode())
        if number % 3 == 2 and data:
            for _ in range(dice.randint(0, 2)):
                data[dice.randrange(len(data))] = dice.choice(
                    [0, 9, 10, 13, 32, 34, 35, 59, 61, 91, 92, 93, 128, 195, 255, 65]
                )
        yield bytes(data)


def _join(dice: random.Random, lines: Iterable[str]) -> str:
    return "".join(line + dice.choice(["\n", "\n", "\n", "\r\n", " \n"]) for line in lines)
