"""The decisions of the runbook: what only a person can answer. They come first, together; answered, they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Asks, in_turn
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.runbook.server import Server


def asked(server: Server, name: str, title: str, *codes: str) -> Step | None:
    """Return the step that asks what findings ask; None where there is none of them."""
    found = server.of(*codes)
    if not found:
        return None
    commands = tuple(command for one in found for command in one.commands)
    return Step(name, title, Mark.DECISION, tuple(map(said, found)), commands, codes)


def to_postgres(server: Server) -> Step | None:
    """Connect in Kubernetes needs PostgreSQL, and the data in it."""
    if not server.of("G2H401"):
        return None
    note = (
        "Connect in Kubernetes needs PostgreSQL. Create an empty database and add [Postgres] with its URL to the gcfg; "
        "with the server stopped, `sudo /opt/rstudio-connect/bin/migrate db` moves the data. Then set "
        "Database.Provider = postgres, start the server, and print this runbook again."
    )
    return Step("postgresql", "Move the data from SQLite to PostgreSQL", Mark.DECISION, (note,), (), ("G2H401",))


def database_address(server: Server) -> Step | None:
    """Ask for the database as the cluster sees it."""
    return asked(server, "database-address", "Name the database as the cluster sees it", "G2H402")


def storage(server: Server) -> Step | None:
    """Ask for the storage where the chart would take the cluster's own."""
    return asked(server, "storage-choice", "Choose the storage", "G2H411")


def shared_data(server: Server) -> Step | None:
    """Ask how content in a namespace of its own reaches the data; of an NFS export the runbook knows."""
    return None if export(server) else asked(server, "content-data", "Give the content its data", "G2H430")


def export(server: Server) -> dict[str, object] | None:
    """Return the PersistentVolume of the NFS export that becomes the shared storage; None where it is none."""
    name = server.ctx.answer("sharedStorage", "volumeName")
    for one in server.maps("extraObjects"):
        metadata, spec = one.get("metadata"), one.get("spec")
        if one.get("kind") == "PersistentVolume" and isinstance(metadata, dict) and metadata.get("name") == name:
            return one if isinstance(spec, dict) and isinstance(spec.get("nfs"), dict) else None
    return None


def ingress(server: Server) -> Step | None:
    """Ask how people reach the server."""
    return asked(server, "ingress-choice", "Decide how people reach the server", "G2H409", "G2H425", "G2H426")


def licence(server: Server) -> Step | None:
    """Ask for the licence of the new server."""
    return asked(server, "licence-choice", "Choose the licence of the new server", "G2H410")


def images(server: Server) -> Step | None:
    """Ask for the images that content runs in."""
    return asked(server, "images-choice", "Choose the images for content", "G2H407", "G2H419")


def other_files(server: Server) -> Step | None:
    """Ask for what cannot be mounted as it is."""
    codes = ("G2H427", "G2H512", "G2H513", "G2H514", "G2H515")
    return asked(server, "other-files", "Place the files that cannot be mounted as they are", *codes)


def unreadable_database(server: Server) -> Step | None:
    """Ask for a trial where the database's address cannot be read for certain."""
    if server.of("G2H401", "G2H402") or not server.databases or any(one.hosts for one in server.databases):
        return None
    names = " and ".join(one.setting for one in server.databases)
    notes = (f"The host in {names} cannot be read for certain. Try it from a pod with pg_isready.",)
    return Step("database-check", "Check that the cluster reaches the database", Mark.DECISION, notes)


def left(findings: Sequence[Finding], settled: set[str]) -> tuple[list[Step], list[Step]]:
    """Return the steps of what no other step settles: what stops the new server, and what else is to be decided."""
    found = {asks: [one for one in in_turn(findings) if one.asks is asks and one.code not in settled] for asks in Asks}
    return (
        _open(found[Asks.BLOCKS], "errors", "Settle what stops the new server"),
        _open(found[Asks.DECIDE], "warnings", "Settle the other open questions"),
    )


def _open(found: Sequence[Finding], name: str, title: str) -> list[Step]:
    if not found:
        return []
    commands = tuple(command for one in found for command in one.commands)
    codes = tuple({one.code: 0 for one in found})
    return [Step(name, title, Mark.DECISION, tuple(map(said, found)), commands, codes)]
