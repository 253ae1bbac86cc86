"""What the pod must find on its disk: files that settings name, mounted at the same path from Secrets and ConfigMaps.

What lies below the data directory comes along with the shared storage, interpreters with the image. Everything else
becomes a volume for each folder, one for keys and one for the rest.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.enums import SecretMode, Tls
from gcfg2helm.findings import Command, InputError, Where, finding
from gcfg2helm.masked import Secret
from gcfg2helm.plan import postgres
from gcfg2helm.plan.addresses import certificate_name
from gcfg2helm.plan.decisions import Missing
from gcfg2helm.plan.storage import below
from gcfg2helm.tables import Action, Holds
from gcfg2helm.values.tree import Edit, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Finding, Place
    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.decisions import Located
    from gcfg2helm.tables import Setting
    from gcfg2helm.values.tree import Tree

LIMIT = 1024 * 1024  # bytes of all keys of a Secret or ConfigMap together: Kubernetes' own limit
_DATA_DIR = "/var/lib/rstudio-connect"
# Folders of the image: Connect itself and the interpreters of posit/connect.
_IMAGE = ("/opt/rstudio-connect", "/opt/R", "/opt/python", "/opt/quarto", "/usr/bin")
# Single paths that every image based on Ubuntu has.
_IMAGE_PATHS = frozenset({"/etc/ssl/certs/ca-certificates.crt", "/dev/null", "/tmp", "/var/tmp"})  # noqa: S108
# Where the chart mounts something itself, by version and values: charts/rstudio-connect/templates/deployment.yaml.
_CHART_FILES = frozenset(
    {
        "/etc/rstudio-connect/rstudio-connect.gcfg",
        "/etc/rstudio-connect/job.yaml",
        "/etc/rstudio-connect/service.yaml",
        "/etc/rstudio-connect/runtime.yaml",
        "/etc/rstudio-connect/launcher.kubernetes.profiles.conf",
        "/etc/rstudio-connect/launcher/launcher.kubernetes.profiles.conf",
        "/etc/libnss_connect.conf",
    }
)
_CHART_FOLDERS = (
    "/etc/rstudio-connect/chronicle",
    "/etc/rstudio-connect/execution-environments",
    "/etc/rstudio-licensing",
    "/mnt/graphite",
    "/mnt/job-json-overrides",
    "/scripts",
    "/var/lib/rstudio-connect-launcher/Kubernetes",
)
_WARNED_ELSEWHERE = frozenset({"outside_data_dir", "temporary_directory"})
_DATABASE_URL = "postgres_url"  # the transform of settings that name files in a URL
_KEY = re.compile(r"(?!\.\.)[A-Za-z0-9._-]{1,253}", re.ASCII)
_LONGEST_PATH = 4095
_MOST_FILES = 5_000  # their mounts are a megabyte, and a Helm release holds no more
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


@dataclass(slots=True, repr=False)
class _File:
    """A file to mount: what reading it gave stands in `content`."""

    path: str
    places: list[Place]
    key: str
    secret: bool
    content: bytes | str | None = None

    @property
    def place(self) -> Place:
        """Where it is named first."""
        return self.places[0]


@dataclass(slots=True, repr=False)
class _Volume:
    """All files of one folder and one kind."""

    name: str
    secret: bool
    files: list[_File] = field(default_factory=list)


def build(ctx: Context, carried: Sequence[Group]) -> Mounts:
    """Prepare the pod's disk for the paths that the carried settings name; the same path twice is one mount."""
    mounts = Mounts([], [], [], {}, [])
    mounted = _existing_mounts(ctx)
    files = _wanted(ctx, carried, mounted, mounts)
    for file in files:
        file.content = ctx.options.read_file(file.path)
        file.secret |= isinstance(file.content, bytes) and b"PRIVATE KEY-----" in file.content
    new_volumes: list[Tree] = []
    new_mounts: list[Tree] = []
    for volume in _volumes(files):
        fitting = _fitting((file for file in volume.files if not _is_mounted(file.path, volume.name, mounted)), mounts)
        if fitting:
            new_volumes.append(_volume(ctx, volume))
            new_mounts += [_mount(volume, file) for file in fitting]
            mounts.places.update((file.path, file.places) for file in fitting)
            _provide(ctx, volume, fitting, mounts)
    for path, items in (("volumes", new_volumes), ("volumeMounts", new_mounts)):
        answer = ctx.answer("pod", path)
        standing = set(map(identity, answer)) if isinstance(answer, list) else set()
        if new := [item for item in items if identity(item) not in standing]:
            mounts.edits.append(Edit(("pod", path), new))
    if made := certificate(ctx):
        mounts.manifests.append(made)
    return mounts


