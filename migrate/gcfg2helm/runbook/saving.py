"""The database saved before Connect changes it, and brought back: the same commands for a migration and an upgrade."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Command
from gcfg2helm.runbook.server import here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.plan.postgres import Database

# All tables of the user's own go, so that nothing that a newer Connect added stands in the way of the dump.
_EMPTY = (
    "DO $$ DECLARE one text; BEGIN FOR one IN SELECT format($f$DROP TABLE IF EXISTS %I.%I CASCADE$f$, schemaname, tablename) "
    "FROM pg_tables WHERE tableowner = current_user LOOP EXECUTE one; END LOOP; END $$"
)


class Saved(NamedTuple):
    """A database that can be saved, with the name of its dump."""

    database: Database
    dump: str


def saved(databases: Sequence[Database], occasion: str) -> list[Saved]:
    """Return what can be saved: the databases whose address and user are known. `occasion` is part of the dump's name."""
    numbered = ((one, "" if number == 0 else f"-{number + 1}") for number, one in enumerate(databases))
    return [Saved(one, f"connect-before-{occasion}{number}.dump") for one, number in numbered if one.hosts and one.user]


def _client(program: str, one: Database) -> list[str]:
    return [program, "--host", one.hosts[0].host, "--port", one.hosts[0].port, "--username", one.user]


def once(name: str, text: str) -> Command:
    """Return a command that makes a file of what another prints, whole or not at all; one that is there is kept."""
    return Command(f"test -e {shlex.quote(name)} || {{ {text} > {shlex.quote(f'{name}.part')} && mv {shlex.quote(f'{name}.part')} {shlex.quote(name)}; }}")  # fmt: skip


def dumps(found: Sequence[Saved]) -> list[Command]:
    """Return the commands that save the databases; a dump that is there is kept."""
    return [
        once(name, shlex.join([*_client("pg_dump", one), "--format=custom", one.name or one.user]))
        for one, name in found
    ]


def restores(found: Sequence[Saved]) -> list[Command]:
    """Return the commands that bring the databases back as they were saved."""
    made = []
    for one, name in found:
        database = one.name or one.user
        empty = ("--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", database, "--command", _EMPTY)
        made.append(here(*_client("psql", one), *empty))
        back = ("--clean", "--if-exists", "--no-comments", "--dbname", database, name)
        made.append(here(*_client("pg_restore", one), *back))
    return made
