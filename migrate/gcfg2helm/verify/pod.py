"""What the pod reads the configuration from: file, environment, mounts, storage, ports; each as the chart sets it up.

A rendered rstudio-connect.gcfg says nothing where another file lies over it, a variable overrides it, or the data lies
elsewhere. Source of the rules: the chart's deployment template, and how Kubernetes reads a pod.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm.chart.managed import fullname
from gcfg2helm.chart.template import Stop, truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import secrets
from gcfg2helm.plan.addresses import CHART_PORT, PROBES, parse_listen
from gcfg2helm.plan.storage import DEFAULT_DATA_DIR, below
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import find, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.values.tree import Path, Tree

_FOLDER = "/etc/rstudio-connect"
_FILES = (
    f"{_FOLDER}/rstudio-connect.gcfg",
    f"{_FOLDER}/rstudio-connect-migration.gcfg",
    f"{_FOLDER}/job.yaml",
    f"{_FOLDER}/service.yaml",
    f"{_FOLDER}/launcher",
    f"{_FOLDER}/runtime.yaml",
    f"{_FOLDER}/execution-environments",
)
# The volumes of the chart's own pod; a second one of the same name, or a sidecar that mounts one, changes what it reads.
_VOLUMES = (
    "rstudio-connect-config",
    "rstudio-connect-data",
    "rstudio-connect-templates",
    "rstudio-connect-prestart",
    "execution-environments",
    "nameservice-config",
    "chronicle-config",
    "overrides",
)
# What the names of the chart's objects end in, behind its full name.
_OBJECTS = {
    "ConfigMap": ("-config", "-prestart", "-templates", "-overrides", "-execution-environments"),
    "Secret": ("-license", "-nameservice-config"),
    "Deployment": ("",),
    "Service": ("",),
    "Ingress": ("",),
    "ServiceAccount": ("",),
    "PersistentVolumeClaim": ("-shared-storage",),
}
_CONTAINERS: tuple[Path, ...] = (("pod", "sidecar"), ("initContainers",))
_MAIN = "connect"


class Read(NamedTuple):
    """What Connect reads in the pod, as far as the pod itself must fit: texts as they stand in the rendered file."""

    data_dir: str = ""
    listen: str = ""
    tls_listen: str = ""


def check(plan: Plan, values: Mapping[str, Tree], read: Read) -> list[Finding]:
    """Return a finding for everything by which the pod reads something else than the rendered file, or keeps it elsewhere.

    `values` are the user's, all files merged in Helm's order. Errors are differences; warnings are what nobody can see
    from values alone.
    """
    full = charts.merge(plan.chart.defaults, values)
    try:
        name = fullname(full, plan.release)
    except Stop:
        name = ""
    parts = (
        _started(full),
        _mounts(full, read),
        _files(plan, full),
        _containers(full),
        _objects(full, name, plan.namespace),
        _bound(plan, full),
    )
    return [
        *(one for part in parts for one in part),
        *_storage(full, read),
        *_ports(full, read),
        *_image(full, plan.chart.defaults),
    ]


def _replaced(path: Path, what: str) -> Finding:
    return finding("G2H615", f"{dotted(path)} {what}", path=path)


def _started(values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Command and arguments of the container: the chart's own start Connect with the file that it mounts."""
    for key in ("command", "args"):
        if truth(values.get(key)):
            yield _replaced(
                (key,), "starts something else than the chart does; which configuration it reads is unknown."
            )
    for key in ("command", "args", "envFrom"):
        if truth(find_tree(values, ("pod", key))):
            yield _unseen(("pod", key), "is not a value of the chart; a changed chart may use it.")


def find_tree(values: Mapping[str, Tree], path: Path) -> Tree:
    """Return what stands at a path, None where nothing does."""
    node: Tree = dict(values)
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _unseen(path: Path, what: str) -> Finding:
    return finding("G2H616", f"{dotted(path)} {what}", path=path)


def maps(node: Tree) -> list[dict[str, Tree]]:
    """Return the maps of a list; of anything else none."""
    return [item for item in node if isinstance(item, dict)] if isinstance(node, list) else []


def visible(text: str) -> str:
    """Return a text for a sentence, without what is secret in it or no terminal shows."""
    return write.visible(secrets.scrub_comment(text)[0] if secrets.holds_secret(text) else text)


def _normal(path: object) -> str:
    return posixpath.normpath("/" + str(path or "").strip().lstrip("/"))


# the files ------------------------------------------------------------------------------------------------------------


