"""What counts as a secret: by the name of a setting, or by how a value looks.

In doubt a text counts as secret: a comment that loses a word does no harm, and a value that leaves values.yaml for a
Secret is the same to the server. Where it goes: `placing`; lines without it: `scrub`. All expressions here run in linear
time, whatever the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_plus

from gcfg2helm import gcfg, tables
from gcfg2helm.masked import STARS, Name, Secret
from gcfg2helm.plan import connection
from gcfg2helm.tables import names, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.values.tree import Path, Tree

# What refers to a Secret and its keys, in the objects of Kubernetes and in the values of the chart.
_REFERENCES = frozenset({"secretName", "secretKey", "existingSecret", "imagePullSecrets", "tokenSecret"})
_REFERENCES_IN = frozenset(
    {("secretKeyRef", "key"), ("configMapKeyRef", "key"), ("file", "secret"), ("items", "key"), ("file", "secretKey")}
)
_BEFORE_VALUE = re.compile(r"[\s=:>]*")
_VALUE = re.compile(r"[^;#]*")
_KEYWORD = re.compile(
    r"(?:\A|(?<=[\s;,&?({\"'|]))(?P<name>[A-Za-z_][\w.-]{0,60})[\"']?\s*(?:=|:(?!//))\s*"
    r"(?P<value>\"[^\"]*\"?|'(?:[^'\\]|\\.)*'?|(?:(?i:bearer|basic|digest|negotiate|token|apikey)\s+)?[^\s;,&\"'{}]+)",
    re.DOTALL,
)
_FILE_NAME = r"(?a)/[\w./-]*\.[A-Za-z0-9]+"
STARRED = re.compile(r"\*+")
PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----")
_LONG_WORD = re.compile(r"[\w-]{20}", re.ASCII)  # every shape of a token has one
_WORD_END = re.compile(r"[\w.~+/=-]*", re.ASCII)
_WINDOW = 4096  # characters in which a shape is looked for at once
_OVERLAP = 512
_USER = re.compile(r"[^\s\"'<>/?#:\[\]]*")
_LONE_USER = re.compile(r"(?i:https?)://(?P<user>[^\s\"'<>/?#:@\[\]]+)(?::(?:x-oauth-basic|x)?)?@")
_PLAIN_USERS = frozenset({"git", "anonymous", "user", "username", "me", "you", "name", "nobody"})
_AUTHORITY = re.compile(r"[^/?#]*")
_PROSE = re.compile(r"[\s\"'<>]")
_PORT = re.compile(r"[0-9]{1,5}(?=[\s/?#,\"'<>]|\Z)", re.ASCII)


class Part(NamedTuple):
    """A secret inside a text, from `start` to `end`; to take it out, cut from `cut_start` to `cut_end`.

    `password` is the decoded password of a database; None where it is something else or cannot be decoded. `sure`:
    whether it cannot well be anything else.
    """

    start: int
    end: int
    cut_start: int
    cut_end: int
    password: str | None = None
    sure: bool = True


# names ------------------------------------------------------------------------------------------------------------------


def secret_name(section: str, name: str) -> bool:
    """Whether a value of that name must not be shown: as the tables say, for names they do not list by their words."""
    setting = tables.shipped().find(section, name)
    return setting.secret if setting else means_secret(name) or may_mean_secret(name)


def secret_key(path: Sequence[str]) -> bool:
    """Whether a value of the chart outside `config` is a secret by its key; the name of a Secret or of its key is none."""
    return path[-1] not in _REFERENCES and tuple(path[-2:]) not in _REFERENCES_IN and secret_name("", path[-1])


@lru_cache(4096)  # comments repeat their words
def means_secret(name: str) -> bool:
    """Whether a name says that its value is a secret: `ApiToken`, `db_password`, `Key`."""
    word = _plain(name)
    said = word in names.listed("whole") or any(part in word for part in names.listed("secret"))
    return said and not word.endswith(names.listed("harmless"))


@lru_cache(4096)
def may_mean_secret(name: str) -> bool:
    """Whether a name may say so: `ClientKey`, `BasicAuth`, `DbPass`."""
    word = _plain(name)
    return word.endswith(names.listed("doubtful")) and not word.endswith(names.listed("harmless"))


def _plain(name: str) -> str:
    return name.lower().rpartition(".")[2].replace("_", "").replace("-", "")


@lru_cache(1024)
def as_key(header: str) -> str:
    """Return the header of a section as a key of the values; one that holds a secret knows how to hide it."""
    return Name(header, hidden) if (hidden := redacted(header)) != header else header


# texts ------------------------------------------------------------------------------------------------------------------


def holds_secret(text: str) -> bool:
    """Whether a value holds one: a private key, a URL with a password, cut off or not, a keyword with one, a token."""
    return bool(is_private_key(text) or parts(text, cut=True))


def is_private_key(text: str) -> bool:
    """Whether a text holds a private key, which is a secret as a whole."""
    return bool(PRIVATE_KEY.search(text))


def parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets inside a value, in order and apart from each other; `cut`: its end was cut off at a comment sign."""
    return apart([*url_parts(text, cut=cut), *_keywords(text), *token_parts(text)])


