"""What must not stand in values.yaml: secrets, which the pod reads from a Kubernetes Secret or a second values file.

`config` lands in a ConfigMap, in Helm's release record and in git. A secret of a plain section becomes an environment
variable `CONNECT_<SECTION>_<PROPERTY>`; for named sections and several values no such name is documented, so those go
into a values file that holds nothing else. In doubt a text counts as secret: a comment that loses a word does no harm.
All expressions here run in linear time, whatever the text.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_plus

from gcfg2helm import gcfg, tables
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Command, finding
from gcfg2helm.masked import STARS, Secret
from gcfg2helm.plan.decisions import EnvSecret
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.tables import Setting
    from gcfg2helm.values.tree import Tree

# The setting, and so the documented environment variable, that holds the password of a database URL.
_PASSWORD_OF = {"Postgres.URL": "Password", "Postgres.InstrumentationURL": "InstrumentationPassword"}
_ENV_PATH = ("pod", "env")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_SECRET_WORDS = re.compile(
    r"passwor[dt]|passwd|passphrase|kennwort|pwd|secret|token|apikey|privatekey|credential"
    r"|(?:access|auth|encryption|license|shared|signing)key|\A(?:key|pass|pw|bindpw)\Z"
)
# Names with such an end say something about a secret, and are none themselves.
_HARMLESS_END = re.compile(
    r"(?:file|path|dir|directory|enabled|disabled|attribute|header|length|policy|expiry|expiration|lifetime|timeout|ttl"
    r"|maxage|duration|interval|cost|rounds|url|uri|endpoint|name|type|count|limit|warning|prompt|label|id|auth|env|field"
    r"|claim|format|algorithm|required|allowed|method|command|provider|namespace)\Z"
)
_TOKENS = re.compile(r"(?P<word>[\w.-]+)|(?P<sign>[=:])|(?P<soft>[\s\"'`()\[\]{}]+)|(?P<other>.)", re.DOTALL)
_WORDS_BETWEEN = 5  # `the password of the account is: x`
_BEFORE_VALUE = re.compile(r"[\s=:>]*")
_VALUE = re.compile(r"[^;#]*")
_STATEMENT = re.compile(r"[ \t\r]*(?:[;#\[]|[A-Za-z]+[0-9]?[ \t]*=(?!=)|(?i:\w*(?:password|secret|token|key))\b|\Z)")
_FIRST_NAME = re.compile(r"[\s;#]*([\w.-]+)")
_FILE_NAME = re.compile(r"/[\w./-]*\.[A-Za-z0-9]+", re.ASCII)
_STARS = re.compile(r"\*+")
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}", re.ASCII)
_USER = re.compile(r"[^\s\"'<>/?#:\[\]]*")
_AUTHORITY = re.compile(r"[^/?#]*")
_PROSE = re.compile(r"[\s\"'<>]")
_PORT = re.compile(r"[0-9]{1,5}(?=[\s/?#,\"'<>]|\Z)", re.ASCII)
_PARAMETER = re.compile(r"[?&](?P<name>[^=&#?\s]*)=(?P<value>[^&#\s\"'<>]*)")
_LIBPQ = re.compile(
    r"(?:\A|(?<=\s))(?P<name>(?:ssl)?password)\s*=\s*(?P<value>'(?:[^'\\]|\\.)*'?|(?:[^\s\\]|\\.)*)",
    re.IGNORECASE | re.DOTALL,
)


class Placement(NamedTuple):
    """Where the values of a setting go that hold a secret.

    `config_values` stay under `config` (None: nothing does); `env` is an environment variable; `secret_values` go into
    the second values file. `variable` is the name of the environment variable, empty where there is none.
    """

    config_values: list[str] | None
    env: EnvSecret | None
    secret_values: list[str] | None
    reason: str
    variable: str
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<Placement {self.variable}>"


class _Part(NamedTuple):
    """A secret inside a text, from `start` to `end`; to take it out, cut from `cut_start` to `cut_end`.

    `password` is the decoded password of a URL; None where it is something else or cannot be decoded.
    """

    start: int
    end: int
    cut_start: int
    cut_end: int
    password: str | None = None


# where values go ------------------------------------------------------------------------------------------------------


def place(ctx: Context, group: Group, setting: Setting, subsection: str | None, values: list[str]) -> Placement | None:
    """Decide where the values of a setting go; None where they hold no secret.

    `setting` and `subsection` are what it is called under `config`, which differs from the group's for renamed ones.
    """
    at, key = group.last.place, f"{gcfg.header(setting.section, subsection)}.{setting.name}"
    # A transform may have split a private key at its blanks.
    whole = any(_is_secret(group, setting, value) for value in (*values, *group.values))
    cut = any(one.entry.cut for one in group.live)
    parts = [[] if whole else _parts(setting, value, cut=cut) for value in values]
    if not whole and not any(parts):
        return None
    hints = _encrypted(ctx, group, key) if whole and setting.encrypted else ()
    if ctx.options.secrets is SecretMode.INLINE:
        warning = finding("G2H503", f"{key} holds a secret and stays in values.yaml.", place=at)
        return Placement(values, None, None, "", "", (warning, *hints))
    kept = None if whole else [_without(text, found) for text, found in zip(values, parts, strict=True)]
    plain = _PLAIN_NAME.fullmatch(setting.section) and _PLAIN_NAME.fullmatch(setting.name)
    if subsection is not None or len(values) != 1 or not plain:
        moved = finding("G2H502", f"{key} stands in the second values file.", place=at)
        if ctx.options.secrets is SecretMode.EXISTING:
            todo = "Write it under config into a file that Helm gets with a further -f."
            moved = finding("G2H507", f"{key} must stand in a values file of your own.", todo, at)
        return Placement(kept, None, values, "A secret: it stands in the second values file.", "", (moved, *hints))
    name, value, subject = setting.name, values[0], key
    if (twin := _PASSWORD_OF.get(setting.key)) and parts[0] and all(part.password is not None for part in parts[0]):
        password = parts[0][-1].password or ""  # a parameter comes last, and beats the password before the host
        own = ctx.value(f"{setting.section}.{twin}")
        if own == password:
            what = f"The password inside {key} is left out: it is the one of {setting.section}.{twin}."
            return Placement(kept, None, None, "", "", (finding("G2H501", what, place=at),))
        if not own:
            name, value, subject = twin, password, f"The password inside {key}"
    variable = f"CONNECT_{setting.section}_{name}".upper()
    what = f"{subject} goes into the environment variable {variable}, from a Kubernetes Secret."
    env = EnvSecret(variable, f"{setting.section}-{name}".lower(), Secret(value))
    reason = f"A secret: the pod reads {variable} from a Kubernetes Secret."
    return Placement(kept, env, None, reason, variable, (finding("G2H501", what, place=at, path=_ENV_PATH), *hints))


def _is_secret(group: Group, setting: Setting, value: str) -> bool:
    """Whether the whole value is one: as the tables say; of an unlisted setting by its name, if it is not yes or no."""
    if not value or _PRIVATE_KEY.search(value):
        return bool(value)
    return setting.secret or (not group.known and gcfg.boolean(value) is None and _is_secret_name(setting.name))


def _parts(setting: Setting, value: str, *, cut: bool) -> list[_Part]:
    """Return the secrets inside a value; `{$}` is where Connect puts Postgres.Password, and none itself."""
    if setting.key not in _PASSWORD_OF:
        return _url_parts(value, cut=cut)
    found = _url_parts(value, cut=cut) if "://" in value else _libpq_parts(value)
    return [part for part in found if "{$}" not in unquote(value[part.start : part.end])]


def _encrypted(ctx: Context, group: Group, key: str) -> tuple[Finding, ...]:
    """Say once for each setting that encrypted values need the old server's key."""
    if ctx.first(group.setting) is not group:
        return ()
    what = f"{key} may be encrypted; this program cannot tell."
    todo = "If it is, bring the old server's key file along with the data directory, or set the plain value."
    return (finding("G2H505", what, todo, group.last.place),)


