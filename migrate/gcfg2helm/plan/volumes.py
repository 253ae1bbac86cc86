"""Volumes for files, one for each folder and kind, and the Secrets and ConfigMaps that they hold."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Command, Where, finding
from gcfg2helm.masked import Secret
from gcfg2helm.plan.decisions import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.findings import Finding, Place
    from gcfg2helm.plan.context import Context
    from gcfg2helm.values.tree import Edit, Tree

LIMIT = 1024 * 1024  # bytes of all keys of a Secret or ConfigMap together: Kubernetes' own limit
_KEY = re.compile(r"(?!\.\.)[A-Za-z0-9._-]{1,253}", re.ASCII)
_LABEL = 63  # longest name of a volume


class Mounts(NamedTuple):
    """What files.build decides: edits of `pod.volumes` and `pod.volumeMounts`, and the objects that they mount.

    `places` are the entries that name a mounted file, by its path; `missing` are the objects that somebody has to make.
    """

    edits: list[Edit]
    findings: list[Finding]
    manifests: list[object]
    places: dict[str, Sequence[Place]]
    missing: list[Missing]


@dataclass(slots=True, eq=False, repr=False)
class File:
    """A file to mount: `content` is what reading it gave: bytes, why not, or None."""

    path: str
    places: list[Place]
    key: str
    secret: bool
    content: bytes | str | None = None

    @property
    def place(self) -> Place:
        """Where it is named first."""
        return self.places[0]


@dataclass(slots=True, eq=False, repr=False)
class Volume:
    """All files of one folder and one kind."""

    name: str
    secret: bool
    files: list[File] = field(default_factory=list)


def gathered(files: Iterable[File]) -> list[Volume]:
    """Gather the files by folder and kind; the name is made of the folder's, with a checksum where two are alike."""
    kinds: dict[tuple[str, bool], list[File]] = {}
    for file in sorted(files, key=lambda one: one.path):
        kinds.setdefault((posixpath.dirname(file.path), file.secret), []).append(file)
    names = [_volume_name(folder, secret=secret) for folder, secret in kinds]
    times = Counter(names)
    volumes: list[Volume] = []
    for ((folder, secret), members), name in zip(kinds.items(), names, strict=True):
        if len(name) > _LABEL or times[name] > 1:
            name = f"{name[: _LABEL - 9].rstrip('-')}-{_checksum(f'{folder} {secret}')}"  # noqa: PLW2901
        volume = Volume(name, secret=secret)
        volume.files += members
        volumes.append(volume)
    return volumes


def _volume_name(folder: str, *, secret: bool) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-") or "root"
    return f"files-{words}-keys" if secret else f"files-{words}"


def _checksum(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _object_name(ctx: Context, volume: Volume) -> str:
    return f"{ctx.release}-rstudio-connect-{volume.name}"


def _key(path: str) -> str:
    """Return the key of a file in its object, and so its name in the volume: its own name where Kubernetes takes it."""
    name = posixpath.basename(path)
    if _KEY.fullmatch(name) and name != ".":
        return name
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:200]}-{_checksum(name)}"


def volume(ctx: Context, volume: Volume) -> Tree:
    """Return the entry of `pod.volumes` for a volume."""
    name = _object_name(ctx, volume)
    if volume.secret:
        return {"name": volume.name, "secret": {"secretName": name, "defaultMode": 0o400}}
    return {"name": volume.name, "configMap": {"name": name}}


def mount(volume: Volume, file: File) -> Tree:
    """Return the entry of `pod.volumeMounts` for a file of a volume, at the file's own path."""
    return {"name": volume.name, "mountPath": file.path, "subPath": _key(file.path), "readOnly": True}


def fit(files: Iterable[File], mounts: Mounts) -> list[File]:
    """Return the files that one object can hold together."""
    fitting: list[File] = []
    size = 0
    for file in files:
        more = len(file.content) if isinstance(file.content, bytes) else 0
        if size + more <= LIMIT:
            size += more
            fitting.append(file)
            continue
        what = f"{file.path}, which {file.key} names, makes the object for its folder larger than 1 MiB."
        todo = "Put it on the shared storage or in the image, and change the setting."
        mounts.findings.append(finding("G2H513", what, todo, file.place))
    return fitting


def provide(ctx: Context, volume: Volume, files: Sequence[File], mounts: Mounts) -> None:
    """Make the manifest of what could be read, and say how to make the rest."""
    name, kind = _object_name(ctx, volume), "Secret" if volume.secret else "ConfigMap"
    if volume.secret and not ctx.options.secrets.makes_secrets:
        for file in files:
            file.content = None if isinstance(file.content, bytes) else file.content
    read = {_key(file.path): file.content for file in files if isinstance(file.content, bytes)}
    if read:
        mounts.manifests.append(manifest(name, ctx.namespace, read, secret=volume.secret))
    missing = [file for file in files if not isinstance(file.content, bytes)]
    if not missing:
        return
    if volume.secret and ctx.options.secrets is SecretMode.EXTERNAL:
        mounts.missing.append(Missing(kind, name, tuple((_key(file.path), file.path) for file in missing)))
        return  # `external` says what the store must have
    sources = [f"--from-file={_key(file.path)}={file.path}" for file in missing]
    words = ["kubectl", "create", *(["secret", "generic"] if volume.secret else ["configmap"]), name]
    words += ["--namespace", ctx.namespace]
    todo = "Create it where the files are:"
    commands: tuple[Command, ...] = (Command(shlex.join([*words, *sources]), Where.SERVER),)
    if read:
        todo, commands = f"Add to its manifest: {', '.join(_key(file.path) for file in missing)}", ()
    else:
        mounts.missing.append(Missing(kind, name, tuple((_key(file.path), file.path) for file in missing)))
    unread = [file for file in missing if file.content is None]
    if unread:
        what = f"The {kind} {name} must hold {', '.join(file.path for file in unread)}."
        mounts.findings.append(finding("G2H511", what, todo, unread[0].place, commands=commands))
    for file in missing:
        if file.content is not None:
            what = f"{file.path}, which {file.key} names, cannot be read: {file.content!s}."
            mounts.findings.append(finding("G2H512", what, todo, file.place, commands=commands))
            todo, commands = f"See {file.path} for what makes the {kind} {name}.", ()  # which may be long


def manifest(name: str, namespace: str, contents: dict[str, bytes], *, secret: bool) -> dict[str, Tree]:
    """Return a Secret, or a ConfigMap with texts as they are and everything else in base64."""
    head: dict[str, Tree] = {
        "apiVersion": "v1",
        "kind": "Secret" if secret else "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
    }
    if secret:
        coded: dict[str, Tree] = {key: Secret(_base64(content)) for key, content in contents.items()}
        return {**head, "type": "Opaque", "data": coded}
    data: dict[str, Tree] = {}
    binary: dict[str, Tree] = {}
    for key, content in contents.items():
        text = _text(content)
        if text is None:
            binary[key] = _base64(content)
        else:
            data[key] = text
    return {**head, **({"data": data} if data else {}), **({"binaryData": binary} if binary else {})}


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode("ascii")


def _text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
