"""Where the data lies, and who reaches Connect: storage, ports, probes, the labels that the service goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart.template import truth
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.addresses import CHART_PORT, PROBES, parse_listen
from gcfg2helm.plan.storage import DEFAULT_DATA_DIR, below
from gcfg2helm.proof.mounts import stored
from gcfg2helm.proof.nodes import at, maps, normal, replaced, unseen, visible
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.values.tree import Path, Tree

_NAMED = {"http": ("pod", "port"), "metrics": ("prometheus", "port")}  # the chart's names for ports of the container
_SELECTORS = ("app.kubernetes.io/name", "app.kubernetes.io/instance")
_CHECKSUM = "checksum/"
_INJECT = "inject"  # as Istio, Linkerd, Vault and others name the annotation that lets them change a pod


class Read(NamedTuple):
    """What Connect reads in the pod, as far as the pod itself must fit: texts as they are in the rendered file."""

    data_dir: str = ""
    listen: str = ""
    tls_listen: str = ""


def check(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    """Yield where the data is lost or nobody reaches the server; `values` lie over the chart's defaults."""
    yield from _storage(values, read)
    yield from _ports(values, read)
    yield from _marks(values)


def _storage(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    data = normal(read.data_dir or DEFAULT_DATA_DIR)
    path: Path = ("sharedStorage", "path")
    mounted = {normal(one.get("mountPath")) for one in maps(at(values, ("pod", "volumeMounts")))}
    if not stored(values):
        if not any(below(data, one) for one in mounted):
            what = f"No storage is mounted at the data directory {visible(data)}: it is lost at the first restart."
            yield finding("G2H612", what, "Set sharedStorage.create or sharedStorage.mount.", path=("sharedStorage",))
        else:
            yield unseen(
                ("pod", "volumeMounts"), f"brings the data directory {visible(data)}; its contents are not checked."
            )
    elif normal(at(values, path)) != data:
        what = (
            f"The data directory is {visible(data)}, and the shared storage is mounted at {visible(at(values, path))}."
        )
        yield finding("G2H612", what, f"Set {dotted(path)} to {visible(data)}.", path=path)
    if stored(values) and truth(at(values, ("sharedStorage", "mountContent"))) is False:
        yield unseen(("sharedStorage", "mountContent"), "is off: content does not see the data directory.")


def _ports(values: Mapping[str, Tree], read: Read) -> Iterator[Finding]:
    """Where Connect listens, and where the service and the probes look for it."""
    plain = parse_listen(read.listen) if read.listen else None
    served = {plain.port if plain else CHART_PORT: "HTTP"}
    if tls := parse_listen(read.tls_listen) if read.tls_listen else None:
        served[tls.port] = "HTTPS"
    looks: list[tuple[Path, Tree, str]] = [
        (("service", "targetPort"), at(values, ("service", "targetPort")), ""),
        (("pod", "port"), at(values, ("pod", "port")), ""),
    ]
    for probe in PROBES:
        if truth(at(values, (probe, "enabled"))):
            yield from _probe(values, probe, looks)
    for path, port, scheme in looks:
        number = _number(at(values, _NAMED[port]) if isinstance(port, str) and port in _NAMED else port)
        if number not in served:
            ports = " and ".join(map(str, sorted(served)))
            what = f"{dotted(path)} is {visible(port)}, and Connect listens on {ports}."
            yield finding("G2H613", what, path=path)
        elif scheme and served[number] != scheme.upper():
            probe_path = (*path[:-1], "scheme")
            what = f"{dotted(probe_path)} is {visible(scheme)}, and port {number} speaks {served[number]}."
            yield finding("G2H613", what, path=probe_path)
    path = ("prometheus", "port")
    if truth(at(values, ("prometheus", "enabled"))) and (number := _number(at(values, path))) in served:
        yield finding("G2H613", f"{dotted(path)} is {number}, where Connect serves its pages.", path=path)


def _probe(values: Mapping[str, Tree], probe: str, looks: list[tuple[Path, Tree, str]]) -> Iterator[Finding]:
    """Note the port that a probe asks; a probe that asks none, or several ways, is refused or asks something else."""
    keys = at(values, (probe,))
    actions = [
        key for key in ("httpGet", "tcpSocket", "exec", "grpc") if isinstance(keys, dict) and truth(keys.get(key))
    ]
    if len(actions) != 1:
        asks = "no question" if not actions else "several questions"
        yield finding("G2H613", f"{probe} is on and asks {asks}; Kubernetes refuses the pod.", path=(probe,))
        return
    action = actions[0]
    if action in ("exec", "grpc"):
        yield unseen((probe, action), "asks something that is not checked.")
        return
    scheme = str(at(values, (probe, action, "scheme")) or "HTTP") if action == "httpGet" else ""
    looks.append(((probe, action, "port"), at(values, (probe, action, "port")), scheme))
    if truth(at(values, (probe, action, "host"))):
        yield finding(
            "G2H613", f"{probe}.{action}.host is set: the probe asks another host.", path=(probe, action, "host")
        )


def _number(value: object) -> int | None:
    """Return a port; a template prints a whole float as an integer, and text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value) if not isinstance(value, float) or value.is_integer() else None
    except ValueError:
        return None


def _marks(values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Labels and annotations of the pod that the chart or the cluster acts on."""
    path: Path = ("pod", "labels")
    labels = at(values, path)
    for key in labels if isinstance(labels, dict) else ():
        if key in _SELECTORS:
            what = f"{dotted(path)} sets {key}, by which the service finds the pod."
            yield finding("G2H613", what, "Remove the label.", path=(*path, key))
    for mark in ("annotations", "labels"):
        node = at(values, ("pod", mark))
        for key in node if isinstance(node, dict) else ():
            if key.startswith(_CHECKSUM) and mark == "annotations":
                what = f"sets {visible(key)}, which restarts pods when the configuration changes."
                yield replaced(("pod", mark), what)
            elif _INJECT in key:
                yield unseen(
                    ("pod", mark), f"sets {visible(key)}: what the cluster then changes in the pod is not checked."
                )