def certificate(ctx: Context) -> dict[str, Tree] | None:
    """Return the Secret with the certificate of the ingress, read from the old server's disk.

    None where TLS ends elsewhere, the Secret is the administrator's, or certificate or key cannot be read.
    """
    name, options, answer = certificate_name(ctx), ctx.options, ctx.answer("ingress", "tls")
    if options.tls is not Tls.INGRESS or options.tls_secret or options.secrets is SecretMode.EXISTING:
        return None
    named = [one.get("secretName") for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
    if named and name not in named:
        return None
    paths = {
        key: _absolute(ctx.value(f"HTTPS.{part}")) for key, part in (("tls.crt", "Certificate"), ("tls.key", "Key"))
    }
    read = {key: options.read_file(path) for key, path in paths.items() if path}
    contents = {key: content for key, content in read.items() if isinstance(content, bytes)}
    if len(contents) < len(paths):
        return None
    return {**_object(name, ctx.namespace, contents, secret=True), "type": "kubernetes.io/tls"}


def _wanted(ctx: Context, carried: Sequence[Group], mounted: Iterable[str], mounts: Mounts) -> list[_File]:
    """Return the files that the pod needs and does not have; what cannot be mounted becomes a finding."""
    files: dict[str, _File] = {}
    folders: set[str] = set()
    for group, setting in _path_settings(ctx, carried):
        for at, value, secret in _named(group, setting):
            path = _absolute(value)
            if not path or path in folders or _is_there(ctx, path):
                continue
            if setting.holds is Holds.DIRECTORY:
                folders.add(path)
                if not any(other in mounted for other in _up(path)):
                    what = f"{group.key} names the directory {path}, which the pod does not have."
                    todo = "Put it below the data directory and change the setting, or mount a volume at that path."
                    mounts.findings.append(finding("G2H514", what, todo, at.place))
            elif path in files:
                files[path].secret |= secret
                files[path].places.append(at.place)
            elif problem := _refusal(path):
                what = f"{group.key} names {path}, {problem}."
                mounts.findings.append(finding("G2H515", what, "Choose another path.", at.place))
            else:
                files[path] = _File(path, [at.place], group.key, secret=secret)
                if setting.encrypted:
                    what = f"{path}, which {group.key} names, may hold an encrypted value; this program cannot tell."
                    todo = "If it does, bring the old server's key file along with the data directory."
                    mounts.findings.append(finding("G2H505", what, todo, at.place))
    if len(files) > _MOST_FILES:
        raise InputError(
            f"{next(iter(files.values())).place.file}: names more than {_MOST_FILES:,} files, which no pod can take"
        )
    return list(files.values())


# which paths ----------------------------------------------------------------------------------------------------------


def _path_settings(ctx: Context, carried: Iterable[Group]) -> Iterator[tuple[Group, Setting]]:
    """Yield the groups that name a file or directory; a renamed one as its new name says."""
    for group in carried:
        rule = ctx.rule(group.setting)
        renamed = ctx.tables.setting(rule.setting) if rule.action is Action.RENAME and rule.setting else None
        setting = renamed or group.setting
        holds = setting.holds in (Holds.FILE, Holds.DIRECTORY) and rule.transform not in _WARNED_ELSEWHERE
        if holds or rule.transform == _DATABASE_URL:
            yield group, setting


def _named(group: Group, setting: Setting) -> Iterator[tuple[Located, str, bool]]:
    """Yield the paths that a group names: where, which, and whether what lies there is secret."""
    places = group.live if len(group.live) == len(group.values) else [group.last] * len(group.values)
    for at, value in zip(places, group.values, strict=True):
        if setting.holds is Holds.NOTHING:
            yield from ((at, one.path, one.secret) for one in postgres.files(value))
        else:
            yield at, value, setting.holds_secret


def _absolute(value: str | None) -> str:
    """Return a path without `..` and doubled slashes; empty for a relative name, a URL, nothing, a text of lines.

    Empty, too, for what is longer than any path of Linux.
    """
    if not value or len(value) > _LONGEST_PATH or not value.startswith("/") or not value.isprintable():
        return ""
    return "/" + posixpath.normpath(value).lstrip("/")


def _up(path: str) -> Iterator[str]:
    """Yield a path and all folders that it lies in."""
    while path != "/":
        yield path
        path = posixpath.dirname(path)
    yield path


def in_pod(ctx: Context, path: str) -> bool:
    """Whether the pod has a path: on the shared storage, in the image, or where values.yaml mounts something."""
    mounted = _existing_mounts(ctx)
    absolute = _absolute(path)
    return _is_there(ctx, absolute) or any(other in mounted for other in _up(absolute or "/"))


def _is_there(ctx: Context, path: str) -> bool:
    """Whether the pod has the path anyhow: from the shared storage or in the image."""
    data_dir = _absolute(ctx.value("Server.DataDir")) or _DATA_DIR
    return path in _IMAGE_PATHS or any(below(path, folder) for folder in (data_dir, *_IMAGE))


def _refusal(path: str) -> str:
    """Return why a path cannot be a mount of its own; empty where it can."""
    if path in _CHART_FILES or any(below(path, folder) for folder in _CHART_FOLDERS):
        return "where the chart mounts its own files"
    if ":" in path:
        return "and Kubernetes mounts nothing at a path with a colon"
    return ""


def _existing_mounts(ctx: Context) -> dict[str, str]:
    """Return the paths of `pod.volumeMounts` in values.yaml, with the name of the volume."""
    answer = ctx.answer("pod", "volumeMounts")
    items = [item for item in answer if isinstance(item, dict)] if isinstance(answer, list) else []
    return {_absolute(path): str(item.get("name")) for item in items if isinstance(path := item.get("mountPath"), str)}


def _is_mounted(path: str, volume: str, mounted: dict[str, str]) -> bool:
    """Whether values.yaml mounts the path; a mount from an earlier run counts as this program's own, not as that."""
    return any(other in mounted and (other != path or mounted[other] != volume) for other in _up(path))


# volumes --------------------------------------------------------------------------------------------------------------


def _volumes(files: Iterable[_File]) -> list[_Volume]:
    """Gather the files by folder and kind; the name is made of the folder's, with a checksum where two are alike."""
    kinds: dict[tuple[str, bool], list[_File]] = {}
    for file in sorted(files, key=lambda one: one.path):
        kinds.setdefault((posixpath.dirname(file.path), file.secret), []).append(file)
    names = [_volume_name(folder, secret=secret) for folder, secret in kinds]
    times = Counter(names)
    volumes: list[_Volume] = []
    for ((folder, secret), members), name in zip(kinds.items(), names, strict=True):
        if len(name) > _LABEL or times[name] > 1:
            name = f"{name[: _LABEL - 9].rstrip('-')}-{_checksum(f'{folder} {secret}')}"  # noqa: PLW2901
        volume = _Volume(name, secret=secret)
        volume.files += members
        volumes.append(volume)
    return volumes


def _volume_name(folder: str, *, secret: bool) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-") or "root"
    return f"files-{words}-keys" if secret else f"files-{words}"


def _checksum(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _object_name(ctx: Context, volume: _Volume) -> str:
    return f"{ctx.release}-rstudio-connect-{volume.name}"


def _key(path: str) -> str:
    """Return the key of a file in its object, and so its name in the volume: its own name where Kubernetes takes it."""
    name = posixpath.basename(path)
    if _KEY.fullmatch(name) and name != ".":
        return name
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:200]}-{_checksum(name)}"


