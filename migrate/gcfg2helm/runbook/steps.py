"""The single steps of the runbook: which of them this server needs, and with which names and values of its own.

Everything comes from the plan, its findings, the new values and the answers of the command line. A step that settles a
finding names its code; what no step settles stands in the two steps of open errors and warnings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Finding, Level
from gcfg2helm.plan import images
from gcfg2helm.plan.context import Context
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.plan.postgres import databases, reachable
from gcfg2helm.runbook import moving
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import Files, Server, here, said, there

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gcfg2helm.convert import Conversion
    from gcfg2helm.plan.request import Request

_CHECK = "connect-database-check"


def build(request: Request, done: Conversion, findings: Sequence[Finding], files: Files) -> list[Step]:
    """Return the steps that this server needs, in order. `findings` are those that `--ignore` leaves."""
    groups = group_entries(request.sources, request.tables, request.environment)
    ctx = Context(
        request.tables, groups, request.chart, request.backend, request.release, request.namespace, request.options,
        done.values.tree, None,
    )  # fmt: skip
    server = Server(ctx, request, done, findings, files, databases(ctx))
    before, after = (_made(server, makers) for makers in (_BEFORE, _AFTER))
    settled = {code for step in (*before, *after) for code in step.codes}
    left = [one for one in findings if one.code not in settled]
    errors = _open(left, Level.ERROR, "errors", "Settle what stops the new server")
    warnings = _open(left, Level.WARNING, "warnings", "Look at the open warnings")
    return [*errors, *before, *warnings, *after]


def _made(server: Server, makers: Sequence[Callable[[Server], Step | None]]) -> list[Step]:
    """Return the steps that are needed, each with those of its findings that there are."""
    steps = [step for make in makers if (step := make(server))]
    codes = {one.code for one in server.findings}
    return [replace(step, codes=tuple(code for code in step.codes if code in codes)) for step in steps]


def _open(left: Sequence[Finding], level: Level, name: str, title: str) -> list[Step]:
    found = [one for one in left if one.level is level]
    if not found:
        return []
    return [Step(name, title, Mark.DECISION, tuple(map(said, found)), codes=tuple({one.code: 0 for one in found}))]


# the database ----------------------------------------------------------------------------------------------------------


def _to_postgres(server: Server) -> Step | None:
    if not server.of("G2H401"):
        return None
    note = (
        "Connect in Kubernetes needs PostgreSQL. Create an empty database, add [Postgres] with its URL to the gcfg, and "
        "move the data on the old server; then set Database.Provider = postgres and convert again."
    )
    commands = (
        there("sudo", "systemctl", "stop", "rstudio-connect"),
        there("sudo", "/opt/rstudio-connect/bin/migrate", "db"),
    )
    return Step("postgresql", "Move the data from SQLite to PostgreSQL", Mark.COMMAND, (note,), commands, ("G2H401",))


def _database_address(server: Server) -> Step | None:
    found = server.of("G2H402")
    if not found:
        return None
    notes = tuple(said(one) for one in found)
    return Step("database-address", "Name the database as the cluster sees it", Mark.DECISION, notes, (), ("G2H402",))


def _database_check(server: Server) -> Step | None:
    if server.of("G2H401") or not server.databases:
        return None
    commands = [
        server.kubectl(
            "run",
            _CHECK,
            "--rm",
            "-i",
            "--restart=Never",
            "--image=postgres",
            "--command",
            "--",
            "pg_isready",
            "-h",
            one.host,
            "-p",
            one.port,
        )
        for one in dict.fromkeys(one for database in server.databases for one in reachable(database))
    ]
    title = "Check that the cluster reaches the database"
    if commands:
        return Step("database-check", title, Mark.COMMAND, ("It answers `accepting connections`.",), tuple(commands))
    if server.of("G2H402"):
        return None
    names = " and ".join(one.setting for one in server.databases)
    notes = (f"The host in {names} cannot be read for certain. Try it from a pod with pg_isready.",)
    return Step("database-check", title, Mark.DECISION, notes)


# what must stand in the cluster ------------------------------------------------------------------------------------------


def _namespace(server: Server) -> Step:
    command = here("kubectl", "create", "namespace", server.ctx.namespace)
    return Step("namespace", "Create the namespace", Mark.COMMAND, ("Unless it exists.",), (command,))


def _repository(server: Server) -> Step | None:
    if not server.ctx.chart.known:
        return None  # it is installed from its own files
    commands = (here("helm", "repo", "add", "rstudio", "https://helm.rstudio.com"), here("helm", "repo", "update"))
    return Step("repository", "Add the repository of the chart", Mark.COMMAND, (), commands)


def _content_namespace(server: Server) -> Step | None:
    found = server.of("G2H430")
    if not found:
        return None
    notes = tuple(said(one) for one in found)
    return Step("content-namespace", "Prepare the namespace of the content", Mark.DECISION, notes, (), ("G2H430",))


def _secret(server: Server) -> Step | None:
    plan = server.done.plan
    if not plan.env_secrets or not plan.secret_name:
        return None
    keys = ", ".join(sorted({one.secret_key for one in plan.env_secrets}))
    if server.request.options.secrets is SecretMode.EXISTING or not server.files.secret:
        needed = server.of("G2H507")
        notes = (f"The Secret {plan.secret_name} must hold: {keys}.", *(one.todo for one in needed))
        commands = [command for one in needed for command in one.commands]
        check = server.kubectl("get", "secret", plan.secret_name)
        return Step("secret", "Create the Secret", Mark.COMMAND, notes, (*commands, check), ("G2H507",))
    notes = (
        f"{server.files.secret} holds the Secret {plan.secret_name} with: {keys}. Keep it out of version control.",
    )
    command = here("kubectl", "apply", "-f", server.files.secret)
    return Step("secret", "Create the Secret", Mark.COMMAND, notes, (command,), ("G2H507",))


def _secret_values(server: Server) -> Step | None:
    if not server.files.secret_values:
        return None
    count = len(server.done.plan.secret_edits)
    note = (
        f"{server.files.secret_values} holds {count} secret setting{'' if count == 1 else 's'}. "
        "Helm gets it with a second -f; encrypt it before it is kept anywhere."
    )
    return Step("secret-values", "The second values file", Mark.DONE, (note,))


def _mounted_files(server: Server) -> Step | None:
    commands = [here("kubectl", "apply", "-f", server.files.files)] if server.files.files else []
    missing = server.of("G2H511")
    commands += [command for one in missing for command in one.commands]
    if not commands:
        return None
    notes = tuple(one.what for one in missing)
    if missing:
        notes += ("Run the commands where the files are: on the old server, or in a copy of its disk.",)
    codes = ("G2H511",) if all(one.commands for one in missing) else ()
    return Step("files", "Bring the files into the cluster", Mark.COMMAND, notes, tuple(commands), codes)


def _other_files(server: Server) -> Step | None:
    codes = ("G2H419", "G2H427", "G2H512", "G2H513", "G2H514", "G2H515")
    found = server.of(*codes)
    notes = tuple(said(one) for one in found)
    return (
        Step("other-files", "Place the files that cannot be mounted as they are", Mark.DECISION, notes, (), codes)
        if found
        else None
    )


def _certificate(server: Server) -> Step | None:
    names = sorted({str(one["secretName"]) for one in server.maps("ingress", "tls") if one.get("secretName")})
    if not names or not server.ctx.answer("ingress", "enabled"):
        return None
    title, codes = "Create the Secret with the certificate", ("G2H408",)
    if server.request.options.tls_secret:
        notes = (f"The ingress takes the certificate from {', '.join(names)}, which must exist.",)
        return Step("certificate", title, Mark.COMMAND, notes, (server.kubectl("get", "secret", *names),), codes)
    if commands := tuple(command for one in server.of("G2H408") for command in one.commands):
        notes = ("On the old server, where certificate and key are:",)
        return Step("certificate", title, Mark.COMMAND, notes, commands, codes)
    notes = (
        f"The ingress takes the certificate from {', '.join(names)}. Create it, or name another with --tls-secret.",
    )
    return Step("certificate", title, Mark.DECISION, notes, (), codes)


def _licence(server: Server) -> Step | None:
    found = server.of("G2H410")
    if found:
        notes = tuple(said(one) for one in found)
        return Step("licence", "Choose the licence of the new server", Mark.DECISION, notes, (), ("G2H410",))
    secret = server.ctx.answer("license", "file", "secret")
    if not isinstance(secret, str) or not secret:
        return Step("licence", "The licence", Mark.DONE, ("The values name it.",))
    key = server.ctx.answer("license", "file", "secretKey") or "license.lic"
    notes = (f"The Secret {secret} must hold the licence file under {key}; unless it exists:",)
    command = server.kubectl("create", "secret", "generic", secret, f"--from-file={key}=license.lic")
    return Step("licence", "Create the Secret with the licence", Mark.COMMAND, notes, (command,))


def _images(server: Server) -> Step:
    path = next((path for path in (images.ENVIRONMENTS, images.RUNTIMES) if server.ctx.answer(*path)), ())
    value = server.ctx.answer(*path)
    listed = value if isinstance(value, list) else images.runtime_images(value) or []
    names = [str(one.get("name")) for one in listed if isinstance(one, dict)]
    found = server.of("G2H407", "G2H419")
    notes: tuple[str, ...] = (f"Content runs in {', '.join(names)}.",) if names else ()
    if found or not names:
        notes += tuple(said(one) for one in found) or ("No image for content is listed.",)
        return Step("images", "Choose the images for content", Mark.DECISION, notes, (), ("G2H407", "G2H419"))
    return Step("images", "The images for content", Mark.DONE, notes)


def _ingress(server: Server) -> Step | None:
    found = server.of("G2H409", "G2H425", "G2H426")
    if found:
        notes = tuple(said(one) for one in found)
        codes = ("G2H409", "G2H425", "G2H426")
        return Step("ingress", "Decide how people reach the server", Mark.DECISION, notes, (), codes)
    hosts = [str(one.get("host")) for one in server.maps("ingress", "hosts")]
    if not server.ctx.answer("ingress", "enabled") or not hosts:
        return None
    return Step("ingress", "The ingress", Mark.DONE, (f"It serves {', '.join(hosts)}.",))


_BEFORE: tuple[Callable[[Server], Step | None], ...] = (
    _to_postgres,
    _database_address,
    _repository,
    _namespace,
    _content_namespace,
    _database_check,
    _secret,
    _secret_values,
    _mounted_files,
    _other_files,
    _certificate,
    _licence,
    _images,
    moving.storage,
    _ingress,
)
_AFTER: tuple[Callable[[Server], Step | None], ...] = (
    moving.stop,
    moving.copy,
    moving.key,
    moving.install,
    moving.verify,
    moving.dns,
    moving.caches,
    moving.token,
    moving.roll_back,
)