# what the pod reads ---------------------------------------------------------------------------------------------------


def env_edits(ctx: Context, env: Sequence[EnvSecret]) -> tuple[list[Edit], list[Finding], str]:
    """Return the new items of `pod.env`, what to know about them, and the name of the Secret (empty: none is needed)."""
    if not env:
        return [], [], ""
    name = ctx.options.secret_name or f"{ctx.release}-rstudio-connect-secrets"
    answer = ctx.answer(*_ENV_PATH)
    existing = {item.get("name"): item for item in answer if isinstance(item, dict)} if isinstance(answer, list) else {}
    items: dict[str, Tree] = {}
    found: list[Finding] = []
    for variable, key in dict.fromkeys((one.variable, one.secret_key) for one in env):
        item: Tree = {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
        if variable not in existing:
            items[variable] = item
        elif existing[variable] != item:
            what = f"pod.env sets {variable} already, which the gcfg holds as a secret."
            todo = "Check its value, or remove it and convert again to take it from the Secret."
            found.append(finding("G2H504", what, todo, path=_ENV_PATH))
    if ctx.options.secrets is SecretMode.EXISTING:
        found.append(_must_exist(ctx, name, sorted({one.secret_key for one in env})))
    return [Edit(_ENV_PATH, list(items.values()))] if items else [], found, name


def _must_exist(ctx: Context, name: str, keys: Sequence[str]) -> Finding:
    what = f"The Secret {name} must exist in the namespace {ctx.namespace} with: {', '.join(keys)}."
    sources = [f"{keys[0]}=/dev/stdin"] if len(keys) == 1 else [f"{key}={key}.txt" for key in keys]
    start = ["kubectl", "create", "secret", "generic", name, "--namespace", ctx.namespace]
    command = Command(shlex.join([*start, *(f"--from-file={source}" for source in sources)]))
    todo = f"Create it; {'standard input' if len(keys) == 1 else 'each file'} holds the value, without a line break:"
    return finding("G2H507", what, todo, path=_ENV_PATH, commands=(command,))


def manifest(plan: Plan) -> dict[str, Tree] | None:
    """Return the Secret with everything that `pod.env` refers to; None where there is nothing.

    With `--secrets existing` the Secret is the administrator's: do not ask for this one then.
    """
    if not plan.env_secrets:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": plan.secret_name, "namespace": plan.namespace},
        "type": "Opaque",
        "stringData": {one.secret_key: one.value for one in plan.env_secrets},
    }


