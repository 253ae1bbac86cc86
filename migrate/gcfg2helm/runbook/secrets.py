"""The steps of the runbook about secrets: the second values file, what encrypts the files, how the Secrets come to be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Command
from gcfg2helm.plan.addresses import certificate_is_stored, certificate_paths
from gcfg2helm.runbook.model import Mark, Step
from gcfg2helm.runbook.server import FETCHED, fetch, fetched, here, said, written
from gcfg2helm.values import write
from gcfg2helm.values.paths import keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.plan.decisions import Missing
    from gcfg2helm.runbook.server import Server
    from gcfg2helm.values.tree import Tree

_KEYS = 'go-template={{range $key, $_ := .data}}{{$key}}{{"\\n"}}{{end}}'
_EMPTY = '""'
_PLAIN = f"{FETCHED}/plain.yaml"  # where the values for a store are written, beside it
# What becomes of the second values file, by the way of secrets.
_SECOND = {
    SecretMode.SEPARATE: "encrypt it before you store it anywhere.",
    SecretMode.SOPS: "the next step encrypts it.",
    SecretMode.SEALED: "kubeseal seals Secrets only, and this is not one: keep it out of git, or encrypt it with SOPS.",
    SecretMode.EXTERNAL: "the operator makes Secrets only, and this is not one: keep it out of git, or encrypt it with SOPS.",
}


def _mode(server: Server) -> SecretMode:
    return server.request.options.secrets


def second_file(server: Server) -> Step | None:
    """The second values file: written by convert, or by its owner where the secrets are the owner's."""
    files, edits = server.files, server.done.plan.secret_edits
    if not files.secret_values:
        return None
    if _mode(server).makes_values:
        count = f"{len(edits)} secret setting{'' if len(edits) == 1 else 's'}"
        note = f"{files.secret_values} holds {count}. Helm gets it with a second -f; {_SECOND[_mode(server)]}"
        return Step("secret-values", "The second values file", Mark.DONE, (note,))
    tree: dict[str, Tree] = {}
    for edit in edits:
        node = tree
        *parents, last = keys(edit.path)
        for key in parents:
            node = node.setdefault(key, {})  # type: ignore[assignment]
        node[last] = ""
    head = "# Each value as the gcfg has it, its quotes included.\n"
    note = f"{files.secret_values} must hold {', '.join(sorted(_dotted(edit.path) for edit in edits))}; Helm gets it with a second -f."
    commands = (written(files.secret_values, head + _open(tree)), _filled(files.secret_values))
    return Step("secret-values", "Write the second values file", Mark.COMMAND, (note,), commands, ("G2H507",))


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(keys(path[1:] if path[:1] == ("config",) else path))


def _open(tree: Mapping[str, Tree]) -> str:
    """Return a map as YAML, its empty texts as a search finds them."""
    lines = write.document(tree).splitlines()
    return "".join(f"{line[:-2]}{_EMPTY}\n" if line.endswith(("''", _EMPTY)) else f"{line}\n" for line in lines)


def _filled(name: str) -> Command:
    """Return a command that opens an editor until no value of a file is empty."""
    quoted = shlex.quote(name)
    return Command(f"until ! grep -n '{_EMPTY}$' {quoted}; do ${{EDITOR:-vi}} {quoted}; done")


def recipients(server: Server) -> Step | None:
    """Who may decrypt, where nobody has said so."""
    found = server.of("G2H517", "G2H518")
    if not found:
        return None
    return Step("recipients", "Say who may decrypt", Mark.DECISION, tuple(map(said, found)), (), ("G2H517", "G2H518"))


def encrypt(server: Server) -> Step | None:
    """The private files, encrypted where they are."""
    files = server.files
    names = [name for name in (files.secret, files.secret_values) if name]
    if _mode(server) is not SecretMode.SOPS or not names:
        return None
    note = (
        f"{' and '.join(names)} can be in git then; `sops edit FILE` opens one. Below, `sops exec-file` decrypts the second "
        "values file for one command; with Helm's plugin helm-secrets, `helm secrets upgrade` does the same."
    )
    commands = tuple(
        Command(f"grep -q '^sops:' {shlex.quote(name)} || {files.sops} {shlex.join(['encrypt', '--in-place', name])}")
        for name in names
    )
    return Step("encrypt", "Encrypt the private files", Mark.COMMAND, (note,), commands, ("G2H519",))


def store(server: Server) -> Step | None:
    """The values of the Secrets, brought into the store of External Secrets."""
    made = _external(server)
    if not made:
        return None
    files, paths = server.files, [path for one in _stored(server) for _, path in one.files]
    paths += certificate_paths(server.ctx).values() if certificate_is_stored(server.ctx) else ()
    commands = [*fetch(paths)] if paths else [here("mkdir", "-p", "-m", "700", FETCHED)]
    if server.done.plan.env_secrets:
        words = ("gcfg2helm", "convert", files.gcfg, "--output", _PLAIN, "--yes", "--quiet", *_plain(files.options))
        commands.insert(1, here(*words))
    notes = tuple(one.what for one in server.of("G2H509"))
    if server.done.plan.env_secrets:
        notes += (f"{FETCHED}/plain.secret.yaml has each value under the name of its property, for you alone.",)
    if paths:
        notes += (f"Files are in {FETCHED} then: {', '.join(map(fetched, paths))}.",)
    notes += ("Put them in with the store's own client, then go on; a later step removes the folder.",)
    return Step("store", "Put the values into the store", Mark.DECISION, notes, tuple(commands), ("G2H509",))


