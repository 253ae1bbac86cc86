"""The steps of the runbook from storage to roll-back: the old server stops, its data moves, the new one starts."""

from __future__ import annotations

import json
import posixpath
import shlex
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Where
from gcfg2helm.plan import images, secrets
from gcfg2helm.plan.addresses import is_loopback, parse_address
from gcfg2helm.plan.storage import below, data_directory
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import here, said, there

if TYPE_CHECKING:
    from gcfg2helm.runbook.server import Server

_DUMP = "connect-before-migration{}.dump"
_COPY = "connect-copy"
_LANGUAGES = {"r": "R", "python": "Python"}  # as the API for caches names them


def _claim(server: Server) -> str:
    """Return the name of the claim that the pod mounts: the values', else the chart's."""
    name = server.ctx.answer("sharedStorage", "name")
    return name if isinstance(name, str) and name else f"{server.ctx.fullname}-shared-storage"


def _holds_data(server: Server) -> bool:
    """Whether the storage is one that exists: a claim, or a volume that the values describe or name."""
    ctx = server.ctx
    described = any(one.code == "G2H416" for one in server.done.plan.findings)
    return described or not ctx.answer("sharedStorage", "create") or bool(ctx.answer("sharedStorage", "volumeName"))


def storage(server: Server) -> Step:
    """Say where the data will be, or what has to be chosen."""
    found = server.of("G2H411", "G2H416")
    folder = data_directory(server.ctx)
    if server.of("G2H411"):
        notes = tuple(said(one) for one in found)
        return Step("storage", "Choose the storage", Mark.DECISION, notes, (), ("G2H411", "G2H416"))
    if not _holds_data(server):
        notes = (f"The chart creates the claim {_claim(server)}; the pod mounts it at {folder}.",)
        return Step("storage", "The storage", Mark.DONE, notes)
    what = f"The claim {_claim(server)} becomes {folder}: it must hold what lies in that directory on the old server."
    notes = (what, *(f"{one.what} {one.todo}" for one in found))
    return Step("storage", "The storage", Mark.DONE, notes, (), ("G2H416",))


def copy(server: Server) -> Step | None:
    """Fill a new claim; one that exists already holds the data."""
    if _holds_data(server):
        return None
    ctx, folder = server.ctx, data_directory(server.ctx)
    mount = {"name": "data", "mountPath": "/data"}
    if isinstance(below_claim := ctx.answer("sharedStorage", "subPath"), str) and below_claim:
        mount["subPath"] = below_claim
    container = {"name": _COPY, "image": "busybox", "command": ["sleep", "infinity"], "volumeMounts": [mount]}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": _claim(server)}}
    override = json.dumps({"spec": {"containers": [container], "volumes": [volume]}}, separators=(",", ":"))
    commands = (
        server.helm("--set", "replicas=0"),
        server.kubectl("run", _COPY, "--image=busybox", "--restart=Never", f"--overrides={override}"),
        server.kubectl("wait", "--for=condition=Ready", f"pod/{_COPY}", "--timeout=5m"),
        Command(
            f"sudo tar -C {shlex.quote(folder)} --numeric-owner -cf - . | "
            f"{server.kubectl('exec', '-i', _COPY).text} -- tar -C /data -xpf -",
            Where.SERVER,
        ),
        server.kubectl("delete", "pod", _COPY),
    )
    note = (
        f"The chart creates the claim {_claim(server)} without starting Connect; a pod takes in {folder}. Run the fourth "
        "command on the old server, or where its disk is mounted. Owners come along as numbers."
    )
    return Step("copy", "Create the storage and copy the data directory", Mark.COMMAND, (note,), commands)


def key(server: Server) -> Step:
    """The key that encrypted values need lies beside the old database."""
    ctx, folder = server.ctx, data_directory(server.ctx)
    named = (ctx.value("Database.Dir") or ctx.value("SQLite.Dir") or "").strip()
    file = posixpath.join(named or posixpath.join(folder, "db"), "secret.key")
    check = there("sudo", "ls", "-l", file)
    title, codes = "Bring the encryption key along", ("G2H505",)
    what = "Encrypted settings, and encrypted values in the database, can be read only with the old server's key."
    if below(file, folder):
        notes = (f"{what} It lies in the data directory and comes along with it; check that it is there:",)
        return Step("key", title, Mark.COMMAND, notes, (check,), codes)
    notes = (f"{what} It lies outside {folder}: put it into the folder that the new server takes for Database.Dir.",)
    return Step("key", title, Mark.DECISION, notes, (check,), codes)


