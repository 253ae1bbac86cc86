"""The command `off-host`: the server stays where it is, its content runs in the cluster."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import talk
from gcfg2helm.cli.options import Gcfg
from gcfg2helm.findings import Finding, Level

if TYPE_CHECKING:
    from gcfg2helm.cli.outputs import Output
    from gcfg2helm.gcfg import Document
    from gcfg2helm.masked import Secret
    from gcfg2helm.offhost.build import Answers, OffHost

GCFG = "/etc/rstudio-connect/rstudio-connect.gcfg"
DEFINITION = "runtimes.yaml"


def off_host(
    gcfg: Gcfg = GCFG,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Output file; default: in place; - prints the gcfg.")] = "",
    api_url: Annotated[str, typer.Option(metavar="URL", help="Base URL of the Kubernetes API, without /api; default: left to KUBERNETES_API_URL.")] = "",
    nfs: Annotated[str, typer.Option(metavar="HOST:/PATH", help="NFS export with the data directory.")] = "",
    cluster_definition: Annotated[list[str], typer.Option(metavar="FILE", help="YAML file with images for content; repeatable.")] = [],  # noqa: B006
    namespace: Annotated[str, typer.Option(metavar="NAME", help="Namespace of the content; default: that of the gcfg, else rstudio-connect.")] = "",
    token_file: Annotated[str, typer.Option(metavar="FILE", help="File with the token in base64, - is standard input; default: left to KUBERNETES_AUTH_TOKEN.")] = "",
    chart: Annotated[Path | None, typer.Option(metavar="PATH", help="The chart that the account is made after, as `helm pull` saves it: a folder or a .tgz.")] = None,
    manifests: Annotated[Path | None, typer.Option(metavar="FILE", help="Write namespace, service account, token and permissions for kubectl apply.")] = None,
    node_access: Annotated[bool, typer.Option("--node-access", help="Let the service account read nodes (in --manifests).")] = False,
    from_executables: Annotated[bool, typer.Option("--from-executables", help="Write a cluster definition from the executables of the gcfg; needs --image.")] = False,
    image: Annotated[list[str], typer.Option(metavar="NAME", help="Image in that cluster definition; repeatable.")] = [],  # noqa: B006
    cluster_definition_output: Annotated[str, typer.Option(metavar="FILE", help=f"Output file for that cluster definition; default: {DEFINITION} beside the gcfg.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and stop.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and the result.")] = False,
) -> None:  # fmt: skip
    """Set GCFG up for content that runs in a cluster while the server stays outside: preview, ask, write.

    \b
    Examples:
      gcfg2helm off-host rstudio-connect.gcfg --api-url https://k8s.example.com --nfs nfs.example.com:/mnt/rstudio-connect --cluster-definition /etc/rstudio-connect/runtimes.yaml
      gcfg2helm off-host rstudio-connect.gcfg --from-executables --image ghcr.io/acme/content:2026.08 --dry-run
      gcfg2helm off-host rstudio-connect.gcfg --manifests connect-account.yaml --node-access
      kubectl get secret rsc-rstudio-connect-token -n rstudio-connect -o 'jsonpath={.data.token}' | gcfg2helm off-host rstudio-connect.gcfg --token-file - --yes
    """
    with talk.errors():
        from gcfg2helm.cli import outputs

        target = output or gcfg
        _check_usage(
            gcfg, output, token_file, image, from_executables=from_executables, manifests=manifests is not None,
            node_access=node_access,
        )  # fmt: skip
        made = _made(cluster_definition_output, target) if from_executables else ""
        answers = _answers(api_url, nfs, namespace, cluster_definition, image, made, token_file)
        data, before, done = _completed(gcfg, answers, chart)
        if target == "-":
            sys.stdout.buffer.write(done.text.encode("utf-8"))
            sys.stdout.flush()
            files = []
        else:
            files = _outputs(data, before, done, target, gcfg, made)
            if manifests is not None:
                files.insert(0, _manifests(manifests, done.namespace, node_access=node_access))
            _check_names([one.path for one in files], gcfg, token_file)
        findings = [*done.findings, *_readable(done, files, target)]
        if quiet:
            _show_findings([one for one in findings if one.level is Level.ERROR])
        else:
            _show(files, findings)
            _show_commands(done, manifests)
        if files:
            outputs.settle(files, f"{target} is up to date.", yes=yes, dry_run=dry_run, quiet=quiet)


# what is asked for -----------------------------------------------------------------------------------------------------


def _check_usage(
    gcfg: str,
    output: str,
    token_file: str,
    images: list[str],
    *,
    from_executables: bool,
    manifests: bool,
    node_access: bool,
) -> None:
    """Refuse options that cannot go together."""
    from gcfg2helm.cli.session import UsageError

    if gcfg == "-" and not output:
        raise UsageError("GCFG is standard input: name a file for the result with -o, - prints it")
    if gcfg == "-" and token_file == "-":  # noqa: S105 - a name, not a token
        raise UsageError("GCFG and --token-file cannot both be standard input")
    if output == "-" and (from_executables or manifests):
        raise UsageError("-o - prints the gcfg alone; name a file for it to get the others")
    if from_executables != bool(images):
        raise UsageError("--from-executables and --image NAME go together: the image that holds these interpreters")
    if node_access and not manifests:
        raise UsageError("--node-access needs --manifests")


def _check_names(files: list[Path], gcfg: str, token_file: str) -> None:
    """Refuse to write a file twice, or over an input; only the gcfg, which comes last, may be its own output."""
    from gcfg2helm.cli.session import UsageError

    *others, target = [os.path.realpath(path) for path in files]
    taken = {os.path.realpath(name) for name in (gcfg, token_file) if name not in ("", "-")}
    if len({*others, target}) < len(files) or taken & {*others} or (target in taken - {os.path.realpath(gcfg)}):
        raise UsageError("two of the files named are the same")


def _made(named: str, target: str) -> str:
    """Return where a new cluster definition goes, as the gcfg names it."""
    return str(Path(named).absolute() if named else Path(target).absolute().with_name(DEFINITION))


def _answers(
    api_url: str, nfs: str, namespace: str, definitions: list[str], images: list[str], made: str, token_file: str
) -> "Answers":
    """Return the answers, checked. Raises UsageError; InputError where the token is none."""
    import re

    from gcfg2helm.cli.session import UsageError
    from gcfg2helm.offhost import checks
    from gcfg2helm.offhost.build import Answers
    from gcfg2helm.plan import storage

    url = api_url.rstrip("/")
    if api_url and not (url.startswith("https://") and checks.is_api_url(url)):
        raise UsageError(
            "--api-url: not a base URL such as https://k8s.example.com:6443, without /api or any other path"
        )
    if nfs and storage.parse_export(nfs) is None:
        raise UsageError(f"--nfs: {nfs!r} is not host:/path")
    if namespace and not re.fullmatch(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", namespace):
        raise UsageError(f"--namespace: {namespace!r} is not a valid name in Kubernetes")
    if "" in definitions or "" in images:
        raise UsageError("--cluster-definition and --image need a name")
    paths = tuple(str(Path(one).absolute()) for one in definitions)
    token = _token(token_file) if token_file else None
    return Answers(url, nfs.strip(), namespace, paths, tuple(images), made, token)


def _token(name: str) -> "Secret":
    from gcfg2helm.cli import inputs
    from gcfg2helm.findings import InputError
    from gcfg2helm.masked import Secret
    from gcfg2helm.offhost import checks

    text = "".join(inputs.read(name).decode("utf-8", "replace").split())
    if not checks.is_token(text):
        shown = "<stdin>" if name == "-" else name
        raise InputError(f"{shown}: no token in base64; take it as the Secret holds it, not decoded")
    return Secret(text)


# what comes of it ------------------------------------------------------------------------------------------------------


def _completed(name: str, answers: "Answers", path: Path | None) -> tuple[bytes, "Document", "OffHost"]:
    """Read the gcfg and complete it; returns its bytes, what it was, and the result."""
    from gcfg2helm import gcfg
    from gcfg2helm.cli import inputs, session
    from gcfg2helm.offhost import build

    shown = "<stdin>" if name == "-" else name
    chart, found = session.target(path)
    data = inputs.read(name)
    before = gcfg.parse(data, shown)
    try:
        done = build.build(shown, before, session.load_tables(None), answers, _read, chart)
    except ValueError as error:
        raise session.UsageError(str(error)) from None
    done.findings[:0] = found
    return data, before, done


def _read(path: str) -> bytes | str | None:
    """Read a cluster definition of this machine; a text says why that failed."""
    from gcfg2helm.cli import atomic

    try:
        return atomic.read(Path(path))
    except atomic.WriteError as error:
        return str(error).removeprefix(f"{path}: ")


def _outputs(data: bytes, before: "Document", done: "OffHost", target: str, gcfg: str, made: str) -> "list[Output]":
    """Return the files to write; the gcfg comes last, so that what it names is there when Connect reads it."""
    from gcfg2helm.cli import atomic
    from gcfg2helm.cli.outputs import Output
    from gcfg2helm.offhost import edit

    found = [_plain(Path(made), done.definition or "", show_new=True)] if made else []
    path = Path(target)
    held = data if target == gcfg else atomic.read(path)
    lines = edit.preview(before, done.document)
    return [*found, Output(path, done.text.encode("utf-8"), held, secret=held is None, backup=True, lines=lines)]


def _manifests(path: Path, namespace: str, *, node_access: bool) -> "Output":
    from gcfg2helm.offhost import cluster
    from gcfg2helm.values import write

    return _plain(path, write.documents(cluster.manifests(namespace, node_access=node_access)))


def _plain(path: Path, text: str, *, show_new: bool = False) -> "Output":
    """Return a file without secrets; `show_new`: its lines are shown where it is new, too."""
    from gcfg2helm.cli import outputs
    from gcfg2helm.offhost import edit

    one = outputs.output(path, text.encode("utf-8"))
    if one.held is None and not show_new:
        return one
    return one._replace(lines=edit.diff((one.held or b"").decode("utf-8", "replace"), text))


def _readable(done: "OffHost", files: "list[Output]", target: str) -> "list[Finding]":
    """Warn of a gcfg with the token in it that more than its owner can read."""
    import shlex

    from gcfg2helm.findings import Command, Where, finding

    if not files or files[-1].held is None or not done.document.get("Launcher", "KubernetesAuthToken"):
        return []
    mode = files[-1].path.stat().st_mode
    if not mode & 0o044:
        return []
    command = Command(shlex.join(["chmod", "600", target]), Where.SERVER)
    what = f"{target} holds the token, and its mode is {mode & 0o777:04o}."
    return [finding("G2H718", what, "Let nobody else read it:", commands=(command,))]


# what is said and written ----------------------------------------------------------------------------------------------


def _show(files: "list[Output]", findings: "list[Finding]") -> None:
    from gcfg2helm.cli import outputs
    from gcfg2helm.report import overview, text

    colour = talk.colour(sys.stderr)
    for one in outputs.changed(files):
        talk.say(one.announced)
        for line in one.lines:
            talk.say("  " + text.paint(line, {"+": "green", "-": "red"}.get(line[0], "cyan"), on=colour))
    _show_findings(findings)
    talk.say(overview.finding_count(findings))


def _show_findings(findings: list[Finding]) -> None:
    from gcfg2helm.report import overview

    for line in overview.finding_lines(findings, talk.width(sys.stderr), colour=talk.colour(sys.stderr)):
        talk.say(line)


def _show_commands(done: "OffHost", manifests: Path | None) -> None:
    import shlex

    from gcfg2helm.offhost import cluster

    if manifests is None and done.document.get("Launcher", "KubernetesAuthToken"):
        return
    there, token = cluster.token_commands(done.namespace)
    if manifests is not None:
        talk.say(f"to make the account in the cluster:\n  {shlex.join(['kubectl', 'apply', '-f', str(manifests)])}")
    talk.say(
        f"to read its token back (3 keys in DATA once it is there, then base64 as Connect takes it):\n  {there}\n  {token}"
    )
