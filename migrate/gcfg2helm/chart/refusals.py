"""What a version of the chart refuses to render, each with what to do: its own checks, and where its templates stop."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import gcfg2helm_mappings
from gcfg2helm.chart import resources
from gcfg2helm.chart.template import Stop, a_map, a_text, default, dig, each, field, truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.values.scalars import printed
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gcfg2helm.chart.model import Chart, Rendered
    from gcfg2helm.values.tree import Path, Tree

_VERSION = r"(?a)v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
# What YAML takes for a line break or refuses, beside the newline and the tab.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@cache
def _unprintable_pattern() -> re.Pattern[str]:
    """Compile only where needed: so wide a class takes milliseconds."""
    return re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Values(NamedTuple):
    """What the checks read: the merged values, and what Helm knows besides."""

    chart: Version
    tree: dict[str, Tree]
    connect: str
    namespace: str

    def on(self, *path: str) -> bool:
        """Whether the template takes the value at a path for true. Raises Stop."""
        return truth(field(self.tree, *path))


def check(chart: Chart, merged: dict[str, Tree], *, namespace: str) -> list[Finding]:
    """Return a finding for each reason that the chart has not to render these values."""
    values = Values(chart.version, merged, chart.app_version, namespace)
    found: list[Finding] = []
    for since, one in _CHECKS:
        if chart.version < since:
            continue
        try:
            found += one(values)
        except Stop as stop:
            found.append(stopped(stop))
    return found


def stopped(stop: Stop) -> Finding:
    """Return the finding for a template that stops."""
    name = ".".join(stop.path) or "the values"
    return finding("G2H301", f"The template stops: {name} is not {stop.wanted}.", path=stop.path)


def unprintable(rendered: Rendered) -> Finding | None:
    """Return the finding for a character that keeps the rendered text from being YAML, without the value."""
    ascii_text = rendered.gcfg.isascii()
    bad = (_CONTROL if ascii_text else _unprintable_pattern()).search(rendered.gcfg)
    if bad is None:
        return None
    line = rendered.gcfg.count("\n", 0, bad.start()) + 1
    return finding("G2H314", f"Line {line} of the rendered gcfg would hold the character U+{ord(bad[0]):04X}.")


def _removed(values: Values) -> Iterator[Finding]:
    for path, span, todo in _removals():
        if values.chart in span and (path[0] != "backends" or "backends" in values.tree) and values.on(*path):
            name = ".".join(path)
            yield finding("G2H302", f"`{name}` is no longer a value of the chart.", todo, path=path)


def _removals() -> list[tuple[Path, Span, str]]:
    return [(tuple(row["path"]), _span(row), row["todo"]) for row in _table()["value"]]


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return gcfg2helm_mappings.read("chart", "refusals.toml")


def _span(row: dict[str, Any]) -> Span:
    return Span(*(Version.parse(row[key]) if key in row else None for key in ("from", "before")))


def _maps(values: Values) -> Iterator[Finding]:
    for row in _table()["maps"]:
        if values.chart in _span(row):
            for text in row["paths"]:
                yield from _wants_map(values, *text.split("."))
    strategy = field(values.tree, "strategy", "type")
    if strategy is not None and a_text(strategy, ("strategy", "type")) == "RollingUpdate":
        yield from _wants_map(values, "strategy", "rollingUpdate")
    if values.on("sharedStorage", "create"):
        yield from _wants_map(values, "sharedStorage", "requests")


def _wants_map(values: Values, *path: str) -> Iterator[Finding]:
    try:
        a_map(field(values.tree, *path), path)
    except Stop as stop:
        yield stopped(stop)


def _templates(values: Values) -> Iterator[Finding]:
    path = ("launcher", "templateValues")
    template = field(values.tree, *path)
    if template is None:
        raise Stop(path, "a map")
    if not values.on("launcher", "enabled"):
        return
    keys = a_map(template, path)
    for key, before in (("customRuntimeYaml", Version(0, 9, 1)), ("additionalRuntimeImages", Version(0, 20, 0))):
        if values.chart < before and field(values.tree, "launcher", key) is None:
            raise Stop(("launcher", key), "set")
    yield from _wants_map(values, "launcher", "defaultInitContainer")
    yield from _wants_map(values, "launcher", "launcherKubernetesProfilesConf")
    if values.on("launcher", "useTemplates") and values.on("launcher", "defaultInitContainer", "enabled"):
        a_map(keys.get("pod"), (*path, "pod"))
    if values.chart >= Version(0, 8, 26):
        a_map(keys.get("sharedStorage"), (*path, "sharedStorage"))


def _launcher_data(values: Values) -> Iterator[Finding]:
    if "config" not in values.tree:
        return
    config = a_map(values.tree["config"], ("config",))
    if "Licensing" in config:
        a_map(config["Licensing"], ("config", "Licensing"))
    if "Launcher" not in config:
        return
    path = ("config", "Launcher", "DataDir")
    launcher = a_map(config["Launcher"], path[:2])
    if "DataDir" in launcher and ":" in a_text(launcher["DataDir"], path):
        what = "`config.Launcher.DataDir` holds a `:`, an address on an NFS server. The chart no longer takes that."
        yield finding("G2H303", what, "Remove it, and use a claim through `sharedStorage`.", path=path)


def _graphite(values: Values) -> Iterator[Finding]:
    if Version(0, 7, 0) <= values.chart < Version(0, 8, 36):
        a_map(field(values.tree, "config", "Metrics"), ("config", "Metrics"))
    yield from ()


def _telemetry(values: Values) -> Iterator[Finding]:
    dig(field(values.tree, "config"), ("OpenTelemetry", "Enabled"), default=False)
    yield from ()


def _both(values: Values) -> Iterator[Finding]:
    if values.on("launcher", "enabled") and values.on("backends", "kubernetes", "enabled"):
        what = "`launcher.enabled` and `backends.kubernetes.enabled` cannot both be true."
        yield finding(
            "G2H305", what, "Set the one you do not want to false.", path=("backends", "kubernetes", "enabled")
        )


def _kubernetes_config(values: Values) -> Iterator[Finding]:
    if not values.on("backends", "kubernetes", "enabled"):
        return
    config = field(values.tree, "config")
    todo = "Remove it: the chart sets it."
    path = ("config", "Kubernetes", "Enabled")
    if printed(dig(config, path[1:], "")).lower() in ("false", "0"):
        yield finding(
            "G2H306", f"`{'.'.join(path)}` is false but `backends.kubernetes.enabled` is true.", todo, path=path
        )
    path = ("config", "Kubernetes", "Namespace")
    namespace = dig(config, path[1:], "")
    wanted = default(field(values.tree, "backends", "kubernetes", "namespace"), values.namespace)
    if truth(namespace) and a_text(namespace, path) != a_text(wanted, ("backends", "kubernetes", "namespace")):
        what = f"`{'.'.join(path)}` is not the namespace of `backends.kubernetes.namespace`."
        yield finding("G2H306", what, todo, path=path)


def _overrides(values: Values) -> Iterator[Finding]:
    if not (values.on("launcher", "useTemplates") and values.on("launcher", "enabled")):
        return
    path = ("launcher", "launcherKubernetesProfilesConf")
    for name, profile in each(field(values.tree, *path), path):
        if "job-json-overrides" in a_map(profile, (*path, name)):
            what = f"`{'.'.join(path)}` has `job-json-overrides`, and `launcher.useTemplates` is true."
            yield finding("G2H307", what, "Move them to `launcher.templateValues`.", path=(*path, name))


def _storage(values: Values) -> Iterator[Finding]:
    if values.on("sharedStorage", "create") or values.on("sharedStorage", "mount"):
        return
    config = values.tree.get("config")
    launcher = config.get("Launcher") if isinstance(config, dict) else None
    named = isinstance(launcher, dict) and not {"DataDir", "DataDirPVCName"}.isdisjoint(launcher)
    bare = values.on("launcher", "enabled") and not named
    if not bare and values.chart >= Version(0, 9, 0) and values.on("backends", "kubernetes", "enabled"):
        bare = not truth(dig(config, ("Kubernetes", "DataDirPVCName"), ""))
    if bare:
        what = "Off-host execution is on, and there is no persistent storage."
        todo = "Set `sharedStorage.create: true`, or `mount: true` with the `name` of a claim."
        yield finding("G2H304", what, todo, path=("sharedStorage",))


def _sub_path(values: Values) -> Iterator[Finding]:
    if not (values.on("backends", "kubernetes", "enabled") and values.on("sharedStorage", "subPath")):
        return
    path = ("sharedStorage", "subPath")
    if not values.on("sharedStorage", "mountContent"):
        what = "`sharedStorage.subPath` does not reach content while `sharedStorage.mountContent` is false."
        yield finding("G2H310", what, "Set `sharedStorage.mountContent: true`.", path=path)
    connect = a_text(default(field(values.tree, "versionOverride"), values.connect), ("versionOverride",))
    match = re.fullmatch(_VERSION, connect)
    if match is None:
        raise Stop(("versionOverride",), "a version")
    if not match[4] and tuple(int(part or 0) for part in match.groups()[:3]) < (2026, 8, 0):
        what = f"`sharedStorage.subPath` with the Kubernetes back end needs Connect 2026.08.0, not {connect}."
        yield finding("G2H310", what, "Choose a chart with that Connect, or unset it.", path=path)
    text = a_text(field(values.tree, *path), path)
    if text.startswith("/") or ".." in text:
        yield finding("G2H310", "`sharedStorage.subPath` must be relative, without `..`.", path=path)


def _environments(values: Values) -> Iterator[Finding]:
    path = ("executionEnvironments",)
    environments = field(values.tree, *path)
    if not truth(environments):
        return
    for number, environment in each(environments, path):
        if not truth(a_map(environment, (*path, number)).get("name")):
            what = f"executionEnvironments[{number}] has no name."
            yield finding("G2H308", what, "Name its image.", path=(*path, number))
    file = dig(field(values.tree, "config"), ("ExecutionEnvironments", "ConfigFilePath"), "")
    a_text(default(file, "/"), ("config", "ExecutionEnvironments", "ConfigFilePath"))


def _name_service(values: Values) -> Iterator[Finding]:
    if not values.on("nameservice", "enabled"):
        return
    config = a_map(field(values.tree, "config"), ("config",))
    provider: Tree = ""
    if "Authentication" in config:
        provider = a_map(config["Authentication"], ("config", "Authentication")).get("Provider", "")
    if provider not in ("oauth2", "saml", "ldap"):
        what = "`nameservice.enabled` needs `config.Authentication.Provider` to be oauth2, saml or ldap, in lower case."
        yield finding("G2H309", what, path=("nameservice", "enabled"))
    secret, key = values.on("nameservice", "secretName"), values.on("nameservice", "apiKey")
    if secret == key:
        which = "both" if secret else "neither"
        what = f"`nameservice` has {which} of `secretName` and `apiKey`, and needs one."
        yield finding("G2H309", what, "Set one of the two.", path=("nameservice",))


def _bases(values: Values) -> Iterator[Finding]:
    if values.on("backends", "kubernetes", "enabled"):
        yield from resources.check(values.chart, values.tree)


def _chronicle(values: Values) -> Iterator[Finding]:
    if not values.on("chronicle", "localConfig"):
        return
    context = a_map(field(values.tree, "pod", "securityContext"), ("pod", "securityContext"))
    user = context.get("runAsUser")
    if truth(context.get("runAsNonRoot")) or (truth(user) and _whole(user) != 0):
        what = "`chronicle.localConfig` needs a pod that runs as root, and `pod.securityContext` forbids that."
        yield finding("G2H312", what, path=("chronicle", "localConfig"))


def _agent(values: Values) -> Iterator[Finding]:
    """Check the Chronicle agent; whether the chart finds a server by itself only the cluster knows."""
    if not values.on("chronicleAgent", "enabled"):
        return
    image = a_map(field(values.tree, "chronicleAgent", "image"), ("chronicleAgent", "image"))
    needed = ["registry", "repository"]
    if values.chart >= Version(0, 8, 4) and not truth(image.get("sha")):
        needed.append("tag")
    for key in needed:
        if image.get(key) in (None, ""):
            path = ("chronicleAgent", "image", key)
            yield finding("G2H313", f"`{'.'.join(path)}` must be set.", path=path)
    found = values.on("chronicleAgent", "autoDiscovery") or values.on("chronicleAgent", "serverAddress")
    if values.chart >= Version(0, 8, 10) and not found:
        server = ("chronicleAgent", "serverAddress")
        yield finding("G2H313", f"`{'.'.join(server)}` must be set where `autoDiscovery` is off.", path=server)


def _whole(value: Tree) -> int:
    """Return sprig's `int`: 0 for what is no number."""
    if isinstance(value, bool | int | float):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"[-+]?\d{1,18}", value, re.ASCII) else 0


_CHECKS: tuple[tuple[Version, Callable[[Values], Iterator[Finding]]], ...] = (
    (Version(0, 3, 0), _maps),
    (Version(0, 3, 0), _templates),
    (Version(0, 3, 0), _removed),
    (Version(0, 3, 0), _launcher_data),
    (Version(0, 3, 0), _overrides),
    (Version(0, 3, 3), _storage),
    (Version(0, 7, 0), _graphite),
    (Version(0, 7, 26), _agent),
    (Version(0, 8, 18), _name_service),
    (Version(0, 8, 35), _environments),
    (Version(0, 8, 37), _telemetry),
    (Version(0, 9, 0), _both),
    (Version(0, 9, 0), _kubernetes_config),
    (Version(0, 9, 0), _bases),
    (Version(0, 20, 12), _sub_path),
    (Version(0, 21, 0), _chronicle),
)
