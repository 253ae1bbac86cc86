"""Where the database is, read from its URL for people and commands: host, port, user, name; never a password."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from gcfg2helm.masked import Secret
from gcfg2helm.plan import connection, scrub
from gcfg2helm.plan.addresses import is_loopback

if TYPE_CHECKING:
    from gcfg2helm.plan.context import Context

_URL = r"(?is)postgres(?:ql)?://(?P<authority>[^/?]*)(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
_HOST = r"(?a)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
_PLAIN = r"(?a)[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PORT = r"(?a)[0-9]{1,5}"
_DEFAULT_PORT = "5432"
SETTINGS = ("URL", "InstrumentationURL")
# What names a file, and whether that holds a secret. `system` is no file: the certificates of the image.
_FILES = {"sslrootcert": False, "sslcert": False, "sslkey": True}
_NO_FILE = ("", "system")


class Address(NamedTuple):
    """A host and a port, both as text."""

    host: str
    port: str


class Database(NamedTuple):
    """One database. `hosts` is empty where its URL cannot be read for certain; `user` and `name` where one is not plain."""

    setting: str
    hosts: tuple[Address, ...]
    user: str = ""
    name: str = ""


class File(NamedTuple):
    """A file that a database URL names, by which parameter."""

    parameter: str
    path: str
    secret: bool


def databases(ctx: Context) -> list[Database]:
    """Return the PostgreSQL databases that the gcfg, or else the values, name; none for an empty setting."""
    found: list[Database] = []
    for name in SETTINGS:
        group = ctx.group(f"Postgres.{name}")
        text = (group.value if group else "") or _answer(ctx, name)
        if text.strip():
            found.append(parse(f"Postgres.{name}", text))
    return found


def _answer(ctx: Context, name: str) -> str:
    value = ctx.answer("config", "Postgres", name)
    if isinstance(value, Secret):
        value = value.reveal()
    return value.strip('"') if isinstance(value, str) else ""


def parse(setting: str, text: str) -> Database:
    """Read a database URL or libpq's `key=value` text; in doubt nothing of it is told, since a password could be."""
    text = scrub.comment(text.strip())[0]
    match = None if "#" in text else re.fullmatch(_URL, text)
    words = dict(_words(text, match))
    if match is None:
        hosts, user, name = words.get("host", ""), words.get("user", ""), words.get("dbname", "")
        addresses = _addresses(hosts, words.get("port", ""))
    else:
        if "@" in (match["name"] or "") + (match["query"] or ""):
            return Database(setting, ())  # a password with a `/` or a `?` in it
        login, _, authority = match["authority"].rpartition("@")
        user, name = login.partition(":")[0] or words.get("user", ""), match["name"] or words.get("dbname", "")
        user, name = unquote(user), unquote(name)
        addresses = _addresses(authority or words.get("host", ""), words.get("port", ""))
    if name and not re.fullmatch(_PLAIN, name):
        return Database(setting, addresses)  # libpq's default for no name, the user's, would be another database
    return Database(setting, addresses, user if re.fullmatch(_PLAIN, user) else "", name)


def _addresses(hosts: str, ports: str) -> tuple[Address, ...]:
    """Return all hosts of a list with their ports; nothing where one of them is not certain."""
    found: list[Address] = []
    own = ports.split(",")
    for number, text in enumerate(hosts.split(",")):
        if text.startswith("["):
            host, _, port = text[1:].partition("]")
            port = port.removeprefix(":")
        else:
            host, _, port = text.partition(":")
        port = port or own[min(number, len(own) - 1)] or _DEFAULT_PORT
        if not (re.fullmatch(_HOST, host) or _is_ipv6(host)) or not re.fullmatch(_PORT, port):
            return ()
        found.append(Address(host, port))
    return tuple(found)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def reachable(database: Database) -> list[Address]:
    """Return the addresses that a pod can mean: not its own."""
    return [one for one in database.hosts if not is_loopback(one.host)]


def hosts(url: str) -> list[str]:
    """Return the hosts of a database URL or of libpq's `key=value` text, sockets too; empty where it names none."""
    match = re.fullmatch(_URL, url.strip())
    from_query = [value for name, value in _words(url, match) if name in ("host", "hostaddr") and value]
    if match is None:
        return from_query
    authority = match["authority"].rpartition("@")[2]
    named = [unquote(_without_port(part)) for part in authority.split(",")]
    return [host for host in named if host] or [unquote(host) for host in from_query]


def files(url: str) -> list[File]:
    """Return the files that a database URL or libpq's `key=value` text names: certificates and the key."""
    return [
        File(name, unquote(value) if "://" in url else value, _FILES[name])
        for name, value in dict(_words(url, re.fullmatch(_URL, url.strip()))).items()
        if name in _FILES and value not in _NO_FILE
    ]


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _words(text: str, match: re.Match[str] | None) -> list[tuple[str, str]]:
    """Return name and value of the parameters of a URL, still coded, or of libpq's words."""
    if match is None:
        return [(one.name.lower(), one.word) for one in connection.words(text)]
    return [(one.name.lower(), one.raw) for one in connection.parameters(f"?{match['query'] or ''}")]
