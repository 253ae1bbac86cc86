"""The steps of the runbook before anything moves: the files, the proof, and what must be in the cluster."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from gcfg2helm.enums import Tls
from gcfg2helm.findings import Command
from gcfg2helm.plan import images as content_images
from gcfg2helm.plan.postgres import reachable
from gcfg2helm.runbook import decisions, secrets
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import fetch, fetched, here

if TYPE_CHECKING:
    from gcfg2helm.runbook.server import Server

_CHECK = "connect-database-check"


def convert(server: Server) -> Step:
    """Write the files that the other steps use."""
    files = server.files
    note = (
        "Answer with options of convert or in the values file, convert again, and print this runbook again: answered "
        "decisions disappear, and the steps below follow the answers."
    )
    command = here("gcfg2helm", "convert", files.gcfg, "--output", files.values, "--yes", *files.options)
    return Step("convert", "Convert, again after each answer", Mark.COMMAND, (note,), (command,))


def prove(server: Server) -> Step:
    """The proof, before anything reaches the cluster."""
    files = server.files
    words = ("gcfg2helm", "verify", files.gcfg, files.values)
    command = server.decrypted(words, "--values", files.options, fifo=False)
    note = "It prints `proven`, or names what it cannot see; `not proven` exits with code 1."
    return Step("verify", "Verify the files that Helm will get", Mark.COMMAND, (note,), (command,))


def repository(server: Server) -> Step | None:
    """The repository of the chart, unless the chart lies here."""
    if not server.from_repository:
        return None
    commands = (
        here("helm", "repo", "add", "rstudio", "https://helm.rstudio.com"),
        here("helm", "repo", "update", "rstudio"),
    )
    return Step("repository", "Add the repository of the chart", Mark.COMMAND, (), commands)


def namespace(server: Server) -> Step:
    """The namespaces of Connect and of its content."""
    names = [server.ctx.namespace]
    for path in (("launcher", "namespace"), ("backends", "kubernetes", "namespace")):
        if isinstance(name := server.ctx.answer(*path), str) and name and name not in names:
            names.append(name)
    commands = tuple(
        Command(
            f"{here('kubectl', 'create', 'namespace', name, '--dry-run=client', '-o', 'json').text} | kubectl apply -f -"
        )
        for name in names
    )
    title = "Create the namespace" if len(names) == 1 else "Create the namespaces of Connect and of its content"
    return Step("namespace", title, Mark.COMMAND, (), commands)


def content_data(server: Server) -> Step | None:
    """Content in a namespace of its own mounts a claim of the same name there, on the same NFS export."""
    volume, found = decisions.export(server), server.of("G2H430")
    name = next((one for path in (("launcher", "namespace"), ("backends", "kubernetes", "namespace")) if isinstance(one := server.ctx.answer(*path), str) and one), "")  # fmt: skip
    if volume is None or not found or not name:
        return None
    spec = dict(volume["spec"])  # type: ignore[call-overload]
    again = f"{server.ctx.fullname}-{name}-data"[:253].rstrip("-.")
    claim = {
        "accessModes": spec["accessModes"],
        "storageClassName": spec["storageClassName"],
        "volumeName": again,
        "resources": {"requests": spec["capacity"]},
    }
    objects: list[object] = [
        {**volume, "metadata": {"name": again}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": claim_name(server), "namespace": name}, "spec": claim},
    ]  # fmt: skip
    texts = (json.dumps(one, separators=(",", ":")) for one in objects)
    command = Command(f"printf '%s\\n' {shlex.join(texts)} | kubectl apply -f -")
    note = f"Content runs in {name}; its pods mount a claim of the same name there, on the same export."
    return Step("content-data", "Give the content its data", Mark.COMMAND, (note,), (command,), ("G2H430",))


def claim_name(server: Server) -> str:
    """Return the name of the claim that the pod mounts: the values', else the chart's."""
    name = server.ctx.answer("sharedStorage", "name")
    return name if isinstance(name, str) and name else f"{server.ctx.fullname}-shared-storage"


def dry_run(server: Server) -> Step:
    """The cluster checks every object, and stores none."""
    rendered = server.helm(("template",), "--skip-tests").text
    command = Command(f"{rendered} | kubectl apply --dry-run=server -f -")
    note = "The cluster checks what the chart renders, and keeps nothing."
    return Step("dry-run", "Let the cluster check what would be installed", Mark.COMMAND, (note,), (command,))


def database_check(server: Server) -> Step | None:
    """The cluster reaches the database."""
    if server.of("G2H401", "G2H402"):
        return None
    start = ("run", _CHECK, "--rm", "--attach", "--restart=Never", "--image=postgres", "--command", "--", "pg_isready")
    checks = [
        server.kubectl(*start, "-h", one.host, "-p", one.port)
        for one in dict.fromkeys(one for database in server.databases for one in reachable(database))
    ]
    if not checks:
        return None
    commands = (server.kubectl("delete", "pod", _CHECK, "--ignore-not-found"), *checks)
    title = "Check that the cluster reaches the database"
    return Step("database-check", title, Mark.COMMAND, ("It must answer `accepting connections`.",), commands)


def mounted_files(server: Server) -> Step | None:
    """The Secrets and ConfigMaps with files of the old server's disk."""
    missing = [one for one in server.done.plan.missing if not secrets.from_store(server, one.kind)]
    commands = [here("kubectl", "apply", "-f", server.files.files)] if server.files.files else []
    if missing:
        commands += fetch([path for one in missing for _, path in one.files])
    for one in missing:
        kind = ("secret", "generic") if one.kind == "Secret" else ("configmap",)
        sources = (f"--from-file={key}={fetched(path)}" for key, path in one.files)
        commands.append(server.applied("create", *kind, one.name, *sources))
    if not commands:
        return None
    notes = tuple(f"The {one.kind} {one.name} holds {', '.join(path for _, path in one.files)}." for one in missing)
    return Step("files", "Bring the files into the cluster", Mark.COMMAND, notes, tuple(commands), ("G2H511",))


