"""The steps of the runbook from the copy to the roll-back: the old server stops, its data moves, the new one starts."""

from __future__ import annotations

import json
import posixpath
import shlex
from typing import TYPE_CHECKING

from gcfg2helm.findings import Command, Where
from gcfg2helm.plan import images, scrub
from gcfg2helm.plan.addresses import is_loopback, parse_address
from gcfg2helm.plan.storage import below, data_directory
from gcfg2helm.runbook import saving
from gcfg2helm.runbook.model import BACK, Mark, Step
from gcfg2helm.runbook.preparing import certificate, claim_name
from gcfg2helm.runbook.server import FETCHED, here, said, there

if TYPE_CHECKING:
    from gcfg2helm.runbook.server import Server

_COPY = "connect-copy"
_SEEN = "/var/tmp/connect-copy.snar"  # noqa: S108 - on the old server, root's: what the first copy has seen
_LANGUAGES = {"r": "R", "python": "Python"}  # as the API for caches names them
_MANAGER = "/opt/rstudio-connect/bin/license-manager"


def holds_data(server: Server) -> bool:
    """Whether the storage is one that exists: a claim, or a volume that the values describe or name."""
    ctx = server.ctx
    described = any(one.code == "G2H416" for one in server.done.plan.findings)
    return described or not ctx.answer("sharedStorage", "create") or bool(ctx.answer("sharedStorage", "volumeName"))


def storage(server: Server) -> Step:
    """Say where the data will be."""
    found, folder, name = server.of("G2H416"), data_directory(server.ctx), claim_name(server)
    if not holds_data(server):
        note = f"The chart creates the claim {name}; the pod mounts it at {folder}."
        return Step("storage", "The storage", Mark.DONE, (note,))
    what = f"The claim {name} is mounted at {folder}: it must hold the contents of that directory on the old server."
    notes = (what, *(f"{one.what} {one.todo}" for one in found))
    if server.ctx.answer("sharedStorage", "create"):
        return Step("storage", "The storage", Mark.DONE, notes, (), ("G2H416",))
    command = server.kubectl("get", "persistentvolumeclaim", name)
    return Step("storage", "The storage", Mark.COMMAND, notes, (command,), ("G2H416",))


def key(server: Server) -> Step:
    """The key that encrypted values need lies beside the old database."""
    ctx, folder = server.ctx, data_directory(server.ctx)
    named = (ctx.value("Database.Dir") or ctx.value("SQLite.Dir") or "").strip()
    file = posixpath.join(named or posixpath.join(folder, "db"), "secret.key")
    check = there("sudo", "ls", "-l", file)
    title, codes = "Check the encryption key", ("G2H505",)
    what = "Encrypted settings, and encrypted values in the database, can be read only with the old server's key."
    if below(file, folder):
        notes = (f"{what} It is in the data directory and is copied with it; check that it is there:",)
        return Step("key", title, Mark.COMMAND, notes, (check,), codes)
    notes = (f"{what} It is outside {folder}: put it into the folder that the new server uses as Database.Dir.",)
    return Step("key", title, Mark.DECISION, notes, (check,), codes)


