"""The whole conversion as one pure function: documents and existing texts in, new texts with plan and proof out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm import helmyaml, manifests, plan, secrets, splice, verify
from gcfg2helm.choices import SecretMode
from gcfg2helm.context import Options
from gcfg2helm.findings import Finding, Level, finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.choices import Backend
    from gcfg2helm.decisions import Plan
    from gcfg2helm.gcfg import Document
    from gcfg2helm.tables import Tables
    from gcfg2helm.values import Edit, Tree
    from gcfg2helm.versions import Version

# Differences that no decision accounts for: an error of this program, unless the chart itself refused.
_OURS = frozenset({"G2H601", "G2H602", "G2H603"})


class Request(NamedTuple):
    """What a conversion starts from. `values` and `secret_values` are the texts of existing files, None where absent."""

    sources: Sequence[tuple[str, Document]]
    tables: Tables
    chart: Version
    backend: Backend
    release: str
    namespace: str
    options: Options = Options()
    environment: str = ""
    values: str | None = None
    values_name: str = "values.yaml"
    secret_values: str | None = None

    def __repr__(self) -> str:
        return f"<Request for chart {self.chart}>"  # its texts may hold secrets


class Conversion(NamedTuple):
    """The result: the texts of all files, by what they are; `before` is what values.yaml said, `proof` the comparison.

    `secret_values`, `secret` and `files` are None where there is nothing to write.
    """

    plan: Plan
    before: dict[str, Tree]
    values: splice.Applied
    secret_values: splice.Applied | None
    secret: str | None
    files: str | None
    proof: verify.Proof
    findings: Sequence[Finding]

    def __repr__(self) -> str:
        return "<Conversion>"  # its texts may hold secrets

    @property
    def unproven(self) -> list[Finding]:
        """The differences that are errors of this program."""
        return [one for one in self.proof.findings if one.code in _OURS]


def convert(request: Request) -> Conversion:
    """Convert, and prove the result. Raises helmyaml.YamlError where an existing values file cannot be used."""
    before = helmyaml.load(request.values, request.values_name) if request.values else {}
    made = plan.build(
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
    values = _applied(request.values, made.edits, made.head, request.values_name)
    more = (
        _applied(request.secret_values, made.secret_edits, (), "the second values file") if made.secret_edits else None
    )
    layers = [values.tree] + ([more.tree] if more else [])
    proof = prove(made, request.tables, layers, request.options)
    found = [*made.findings, *proof.findings]
    if values.rewritten:
        found.append(finding("G2H230", f"{request.values_name} is written anew as a whole."))
    secret = secrets.manifest(made) if request.options.secrets is SecretMode.SEPARATE else None
    files = (made.manifests or {}).get("files")
    return Conversion(
        made,
        before,
        values,
        more,
        manifests.dump([secret]) if secret else None,
        manifests.dump(files) if files else None,
        proof,
        found,
    )


def _applied(text: str | None, edits: Sequence[Edit], head: Sequence[str], name: str) -> splice.Applied:
    return splice.create(edits, head) if text is None else splice.apply(text, edits, head, name)


def prove(
    made: Plan, tables: Tables, layers: Sequence[dict[str, Tree]], options: Options, *, every: bool = False
) -> verify.Proof:
    """Render with the model of the chart and compare; a refusal of the chart is the proof's findings."""
    rendered = charts.render(made.chart, layers, release=made.release, namespace=made.namespace)
    if isinstance(rendered, charts.Refused):
        return verify.Proof((), rendered.findings)
    merged = charts.merge({}, *layers)
    return verify.compare(made, tables, rendered.gcfg, merged, options.chart_defaults, every=every)


def worst(findings: Sequence[Finding]) -> Level | None:
    """Return the highest level among findings; None where there are none."""
    return max((one.level for one in findings), default=None)