def url_parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets in the URLs of a text, in order: `scheme://user:password@`, `https://token@`, `?password=`."""
    return apart([*_users(text, cut=cut), *_lone_users(text), *_parameters(text)])


def database_parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets of a database URL or of libpq's text; `{$}` is where Connect puts the password, and none itself."""
    others = () if "://" in text else (*_libpq_parts(text), *_keywords(text))
    found = apart([*url_parts(text, cut=cut), *others])
    return [part for part in found if "{$}" not in unquote(text[part.start : part.end])]


def without(text: str, found: Sequence[Part]) -> str:
    """Return a text without its secrets: `postgres://u:p@h/db?password=x` becomes `postgres://u@h/db`."""
    kept, end = "", 0
    for part in found:
        kept += text[end : part.cut_start]
        end = max(end, part.cut_end)
    kept += text[end:]
    if kept != text:
        kept = kept.removesuffix("?").replace("?#", "#").rstrip()
    return kept


def without_passwords(text: str) -> str:
    """Return a text without the secrets in its URLs, and without tokens."""
    return without(text, apart([*url_parts(text, cut=False), *token_parts(text)]))


def redacted(text: str) -> str:
    """Return a sentence with stars for what is secret in its URLs, and for tokens."""
    return starred(text, ((one.start, one.end) for one in apart([*url_parts(text, cut=True), *token_parts(text)])))


def masked(tree: Tree, path: Path = ()) -> Tree:
    """Return values of the chart with every text masked that holds a secret: by its looks, its key, the `name` beside it."""
    if isinstance(tree, dict):
        name = tree.get("name")
        hidden = isinstance(name, str) and secret_name("", name)
        return {
            redacted(key): Secret(value)
            if isinstance(value, str) and ((hidden and key == "value") or _by_key(value, (*path, key)))
            else masked(value, (*path, key))
            for key, value in tree.items()
        }
    if isinstance(tree, list):
        return [masked(value, path) for value in tree]
    return Secret(tree) if isinstance(tree, str) and holds_secret(tree) else tree


def _by_key(text: str, path: Path) -> bool:
    return bool(text) and gcfg.boolean(text) is None and path[:1] != ("config",) and secret_key(path)


def clean(one: Finding) -> Finding:
    """Return a finding without what is secret in the URLs that it names."""
    return one._replace(what=redacted(one.what), todo=redacted(one.todo))


def apart(found: Iterable[Part]) -> list[Part]:
    """Return parts in order; of those that overlap the one that begins first, the longest of such."""
    kept: list[Part] = []
    for part in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and part.start < kept[-1].end:
            if part.end > kept[-1].end:
                end, cut_end = part.end, max(part.cut_end, kept[-1].cut_end)
                kept[-1] = kept[-1]._replace(end=end, cut_end=cut_end, password=None)
            continue
        kept.append(part)
    return kept


def _users(text: str, *, cut: bool = False) -> Iterator[Part]:
    """Yield the passwords before an `@`, where Go sees them: at the last `@` before the first `/`, `?` or `#`.

    Where that finds none, a password with such a character in it is looked for: no reader takes it, yet it is one.
    `cut`: the text ends where a `;` or `#` cut it, so that a password may lack its `@`.
    """
    scheme = text.find("://")
    while scheme >= 0:
        begin = scheme + 3
        scheme = text.find("://", begin)
        url = text[begin : scheme if scheme >= 0 else len(text)]
        user = url[: _length(_USER, url, 0)]
        start = len(user) + 1
        if url[start - 1 : start] != ":" or url[start : start + 1].isspace():
            continue
        authority = _length(_AUTHORITY, url, start)
        at = url.rfind("@", start, authority)
        readable = at >= 0
        if _PORT.match(url, start) and (not readable or _PROSE.search(url, start, at)):
            continue
        if not readable:
            at = url.rfind(
                "@", start, next((m.start() for m in re.finditer(r"\s", url) if m.start() > start), len(url))
            )
        if at < 0 and cut and scheme < 0 and "@" not in user and authority == len(url):
            at = len(url)
        if at <= start or STARRED.fullmatch(url, start, at):
            continue
        cuts = (0, at + 1) if not user else (start - 1, at)
        decoded = _decoded(url[start:at]) if readable else None
        yield Part(begin + start, begin + at, begin + cuts[0], min(begin + cuts[1], len(text)), decoded)