# what people read -----------------------------------------------------------------------------------------------------


def secret_name(section: str, name: str) -> bool:
    """Whether a value of that name must not be shown: as the tables say, for names they do not list by their words."""
    setting = tables.shipped().find(section, name)
    return setting.secret if setting else _is_secret_name(name)


def holds_secret(text: str) -> bool:
    """Whether a value holds one: a private key, a URL with a password, cut off or not."""
    return bool(_PRIVATE_KEY.search(text) or _url_parts(text, cut=True))


def scrub_comment(line: str) -> tuple[str, bool]:
    """Return a comment line of the gcfg with stars for the secrets in it, and whether there were any."""
    text, end = "", 0
    spans = _spans(line)
    for start, stop in spans:
        text += line[end:start] + STARS
        end = stop
    return text + line[end:], bool(spans)


def hide_line(line: str) -> str:
    """Return a line of gcfg source for an error message: a star for each character of a secret, so that columns stay.

    The line is not a good one: the name of a secret at its start may lack its `=`, and what begins like no statement may
    go on with the value of the line before.
    """
    chars = list(line)
    for start, stop in _spans(line, broken=True) if _STATEMENT.match(line) else [(0, len(line))]:
        chars[start:stop] = ("\t" if char == "\t" else "*" for char in line[start:stop])
    return "".join(chars)


def _spans(line: str, *, broken: bool = False) -> list[tuple[int, int]]:
    """Return the places of a line that hold secrets, in order, apart from each other."""
    end = len(line.rstrip())
    rest = min((start for start in _secret_from(line, broken=broken) if start < end), default=end)
    found = [(part.start, min(part.end, rest)) for part in _users(line, cut=True) if part.start < rest]
    return found if _STARS.fullmatch(line, rest, end) or rest == end else [*found, (rest, end)]