def stop(server: Server) -> Step:
    """Nothing may change any more; the dump is what the roll-back needs."""
    dumps = [
        here(
            "pg_dump", "--host", one.hosts[0].host, "--port", one.hosts[0].port, "--username", one.user,
            "--format=custom", f"--file={_dump_name(number)}", one.name or one.user,
        )
        for number, one in enumerate(server.databases)
        if one.hosts and one.user
    ]  # fmt: skip
    notes = ["Nothing may write to the data directory or the database from here on."]
    notes.append("The roll-back needs the dump." if dumps else "Save the database: the roll-back needs it.")
    if _holds_data(server):
        notes.append(f"Save {data_directory(server.ctx)} too: the new server writes to the same storage.")
    commands = (there("sudo", "systemctl", "stop", "rstudio-connect"), *dumps)
    return Step("stop", "Stop the old server and save the database", Mark.COMMAND, (" ".join(notes),), commands)


def _dump_name(number: int) -> str:
    return _DUMP.format("" if number == 0 else f"-{number + 1}")


def install(server: Server) -> Step:
    """The installation itself."""
    connect = server.ctx.answer("versionOverride") or server.ctx.chart.app_version
    title = f"Install chart {server.ctx.chart} with Connect {connect}"
    return Step("install", title, Mark.COMMAND, (), (server.helm(),))


def verify(server: Server) -> Step:
    """The proof, and what the cluster says."""
    request, files = server.request, server.files
    words = ["gcfg2helm", "verify", files.gcfg, files.values]
    words += ["--values", files.secret_values] if files.secret_values else []
    if not request.chart.known:
        words += ["--chart", str(request.chart.source)]
    elif request.chart.version != charts.NEWEST:
        words += ["--chart-version", str(request.chart)]
    words += ["--backend", request.backend.value] if request.backend is not Backend.LAUNCHER else []
    for file, _ in request.sources[1:]:
        words += ["--env-file" if file == request.environment else "--also", file]
    commands = (
        here(*words),
        server.kubectl("rollout", "status", f"deployment/{server.ctx.fullname}"),
        server.kubectl("logs", f"deployment/{server.ctx.fullname}", "--tail=100"),
    )
    notes = ("The pod becomes ready, its log names no unknown setting, and content opens, renders and deploys.",)
    return Step("verify", "Verify", Mark.COMMAND, notes, commands)


def dns(server: Server) -> Step | None:
    """People come to the new server."""
    public = parse_address(server.address)
    host = "" if public is None or is_loopback(public.host) else public.host
    if not host:
        return None
    kind = "ingress" if server.ctx.answer("ingress", "enabled") else "service"
    notes = (f"{host} must lead to the address that this command shows; until then test with an entry in /etc/hosts.",)
    return Step(
        "dns", f"Point {host} to the cluster", Mark.COMMAND, notes, (server.kubectl("get", kind, server.ctx.fullname),)
    )


def caches(server: Server) -> Step | None:
    """What the old server installed for local execution is of no use in images."""
    if server.ctx.flag("Launcher.Enabled") or server.ctx.flag("Kubernetes.Enabled"):
        return None
    address = secrets.scrub_comment(server.address)[0].rstrip("/") or "ADDRESS"
    url = f"{address}/__api__/v1/system/caches/runtime"
    start = 'curl -H "Authorization: Key $CONNECT_API_KEY" '
    found = [one for one in images.installations(server.ctx) if one.version and one.part in _LANGUAGES]
    commands = [Command(start + shlex.quote(url))]
    for one in dict.fromkeys((_LANGUAGES[one.part], one.version) for one in found):
        body = json.dumps({"language": one[0], "version": one[1], "image_name": "Local"})
        commands.append(
            Command(start + f"-X DELETE -H 'Content-Type: application/json' -d {shlex.quote(body)} {shlex.quote(url)}")
        )
    notes = (
        "Packages that the old server installed for itself are of no use in images. With an administrator's API key:",
    )
    return Step("caches", "Clear the caches of packages", Mark.COMMAND, notes, tuple(commands))


def token(server: Server) -> Step | None:
    """The token of a launcher outside the cluster."""
    found = server.of("G2H211")
    notes = tuple(said(one) for one in found)
    return Step("token", "Revoke the old token", Mark.DECISION, notes, (), ("G2H211",)) if found else None


def roll_back(server: Server) -> Step:
    """The way back."""
    restores = [
        here(
            "pg_restore", "--host", one.hosts[0].host, "--port", one.hosts[0].port, "--username", one.user,
            "--clean", "--if-exists", f"--dbname={one.name or one.user}", _dump_name(number),
        )
        for number, one in enumerate(server.databases)
        if one.hosts and one.user
    ]  # fmt: skip
    stop = server.kubectl("scale", f"deployment/{server.ctx.fullname}", "--replicas=0")
    note = (
        "Only if the new server is given up. Its Connect may have changed the database, which the old one would refuse: "
        "the saved state takes its place. Point DNS back."
    )
    commands = (stop, *restores, there("sudo", "systemctl", "start", "rstudio-connect"))
    return Step("roll-back", "Roll back", Mark.COMMAND, (note,), commands)
