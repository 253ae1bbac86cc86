"""From the options of a command to what the conversion needs: tables, chart version, back end, sources, files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm import tables
from gcfg2helm.chart import KUBERNETES_SINCE
from gcfg2helm.cli import inputs
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Finding, InputError, finding
from gcfg2helm.plan import connect
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.request import Request
from gcfg2helm.values import read
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.cli.options import Settings
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Tree

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,251}[a-z0-9])?")
# Of options that are rarely given: compiled when one is.
_OBJECT = r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_QUANTITY = r"(?=[0-9.]*[1-9])[0-9]+(?:\.[0-9]+)?(?:[KMGTPE]i|[kMGTPE]|[eE][0-9]{1,2})?"
_SERVER = r"(?:https?://)?(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?"
_IMAGE = r"[A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]+(?=/))?(?:/[A-Za-z0-9._-]+)*(?::[\w.-]+)?(?:@[\w:+.-]+)?"


class UsageError(Exception):
    """The command line cannot be meant; the message says what can."""


class Loaded(NamedTuple):
    """All inputs of a command, read: `findings` are about the inputs themselves."""

    request: Request
    findings: list[Finding]


def load_tables(settings_mappings: Path | None) -> Tables:
    """Load the tables, a site's own over them. Raises rows.TablesError."""
    if settings_mappings is None:
        return tables.shipped()
    from gcfg2helm.plan import tablechecks

    return tables.load(settings_mappings, tablechecks.check)


def target(path: Path | None, version: str = "", option: str = "--chart-version") -> tuple[charts.Chart, list[Finding]]:
    """Return the chart to convert for: the one at `--chart`, else the version named by `option`, else the newest known.

    Raises UsageError for a version that is malformed, unsupported or not that of `--chart`, and InputError for a chart
    that cannot be used.
    """
    if path is None:
        return chart_version(version, option)
    from gcfg2helm.chart import given

    chart, found = given.load(path)
    if version and version.removeprefix("v") != str(chart):
        raise UsageError(f"{option}: {path} is chart {chart}; leave {option} out")
    return chart, found


def chart_version(text: str, option: str = "--chart-version") -> tuple[charts.Chart, list[Finding]]:
    """Return a version of the chart as the tables have it; an unknown one is taken as the newest before it.

    That is said in a finding. Raises UsageError for a malformed or unsupported version.
    """
    if not text:
        return charts.newest(), []
    known = f"charts {charts.OLDEST} to {charts.NEWEST} are supported"
    try:
        version = Version.parse(text)
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a version such as {charts.NEWEST}; {known}") from None
    if version < charts.OLDEST:
        raise UsageError(f"{option}: {version} is too old; {known}")
    taken = charts.at_most(version)
    if version == taken:
        return charts.known(version), []
    newer = "newer than the newest known" if version > charts.NEWEST else "not known"
    what = f"Chart {version} is {newer}; it is taken as {taken}."
    pull = Command(f"helm pull rstudio/rstudio-connect --version {version} --untar")
    todo = "Get the chart itself with Helm, and name it: --chart rstudio-connect"
    return charts.known(taken), [finding("G2H215", what, todo, commands=(pull,))]


def helm_for(settings: Settings, chart: charts.Chart, *, always: bool = False) -> Helm | None:
    """Return the Helm that renders `--chart`: where the model does not speak for that chart, and where `always`.

    None where there is none and the model is not to be replaced, or cannot be. Raises HelmError where one is wanted, or
    named, and absent.
    """
    if chart.source is None:
        return None
    if chart.known and not always and not settings.helm:
        return None
    from gcfg2helm.chart import helm

    try:
        return helm.Helm(helm.program(settings.helm), chart.source) if always or not chart.known else None
    except helm.HelmError:
        if settings.helm or chart.known:
            raise
        return None


def _backend(settings: Settings, chart: charts.Chart, existing: dict[str, Tree]) -> tuple[Backend, list[Finding]]:
    if settings.backend is Backend.KUBERNETES and chart.version < KUBERNETES_SINCE:
        raise UsageError(f"--backend kubernetes needs chart {KUBERNETES_SINCE} or newer, not {chart}")
    if settings.backend is not None:
        return settings.backend, []
    backends, launcher = existing.get("backends"), existing.get("launcher")
    kubernetes = backends.get("kubernetes") if isinstance(backends, dict) else None
    switched = isinstance(kubernetes, dict) and kubernetes.get("enabled") is True
    if (
        switched
        and not (isinstance(launcher, dict) and launcher.get("enabled") is True)
        and chart.version >= KUBERNETES_SINCE
    ):
        what = "values.yaml switches the Kubernetes runner on, so it is the back end."
        return Backend.KUBERNETES, [finding("G2H213", what, "--backend launcher chooses the launcher.")]
    return Backend.LAUNCHER, []


def _another_connect(wanted: str, chart: charts.Chart, values: dict[str, Tree], *, made: bool) -> list[Finding]:
    """Say where the values start another Connect than `--connect-version` names. Raises UsageError for no release.

    `made`: the values are yet to be made, and start it where they can.
    """
    if not wanted:
        return []
    release, here = connect.version(wanted), connect.installed(chart, values)
    if release is None:
        raise UsageError(f"--connect-version: {wanted!r} is not a release such as {charts.app_version(charts.NEWEST)}")
    if release == connect.version(here) or (made and connect.overriding(chart, values, wanted)):
        return []
    what = f"--connect-version is {wanted}, and chart {chart} with these values starts Connect {here}."
    todo = f"Set versionOverride: {wanted}, or image.tag, in values.yaml; it must be the Connect that starts."
    return [finding("G2H225", what, todo, path=("versionOverride",))]


