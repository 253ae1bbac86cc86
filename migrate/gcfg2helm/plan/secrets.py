"""What counts as a secret: by the name of a setting, or by how a value, a comment or a line of a file looks.

In doubt a text counts as secret: a comment that loses a word does no harm, and a value that leaves values.yaml for a
Secret is the same to the server. Where it goes: `placing`. All expressions here run in linear time, whatever the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_plus

from gcfg2helm import gcfg, tables
from gcfg2helm.masked import STARS, Name, Secret
from gcfg2helm.tables import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.values.tree import Path, Tree

# Words that mean a secret wherever they are in a name, and ends of names that may mean one.
_SECRET_WORDS = re.compile(
    r"passwor[dt]|passwd|passphrase|passcode|kennwort|pwd|secret|token|apikey|privatekey|credential|bearer"
    r"|authorization|(?:access|auth|encryption|license|shared|signing|master|root)key|\A(?:key|pass|pw|bindpw|psk|jwt)\Z"
)
_DOUBTFUL_END = re.compile(r"(?:key|pass|auth|psk|jwt|pw|pin|otp|sas|cookie|signature|salt|dsn)\Z")
# Names with such an end say something about a secret, and are none themselves.
_HARMLESS_END = re.compile(
    r"(?:file|path|dir|directory|enabled|disabled|attribute|header|length|policy|expiry|expiration|lifetime|timeout|ttl"
    r"|maxage|duration|interval|cost|rounds|url|uri|endpoint|name|type|count|limit|warning|prompt|label|id|env|field"
    r"|claim|format|algorithm|required|allowed|method|command|provider|namespace|publickey|hotkey|monkey|bypass|compass"
    r"|bitpin|spin|webauth)\Z"
)
# What refers to a Secret and its keys, in the objects of Kubernetes and in the values of the chart.
_REFERENCES = frozenset({"secretName", "secretKey", "existingSecret", "imagePullSecrets", "tokenSecret"})
_REFERENCES_IN = frozenset(
    {("secretKeyRef", "key"), ("configMapKeyRef", "key"), ("file", "secret"), ("items", "key"), ("file", "secretKey")}
)
# Parameters of a URL that sign or open it.
_PARAMETERS = frozenset({"sig", "code", "auth", "jwt", "hmac", "ticket", "session", "sid", "otp", "pin", "assertion"})
_TOKENS = re.compile(r"(?P<word>[\w.-]+)|(?P<sign>[=:])|(?P<soft>[\s\"'`()\[\]{}]+)|(?P<other>.)", re.DOTALL)
_WORDS_BETWEEN = 5  # `the password of the account is: x`
_BEFORE_VALUE = re.compile(r"[\s=:>]*")
_VALUE = re.compile(r"[^;#]*")
_FIRST_STATEMENT = re.compile(r"[\s;#]*(?P<name>[A-Za-z][\w.-]*)[ \t]*=[ \t]*(?=\S)")
_FLAG = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{0,60})(?:=|[ \t]+)[\"']?(?=[^\s\"'=-])")
_LOGIN_FLAG = re.compile(r"(?<![\w-])(?:-u|--user)[ =][\"']?[^\s:\"']{1,200}:(?=\S)")
_SCHEME = re.compile(r"\b(?:bearer|basic)[ \t]+(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE | re.ASCII)
# `the old password was hunter2`: a verb within a few words behind the name, and what can be its value.
_SAID = re.compile(
    r"[ \t]+(?:\w+[ \t]+){0,2}(?:is|was|are|were|ist|war|lautet|to|now)(?:[ \t]+(?:now|set[ \t]+to))?[ \t]+[\"'`]?"
    r"(?P<value>[^\s\"'`]+)"
)
_NO_VALUE = re.compile(
    r"(?:a|an|the|in|on|of|for|from|by|with|at|as|and|or|not|no|none|also|only|always|never|set|unset|used|needed|stored"
    r"|required|optional|empty|blank|ignored|given|below|above|here|there|kept|read|taken|left|gone|valid|invalid|be|it"
    r"|this|that|your|our|use|true|false|yes|wrong|secret|known|unknown|encrypted|defined|configured|provided|default)\Z",
    re.IGNORECASE,
)
_KEYWORD = re.compile(
    r"(?:\A|(?<=[\s;,&?({\"'|]))(?P<name>[A-Za-z_][\w.-]{0,60})[\"']?\s*(?:=|:(?!//))\s*"
    r"(?P<value>\"[^\"]*\"?|'(?:[^'\\]|\\.)*'?|(?:(?i:bearer|basic|digest|negotiate|token|apikey)\s+)?[^\s;,&\"'{}]+)",
    re.DOTALL,
)
_FIRST_NAME = re.compile(r"[\s;#]*([\w.-]+)")
_STATEMENT = re.compile(r"[ \t\r]*(?:[;#\[]|[A-Za-z]+[0-9]?[ \t]*=(?!=)|(?i:\w*(?:password|secret|token|key))\b|\Z)")
_HEADER_END = re.compile(r"[ \t\r]*(?P<section>[A-Za-z]+)[ \t]*\][ \t\r]*\Z", re.ASCII)
_FILE_NAME = re.compile(r"/[\w./-]*\.[A-Za-z0-9]+", re.ASCII)
_STARS = re.compile(r"\*+")
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}", re.ASCII)
_LONG_WORD = re.compile(r"[\w-]{20}", re.ASCII)  # every shape of a token has one
_WINDOW = 4096  # characters in which a shape is looked for at once
_OVERLAP = 512
_USER = re.compile(r"[^\s\"'<>/?#:\[\]]*")
_LONE_USER = re.compile(r"(?i:https?)://(?P<user>[^\s\"'<>/?#:@\[\]]+)(?::(?:x-oauth-basic|x)?)?@")
_PLAIN_USERS = frozenset({"git", "anonymous", "user", "username", "me", "you", "name", "nobody"})
_AUTHORITY = re.compile(r"[^/?#]*")
_PROSE = re.compile(r"[\s\"'<>]")
_PORT = re.compile(r"[0-9]{1,5}(?=[\s/?#,\"'<>]|\Z)", re.ASCII)
_PARAMETER = re.compile(r"[?&#](?P<name>[^=&#?\s\"'<>]{1,200})=(?P<value>[^&#\s\"'<>]*)")
_LIBPQ = re.compile(
    r"(?:\A|(?<=\s))(?P<name>(?:ssl)?password)\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)*)",
    re.IGNORECASE | re.DOTALL,
)


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
    return bool(_SECRET_WORDS.search(word)) and not _HARMLESS_END.search(word)


@lru_cache(4096)
def may_mean_secret(name: str) -> bool:
    """Whether a name may say so: `ClientKey`, `BasicAuth`, `DbPass`."""
    word = _plain(name)
    return bool(_DOUBTFUL_END.search(word)) and not _HARMLESS_END.search(word)


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
    return bool(_PRIVATE_KEY.search(text))


def parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets inside a value, in order and apart from each other; `cut`: its end was cut off at a comment sign."""
    return _apart([*url_parts(text, cut=cut), *_keywords(text), *_shapes(text)])


