"""What the pod must find on its disk: files that settings name, mounted at the same path from Secrets and ConfigMaps.

What lies below the data directory comes along with the shared storage, interpreters with the image. Everything else
becomes a volume for each folder, one for keys and one for the rest.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from gcfg2helm.findings import InputError, finding
from gcfg2helm.plan import postgres, volumes
from gcfg2helm.plan.addresses import KEYPAIR, certificate_name, proposes_certificate
from gcfg2helm.plan.storage import below
from gcfg2helm.tables import Action, Holds
from gcfg2helm.values.tree import Edit, identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.decisions import Located
    from gcfg2helm.tables import Setting
    from gcfg2helm.values.tree import Tree

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
_LONGEST_PATH = 4095
_MOST_FILES = 5_000  # their mounts are a megabyte, and a Helm release holds no more


def build(ctx: Context, carried: Sequence[Group]) -> volumes.Mounts:
    """Prepare the pod's disk for the paths that the carried settings name; the same path twice is one mount."""
    mounts = volumes.Mounts([], [], [], {}, [])
    mounted = _existing_mounts(ctx)
    files = _wanted(ctx, carried, mounted, mounts)
    for file in files:
        file.content = ctx.options.read_file(file.path)
        file.secret |= isinstance(file.content, bytes) and b"PRIVATE KEY-----" in file.content
    new_volumes: list[Tree] = []
    new_mounts: list[Tree] = []
    for volume in volumes.gathered(files):
        fitting = volumes.fit(
            (file for file in volume.files if not _is_mounted(file.path, volume.name, mounted)), mounts
        )
        if fitting:
            new_volumes.append(volumes.volume(ctx, volume))
            new_mounts += [volumes.mount(volume, file) for file in fitting]
            mounts.places.update((file.path, file.places) for file in fitting)
            volumes.provide(ctx, volume, fitting, mounts)
    for path, items in (("volumes", new_volumes), ("volumeMounts", new_mounts)):
        answer = ctx.answer("pod", path)
        present = set(map(identity, answer)) if isinstance(answer, list) else set()
        if new := [item for item in items if identity(item) not in present]:
            mounts.edits.append(Edit(("pod", path), new))
    if made := certificate(ctx):
        mounts.manifests.append(made)
        mounts.findings.extend(_unfit(ctx))
    return mounts


def certificate(ctx: Context) -> dict[str, Tree] | None:
    """Return the Secret with the certificate of the ingress, read from the old server's disk.

    None where TLS ends elsewhere, the Secret is the administrator's, or certificate or key cannot be read.
    """
    contents = _pair(ctx) if ctx.options.secrets.makes_secrets and proposes_certificate(ctx) else None
    if not contents:
        return None
    made = volumes.manifest(certificate_name(ctx), ctx.namespace, contents, secret=True)
    return {**made, "type": "kubernetes.io/tls"}


def _pair(ctx: Context) -> dict[str, bytes] | None:
    """Return certificate and key of HTTPS, by the key of a TLS Secret; None where one of them cannot be read."""
    paths = {key: _absolute(ctx.value(name)) for key, name in KEYPAIR.items()}
    read = {key: ctx.options.read_file(path) for key, path in paths.items() if path}
    contents = {key: content for key, content in read.items() if isinstance(content, bytes)}
    return contents if len(contents) == len(paths) else None


def _unfit(ctx: Context) -> Iterator[Finding]:
    """Say where certificate and key were read, and no ingress can serve with them."""
    from gcfg2helm.plan import keypair

    contents, group = _pair(ctx), ctx.group("HTTPS.Certificate")
    if contents and group and (fault := keypair.fault(*(contents[key] for key in KEYPAIR))):
        what = f"HTTPS.Certificate and HTTPS.Key do not fit the ingress: {fault}."
        todo = f"Put the right ones into the Secret {certificate_name(ctx)}."
        yield finding("G2H516", what, todo, group.last.place)


def _wanted(
    ctx: Context, carried: Sequence[Group], mounted: Iterable[str], mounts: volumes.Mounts
) -> list[volumes.File]:
    """Return the files that the pod needs and does not have; what cannot be mounted becomes a finding."""
    files: dict[str, volumes.File] = {}
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
                files[path] = volumes.File(path, [at.place], group.key, secret=secret)
                if setting.encrypted:
                    what = f"{path}, which {group.key} names, may hold an encrypted value; this program cannot tell."
                    todo = "If it does, copy the old server's key file with the data directory."
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
