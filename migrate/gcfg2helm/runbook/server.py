"""What the steps of the runbook are made of: the configuration, the conversion, the names of the files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Command, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.convert import Conversion
    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context
    from gcfg2helm.plan.postgres import Database
    from gcfg2helm.plan.request import Request


class Files(NamedTuple):
    """The names of what goes in and comes out; empty: there is no such file."""

    gcfg: str
    values: str
    secret: str = ""
    secret_values: str = ""
    files: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """What the steps are made of. The context's answers are the new values."""

    ctx: Context
    request: Request
    done: Conversion
    findings: Sequence[Finding]
    files: Files
    databases: Sequence[Database]

    def of(self, *codes: str) -> list[Finding]:
        """Return the findings with one of the codes."""
        return [one for one in self.findings if one.code in codes]

    @property
    def address(self) -> str:
        """The public address of the server, as the gcfg or else the values have it; empty where neither does."""
        answer = self.ctx.answer("config", "Server", "Address")
        given = self.ctx.value("Server.Address") or (answer.strip('"') if isinstance(answer, str) else "")
        return given.strip()

    def maps(self, *path: str) -> Iterator[dict[str, object]]:
        """Yield the maps of a list in the values."""
        listed = self.ctx.answer(*path)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                yield dict(one)

    def kubectl(self, *words: str) -> Command:
        """Return a command of kubectl in the namespace of the release."""
        return here("kubectl", "--namespace", self.ctx.namespace, *words)

    def helm(self, *more: str) -> Command:
        """Return the command that installs the release."""
        values = [word for name in (self.files.values, self.files.secret_values) if name for word in ("-f", name)]
        chart = self.ctx.chart
        named = ["rstudio/rstudio-connect", "--version", str(chart)] if chart.known else [str(chart.source)]
        start = ["helm", "upgrade", "--install", self.ctx.release, *named]
        words = [*start, "--namespace", self.ctx.namespace, *values, *more]
        return here(*words)


def here(*words: str) -> Command:
    """Return a command that runs where kubectl and helm are set up."""
    return Command(shlex.join(words))


def there(*words: str) -> Command:
    """Return a command that runs on the old server."""
    return Command(shlex.join(words), Where.SERVER)


def said(one: Finding) -> str:
    """Return a finding as a note of a step."""
    place = f" (line {one.place.line})" if one.place and one.place.line else ""
    return f"{one.code}{place}: {one.what}{' ' if one.todo else ''}{one.todo}"
