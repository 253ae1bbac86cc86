"""The whole verification: sources and values files in, the comparison out; the model of the chart or real Helm renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import helm
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import STARS
from gcfg2helm.plan import build
from gcfg2helm.values import read
from gcfg2helm.verify import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gcfg2helm.plan.context import Options
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.plan.request import Request
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Tree

NAMES = frozenset({"nameOverride", "fullnameOverride", "versionOverride", "image"})


def verified(
    request: Request, files: Sequence[tuple[str, str]], chart: Path | None = None, tool: str = ""
) -> compare.Proof:
    """Compare what the server reads with what the pod reads from these values files, in Helm's order.

    `request` holds the sources and the target, `files` names and texts of the values. With `chart`, a folder or an
    archive, real Helm (`tool`) renders, and is compared with the model as well. Raises read.YamlError, findings.InputError
    and helm.HelmError.
    """
    layers = [read.load(text, name) for name, text in files]
    merged = charts.merge({}, *layers)
    made = source_plan(request, merged)
    if chart is None:
        return by_model(made, request.tables, layers, request.options, every=True)
    model = charts.render(request.chart, layers, release=request.release, namespace=request.namespace)
    text, found = _by_helm(tool, chart, [text for _, text in files], made, model)
    options = request.options
    proof = compare.compare(made, request.tables, text, merged, options.chart_defaults, options.prefer)
    return proof._replace(findings=[*found, *proof.findings])


def by_model(
    plan: Plan, tables: Tables, layers: Sequence[dict[str, Tree]], options: Options, *, every: bool = False
) -> compare.Proof:
    """Render values, in Helm's order, with the model of the chart and compare; a refusal is the proof's findings."""
    rendered = charts.render(plan.chart, layers, release=plan.release, namespace=plan.namespace)
    if isinstance(rendered, charts.Refused):
        return compare.Proof((), rendered.findings)
    merged = charts.merge({}, *layers)
    return compare.compare(plan, tables, rendered.gcfg, merged, options.chart_defaults, options.prefer, every=every)


def source_plan(request: Request, values: Mapping[str, Tree]) -> Plan:
    """Plan from the sources alone: of values.yaml only what says which Connect and which names these are.

    The rest is what is being judged; every command compares with this plan, so that all say the same of the same files.
    """
    return build.build(
        request.sources, request.tables, chart=request.chart, backend=request.backend, release=request.release,
        namespace=request.namespace, options=request.options, environment=request.environment,
        answers={key: value for key, value in values.items() if key in NAMES},
    )  # fmt: skip


def _by_helm(
    tool: str, chart: Path, texts: Sequence[str], made: Plan, model: charts.Rendered | charts.Refused
) -> tuple[str, list[Finding]]:
    """Render with real Helm, and say where the model does not agree."""
    try:
        real = helm.rendered(tool, chart, texts, made.release, made.namespace)
    except helm.HelmError as error:
        raise helm.HelmError(_starred(str(error), texts)) from None
    if isinstance(model, charts.Refused):
        what = f"Helm renders chart {made.chart}, the model refuses: {'; '.join(one.what for one in model.findings)}"
        return real, [finding("G2H604", what, "Report it; what Helm renders counts.")]
    if model.gcfg.strip() != real.strip():
        ours, theirs = model.gcfg.splitlines(), real.splitlines()
        line = next(
            (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b),
            min(len(ours), len(theirs)) + 1,
        )
        what = f"Model and Helm render chart {made.chart} differently from line {line} on."
        return real, [finding("G2H604", what, "Report it; what Helm renders counts.")]
    return real, []


def _starred(message: str, texts: Sequence[str]) -> str:
    """Return what Helm said without the values that it repeats: any of them may be a secret."""
    leaves = {leaf for text in texts for leaf in _leaves(read.load(text)) if len(leaf) > 2}
    for leaf in sorted(leaves, key=len, reverse=True):
        message = message.replace(leaf, STARS)
    return message


def _leaves(tree: Tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(item)