def _volume(ctx: Context, volume: _Volume) -> Tree:
    name = _object_name(ctx, volume)
    if volume.secret:
        return {"name": volume.name, "secret": {"secretName": name, "defaultMode": 0o400}}
    return {"name": volume.name, "configMap": {"name": name}}


def _mount(volume: _Volume, file: _File) -> Tree:
    return {"name": volume.name, "mountPath": file.path, "subPath": _key(file.path), "readOnly": True}


# what the volumes hold ------------------------------------------------------------------------------------------------


def _fitting(files: Iterable[_File], mounts: Mounts) -> list[_File]:
    """Return the files that one object can hold together."""
    fitting: list[_File] = []
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


def _provide(ctx: Context, volume: _Volume, files: Sequence[_File], mounts: Mounts) -> None:
    """Make the manifest of what could be read, and say how to make the rest."""
    name, kind = _object_name(ctx, volume), "Secret" if volume.secret else "ConfigMap"
    if volume.secret and ctx.options.secrets is SecretMode.EXISTING:
        for file in files:
            file.content = None if isinstance(file.content, bytes) else file.content
    read = {_key(file.path): file.content for file in files if isinstance(file.content, bytes)}
    if read:
        mounts.manifests.append(_object(name, ctx.namespace, read, secret=volume.secret))
    missing = [file for file in files if not isinstance(file.content, bytes)]
    if not missing:
        return
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


def _object(name: str, namespace: str, contents: dict[str, bytes], *, secret: bool) -> dict[str, Tree]:
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