def certificate(server: Server) -> Step | None:
    """The Secret with the certificate that the ingress names."""
    names = sorted({str(one["secretName"]) for one in server.maps("ingress", "tls") if one.get("secretName")})
    if not names or not server.ctx.answer("ingress", "enabled"):
        return None
    paths = [(server.ctx.value(f"HTTPS.{name}") or "").strip() for name in ("Certificate", "Key")]
    own = all(path.startswith("/") and path.isprintable() for path in paths)
    tls, title = server.request.options.tls, "Create the Secret with the certificate"
    if file := secrets.holds_certificate(server):
        notes: tuple[str, ...] = (f"{file} brings it.",)
        return Step("certificate", title, Mark.DONE, notes, (), ("G2H408",))
    if own and tls is Tls.INGRESS and not server.request.options.tls_secret:
        commands = list(fetch(paths))
        certificate, key = map(fetched, paths)
        commands += [
            server.applied("create", "secret", "tls", name, f"--cert={certificate}", f"--key={key}") for name in names
        ]
        notes = ("The ingress gets the old server's certificate.",)
    else:
        commands = [
            server.unless_there("secret", name, "create", "secret", "tls", name, "--cert=tls.crt", "--key=tls.key")
            for name in names
        ]
        notes = (f"The ingress takes the certificate from {', '.join(names)}. If it does not exist, it is created from tls.crt and tls.key.",)  # fmt: skip
    return Step("certificate", title, Mark.COMMAND, notes, tuple(commands), ("G2H408",))


def licence(server: Server) -> Step | None:
    """The Secret with the licence file, where the values name one."""
    if server.of("G2H410"):
        return None
    name = server.ctx.answer("license", "file", "secret")
    if not isinstance(name, str) or not name:
        return Step("licence", "The licence", Mark.DONE, ("The values name it.",))
    key = str(server.ctx.answer("license", "file", "secretKey") or "license.lic")
    notes = (
        f"The Secret {name} holds the licence file under {key}. If it does not exist, it is created from license.lic.",
    )
    command = server.unless_there("secret", name, "create", "secret", "generic", name, f"--from-file={key}=license.lic")
    return Step("licence", "Create the Secret with the licence", Mark.COMMAND, notes, (command,))


def images(server: Server) -> Step | None:
    """The images that content runs in, once they are chosen."""
    places = (content_images.ENVIRONMENTS, content_images.RUNTIMES)
    value = next((found for path in places if (found := server.ctx.answer(*path))), None)
    listed = value if isinstance(value, list) else content_images.runtime_images(value) or []
    names = [str(one.get("name")) for one in listed if isinstance(one, dict)]
    if not names or server.of("G2H407", "G2H419"):
        return None
    return Step("images", "The images for content", Mark.DONE, (f"Content runs in {', '.join(names)}.",))


def ingress(server: Server) -> Step | None:
    """The ingress, once its questions are answered."""
    hosts = [str(one.get("host")) for one in server.maps("ingress", "hosts")]
    if not server.ctx.answer("ingress", "enabled") or not hosts or server.of("G2H409", "G2H425", "G2H426"):
        return None
    return Step("ingress", "The ingress", Mark.DONE, (f"It serves {', '.join(hosts)}.",))