def url_parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets in the URLs of a text, in order: `scheme://user:password@`, `https://token@`, `?password=`."""
    return _apart([*_users(text, cut=cut), *_lone_users(text), *_parameters(text)])


def database_parts(text: str, *, cut: bool) -> list[Part]:
    """Return the secrets of a database URL or of libpq's text; `{$}` is where Connect puts the password, and none itself."""
    others = () if "://" in text else (*_libpq_parts(text), *_keywords(text))
    found = _apart([*url_parts(text, cut=cut), *others])
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
    return without(text, _apart([*url_parts(text, cut=False), *_shapes(text)]))


def redacted(text: str) -> str:
    """Return a sentence with stars for what is secret in its URLs, and for tokens."""
    return _starred(text, ((one.start, one.end) for one in _apart([*url_parts(text, cut=True), *_shapes(text)])))


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


def _apart(found: Iterable[Part]) -> list[Part]:
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
        if at <= start or _STARS.fullmatch(url, start, at):
            continue
        cuts = (0, at + 1) if not user else (start - 1, at)
        decoded = _decoded(url[start:at]) if readable else None
        yield Part(begin + start, begin + at, begin + cuts[0], min(begin + cuts[1], len(text)), decoded)


def _lone_users(text: str) -> Iterator[Part]:
    """Yield tokens in the place of a user: `https://TOKEN@host`, also with the password that some services ask for then."""
    for match in _LONE_USER.finditer(text) if "://" in text else ():
        user = match["user"]
        if user.lower() not in _PLAIN_USERS and not _STARS.fullmatch(user):
            yield Part(match.start("user"), match.end() - 1, match.start("user"), match.end(), sure=False)