def _mounts(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    where: Path = ("pod", "volumeMounts")
    data = _normal(read.data_dir or DEFAULT_DATA_DIR)
    stored = _stored(values)
    mounts = maps(find_tree(values, where))
    for mount in mounts:
        path = _normal(mount.get("mountPath"))
        shown = visible(path)
        if any(below(file, path) or below(path, file) for file in _FILES):
            yield _replaced(where, f"mounts {shown} over the configuration that the chart mounts.")
        elif stored and (path == _normal(values_path(values)) or (path == data)):
            yield _replaced(where, f"mounts {shown} over the data directory.")
        elif stored and below(path, data):
            yield _unseen(
                where, f"mounts {shown} inside the data directory: what lies there is not on the shared storage."
            )
        if mount.get("name") == _VOLUMES[0] or (mount.get("name") == _VOLUMES[1] and path != data):
            yield _replaced(where, f"mounts the chart's own volume {mount['name']} a second time, at {shown}.")
    for path, count in Counter(_normal(one.get("mountPath")) for one in mounts).items():
        if count > 1:
            yield _replaced(where, f"mounts {visible(path)} {count} times; Kubernetes refuses the pod.")
    names = [str(one.get("name")) for one in maps(find_tree(values, ("pod", "volumes")))]
    for name, count in Counter(names).items():
        if name in _VOLUMES or count > 1:
            yield _replaced(("pod", "volumes"), f"defines the volume {visible(name)} a second time.")
    for mount in mounts:
        if str(mount.get("name")) not in {*names, *_VOLUMES}:
            yield _replaced(where, f"mounts the volume {visible(str(mount.get('name')))}, which nothing defines.")


def _files(plan: Plan, values: Mapping[str, Tree]) -> Iterator[Finding]:
    """The files that the configuration names: each mounted where it is looked for, from what the conversion makes."""
    where: Path = ("pod", "volumeMounts")
    volumes = {str(one.get("name")): one for one in maps(find_tree(values, ("pod", "volumes")))}
    mounts = maps(find_tree(values, where))
    planned = {str(one.get("name")): one for one in _planned(plan, ("pod", "volumes"))}
    for wanted in _planned(plan, where):
        path = _normal(wanted.get("mountPath"))
        there = [one for one in mounts if _normal(one.get("mountPath")) == path]
        if not there and not any(below(path, _normal(one.get("mountPath"))) for one in mounts):
            what = f"Nothing is mounted at {visible(path)}, which the configuration names."
            yield finding("G2H617", what, path=where)
        elif not any(
            same(one, wanted) and same(volumes.get(str(one.get("name"))), planned.get(str(wanted.get("name")), one))
            for one in there
        ):
            yield _unseen(where, f"mounts {visible(path)} from something else than the conversion does.")


def _planned(plan: Plan, path: Path) -> list[dict[str, Tree]]:
    return [item for edit in plan.edits if edit.path == path for item in maps(edit.value)]


def _bound(plan: Plan, values: Mapping[str, Tree]) -> Iterator[Finding]:
    """The claim and the volume that it is bound to: the same name, and the same storage class."""
    path: Path = ("sharedStorage", "volumeName")
    if not truth(find_tree(values, ("sharedStorage", "create"))):
        return
    wanted = [edit.value for edit in plan.edits if edit.path == path and edit.value]
    name = find_tree(values, path)
    if wanted and not name:
        what = f"{dotted(path)} is not set: the claim may bind to another volume than the export of the old server."
        yield finding("G2H612", what, f"Set it to {visible(str(wanted[0]))}.", path=path)
    if not name:
        return
    found = [one for one in maps(values.get("extraObjects")) if _named(one) == ("PersistentVolume", str(name))]
    if not found:
        yield _unseen(path, f"is {visible(str(name))}, a volume that these values do not make.")
    for one in found:
        own, spec = find_tree(values, ("sharedStorage", "storageClassName")) or "", one.get("spec")
        theirs = (spec.get("storageClassName") if isinstance(spec, dict) else "") or ""
        if own != theirs:
            what = f"sharedStorage.storageClassName is {visible(str(own)) or 'not set'}, that of the volume {visible(str(theirs)) or 'not set'}."
            yield finding("G2H612", what, "Name the same class in both, else they do not bind.", path=path)


def _named(manifest: Mapping[str, Tree]) -> tuple[str, str]:
    metadata = manifest.get("metadata")
    return str(manifest.get("kind")), str(metadata.get("name") if isinstance(metadata, dict) else None)


def _containers(values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Sidecars and init containers that could write what Connect reads."""
    for where in _CONTAINERS:
        for item in maps(find_tree(values, where)):
            name = visible(str(item.get("name")))
            if item.get("name") == _MAIN:
                yield _replaced(where, f"holds a container named {name}, as the chart's own is.")
            for mount in maps(item.get("volumeMounts")):
                if mount.get("name") == _VOLUMES[0]:
                    yield _replaced(where, f"lets the container {name} mount the configuration.")
                elif mount.get("name") in _VOLUMES:
                    yield _unseen(where, f"lets the container {name} use the volume {mount['name']}.")


def _objects(values: Mapping[str, Tree], fullname: str, namespace: str) -> Iterator[Finding]:
    """Manifests of the admin's that take the place of the chart's own objects."""
    where: Path = ("extraObjects",)
    found = values.get("extraObjects")
    for (kind, name), count in Counter(map(_named, maps(found))).items():
        if count > 1:
            yield _replaced(where, f"makes the {visible(kind)} {visible(name)} {count} times.")
    for item in found if isinstance(found, list) else ():
        if isinstance(item, str):
            yield _unseen(where, "holds a manifest as text; which object it makes is not checked.")
        elif isinstance(item, dict):
            kind, metadata = str(item.get("kind")), item.get("metadata")
            metadata = metadata if isinstance(metadata, dict) else {}
            name, space = str(metadata.get("name")), metadata.get("namespace")
            if "{{" in f"{kind}{name}{space}":
                yield _unseen(where, f"names an object by a template ({visible(kind)} {visible(name)}).")
            elif space in (None, "", namespace) and name in {fullname + end for end in _OBJECTS.get(kind, ())}:
                yield _replaced(where, f"makes the {kind} {visible(name)}, which the chart makes itself.")


# storage and ports ----------------------------------------------------------------------------------------------------


def _stored(values: Mapping[str, Tree]) -> bool:
    return any(truth(find_tree(values, ("sharedStorage", key))) for key in ("create", "mount"))


def values_path(values: Mapping[str, Tree]) -> Tree:
    """Return where the chart mounts the shared storage."""
    return find_tree(values, ("sharedStorage", "path"))


def _storage(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    data = _normal(read.data_dir or DEFAULT_DATA_DIR)
    path: Path = ("sharedStorage", "path")
    mounted = {_normal(one.get("mountPath")) for one in maps(find_tree(values, ("pod", "volumeMounts")))}
    if not _stored(values):
        if not any(below(data, one) for one in mounted):
            what = f"No storage is mounted at the data directory {visible(read.data_dir or data)}: it is lost at the first restart."
            yield finding("G2H612", what, "Set sharedStorage.create or sharedStorage.mount.", path=("sharedStorage",))
    elif _normal(values_path(values)) != data:
        what = f"The data directory is {visible(read.data_dir or data)}, and the shared storage is mounted at {visible(str(values_path(values)))}."
        yield finding("G2H612", what, f"Set {dotted(path)} to {visible(read.data_dir or data)}.", path=path)
    if _stored(values) and truth(find_tree(values, ("sharedStorage", "mountContent"))) is False:
        what = "is off: content does not see the data directory."
        yield _unseen(("sharedStorage", "mountContent"), what)


def _ports(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    """Where Connect listens, and where the service and the probes look for it."""
    plain = parse_listen(read.listen) if read.listen else None
    served = {plain.port if plain else CHART_PORT: "HTTP"}
    if tls := parse_listen(read.tls_listen) if read.tls_listen else None:
        served[tls.port] = "HTTPS"
    looks: list[tuple[Path, Tree, str]] = [
        (("service", "targetPort"), find_tree(values, ("service", "targetPort")), ""),
        (("pod", "port"), find_tree(values, ("pod", "port")), ""),
    ]
    named = "http"  # the chart's name for pod.port
    for probe in PROBES:
        if truth(find_tree(values, (probe, "enabled"))):
            for action in ("httpGet", "tcpSocket"):
                if isinstance(find_tree(values, (probe, action)), dict):
                    scheme = find_tree(values, (probe, action, "scheme")) or "HTTP"
                    port = find_tree(values, (probe, action, "port"))
                    looks.append(((probe, action, "port"), port, str(scheme) if action == "httpGet" else ""))
    for path, port, scheme in looks:
        actual = find_tree(values, ("pod", "port")) if port == named else port
        number = _number(actual)
        if number not in served:
            ports = " and ".join(map(str, sorted(served)))
            yield finding(
                "G2H613", f"{dotted(path)} is {visible(str(port))}, and Connect listens on {ports}.", path=path
            )
        elif scheme and served[number] != scheme.upper():
            probe_path = (*path[:-1], "scheme")
            what = f"{dotted(probe_path)} is {visible(scheme)}, and port {number} speaks {served[number]}."
            yield finding("G2H613", what, path=probe_path)


def _number(value: object) -> int | None:
    """Return a port; a template prints a whole float as an integer, and text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value) if not isinstance(value, float) or value.is_integer() else None
    except ValueError:
        return None


def _image(values: Mapping[str, Tree], defaults: Mapping[str, Tree]) -> Iterator[Finding]:
    """Another image than the chart's own may start otherwise, or another Connect."""
    own_keys = find(defaults, ("image",))
    for key in ("repository", "tag", "tagPrefix", "os"):
        if not isinstance(own_keys, dict) or key not in own_keys:
            continue
        given, own = find(values, ("image", key)), find(defaults, ("image", key))
        if given != own and truth(given if isinstance(given, str) else None):
            what = f"is {visible(str(given))}; what that image reads and starts is not checked."
            yield _unseen(("image", key), what)


# the environment ------------------------------------------------------------------------------------------------------


class Variable(NamedTuple):
    """What the conversion means a variable of the pod to be: a key of a Secret; `name` and `key` empty: any."""

    secret: str
    key: str


def environment(plan: Plan, values: Mapping[str, Tree]) -> tuple[set[str], list[Finding]]:
    """Return the variables that reach Connect from a Secret as they must, and what is wrong with `pod.env`."""
    where: Path = ("pod", "env")
    wanted = {one.variable: Variable(plan.secret_name, one.secret_key) for one in plan.env_secrets}
    node = find_tree(values, where)
    items = maps(node)
    found: list[Finding] = []
    reached: set[str] = set()
    if node is not None and (not isinstance(node, list) or len(items) != len(node)):
        found.append(_env("is not a list of variables."))
    for name, count in Counter(str(item.get("name")) for item in items).items():
        if count > 1:
            found.append(_env(f"sets {visible(name)} {count} times."))
    for item in items:
        name = str(item.get("name"))
        reference = _reference(item)
        problems = list(_broken(item))
        found += [_env(f"{visible(name)}: {problem}") for problem in problems]
        if name not in wanted or problems:
            if reference and not problems and name.startswith("CONNECT_") and name not in wanted:
                found.append(
                    _unseen(where, f"sets {visible(name)} from {visible(reference.secret)}, which cannot be seen.")
                )
            continue
        if reference is None:
            continue
        ours = wanted[name]
        if reference.secret == ours.secret and reference.key != ours.key:
            found.append(_env(f"{name} takes the key {visible(reference.key)} of {ours.secret}, not {ours.key}."))
        else:
            reached.add(name)
            if reference.secret != ours.secret:
                found.append(
                    _unseen(where, f"sets {name} from the Secret {visible(reference.secret)}, which is not checked.")
                )
        if _optional(item):
            found.append(_unseen(where, f"sets {name} only where its Secret exists (optional)."))
    return reached, found


def _env(what: str) -> Finding:
    return finding("G2H614", f"pod.env {what}", path=("pod", "env"))


def _source(item: Mapping[str, Tree]) -> dict[str, Tree]:
    source = item.get("valueFrom")
    return source if isinstance(source, dict) else {}


def _reference(item: Mapping[str, Tree]) -> Variable | None:
    for kind in ("secretKeyRef", "configMapKeyRef"):
        reference = _source(item).get(kind)
        if isinstance(reference, dict) and reference.get("name") and reference.get("key"):
            secret = str(reference["name"])
            return Variable(secret if kind == "secretKeyRef" else f"the ConfigMap {secret}", str(reference["key"]))
    return None


def _optional(item: Mapping[str, Tree]) -> bool:
    reference = _source(item).get("secretKeyRef")
    return isinstance(reference, dict) and reference.get("optional") is True


def _broken(item: Mapping[str, Tree]) -> Iterable[str]:
    """Yield why Kubernetes refuses an entry, or takes it for another than it looks."""
    if "valueFrom" in item:
        if item.get("value") not in (None, ""):
            yield "`value` and `valueFrom` exclude each other."
        source = _source(item)
        if len(source) != 1:
            yield "`valueFrom` needs exactly one source."
        for kind in ("secretKeyRef", "configMapKeyRef"):
            if kind in source and _reference(item) is None:
                yield f"`{kind}` needs `name` and `key`."
    elif item.get("value") is not None and not isinstance(item["value"], str):
        yield "its value is not a text; Kubernetes refuses it."
    if not isinstance(item.get("name"), str) or not item.get("name"):
        yield "it has no name."
