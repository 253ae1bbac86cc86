"""What the steps of the runbook are made of: the configuration, the conversion, the names of the files, the commands."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gcfg2helm.findings import Command, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.conversion import Conversion
    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context
    from gcfg2helm.plan.postgres import Database
    from gcfg2helm.plan.request import Request
    from gcfg2helm.runbook.files import Files

FETCHED = "old-server"  # the folder for what comes from the old server's disk
_REPOSITORY = "rstudio/rstudio-connect"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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

    @property
    def from_repository(self) -> bool:
        """Whether the chart comes from its repository, and not from a folder or an archive."""
        return self.ctx.chart.source is None

    def maps(self, *path: str) -> Iterator[dict[str, object]]:
        """Yield the maps of a list in the values."""
        listed = self.ctx.answer(*path)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                yield dict(one)

    def kubectl(self, *words: str) -> Command:
        """Return a command of kubectl in the namespace of the release."""
        return here("kubectl", "--namespace", self.ctx.namespace, *words)

    def applied(self, *words: str) -> Command:
        """Return a command that creates an object, and does no harm where it exists: `create ... | kubectl apply`."""
        return Command(f"{self.kubectl(*words, '--dry-run=client', '-o', 'json').text} | kubectl apply -f -")

    def unless_there(self, kind: str, name: str, *create: str) -> Command:
        """Return a command that shows an object, or creates it where it is not there."""
        return Command(f"{self.kubectl('get', kind, name).text} || {self.applied(*create).text}")

    def helm(self, action: Sequence[str], *more: str) -> Command:
        """Return a command of Helm about the release, with its chart and its values files."""
        chart = (
            [str(self.ctx.chart.source)] if self.ctx.chart.source else [_REPOSITORY, "--version", str(self.ctx.chart)]
        )
        words = ("helm", *action, self.ctx.release, *chart, "--namespace", self.ctx.namespace, "-f", self.files.values)
        return self.decrypted(words, "-f", more)

    def decrypted(self, words: Sequence[str], option: str, more: Sequence[str], *, fifo: bool = True) -> Command:
        """Return a command that also reads the second values file, where there is one, as the value of `option`.

        An encrypted one is decrypted for this command alone. `fifo`: the program takes a named pipe for a file.
        """
        name = self.files.secret_values
        if not name or not self.files.sops:
            return here(*words, *((option, name) if name else ()), *more)
        inner = " ".join([*map(shlex.quote, (*words, option)), "{}", *map(shlex.quote, more)])
        return here("sops", "exec-file", *(() if fifo else ("--no-fifo",)), name, inner)

    def upgrade(self, *more: str) -> Command:
        """Return the command that installs the release."""
        return self.helm(("upgrade", "--install"), *more)


def here(*words: str) -> Command:
    """Return a command that runs where kubectl and helm are set up."""
    return Command(shlex.join(words))


def there(*words: str) -> Command:
    """Return a command that runs on the old server."""
    return Command(shlex.join(words), Where.SERVER)


def fetch(paths: Sequence[str]) -> tuple[Command, Command]:
    """Return what brings files of the old server into the folder for them here, readable for nobody else."""
    names = [path.lstrip("/") for path in dict.fromkeys(paths)]
    archive = shlex.join(["sudo", "tar", "-C", "/", "-cf", "-", "--", *names])
    unpack = shlex.join(["tar", "-C", FETCHED, "-xf", "-"])
    return here("mkdir", "-p", "-m", "700", FETCHED), Command(archive, Where.SERVER, unpack)


def fetched(path: str) -> str:
    """Return where a file of the old server is, once it was fetched."""
    return posixpath.join(FETCHED, path.lstrip("/"))


def written(name: str, text: str) -> Command:
    """Return a command that writes a file for its owner alone; one that is there stays."""
    quoted = shlex.quote(name)
    lines = shlex.join(text.splitlines())
    return Command(f"test -e {quoted} || (umask 077 && printf '%s\\n' {lines} > {quoted})")


def said(one: Finding) -> str:
    """Return a finding as a note of a step."""
    place = f" (line {one.place.line})" if one.place and one.place.line else ""
    return f"{one.code}{place}: {one.what}{' ' if one.todo else ''}{one.todo}"