def _length(pattern: re.Pattern[str], text: str, offset: int) -> int:
    match = pattern.match(text, offset)
    return match.end() if match else offset


def _parameters(text: str) -> Iterator[Part]:
    for match in _PARAMETER.finditer(text) if "=" in text else ():
        name, value = unquote_plus(match["name"]), match["value"]
        sure = means_secret(name)
        doubtful = may_mean_secret(name) or _plain(name) in _PARAMETERS
        if (sure or doubtful) and not _is_harmless(name, value, 0):
            more = text[match.end() : match.end() + 1] == "&"
            password = _decoded(value.replace("+", "%20")) if name == "password" else None
            start = match.start("value")
            yield Part(start, match.end(), match.start() + more, match.end() + more, password, sure)


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
    for match in _LIBPQ.finditer(text):
        raw = match["value"]
        if raw.startswith("'"):
            raw = raw[1:].removesuffix("'")
        if value := re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL):
            end = match.end() + text[match.end() : match.end() + 1].isspace()
            password = value if match["name"].lower() == "password" else None
            found.append(Part(match.start("value"), match.end(), match.start(), end, password))
    return found


def _keywords(text: str) -> Iterator[Part]:
    """Yield what keywords name: `Pwd=x;`, `password: x`, `Authorization=Bearer x`, `X-Api-Key: x`."""
    for match in _KEYWORD.finditer(text) if "=" in text or ":" in text else ():
        name, start = match["name"], match.start("value")
        if not (means_secret(name) or may_mean_secret(name)) or _is_harmless(name, match["value"], 0):
            continue
        end = match.end()
        cut_end = end + (text[end : end + 1] in (";", ",", "&", " "))
        yield Part(start, end, match.start("name"), cut_end, sure=False)


def _shapes(text: str) -> Iterator[Part]:
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


_WORD_END = re.compile(r"[\w.~+/=-]*", re.ASCII)


# lines ------------------------------------------------------------------------------------------------------------------


def scrub_comment(line: str) -> tuple[str, bool]:
    """Return a comment line of the gcfg with stars for the secrets in it, and whether there were any."""
    spans = _spans(line)
    return _starred(line, spans), bool(spans)


def _starred(line: str, spans: Iterable[tuple[int, int]]) -> str:
    text, end = "", 0
    for start, stop in spans:
        text += line[end:start] + STARS
        end = stop
    return text + line[end:]


def hide_line(line: str) -> str:
    """Return a line of gcfg source for an error message: a star for each character of a secret, so that columns stay.

    The line is not a good one: the name of a secret at its start may lack its `=`, and what begins like no statement may
    go on with the value of the line before. A section's name that lacks its bracket is shown.
    """
    header = _HEADER_END.match(line)
    if header and header["section"].lower() in tables.shipped().sections:
        return line
    chars = list(line)
    for start, stop in _spans(line, broken=True) if _STATEMENT.match(line) else [(0, len(line))]:
        chars[start:stop] = ("\t" if char == "\t" else "*" for char in line[start:stop])
    return "".join(chars)


