"""What the chart's own template puts into rstudio-connect.gcfg besides `config`, in each version of the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gcfg2helm.chart.template import a_map, a_text, default, dig, field, truth
from gcfg2helm.values.scalars import printed
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.chart.model import Chart
    from gcfg2helm.values.tree import Tree

Sections: TypeAlias = "dict[str, dict[str, Tree]]"

NAME = "rstudio-connect"


def fullname(values: Tree, release: str) -> str:
    """Return the name that the chart gives its objects. Raises Stop."""
    override = field(values, "fullnameOverride")
    if truth(override):
        return _short(a_text(override, ("fullnameOverride",)))
    name = a_text(default(field(values, "nameOverride"), NAME), ("nameOverride",))
    return _short(release if name in release else f"{release}-{name}")


def _short(name: str) -> str:
    return name.encode()[:63].decode(errors="ignore").removesuffix("-")


def managed(chart: Chart, values: Tree, *, release: str, namespace: str) -> Sections:
    """Return what the template writes by itself, by section and key; `config` wins over it. Raises Stop."""
    sections: Sections = {}
    name = fullname(values, release)
    if truth(field(values, "launcher", "enabled")):
        sections["Launcher"] = _launcher(chart, values, name, namespace)
        if chart.version < Version(0, 6, 4):
            sections["Python"] = {"Enabled": "true"}
    if truth(field(values, "executionEnvironments")) and chart.version >= Version(0, 8, 35):
        folder = "/etc/rstudio-connect/execution-environments"
        sections["ExecutionEnvironments"] = {"ConfigFilePath": f"{folder}/environments.yaml"}
    if chart.version >= Version(0, 9, 0) and truth(field(values, "backends", "kubernetes", "enabled")):
        sections["Kubernetes"] = _kubernetes(chart, values, name, namespace)
    if truth(field(values, "license", "server")):
        sections["Licensing"] = {"LicenseType": "Remote"}
    if chart.version >= Version(0, 7, 0) and truth(field(values, "prometheus", "enabled")):
        sections["Metrics"] = _metrics(chart, values)
    telemetry = Version(0, 8, 34) <= chart.version < Version(0, 8, 37)
    if telemetry and truth(dig(field(values, "config"), ("OpenTelemetry", "Enabled"), default=False)):
        sections["OpenTelemetry"] = {"CollectorAdvertiseHost": f"{name}.{namespace}.svc.cluster.local"}
    return sections


# Sections that the chart writes for itself; what its templates put elsewhere is a default like any other.
_OF_THE_CHART = frozenset({"launcher", "kubernetes", "executionenvironments", "licensing", "metrics", "opentelemetry"})


def slipped(written: Sections) -> Sections:
    """Return of what the template writes by itself the settings of Connect's own sections: defaults that slip in."""
    return {section: keys for section, keys in written.items() if not of_the_chart(section)}


def of_the_chart(section: str) -> bool:
    """Whether a section, in any capitals, is one that the chart writes for itself."""
    return section.lower() in _OF_THE_CHART


def _launcher(chart: Chart, values: Tree, name: str, namespace: str) -> dict[str, Tree]:
    keys: dict[str, Tree] = {
        "Enabled": "true",
        "Kubernetes": "true",
        "KubernetesNamespace": default(field(values, "launcher", "namespace"), namespace),
        "KubernetesProfilesConfig": "/etc/rstudio-connect/launcher/launcher.kubernetes.profiles.conf",
    }
    if _has_runtimes(chart, values):
        keys["ClusterDefinition"] = ["/etc/rstudio-connect/runtime.yaml"]
    keys |= _content_storage(values, name)
    templates = truth(field(values, "launcher", "useTemplates"))
    keys["KubernetesUseTemplates"] = "true" if templates else "false"
    if templates:
        folder: Tree = "/var/lib/rstudio-connect-launcher"
        if chart.version >= Version(0, 8, 1):
            folder = default(field(values, "config", "Launcher", "KubernetesScratchPath"), folder)
        keys["ScratchPath"] = folder
    return keys