def _plain(options: Sequence[str]) -> list[str]:
    """Return options of convert with which it writes the Secret itself."""
    left = list(options)
    for name in ("--secrets", "--secret-store", "--secret-prefix"):
        if name in left:
            at = left.index(name)
            del left[at : at + 2]
    return [*left, "--secrets", "separate"]


def _external(server: Server) -> list[str]:
    """Return the names of the ExternalSecrets."""
    made = (server.done.plan.manifests or {}).get("external", ())
    return [str(one["metadata"]["name"]) for one in made if isinstance(one, dict)]


def _stored(server: Server) -> list[Missing]:
    return [one for one in server.done.plan.missing if from_store(server, one.kind)]


def from_store(server: Server, kind: str) -> bool:
    """Whether an object for files of the old server is made by an ExternalSecret."""
    return kind == "Secret" and _mode(server) is SecretMode.EXTERNAL


def holds_certificate(server: Server) -> str:
    """Return the name of the file whose manifests bring the certificate of the ingress; empty where none does."""
    made = (server.done.plan.manifests or {}).get("files", ())
    if any(isinstance(one, dict) and one.get("type") == "kubernetes.io/tls" for one in made):
        return _sealed(server) if _mode(server) is SecretMode.SEALED else server.files.secret
    return server.files.external if certificate_is_stored(server.ctx) else ""


def _sealed(server: Server) -> str:
    return f"{server.files.secret.removesuffix('.secret.yaml')}.sealed.yaml"


def secret(server: Server) -> Step | None:
    """The Secrets that the pod reads its variables and files from."""
    match _mode(server):
        case SecretMode.EXISTING:
            return _by_hand(server)
        case SecretMode.EXTERNAL:
            return _from_store(server)
        case SecretMode.SEALED:
            return _from_seal(server)
    file = server.files.secret
    if not file:
        return None
    if _mode(server) is SecretMode.SOPS:
        command = Command(f"{here('sops', 'decrypt', file).text} | kubectl apply -f -")
        return Step("secret", _title(server), Mark.COMMAND, (f"{file} holds {_what(server)}.",), (command,))
    notes = (f"{file} holds {_what(server)}. Keep it out of version control.",)
    return Step("secret", _title(server), Mark.COMMAND, notes, (here("kubectl", "apply", "-f", file),))


def _secrets(server: Server) -> dict[str, list[str]]:
    """Return the Secrets of the manifest: name and keys of each."""
    plan = server.done.plan
    found = {plan.secret_name: sorted({one.secret_key for one in plan.env_secrets})} if plan.env_secrets else {}
    for one in (plan.manifests or {}).get("files", ()):
        if isinstance(one, dict) and one["kind"] == "Secret":
            found[one["metadata"]["name"]] = list(one["data"])
    return found


def _title(server: Server) -> str:
    return "Create the Secret" if len(_secrets(server)) == 1 else "Create the Secrets"


def _what(server: Server) -> str:
    return "; ".join(f"the Secret {name} with: {', '.join(held)}" for name, held in _secrets(server).items())


def _from_seal(server: Server) -> Step | None:
    """Sealed by kubeseal, unsealed by the controller of the cluster alone."""
    file, sealed = server.files.secret, _sealed(server)
    if not file:
        return None
    note = (
        f"{file} holds {_what(server)}. {sealed} can be in git; only this cluster's controller can read it. Remove "
        f"{file} then: convert writes it again. Another controller than sealed-secrets-controller in kube-system is named "
        "by SEALED_SECRETS_CONTROLLER_NAME and SEALED_SECRETS_CONTROLLER_NAMESPACE."
    )
    commands = (
        here("kubeseal", "--format", "yaml", "--secret-file", file, "--sealed-secret-file", sealed),
        here("kubectl", "apply", "-f", sealed),
        *(
            server.kubectl("wait", "--for=condition=Synced", f"sealedsecret/{name}", "--timeout=2m")
            for name in _secrets(server)
        ),
    )
    title = "Seal the Secrets" if len(_secrets(server)) > 1 else "Seal the Secret"
    return Step("secret", title, Mark.COMMAND, (note,), commands)


def _from_store(server: Server) -> Step | None:
    """Made by the External Secrets Operator."""
    file, names = server.files.external, _external(server)
    if not file:
        return None
    commands = (
        here("kubectl", "apply", "-f", file),
        *(server.kubectl("wait", "--for=condition=Ready", f"externalsecret/{name}", "--timeout=2m") for name in names),
    )
    notes = (f"{file} holds no value and can be in git: the operator makes {', '.join(names)} of the store's entries.",)
    title = f"Let the operator make the Secret{'s' if len(names) > 1 else ''}"
    return Step("secret", title, Mark.COMMAND, notes, commands)


def _by_hand(server: Server) -> Step | None:
    """The administrator's own."""
    plan, file = server.done.plan, server.files.secret
    if not plan.env_secrets or not file:
        return None
    held = sorted({one.secret_key for one in plan.env_secrets})
    made: dict[str, Tree] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": plan.secret_name, "namespace": server.ctx.namespace},
        "stringData": dict.fromkeys(held, ""),
    }
    get = server.kubectl("get", "secret", plan.secret_name)
    apply = here("kubectl", "apply", "-f", file)
    commands = (
        written(file, _open(made)),
        Command(f"{get.text} || {{ {_filled(file).text}; {apply.text}; }}"),
        server.kubectl("get", "secret", plan.secret_name, "-o", _KEYS),
    )
    note = (
        f"The pod needs the Secret {plan.secret_name} with: {', '.join(held)}. It is made from {file} where it is not "
        "there; the last command prints its keys."
    )
    return Step("secret", "Create the Secret", Mark.COMMAND, (note,), commands, ("G2H507",))