def copy(server: Server) -> Step | None:
    """Fill a new claim while the old server runs; one that exists already holds the data."""
    if holds_data(server):
        return None
    ctx, folder = server.ctx, data_directory(server.ctx)
    mount: dict[str, str] = {"name": "data", "mountPath": "/data"}
    if isinstance(below_claim := ctx.answer("sharedStorage", "subPath"), str) and below_claim:
        mount["subPath"] = below_claim
    container = {"name": _COPY, "image": "debian", "command": ["sleep", "infinity"], "volumeMounts": [mount]}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name(server)}}
    override = json.dumps({"spec": {"containers": [container], "volumes": [volume]}}, separators=(",", ":"))
    archive = _archive(folder, "--level=0")
    commands = (
        _unless_running(server),
        server.upgrade("--set", "replicas=0"),
        server.applied("run", _COPY, "--image=debian", "--restart=Never", f"--overrides={override}"),
        server.kubectl("wait", "--for=condition=Ready", f"pod/{_COPY}", "--timeout=10m"),
        # Files that change meanwhile are no fault: the difference brings them.
        Command(f"{{ {archive} || [ $? -eq 1 ]; }}", Where.SERVER, _extract(server)),
    )
    note = (
        f"The chart creates the claim {claim_name(server)} without starting Connect. A pod receives a copy of {folder} while "
        "the old server keeps running; owners are kept as numbers. What changes until the stop is copied after it. Where the "
        "new server runs already, the first command fails, and nothing is copied over its data."
    )
    return Step("copy", "Create the storage and copy the data directory", Mark.COMMAND, (note,), commands)


def _unless_running(server: Server) -> Command:
    """Return a command that fails where the new server runs: the copy would replace what it has written since."""
    ready = ("--ignore-not-found", "-o", "jsonpath={.status.readyReplicas}")
    shown = server.kubectl("get", "deployment", server.ctx.fullname, *ready).text
    what = "The new server runs: a copy would replace its data. Nothing was copied."
    return Command(f'test -z "$({shown})" || {{ echo {shlex.quote(what)} >&2; false; }}')


def _archive(folder: str, *more: str) -> str:
    words = ["sudo", "tar", "-C", folder, f"--listed-incremental={_SEEN}", *more, "--numeric-owner", "-cf", "-", "."]
    return shlex.join(words)


def _extract(server: Server) -> str:
    words = ("tar", "-C", "/data", "--listed-incremental=/dev/null", "--numeric-owner", "-xpf", "-")
    return server.kubectl("exec", "-i", _COPY, "--", *words).text


def stop(server: Server) -> Step:
    """Nothing may change any more; the dump is what the roll-back needs."""
    dumps = saving.dumps(_saved(server))
    notes = ["Nothing may write to the data directory or the database from here on."]
    if dumps:
        notes.append("The roll-back needs the dump. An existing dump is kept, so move an older one away first.")
    else:
        notes.append("Save the database: the roll-back needs it.")
    if holds_data(server):
        notes.append(f"Save {data_directory(server.ctx)} too: the new server writes to the same storage.")
    commands = (there("sudo", "systemctl", "stop", "rstudio-connect"), *dumps)
    return Step("stop", "Stop the old server and save the database", Mark.COMMAND, (" ".join(notes),), commands)


def _saved(server: Server) -> list[saving.Saved]:
    return saving.saved(server.databases, "migration")


def difference(server: Server) -> Step | None:
    """What changed since the copy, when nothing can change any more."""
    if holds_data(server):
        return None
    archive = Command(_archive(data_directory(server.ctx)), Where.SERVER, _extract(server))
    note = "Only what changed since the copy; what was deleted on the old server is deleted here."
    commands = (archive, server.kubectl("delete", "pod", _COPY))
    return Step("difference", "Copy the difference", Mark.COMMAND, (note,), commands)


def install(server: Server) -> Step:
    """The installation itself, and what the cluster says of it."""
    connect = server.done.plan.connect or server.ctx.chart.app_version
    name = f"deployment/{server.ctx.fullname}"
    commands = (
        server.upgrade(),
        server.kubectl("rollout", "status", name, "--timeout=15m"),
        server.kubectl("logs", name, "--tail=100"),
    )
    title = f"Install chart {server.ctx.chart} with Connect {connect}"
    notes = ("The pod becomes ready, its log names no unknown setting, and content opens, renders and deploys.",)
    return Step("install", title, Mark.COMMAND, notes, commands)