def _has_runtimes(chart: Chart, values: Tree) -> bool:
    """Whether the chart writes a list of images for the launcher: always, then on request, then never."""
    if chart.version < Version(0, 9, 1):
        return True
    if chart.version >= Version(0, 20, 0):
        return False
    custom = field(values, "launcher", "customRuntimeYaml")
    if isinstance(custom, dict) and custom:
        return True
    text = not truth(custom) or not isinstance(custom, bool | int | float | list)
    return text and (truth(custom) or truth(field(values, "launcher", "additionalRuntimeImages")))


def _kubernetes(chart: Chart, values: Tree, name: str, namespace: str) -> dict[str, Tree]:
    backend = a_map(field(values, "backends", "kubernetes"), ("backends", "kubernetes"))
    config = field(values, "config")
    keys: dict[str, Tree] = {"Enabled": "true", "Namespace": default(backend.get("namespace"), namespace)}
    storage = _content_storage(values, name)
    if storage and chart.version >= Version(0, 20, 12) and truth(field(values, "sharedStorage", "subPath")):
        storage["DataDirPVCSubPath"] = field(values, "sharedStorage", "subPath")
    keys |= storage
    job = dig(config, ("Kubernetes", "DefaultResourceJobBase"), "")
    keys["DefaultResourceJobBase"] = default(job, "/etc/rstudio-connect/job.yaml")
    if truth(backend.get("defaultResourceServiceBase")):
        service = dig(config, ("Kubernetes", "DefaultResourceServiceBase"), "")
        keys["DefaultResourceServiceBase"] = default(service, "/etc/rstudio-connect/service.yaml")
    init = ("backends", "kubernetes", "defaultInitContainer", "enabled")
    runtime = ("Kubernetes", "ConnectRuntimeDir")
    if chart.version >= Version(0, 20, 7) and truth(field(values, *init)) and not truth(dig(config, runtime, "")):
        keys["ConnectRuntimeDir"] = "/opt/rstudio-connect-runtime"
    return keys


def _content_storage(values: Tree, name: str) -> dict[str, Tree]:
    given = truth(field(values, "sharedStorage", "create")) or truth(field(values, "sharedStorage", "mount"))
    if not given or not truth(field(values, "sharedStorage", "mountContent")):
        return {}
    return {"DataDirPVCName": default(field(values, "sharedStorage", "name"), f"{name}-shared-storage")}


def _metrics(chart: Chart, values: Tree) -> dict[str, Tree]:
    if chart.version < Version(0, 8, 36) and truth(field(values, "prometheus", "legacy")):
        return {
            "Enabled": True,
            "GraphiteClientId": "rsconnect",
            "GraphiteEnabled": True,
            "GraphiteHost": "127.0.0.1",
            "GraphitePort": "9109",
        }
    return {"PrometheusListen": f":{printed(field(values, 'prometheus', 'port'))}"}


def trimmed(chart: Chart, config: dict[str, Tree]) -> dict[str, Tree]:
    """Return `config` without the empty keys of [Kubernetes] that would hide what the chart writes. Raises Stop."""
    if chart.version < Version(0, 9, 0) or "Kubernetes" not in config:
        return config
    keys = dict(a_map(config["Kubernetes"], ("config", "Kubernetes")))
    names = ["DefaultResourceJobBase", "DefaultResourceServiceBase"]
    for name in [*names, "ConnectRuntimeDir"] if chart.version >= Version(0, 20, 7) else names:
        if not truth(keys.get(name)):
            keys.pop(name, None)
    return {**config, "Kubernetes": keys}


def without_graphite(chart: Chart, values: Tree, config: dict[str, Tree]) -> tuple[str, dict[str, Tree]]:
    """Return what the template prints before the first section by mistake, and `config` without Graphite. Raises Stop.

    Charts 0.7.0 to 0.8.35 print the whole `config` where it sets `Metrics.GraphiteEnabled`: that gcfg is broken.
    """
    replaced = Version(0, 7, 0) <= chart.version < Version(0, 8, 36) and truth(field(values, "prometheus", "enabled"))
    if not replaced or truth(field(values, "prometheus", "legacy")) or "Metrics" not in config:
        return "", config
    metrics = a_map(config["Metrics"], ("config", "Metrics"))
    if "GraphiteEnabled" not in metrics:
        return "", config
    config = {**config, "Metrics": {**metrics, "GraphiteEnabled": False}}
    return printed(config), config