def _spans(line: str, *, broken: bool = False) -> list[tuple[int, int]]:
    """Return the places of a line that hold secrets, in order, apart from each other."""
    end = len(line.rstrip())
    rest = min((start for start in _secret_from(line, broken=broken) if start < end), default=end)
    inside = _apart([*url_parts(line, cut=True), *_shapes(line), *_words(line)])
    found = [(part.start, min(part.end, rest)) for part in inside if part.start < rest]
    return found if _STARS.fullmatch(line, rest, end) or rest == end else [*found, (rest, end)]


def _secret_from(line: str, *, broken: bool) -> Iterator[int]:
    """Yield offsets from which on all of a line is secret: behind the `=` or `:` of a secret's name, in a private key."""
    patience, name = 0, ""
    for token in _TOKENS.finditer(line):
        if word := token["word"]:
            secret = means_secret(word)
            patience = (1 + _WORDS_BETWEEN if len(word) > 4 else 1) if secret else max(0, patience - 1)
            name = word if secret else name
        elif token["other"]:
            patience = 0
        elif token["sign"] and patience and not line.startswith("//", token.end()):
            if not _is_harmless(name, line, token.end()):
                yield _length(_BEFORE_VALUE, line, token.end())
                break
            patience = 0
    statement = _FIRST_STATEMENT.match(line)
    if statement and may_mean_secret(statement["name"]) and not _is_harmless(statement["name"], line, statement.end()):
        yield statement.end()
    first = _FIRST_NAME.match(line) if broken else None
    if first and means_secret(first[1]) and not _is_harmless(first[1], line, first.end()):
        yield _length(_BEFORE_VALUE, line, first.end())
    if key := _PRIVATE_KEY.search(line):
        yield _length(_BEFORE_VALUE, line, key.end())
    text = line.strip(" \t\r;#")
    if _BASE64.fullmatch(text):
        kinds = any(c.islower() for c in text) + any(c.isupper() for c in text) + any(c.isdigit() for c in text)
        if kinds > 1 if len(text) >= 40 else kinds == 3 and not text.startswith("/"):
            yield line.index(text)


def _words(line: str) -> Iterator[Part]:
    """Yield single words of prose and of commands: `--password x`, `curl -u me:x`, `Bearer x`, `the old password was x`."""
    for pattern in (_FLAG, _LOGIN_FLAG):
        for match in pattern.finditer(line) if "-" in line else ():
            name = match.groupdict().get("name")
            if name is None or means_secret(name) or may_mean_secret(name):
                yield _word(line, match.end())
    for match in _SCHEME.finditer(line):
        if not match["value"].isalpha() or not match["value"].islower():
            yield _word(line, match.start("value"))
    for token in re.finditer(r"[\w-]+", line):
        said = _SAID.match(line, token.end()) if means_secret(token[0]) else None
        if said and not _NO_VALUE.match(said["value"].rstrip(".,;:!?)")) and _can_be_value(line, said):
            yield _word(line, said.start("value"))


def _can_be_value(line: str, said: re.Match[str]) -> bool:
    """Whether what a sentence says of a secret can be it: no plain word in the middle of the sentence."""
    word = said["value"].rstrip(".,;:!?)")
    ends = line[said.end() :].strip(" \t\r.\"'`)") == "" or said["value"] != word
    return bool(word) and "://" not in word and not _STARS.fullmatch(word) and (ends or not word.isalpha())


def _word(line: str, start: int) -> Part:
    match = re.compile(r"[^\s\"'`]*").match(line, start)
    end = match.end() if match else start
    return Part(start, end, start, end, sure=False)


def _is_harmless(name: str, line: str, offset: int) -> bool:
    """Whether what follows a secret's name is none: nothing, yes or no, stars, a file for a key."""
    match = _VALUE.match(line, _length(_BEFORE_VALUE, line, offset))
    value = match[0].strip().strip("\"'").strip() if match else ""
    if not value or gcfg.boolean(value) is not None or _STARS.fullmatch(value):
        return True
    return name.lower().endswith("key") and bool(_FILE_NAME.fullmatch(value))
