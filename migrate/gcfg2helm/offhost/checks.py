"""What a server needs before its content can run in a cluster that it stays outside of: findings about the finished gcfg."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import images, storage
from gcfg2helm.plan.addresses import is_loopback, parse_address
from gcfg2helm.values import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.findings import Place
    from gcfg2helm.plan.context import Context, FileReader
    from gcfg2helm.values.tree import Tree

WORKBENCH_NAMESPACE = "rstudio"
_API_URL = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*))(?::[0-9]{1,5})?/?", re.ASCII)


def is_api_url(text: str) -> bool:
    """Whether a text is the base URL of a Kubernetes API: scheme, host and port, without `/api`, path, user or query."""
    return bool(_API_URL.fullmatch(text))


def is_token(text: str) -> bool:
    """Whether a text is base64 on one line, as Connect takes a token."""
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


def check(ctx: Context, namespace: str, read: FileReader) -> list[Finding]:
    """Return the findings about a gcfg whose [Launcher] section is finished; `read` reads cluster definitions."""
    parts = (_database(ctx), _storage(ctx), _definitions(ctx, read), _namespace(ctx, namespace), _shapes(ctx))
    found = [one for part in parts for one in part]
    return [*found, *_content(ctx), *_exclusive(ctx), *_environment(ctx)]


def _place(ctx: Context, key: str) -> Place | None:
    group = ctx.group(key)
    return group.last.place if group else None


def _database(ctx: Context) -> Iterator[Finding]:
    if not (ctx.value("Database.Provider") or "").strip().lower().startswith("postgres"):
        todo = "Move the data to PostgreSQL first, with Connect's own `migrate db`, and set Database.Provider."
        place = _place(ctx, "Database.Provider")
        yield finding("G2H701", "Database.Provider is not postgres: Connect uses SQLite.", todo, place)


# storage ---------------------------------------------------------------------------------------------------------------


def _storage(ctx: Context) -> Iterator[Finding]:
    if not (ctx.value("Server.DataDir") or "").strip():
        what = f"Server.DataDir is not set: Connect keeps its data in {storage.DEFAULT_DATA_DIR}."
        todo = "Mount the NFS export on this server, and set Server.DataDir to that place."
        yield finding("G2H702", what, todo)
    text, place = ctx.value("Launcher.DataDir") or "", _place(ctx, "Launcher.DataDir")
    export = storage.parse_export(text)
    if export is None:
        what = "Launcher.DataDir names no NFS export." if text.strip() else "Launcher.DataDir is not set."
        yield finding("G2H704", what, "Name the export with --nfs host:/path.", place)
    elif not _same_storage(export.path, folder := storage.data_directory(ctx)):
        what = f"Launcher.DataDir is {export.path} on {export.server}, Server.DataDir is {folder}: is that the same storage?"
        todo = f"Check with `findmnt --target {folder}` on this server."
        yield finding("G2H703", what, todo, place)


def _same_storage(export: str, folder: str) -> bool:
    """Whether two paths may be the same storage, by their last names: one holds the other (`connect`, `rstudio-connect`)."""
    one = posixpath.basename(posixpath.normpath(export)).lower()
    other = posixpath.basename(posixpath.normpath(folder)).lower()
    return bool(one and other) and (one in other or other in one)


# images ----------------------------------------------------------------------------------------------------------------


def _definitions(ctx: Context, read: FileReader) -> Iterator[Finding]:
    group = ctx.group("Launcher.ClusterDefinition")
    paths = [value.strip() for value in group.values if value.strip()] if group and group.live else []
    if not paths:
        todo = "Name files with --cluster-definition, or write one with --from-executables --image NAME."
        yield finding("G2H710", "No cluster definition lists images for content.", todo)
    for path in dict.fromkeys(paths):
        yield from definition(path, read(path))


def definition(path: str, data: bytes | str | None) -> Iterator[Finding]:
    """Yield what is wrong with a cluster definition; `data` are the bytes of the file, or why it cannot be read."""
    if not isinstance(data, bytes):
        what = f"The cluster definition {path} cannot be read: {data or 'it does not exist'}."
        yield finding("G2H705", what, "Put it there on the server before Connect starts again.")
        return
    try:
        tree = read.load(data.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        yield finding("G2H706", f"The cluster definition {path} is not UTF-8 text.", "Correct it.")
        return
    except read.YamlError as error:
        what = f"The cluster definition {path} is not YAML: {error.message}."
        yield finding("G2H706", what, f"Correct line {error.line}.")
        return
    listed = tree.get("images")
    if not isinstance(listed, list) or not listed:
        yield finding("G2H707", f"The cluster definition {path} lists no `images`.", "List the images of the content.")
        return
    for number, image in enumerate(listed, 1):
        yield from _image(path, number, image)


def _image(path: str, number: int, image: Tree) -> Iterator[Finding]:
    name = image.get("name") if isinstance(image, dict) else None
    if not isinstance(image, dict) or not isinstance(name, str) or not name:
        yield finding("G2H707", f"Image {number} of the cluster definition {path} has no name.", "Name the image.")
        return
    at = f"The image {name} in the cluster definition {path}"
    installed = list(_installations(image))
    if not installed:
        yield finding("G2H708", f"{at} has no installation.", "List version and path of an interpreter in it.")
    for part, one in installed:
        version = one.get("version") if isinstance(one, dict) else None
        if not isinstance(one, dict) or version in (None, "") or not one.get("path"):
            what = f"{at} has an installation of {part} without its version or path."
            yield finding("G2H708", what, "Give both.")
        elif not isinstance(version, str):
            what = f"{at} has a version of {part} that YAML reads as a number: {version}."
            yield finding("G2H709", what, 'Write it in quotes, such as "3.10", which is 3.1 without them.')


def _installations(image: dict[str, Tree]) -> Iterator[tuple[str, Tree]]:
    for part in images.PARTS:
        held = image.get(part)
        listed = held.get("installations") if isinstance(held, dict) else None
        if isinstance(listed, list):
            yield from ((part, one) for one in listed)


# what content meets in the cluster -------------------------------------------------------------------------------------


def _namespace(ctx: Context, namespace: str) -> Iterator[Finding]:
    if namespace == WORKBENCH_NAMESPACE:
        what = f"The namespace {namespace} is the one that Posit Workbench uses."
        place = _place(ctx, "Launcher.KubernetesNamespace")
        yield finding("G2H711", what, "Give Connect a namespace of its own with --namespace.", place)


def _shapes(ctx: Context) -> Iterator[Finding]:
    url, token = ctx.value("Launcher.KubernetesAPIURL"), ctx.value("Launcher.KubernetesAuthToken")
    if url and not is_api_url(url.strip()):
        what = "Launcher.KubernetesAPIURL is not a base URL such as https://k8s.example.com:6443, without /api."
        yield finding("G2H714", what, "Set it with --api-url.", _place(ctx, "Launcher.KubernetesAPIURL"))
    if token and not is_token(token.strip()):
        what = "Launcher.KubernetesAuthToken is not base64."
        yield finding("G2H714", what, "Set it with --token-file.", _place(ctx, "Launcher.KubernetesAuthToken"))


def _content(ctx: Context) -> Iterator[Finding]:
    if ctx.flag("Applications.RunAsCurrentUser"):
        what = "Applications.RunAsCurrentUser is on; pods in the cluster do not have the accounts of this server."
        yield finding("G2H712", what, "Switch it off.", _place(ctx, "Applications.RunAsCurrentUser"))
    if ctx.value("Applications.Supervisor"):
        what = "Applications.Supervisor names a program of this server."
        todo = "Put the program into each image, at the same path."
        yield finding("G2H713", what, todo, _place(ctx, "Applications.Supervisor"))
    for group in (ctx.group("Server.Address"), *ctx.named("RPackageRepository", "URL")):
        public = parse_address(group.value) if group and group.live else None
        if group and public and is_loopback(public.host):
            what = f"{group.key} names this machine, which is the pod itself for content in the cluster."
            yield finding("G2H713", what, "Use a name under which the cluster reaches it.", group.last.place)
    if unused := [one.path for one in images.installations(ctx)]:
        what = f"Content in the cluster uses the interpreters of its image, not {', '.join(unused)}."
        yield finding("G2H715", what, "Check that the images have the versions that content needs.")


def _exclusive(ctx: Context) -> Iterator[Finding]:
    if ctx.flag("Kubernetes.Enabled"):
        what = "Kubernetes.Enabled is on; it runs content without the launcher, which excludes Launcher.Enabled."
        yield finding("G2H719", what, "Switch one of them off.", _place(ctx, "Kubernetes.Enabled"))
    if ctx.value("Launcher.DataDirPVCName") and ctx.value("Launcher.DataDir"):
        what = "Launcher.DataDirPVCName and Launcher.DataDir both name the storage of the content."
        yield finding("G2H719", what, "Keep one of them.", _place(ctx, "Launcher.DataDirPVCName"))


def _environment(ctx: Context) -> Iterator[Finding]:
    names = (("KubernetesAPIURL", "KUBERNETES_API_URL"), ("KubernetesAuthToken", "KUBERNETES_AUTH_TOKEN"))
    for name, variable in names:
        if not ctx.value(f"Launcher.{name}"):
            what = f"Launcher.{name} is left to the environment variable {variable}."
            option = "--api-url" if variable.endswith("URL") else "--token-file"
            yield finding("G2H717", what, f"Set it in the service's environment, or give {option}.")
