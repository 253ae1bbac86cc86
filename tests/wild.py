"""Random inputs for the whole of `convert`: bytes as a gcfg, texts as an existing values.yaml, from nonsense to nearly real."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import oracle
from gcfg2helm import chart as charts
from gcfg2helm import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

_VALUES = [
    "", "true", "no", "0", "-1", "1e9", "99999999999999999999", "60s", "1h30m", "10G", "/", "/etc/x/ca.pem", "/var/lib/rstudio-connect/x",
    "host:/path", "[::1]:3939", ":3939", "127.0.0.1:80", "http://", "https://connect.example.com/a?b=c", "postgres://u:p@h/d", "postgres://u:%zz@h",
    "host=h password='x y'", '"a;b"', '"\\n"', "x;y", "x#y", '"\\t\\"\\\\"', "a=b", "[x]", "{{ x }}", "${X}", "~", "é", "\u202e", "\x1b[31m", "\x7f", "\ufeff",
    "\u2028", "\x85", "\u00a0", "postgres", "sqlite", "PAM", "ldap", "saml", "oauth2", "proxy", "sendmail", "smtp", "Remote", "/opt/R/4.2.3/bin/R", "../x", "//x//y",
    "__linux__/focal", "https://p.example.com/cran/__linux__/jammy/latest", "-----BEGIN PRIVATE KEY-----", "'", "''", "- a", "a: b", "&a", "*a", "!!x", "%", "|", "x" * 300,
]  # fmt: skip
_KEYS = [
    "name", "value", "valueFrom", "secretKeyRef", "key", "mountPath", "subPath", "enabled", "create", "mount", "path", "on", "null", "1", "0x10", "~", "", " ", "a.b",
    "a b", "\u202e", "x" * 1100, "é", "<<", "=", "Address", "address", "URL", "Enabled", "LDAP \"x\"", "LDAP \"", "ldap \"x\"", "Server", "server", "S[", "CONNECT_SERVER_ADDRESS",
]  # fmt: skip
_SCALARS = [
    None, True, False, 0, 1, -1, 3939, 1e6, 1.5, 2**53, 2**64, "", "x", "true", "yes", "0755", "1e3", "~", "a\nb", "\n", "a\tb", "\x07", "\u202e", "é", "a: b", "#", "base",
    "pro", "https://h", "name: [", "images:\n- name: x", "CONNECT_POSTGRES_PASSWORD", "/etc/x", "rsc", "0.21.0", "2026.08.0", "x" * 5000, "*", "********", "null", "${x}", "{{",
]  # fmt: skip
_YAML = [
    "a", "b", ":", ": ", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "&a ", "*a", "!!str ", "!!python/object:x ", "!x ", "|", ">", "|-\n  ", "'", '"', "#", " # c", "---",
    "\n---\n", "...", "\t", "? ", "<<: ", "<<: *a", "config:", "pod:", "\n  env:", "null", "~", "1", "0x1", "%", "@", "`", "\\", "\ufeff", "\x00", "\x1b", "\x85", "\u2028", "\r\n", "é",
]  # fmt: skip


class Wild:
    """A source of inputs, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        known = tables.load()
        self.settings = [(one.section, one.name) for one in known]
        self.sections = sorted({section for section, _ in self.settings})
        self.versions = [str(one) for one in charts.versions()]
        self.top = sorted(charts.defaults(charts.NEWEST))

    def gcfg(self) -> bytes:
        """Return a configuration: any bytes, pieces of the language, or real settings with odd values."""
        match self.dice.randrange(9):
            case 0:
                return self.dice.randbytes(self.dice.randrange(60))
            case 1:
                return next(iter(oracle.documents(1, self.dice.randrange(2**32))))
            case 2:
                return b"[S]\n" + bytes(
                    self.dice.choices(b'[]="\\;#\n\r \tAk1-_\xc3\xa9\xff\0', k=self.dice.randrange(40))
                )
            case _:
                return "".join(self._lines()).encode("utf-8", "surrogatepass")

    def _lines(self) -> Iterator[str]:
        dice = self.dice
        for _ in range(dice.randrange(12)):
            section, name = dice.choice(self.settings)
            name = name if dice.random() < 0.9 else dice.choice(["Password", "Unknown", "A-b", "Token"])
            section = section if dice.random() < 0.9 else dice.choice(["Unknown", section.upper(), section.lower()])
            label = dice.choice(["", "", "", ' "x"', ' "a b"', ' "\\"\\\\"', ' "\u202e"', ' "X"'])
            yield f"[{section}{label}]{dice.choice(['', '', ' ; c', ' # password = x'])}\n"
            for _ in range(dice.randrange(1, 4)):
                yield dice.choice(["", "", "; c\n", "; Password = x\n", "# \x1b]0;x\x07\n", "\n"])
                yield (
                    f"{name} = {dice.choice(_VALUES)}{dice.choice(['', '', ' ; c', ';c', ' # c'])}\n"
                    if dice.random() < 0.95
                    else f"{name}\n"
                )

    def values(self) -> str:
        """Return an existing values.yaml: any text, pieces of YAML, or a tree of the chart's keys with odd values in it."""
        match self.dice.randrange(9):
            case 0:
                return "".join(map(chr, self.dice.choices(range(0x250), k=self.dice.randrange(30))))
            case 1 | 2:
                return "".join(self.dice.choices(_YAML, k=self.dice.randrange(25)))
            case 3:
                return json.dumps(self._tree(0), ensure_ascii=self.dice.random() < 0.5)
            case _:
                return "".join(f"{line}\n" for line in self._block(self._tree(0), 0))

    def _tree(self, depth: int) -> object:
        dice = self.dice
        if depth == 0:
            return {key: self._below(key) for key in dice.sample(self.top, k=dice.randrange(min(len(self.top), 5)))}
        kind = dice.random()
        if kind < 0.5 or depth > 4:
            return dice.choice(_SCALARS)
        if kind < 0.75:
            return [self._tree(depth + 1) for _ in range(dice.randrange(4))]
        return {dice.choice(_KEYS): self._tree(depth + 1) for _ in range(dice.randrange(4))}

    def _below(self, key: str) -> object:
        """Return what stands at a key of the chart: its own shape with something odd in one place, or anything."""
        default = charts.defaults(charts.NEWEST)[key]
        if self.dice.random() < 0.3:
            return self._tree(1)
        if key == "config" and self.dice.random() < 0.8:
            return {
                self.dice.choice(self.sections): {self.dice.choice(self.settings)[1]: self._tree(2)} for _ in range(3)
            }
        if key == "pod" and self.dice.random() < 0.8:
            return {
                name: [self._tree(3), {"name": self._tree(4), "mountPath": self._tree(4)}]
                for name in ("env", "volumes", "volumeMounts")
            }
        return self._spoiled(default)

    def _spoiled(self, tree: object) -> object:
        if isinstance(tree, dict) and tree and self.dice.random() < 0.9:
            chosen = self.dice.choice(sorted(tree))
            return {**tree, chosen: self._spoiled(tree[chosen])}
        return self._tree(1) if self.dice.random() < 0.7 else tree

    def _block(self, tree: object, indent: int) -> Iterator[str]:
        """Yield lines in block style, with comments and what people do."""
        pad = " " * indent
        if isinstance(tree, dict) and tree:
            for key, value in tree.items():
                if self.dice.random() < 0.1:
                    yield pad + self.dice.choice(["# c", "# TODO(gcfg2helm): x", "#: y", "", "  # d"])
                name = key if key.isidentifier() else json.dumps(key)
                if isinstance(value, dict | list) and value and self.dice.random() < 0.9:
                    yield f"{pad}{name}:{self.dice.choice(['', '', ' # c', ' &' + str(abs(hash(key)) % 9)])}"
                    yield from self._block(value, indent + 2)
                else:
                    yield f"{pad}{name}: {self._scalar(value)}{self.dice.choice(['', '', '  # c'])}"
        elif isinstance(tree, list) and tree:
            for value in tree:
                yield f"{pad}- {self._scalar(value)}"
        else:
            yield pad + self._scalar(tree)

    def _scalar(self, value: object) -> str:
        if isinstance(value, str) and value.isalnum() and self.dice.random() < 0.7:
            return value
        return json.dumps(value, ensure_ascii=False)

    def arguments(self) -> list[str]:
        """Return options of `convert`, valid ones."""
        choices = [
            [], [], [], ["--chart-version", self.dice.choice(self.versions)], ["--backend", "kubernetes", "--chart-version", "0.21.0"],
            ["--secrets", "inline"], ["--secrets", "existing"], ["--prefer", "values"], ["--chart-defaults", "chart"], ["--tls", "pod"],
            ["--nfs", "h:/p"], ["--pvc", "x"], ["--image", "r/i:r4.2.3"], ["-v"], ["-q"],
        ]  # fmt: skip
        return [one for _ in range(2) for one in self.dice.choice(choices)]