def dns(server: Server) -> Step | None:
    """People come to the new server."""
    public = parse_address(server.address)
    host = "" if public is None or is_loopback(public.host) else public.host
    if not host:
        return None
    kind = "ingress" if server.ctx.answer("ingress", "enabled") else "service"
    notes = (f"{host} must lead to the address that this command shows; until then test with an entry in /etc/hosts.",)
    command = server.kubectl("get", kind, server.ctx.fullname)
    return Step("dns", f"Point {host} to the cluster", Mark.COMMAND, notes, (command,))


def caches(server: Server) -> Step | None:
    """What the old server installed for local execution is of no use in images."""
    if server.ctx.flag("Launcher.Enabled") or server.ctx.flag("Kubernetes.Enabled"):
        return None
    address = scrub.comment(server.address)[0].rstrip("/")
    if not address:
        return None
    url = f"{address}/__api__/v1/system/caches/runtime"
    start = 'curl --silent --show-error --header "Authorization: Key $CONNECT_API_KEY"'
    found = [one for one in images.installations(server.ctx) if one.version and one.part in _LANGUAGES]
    commands = [
        Command(': "${CONNECT_API_KEY:?set it to the API key of an administrator}"'),
        Command(f"{start} --fail {shlex.quote(url)}"),
    ]
    for one in dict.fromkeys((_LANGUAGES[one.part], one.version) for one in found):
        body = json.dumps({"language": one[0], "version": one[1], "image_name": "Local"})
        more = shlex.join(["--request", "DELETE", "--header", "Content-Type: application/json", "--data", body, url])
        commands.append(Command(f"{start} {more}"))
    note = (
        "Packages that the old server installed are of no use in images. The first call lists the caches; each "
        "deletion answers with a task, or that there is no such cache."
    )
    return Step("caches", "Clear the caches of packages", Mark.COMMAND, (note,), tuple(commands))


def token(server: Server) -> Step | None:
    """The token of a launcher outside the cluster."""
    found = server.of("G2H211")
    if not found:
        return None
    notes = (*map(said, found), "The command lists the tokens of service accounts; delete the Secret of the old one.")
    kind = "--field-selector=type=kubernetes.io/service-account-token"
    command = here("kubectl", "get", "secrets", "--all-namespaces", kind)
    return Step("token", "Revoke the old token", Mark.COMMAND, notes, (command,), ("G2H211",))


def old_licence(server: Server) -> Step | None:
    """The licence of the old server is free again; a floating one is so by itself."""
    if (server.ctx.value("Licensing.LicenseType") or "").strip().lower() == "remote":
        return None
    notes = ("Only when the new server is there to stay. A licence file needs no deactivation: remove it.",)
    commands = (there("sudo", _MANAGER, "deactivate"),)
    return Step("old-licence", "Deactivate the licence of the old server", Mark.COMMAND, notes, commands)


def clean(server: Server) -> Step | None:
    """What the migration left behind."""
    commands = []
    if not holds_data(server):
        commands.append(there("sudo", "rm", "-f", _SEEN))
    if (
        server.files.external
        or server.done.plan.missing
        or any(FETCHED in one.text for one in _certificate_commands(server))
    ):
        commands.append(here("rm", "-rf", FETCHED))
    if not commands:
        return None
    return Step("clean", "Remove what the migration left behind", Mark.COMMAND, (), tuple(commands))


def _certificate_commands(server: Server) -> tuple[Command, ...]:
    step = certificate(server)
    return step.commands if step else ()


def roll_back(server: Server) -> Step:
    """The way back."""
    stop = server.kubectl("scale", f"deployment/{server.ctx.fullname}", "--replicas=0")
    note = (
        "Only to abandon the new server. Its Connect may have migrated the database, which the old one would refuse: "
        "the dump is restored, and what was added since is lost. Point DNS back to the old server."
    )
    notes = [note]
    if old_licence(server):
        notes.append("Where the licence was deactivated, activate it again before the start.")
    commands = (stop, *saving.restores(_saved(server)), there("sudo", "systemctl", "start", "rstudio-connect"))
    return Step(BACK, "Roll back", Mark.COMMAND, tuple(notes), commands)