def load(
    settings: Settings,
    name: str,
    values_name: str = "",
    secret_values_name: str = "",
    existing: dict[str, Tree] | None = None,
    *,
    real: bool = False,
) -> Loaded:
    """Read everything that a conversion needs; `existing` are values that are read already, for the choice of back end.

    `real`: with `--chart`, real Helm renders even what the model could. Raises UsageError, helm.HelmError, inputs.InputError, gcfg.GcfgError, helmyaml.YamlError and rows.TablesError.
    """
    check(settings)
    chart, found = target(settings.chart, settings.chart_version)
    known = load_tables(settings.mappings)
    sources = inputs.documents(name, settings.also)
    environment = ""
    if settings.env_file:
        environment = settings.env_file
        sources.append((environment, inputs.environment(environment, known)))
    if beside := inputs.unnamed_neighbour(name, settings.also):
        found.append(finding("G2H108", f"{beside} is beside the gcfg, and was not named.", f"Add --also {beside}"))
    values = inputs.text(values_name) if values_name else None
    if values and inputs.encrypted(values):
        raise InputError(f"{values_name}: encrypted by SOPS; decrypt it before it is converted into")
    more = inputs.text(secret_values_name) if secret_values_name else None
    if more and inputs.encrypted(more):
        more = None  # what is in it, nobody can see
    answers = existing or (read.load(values, values_name) if values else {})
    backend, said = _backend(settings, chart, answers)
    said += _another_connect(settings.connect_version, chart, answers, made=existing is None)
    request = Request(
        sources, known, chart, backend, settings.release, settings.namespace, _options(settings, name), environment,
        values, values_name, more, helm_for(settings, chart, always=real),
    )  # fmt: skip
    return Loaded(request, [*found, *said])


def check_names(release: str, namespace: str) -> None:
    """Refuse names that Kubernetes would. Raises UsageError."""
    for option, value in (("--release", release), ("--namespace", namespace)):
        if not _NAME.fullmatch(value):
            raise UsageError(f"{option}: {value!r} is not a valid name in Kubernetes")


def check(settings: Settings) -> None:
    """Refuse answers that cannot be meant. Raises UsageError."""
    check_names(settings.release, settings.namespace)
    for option, value in (
        ("--pvc", settings.pvc),
        ("--storage-class", settings.storage_class),
        ("--ingress-class", settings.ingress_class),
        ("--tls-secret", settings.tls_secret),
        ("--license-file-secret", settings.license_file_secret),
        ("--secret-name", settings.secret_name),
    ):
        if value and not re.fullmatch(_OBJECT, value):
            raise UsageError(f"{option}: {value!r} is not a valid name in Kubernetes")
    if settings.secret_store:
        from gcfg2helm.plan.external import store

        given = store(settings.secret_store)
        if given is None or not re.fullmatch(_OBJECT, given.name):
            raise UsageError(
                f"--secret-store: {settings.secret_store!r} is no store such as vault or ClusterSecretStore/vault"
            )
    if not settings.secret_prefix.isprintable():
        raise UsageError("--secret-prefix: holds a character that is not printed")
    if settings.pvc and settings.nfs:
        raise UsageError("--pvc and --nfs both name the storage of the data directory; give one of them")
    if settings.nfs and not _is_export(settings.nfs):
        raise UsageError(f"--nfs: {settings.nfs!r} is not an export such as nfs.example.org:/exports/connect")
    if settings.storage_size and not re.fullmatch(_QUANTITY, settings.storage_size, re.ASCII):
        raise UsageError(f"--storage-size: {settings.storage_size!r} is not a size such as 100Gi")
    if settings.license_server and not re.fullmatch(_SERVER, settings.license_server, re.ASCII):
        raise UsageError("--license-server: not an address such as licence.example.org:8999")
    for image in settings.image:
        if not re.fullmatch(_IMAGE, image, re.ASCII):
            raise UsageError(f"--image: {image!r} is not the name of an image such as ghcr.io/acme/content:2026.08")


def _is_export(text: str) -> bool:
    from gcfg2helm.plan.storage import parse_export

    return parse_export(text) is not None


def _options(settings: Settings, name: str) -> Options:
    from gcfg2helm.cli import disk

    readers = {"read_beside": disk.beside(Path(name))} if name != "-" else {}
    if settings.root:
        readers["read_file"] = disk.disk(settings.root)
    return Options(
        pvc=settings.pvc,
        storage_class=settings.storage_class,
        storage_size=settings.storage_size,
        nfs=settings.nfs,
        ingress_class=settings.ingress_class,
        tls_secret=settings.tls_secret,
        tls=settings.tls,
        license_file_secret=settings.license_file_secret,
        license_server=settings.license_server,
        images=tuple(settings.image),
        secrets=settings.secrets,
        secret_name=settings.secret_name,
        secret_store=settings.secret_store,
        secret_prefix=settings.secret_prefix,
        not_secret=frozenset(name.lower() for name in settings.not_secret),
        chart_defaults=settings.chart_defaults,
        connect=settings.connect_version,
        prefer=settings.prefer,
        comments=settings.comments,
        **readers,
    )