def _secret_from(line: str, *, broken: bool) -> Iterator[int]:
    """Yield offsets from which on all of a line is secret: behind the `=` or `:` of a secret's name, in a private key."""
    patience, name = 0, ""
    for token in _TOKENS.finditer(line):
        if word := token["word"]:
            secret = _is_secret_name(word)
            patience = (1 + _WORDS_BETWEEN if len(word) > 4 else 1) if secret else max(0, patience - 1)
            name = word if secret else name
        elif token["other"]:
            patience = 0
        elif token["sign"] and patience and not line.startswith("//", token.end()):
            if not _is_harmless(name, line, token.end()):
                yield _length(_BEFORE_VALUE, line, token.end())
                break
            patience = 0
    first = _FIRST_NAME.match(line) if broken else None
    if first and _is_secret_name(first[1]) and not _is_harmless(first[1], line, first.end()):
        yield _length(_BEFORE_VALUE, line, first.end())
    if key := _PRIVATE_KEY.search(line):
        yield _length(_BEFORE_VALUE, line, key.end())
    text = line.strip(" \t\r;#")
    if _BASE64.fullmatch(text):
        kinds = any(c.islower() for c in text) + any(c.isupper() for c in text) + any(c.isdigit() for c in text)
        if kinds > 1 if len(text) >= 40 else kinds == 3 and not text.startswith("/"):
            yield line.index(text)


def _is_harmless(name: str, line: str, offset: int) -> bool:
    """Whether what stands behind a secret's name is none: nothing, yes or no, stars, a file for a key."""
    match = _VALUE.match(line, _length(_BEFORE_VALUE, line, offset))
    value = match[0].strip().strip("\"'").strip() if match else ""
    if not value or gcfg.boolean(value) is not None or _STARS.fullmatch(value):
        return True
    return name.lower().endswith("key") and bool(_FILE_NAME.fullmatch(value))


# what looks like a secret ---------------------------------------------------------------------------------------------


@lru_cache(4096)  # comments repeat their words
def _is_secret_name(name: str) -> bool:
    word = name.lower().rpartition(".")[2].replace("_", "").replace("-", "")
    return bool(_SECRET_WORDS.search(word)) and not _HARMLESS_END.search(word)


def _url_parts(text: str, *, cut: bool) -> list[_Part]:
    """Return the secrets in the URLs of a text: `scheme://user:password@`, `?password=` and its like, in order."""
    return sorted([*_users(text, cut=cut), *_parameters(text)], key=lambda part: part.start)


def _users(text: str, *, cut: bool = False) -> Iterator[_Part]:
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
        yield _Part(begin + start, begin + at, begin + cuts[0], min(begin + cuts[1], len(text)), decoded)


def _length(pattern: re.Pattern[str], text: str, offset: int) -> int:
    match = pattern.match(text, offset)
    return match.end() if match else offset


def _parameters(text: str) -> Iterator[_Part]:
    begin = text.find("://")
    for match in _PARAMETER.finditer(text, begin) if begin >= 0 else ():
        name, value = unquote_plus(match["name"]), match["value"]
        if _is_secret_name(name) and not _is_harmless(name, value, 0):
            more = text[match.end() : match.end() + 1] == "&"
            password = _decoded(value.replace("+", "%20")) if name == "password" else None
            yield _Part(match.start("value"), match.end(), match.start() + more, match.end() + more, password)


def _decoded(raw: str) -> str | None:
    """Return what percent signs stand for; None where that is no text for an environment variable."""
    try:
        text = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _libpq_parts(text: str) -> list[_Part]:
    """Return the passwords of a connection text such as `host=db user=connect password='a b'`."""
    found: list[_Part] = []
    for match in _LIBPQ.finditer(text):
        raw = match["value"]
        if raw.startswith("'"):
            raw = raw[1:].removesuffix("'")
        if value := re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL):
            end = match.end() + text[match.end() : match.end() + 1].isspace()
            password = value if match["name"].lower() == "password" else None
            found.append(_Part(match.start("value"), match.end(), match.start(), end, password))
    return found


def without_passwords(text: str) -> str:
    """Return a text without the passwords in its URLs."""
    return _without(text, _url_parts(text, cut=False))


def _without(text: str, parts: Sequence[_Part]) -> str:
    """Return a text without its secrets: `postgres://u:p@h/db?password=x` becomes `postgres://u@h/db`."""
    kept, end = "", 0
    for part in parts:
        kept += text[end : part.cut_start]
        end = max(end, part.cut_end)
    kept += text[end:]
    if kept != text:
        kept = kept.removesuffix("?").replace("?#", "#").rstrip()
    return kept
