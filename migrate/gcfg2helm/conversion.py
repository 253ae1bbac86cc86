"""The whole conversion as one pure function: documents and existing texts in, new texts with plan and proof out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.chart import managed, template
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import build, placing
from gcfg2helm.proof import run
from gcfg2helm.values import read, splice, write
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import find, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.plan.request import Request
    from gcfg2helm.proof.model import Proof
    from gcfg2helm.values.tree import Edit, Tree

# Differences that no decision accounts for: an error of this program, unless the chart itself refused.
_OURS = frozenset({"G2H601", "G2H602", "G2H603"})
# What the plan says of values.yaml too: the proof says it with both values.
_TWICE = frozenset({"G2H216", "G2H224", "G2H607"})


class Conversion(NamedTuple):
    """The result: the texts of all files, by what they are; `before` is what values.yaml said, `proof` the comparison.

    `secret` holds all Secrets, `files` the ConfigMaps, `external` what makes the Secrets elsewhere. None where there is
    nothing to write.
    """

    plan: Plan
    before: dict[str, Tree]
    values: splice.Applied
    secret_values: splice.Applied | None
    secret: str | None
    files: str | None
    external: str | None
    proof: Proof
    findings: Sequence[Finding]

    def __repr__(self) -> str:
        return "<Conversion>"  # its texts may hold secrets

    @property
    def unproven(self) -> list[Finding]:
        """The differences that no decision accounts for: an error of this program, or a chart that it does not know."""
        return [one for one in self.proof.findings if one.code in _OURS]


def convert(request: Request) -> Conversion:
    """Convert, and prove the result: by the model of the chart, by real Helm where the request has one.

    Raises read.YamlError where an existing values file cannot be used, and helm.HelmError.
    """
    before = read.load(request.values, request.values_name) if request.values else {}
    made = build.build(
        request.sources,
        request.tables,
        chart=request.chart,
        backend=request.backend,
        release=request.release,
        namespace=request.namespace,
        options=request.options,
        answers=before,
        environment=request.environment,
    )
    values = _applied(request.values, made.edits, made.head, request.values_name, charts.in_order())
    more = (
        _applied(request.secret_values, made.secret_edits, (), "the second values file") if made.secret_edits else None
    )
    layers = [values.tree] + ([more.tree] if more else [])
    if request.values:
        _check_own(before, values.tree, request.values_name)
    # Where nothing of values.yaml was asked, the plan is that of the sources alone.
    plan = made if before.keys() <= build.NAMES else run.source_plan(request, charts.merge({}, *layers))
    texts = [values.text] + ([more.text] if more else [])
    proof = run.proved(request, plan, layers, texts)._replace(blocks=run.blocking(made))
    if request.chart.known and any(one.code in _OURS for one in proof.findings):
        if more and request.secret_values:
            _check_own(read.load(request.secret_values), more.tree, "the second values file")
        if before:
            _check_managed(request, charts.merge(request.chart.defaults, *layers))
    said = {one.path for one in proof.findings if one.path}
    found = [*(one for one in made.findings if one.code not in _TWICE or one.path not in said), *proof.findings]
    if values.rewritten:
        found.append(finding("G2H230", f"{request.values_name} is rewritten as a whole."))
    return Conversion(
        made,
        before,
        values,
        more,
        *_objects(made, secrets=request.options.secrets.makes_secrets),
        proof,
        found,
    )


def _objects(plan: Plan, *, secrets: bool) -> tuple[str | None, str | None, str | None]:
    """Return the texts of the manifests: Secrets, ConfigMaps, ExternalSecrets."""
    manifests = plan.manifests or {}
    mounted = [one for one in manifests.get("files", ()) if isinstance(one, dict)]
    main = placing.manifest(plan) if secrets else None
    groups: tuple[Sequence[object], ...] = (
        [*([main] if main else []), *(one for one in mounted if one["kind"] == "Secret")],
        [one for one in mounted if one["kind"] != "Secret"],
        manifests.get("external", ()),
    )
    held, maps, external = (write.documents(one) or None for one in groups)
    return held, maps, external


def _applied(
    text: str | None, edits: Sequence[Edit], head: Sequence[str], name: str, order: Mapping[str, Tree] | None = None
) -> splice.Applied:
    return splice.create(edits, head, order) if text is None else splice.apply(text, edits, head, name)


def _check_own(before: Mapping[str, Tree], after: Mapping[str, Tree], file: str) -> None:
    """Raise read.YamlError where a values file holds, and keeps, a setting that the chart prints as none or several."""
    config, kept = before.get("config"), after.get("config")
    if not isinstance(config, dict) or not isinstance(kept, dict):
        return
    for section, settings in config.items():
        if isinstance(settings, list) and same(kept.get(section), settings):
            raise _unusable(file, dotted(("config", section)))
        for name, value in settings.items() if isinstance(settings, dict) else ():
            if same(find(kept, (section, name)), value) and not _is_setting(section, name, value):
                raise _unusable(file, dotted(("config", section, name)))


def _check_managed(request: Request, merged: dict[str, Tree]) -> None:
    """Raise read.YamlError where what the chart makes of other values is no setting, such as a name of two lines."""
    try:
        written = managed.managed(request.chart, merged, release=request.release, namespace=request.namespace)
    except template.Stop:
        return
    for section, settings in written.items():
        for name, value in settings.items():
            if not _is_setting(section, name, value):
                raise _unusable(request.values_name, f"what becomes {section}.{name}")


def _unusable(file: str, what: str) -> read.YamlError:
    return read.YamlError(file, 1, 1, f"{what} is not a setting once the chart has printed it; correct it first")


def _is_setting(section: str, name: str, value: Tree) -> bool:
    try:
        document = gcfg.parse(template.ini({section: {name: value}}))
    except (gcfg.GcfgError, template.Stop):
        return False
    count = len(value) if isinstance(value, list) else 1
    names = {entry.name for entry in document.entries}
    return len(document.headers) == 1 and len(document.entries) == count and names <= {name}
