"""Configurations made to be slow or large: each builds a gcfg of about so many bytes, and the program must bear it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


SETTINGS = 99_000  # as many as it takes, nearly


def _numbered(head: str, line: str, size: int) -> bytes:
    """Return a head and then lines in which `{n}` counts up, until the size is reached, or as many settings as it takes."""
    settings = sum(part[:1] not in ("", "[", ";") for part in line.split("\n"))
    count = size // len(line.format(n=10_000).encode())
    if settings:
        count = min(count, SETTINGS // settings)
    return (head + "".join(line.format(n=number) for number in range(count))).encode()


def _filled(head: str, piece: str, tail: str, size: int) -> bytes:
    """Return a head, one piece over and over, a tail."""
    return (head + piece * (size // len(piece.encode())) + tail).encode()


_LINES = {
    "unknown settings": ("[Server]\n", "Setting{n} = the value of this setting, which nobody knows, has the number {n}\n"),
    "unknown settings of one name": ("[Server]\n", "Setting = the value of this setting, which nobody knows, has the number {n}\n"),
    "a list": ("[Server]\n", "CustomHeader = X-Header-{n}: the value of the header which this line sets is {n}\n"),
    "a list of one value": ("[Server]\n", "CustomHeader = X-Header: the value of the header which all these lines set\n"),
    "a list emptied over and over": ("[Server]\n", "CustomHeader = X-Header-{n}: the value of the header of this line\nCustomHeader\n"),
    "a single value over and over": ("[Server]\n", "Address = https://connect-{n}.example.com/a/path/that/is/rather/long\n"),
    "secrets in one section": ("[Site]\n", "ApiToken{n} = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"),
    "secrets in many sections": ("", "[Site-{n}]\nPassword = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"),
    "a listed secret over and over": ("[Postgres]\n", "Password = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef{n}\n"),
    "secrets of one name": ("[Site]\n", "ApiToken = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef{n}\n"),
    "secrets in named sections": ("", '[LDAP "the directory of department {n} of the company"]\nBindPassword = password-{n}\n'),
    "secrets in URLs": ("[Site]\n", "Upstream{n} = https://user-{n}:password-{n}@proxy-{n}.example.com/a/path?x={n}\n"),
    "sections": ("", "[Section-{n}]\nName = the name of section {n}\n"),
    "empty sections": ("", "[Section-{n} \"of the department {n}\"]\n"),
    "named sections": ("", '[RPackageRepository "{n}"]\nURL = https://packages.example.com/{n}\n'),
    "one section opened over and over": ("", "[Server]\nSetting{n} = the value\n"),
    "sections in changing capitals": ("", "[sErVeR]\nSetting{n} = the value\n[SERVER]\nSETTING{n} = the value\n"),
    "comments": ("[Server]\n", "; a comment that stands in the file and says nothing but its number, {n}\n"),
    "commented passwords": ("[Server]\n", "; Password{n} = 0123456789abcdef0123456789abcdef0123456789abcdef\n"),
    "one comment over and over": ("[Server]\n", "; a comment that stands in the file over and over\nAddress{n} = x\n"),
    "comments beside values": ("[Server]\n", "Setting{n} = x ; a comment that stands beside the value and says nothing\n"),
    "cut values": ("[Server]\n", "Setting{n} = x#a comment that cuts off the value and says nothing\n"),
    "paths in many folders": ("", '[LDAP "{n}"]\nTLSCACertificate = /etc/company/certificates/of/the/directory/{n}/ca.pem\n'),
    "paths in one folder": ("", '[LDAP "{n}"]\nTLSCACertificate = /etc/company/certificates/of/the/directory/ca-{n}.pem\n'),
    "key files": ("", '[OAuth2 "{n}"]\nClientSecretFile = /etc/company/keys/of/the/provider/{n}/secret\n'),
    "interpreters": ("[R]\n", "Executable = /opt/R/installations/of/the/company/4.{n}.0/bin/R\n"),
    "Python interpreters": ("[Python]\n", "Executable = /opt/python/3.{n}.0/bin/python3\n"),
    "quoted values": ("[Server]\n", 'Setting{n} = "a value; with \\"quotes\\" and a # sign" and more\n'),
    "names without a value": ("[Server]\n", "Setting{n}\n"),
    "CRLF": ("[Server]\r\n", "Setting{n} = a value\r\n"),
    "repositories": ("", '[RPackageRepository "r{n}"]\nURL = https://packages.example.com/cran/__linux__/focal/latest\n'),
    "cluster definitions": ("[Launcher]\n", "ClusterDefinition = /etc/company/launcher/clusters/cluster-{n}.yaml\n"),
    "settings of the launcher": ("[Launcher]\n", "Setting{n} = a value that the launcher does not know either\n"),
}  # fmt: skip
_LINES |= {
    "secrets behind many settings": (
        _numbered("[Server]\n", "Setting{n} = x\n", 900_000).decode(),
        '[LDAP "the directory of department {n}"]\nBindPassword = the password of department {n}\n',
    ),
    "settings below a long name": (f'[LDAP "{"long " * 190}"]\n', "Setting{n} = a value of a setting of that section which nobody knows either, {n}\n"),
    "settings below too long a name": (f'[LDAP "{"long " * 100_000}"]\n', "Setting{n} = a value\n"),
    "paths beside a long one": (
        f'[Server]\nDataDir = {"/long" * 100_000}\n', '[LDAP "{n}"]\nTLSCACertificate = /etc/company/certificates/{n}/ca.pem\n'
    ),
    "more sections than settings": ("", '[LDAP "the directory of the department {n}"]\n'),
}  # fmt: skip
_FILLS = {
    "brackets": ("", "[", ""),
    "brackets of a section": ("[Server]\nA = 1\n", "[", ""),
    "quotes": ("[Server]\nAddress = ", '"', ""),
    "an odd number of quotes": ("[Server]\nAddress = ", '""', '"'),
    "backslashes": ("[Server]\nAddress = ", "\\", ""),
    "backslashes in quotes": ('[Server]\nAddress = "', "\\\\", '"'),
    "escaped quotes": ("[Server]\nAddress = ", '\\"', ""),
    "continued lines": ("[Server]\nAddress = ", "a\\\n", "b"),
    "continued lines without an end": ("[Server]\nAddress = ", "a\\\n", "\\"),
    "blanks and a quote": ("[Server]\nAddress = ", " ", '"'),
    "blanks and a bracket": ("", " ", "["),
    "blanks before an equals sign": ("[Server]\nAddress", " ", "= x"),
    "blanks behind a header": ("[Server", " ", "]x"),
    "blanks behind a value": ("[Server]\nAddress = x", " ", "x\n"),
    "carriage returns": ("[Server]\nAddress = x", "\r", "x\n"),
    "line breaks": ("[Server]\n", "\n", ""),
    "equals signs": ("[Server]\nAddress ", "=", ""),
    "semicolons": ("[Server]\n", ";", ""),
    "one value": ("[Server]\nAddress = ", "x", "\n"),
    "one quoted value": ('[Server]\nAddress = "', "x;", '"\n'),
    "one value of words": ("[Server]\nAddress = ", "word ", "\n"),
    "one value of colons": ("[Server]\nAddress = http://", "a:", "\n"),
    "one value of URLs": ("[Server]\nAddress = ", "http://a:b@c/?password=d&", "\n"),
    "one value of URLs without passwords": ("[Site]\nAddress = ", "://:", "\n"),
    "one value of spoiled URLs": ("[Site]\nAddress = ", "://u:/ ", "\n"),
    "one value of slashes": ("[Site]\nAddress = ", "/", "\n"),
    "one connection text": ("[Postgres]\nURL = ", "password=' ", "\n"),
    "one connection text of quotes": ("[Postgres]\nURL = \"", "password='a'", "\"\n"),
    "one database URL": ("[Postgres]\nURL = postgres://u:", "p", "@h/d\n"),
    "one database URL of parameters": ("[Postgres]\nURL = postgres://u@h/d?", "password=p&", "\n"),
    "one secret": ("[Postgres]\nPassword = ", "x", "\n"),
    "one number": ("[Applications]\nMinProcesses = ", "9", "\n"),
    "one duration": ("[Applications]\nIdleTimeout = ", "1h", "\n"),
    "one size": ("[Applications]\nMaxAppImageSize = ", "1", "\n"),
    "one path": ('[LDAP "x"]\nTLSCACertificate = /', "a/../", "\n"),
    "one address": ("[HTTP]\nListen = ", ":", "\n"),
    "one comment": ("; ", "x", "\n[Server]\nAddress = x\n"),
    "one comment of passwords": ("[Server]\n; ", "password: ", "\nAddress = x\n"),
    "one comment of secret words": ("[Server]\n; ", "password ", "\nAddress = x\n"),
    "one comment of URLs": ("[Server]\n; ", "://a:b@", "\nAddress = x\n"),
    "one comment of keys": ("[Server]\n; ", "-----BEGIN A ", "\nAddress = x\n"),
    "one comment of base64": ("[Server]\n; ", "Aa0+", "-\nAddress = x\n"),
    "one comment of dots": ("[Server]\n; ", "token.", " = x\nAddress = x\n"),
    "one name": ("[Server]\n", "a", " = x\n"),
    "one section": ("[", "a", "]\nName = x\n"),
    "one subsection": ('[LDAP "', "a", '"]\nName = x\n'),
    "one subsection of quotes": ('[LDAP "', '\\"', '"]\nName = x\n'),
    "words of another language": ("[Server]\nAddress = ", "名é", "\n"),
    "control characters": ("[Server]\nAddress = ", "\x1b[31m\u202e", "\n"),
    "a name that is no name": ("[Server]\n", "é", " = x\n"),
}  # fmt: skip
_INPUTS: dict[str, Callable[[int], bytes]] = {
    **{name: partial(_numbered, *parts) for name, parts in _LINES.items()},
    **{name: partial(_filled, *parts) for name, parts in _FILLS.items()},
    "noise": lambda size: bytes(number * 2654435761 % 4294967291 % 251 + 1 for number in range(size)),
    "not UTF-8 at its end": lambda size: b"[Server]\nAddress = " + b"x" * size + b"\xff",
    "more settings than it takes": partial(_filled, "[Server]\n", "A = x\n", ""),
    "NUL at its end": lambda size: b"[Server]\n" + b"Address = x\n" * (size // 12) + b"\0",
}
NAMES = tuple(_INPUTS)


def gcfg(name: str, size: int) -> bytes:
    """Return the configuration of that name with about so many bytes."""
    return _INPUTS[name](size)