def _lone_users(text: str) -> Iterator[Part]:
    """Yield tokens in the place of a user: `https://TOKEN@host`, also with the password that some services ask for then."""
    for match in _LONE_USER.finditer(text) if "://" in text else ():
        user = match["user"]
        if user.lower() not in _PLAIN_USERS and not STARRED.fullmatch(user):
            yield Part(match.start("user"), match.end() - 1, match.start("user"), match.end(), sure=False)


def _length(pattern: re.Pattern[str], text: str, offset: int) -> int:
    match = pattern.match(text, offset)
    return match.end() if match else offset


def _parameters(text: str) -> Iterator[Part]:
    for one in connection.parameters(text):
        name, value = unquote_plus(one.name), one.raw
        sure = means_secret(name)
        doubtful = may_mean_secret(name) or _plain(name) in names.listed("parameters")
        if (sure or doubtful) and not is_harmless(name, value):
            more = text[one.end : one.end + 1] == "&"
            password = _decoded(value.replace("+", "%20")) if name == "password" else None
            yield Part(one.start, one.end, one.begin + more, one.end + more, password, sure)


def _decoded(raw: str) -> str | None:
    """Return what percent signs stand for; None where that is no text for an environment variable."""
    try:
        text = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _libpq_parts(text: str) -> list[Part]:
    """Return the passwords of a connection text such as `host=db user=connect password='a b'`."""
    found: list[Part] = []
    for one in connection.words(text, "password", "sslpassword"):
        if value := one.word:
            end = one.end + text[one.end : one.end + 1].isspace()
            password = value if one.name.lower() == "password" else None
            found.append(Part(one.start, one.end, one.begin, end, password))
    return found


def _keywords(text: str) -> Iterator[Part]:
    """Yield what keywords name: `Pwd=x;`, `password: x`, `Authorization=Bearer x`, `X-Api-Key: x`."""
    for match in _KEYWORD.finditer(text) if "=" in text or ":" in text else ():
        name, start = match["name"], match.start("value")
        if not (means_secret(name) or may_mean_secret(name)) or is_harmless(name, match["value"]):
            continue
        end = match.end()
        cut_end = end + (text[end : end + 1] in (";", ",", "&", " "))
        yield Part(start, end, match.start("name"), cut_end, sure=False)


def token_parts(text: str) -> Iterator[Part]:
    """Yield tokens of a well-known shape, each with the word that it begins."""
    if not _LONG_WORD.search(text):
        return
    for begin in range(0, max(len(text) - _OVERLAP, 1), _WINDOW - _OVERLAP):
        window = text[begin : begin + _WINDOW]
        for shape in tokens.shapes(window):
            for match in shape.finditer(window):
                found = match[0]
                start = begin + match.start() + len(found) - len(found.lstrip(' \t=:"'))
                end = _length(_WORD_END, text, begin + match.start() + len(found.rstrip(' \t"')))
                yield Part(start, end, start, end)


def starred(line: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return a text with stars for its parts from `start` to `end`, which are in order and apart from each other."""
    text, end = "", 0
    for start, stop in spans:
        text += line[end:start] + STARS
        end = stop
    return text + line[end:]


def value_start(line: str, offset: int) -> int:
    """Return where a value begins behind a name that ends at `offset`: behind blanks and signs."""
    return _length(_BEFORE_VALUE, line, offset)


def is_harmless(name: str, line: str, offset: int = 0) -> bool:
    """Whether what follows a secret's name is none: nothing, yes or no, stars, a file for a key."""
    match = _VALUE.match(line, value_start(line, offset))
    value = match[0].strip().strip("\"'").strip() if match else ""
    if not value or gcfg.boolean(value) is not None or STARRED.fullmatch(value):
        return True
    return name.lower().endswith("key") and bool(re.fullmatch(_FILE_NAME, value))
