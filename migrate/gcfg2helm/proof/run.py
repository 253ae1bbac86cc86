"""The whole verification: sources and values files in, the comparison out; the model of the chart or real Helm renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.findings import Asks, Finding, finding
from gcfg2helm.masked import STARS
from gcfg2helm.plan import build, gone
from gcfg2helm.proof import compare
from gcfg2helm.proof.model import Proof
from gcfg2helm.values import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.plan.context import Options
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.plan.request import Request
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Tree


def verified(request: Request, files: Sequence[tuple[str, str]]) -> Proof:
    """Compare what the server reads with what the pod reads from these values files, in Helm's order.

    `request` holds the sources and the target, `files` names and texts of the values. With `request.helm` real Helm
    renders, and is compared with the model where that speaks for the chart. Raises read.YamlError, findings.InputError
    and helm.HelmError.
    """
    layers = [read.load(text, name) for name, text in files]
    merged = charts.merge({}, *layers)
    texts = [text for _, text in files] if request.helm else ()
    proof = proved(request, source_plan(request, merged), layers, texts, every=True)
    return proof._replace(blocks=blocking(_plan(request, merged)))


def proved(
    request: Request, plan: Plan, layers: Sequence[dict[str, Tree]], texts: Sequence[str], *, every: bool = False
) -> Proof:
    """Prove values, `layers` as Helm reads them and `texts` as they are in the files, against the plan of their source.

    Real Helm renders where the request has one, else the model of the chart where it speaks for this chart; where neither
    does, nothing is compared and the proof says why. Raises helm.HelmError.
    """
    if request.helm:
        return _by_helm(request, request.helm, plan, layers, texts, every=every)
    if plan.chart.known:
        return by_model(plan, request.tables, layers, request.options, every=every)
    why, found = unjudged(plan.chart)
    return Proof((), [found, *_given_up(plan, layers)], unjudged=why)


def unjudged(chart: Chart) -> tuple[str, Finding]:
    """Return why nothing renders a chart that the model does not speak for, and that as a finding."""
    why = f"{chart.unknown} and there is no helm"
    todo = "Install Helm, or name it with --helm: real Helm with this chart proves the result."
    return why, finding("G2H618", f"Not proven: {why}.", todo)


def by_model(
    plan: Plan, tables: Tables, layers: Sequence[dict[str, Tree]], options: Options, *, every: bool = False
) -> Proof:
    """Render values, in Helm's order, with the model of the chart and compare; a refusal is the proof's findings."""
    rendered = charts.render(plan.chart, layers, release=plan.release, namespace=plan.namespace)
    if isinstance(rendered, charts.Refused):
        return Proof((), rendered.findings)
    merged = charts.merge({}, *layers)
    return compare.compare(plan, tables, rendered.gcfg, merged, options.chart_defaults, options.prefer, every=every)


def source_plan(request: Request, values: Mapping[str, Tree]) -> Plan:
    """Plan from the sources alone: of values.yaml only what says which Connect and which names these are.

    The rest is what is being judged; every command compares with this plan, so that all say the same of the same files.
    """
    return _plan(request, {key: value for key, value in values.items() if key in build.NAMES})


def blocking(plan: Plan) -> list[Finding]:
    """Return what keeps the pod from starting, of a plan that knows what values.yaml answers."""
    return [one for one in plan.findings if one.asks is Asks.BLOCKS]


def _plan(request: Request, answers: Mapping[str, Tree]) -> Plan:
    return build.build(
        request.sources, request.tables, chart=request.chart, backend=request.backend, release=request.release,
        namespace=request.namespace, options=request.options, environment=request.environment, answers=answers,
    )  # fmt: skip


def _by_helm(
    request: Request,
    tool: Helm,
    plan: Plan,
    layers: Sequence[dict[str, Tree]],
    texts: Sequence[str],
    *,
    every: bool,
) -> Proof:
    """Compare with what real Helm renders, and say where the model does not agree although it should."""
    from gcfg2helm.chart import helm

    lost = _given_up(plan, layers)
    try:
        real = tool.rendered(texts, plan.release, plan.namespace)
    except helm.HelmError as error:
        more = "".join(f"\n{one.what} {one.todo}" for one in lost)
        raise helm.HelmError(starred(str(error), texts) + more) from None
    merged, options = charts.merge({}, *layers), request.options
    proof = compare.compare(plan, request.tables, real, merged, options.chart_defaults, options.prefer, every=every)
    found = _disagreement(plan, layers, real) if plan.chart.known else lost
    return proof._replace(findings=[*found, *proof.findings])


def _given_up(plan: Plan, layers: Sequence[dict[str, Tree]]) -> list[Finding]:
    """Return what the plan says of values that this chart has no longer, and the same of those in the values files."""
    found = {one.path: one for one in plan.findings if one.code == gone.CODE}
    for path in gone.present(plan.chart, charts.merge({}, *layers)):
        found.setdefault(path, gone.lost_value(plan.chart, path))
    return list(found.values())


def _disagreement(plan: Plan, layers: Sequence[dict[str, Tree]], real: str) -> list[Finding]:
    """Compare the model with what Helm renders of a chart that the tables know."""
    model = charts.render(plan.chart, layers, release=plan.release, namespace=plan.namespace)
    if isinstance(model, charts.Refused):
        what = f"Helm renders chart {plan.chart}, the model refuses: {'; '.join(one.what for one in model.findings)}"
        return [finding("G2H604", what, "Report it; what Helm renders counts.")]
    if model.gcfg.strip() == real.strip():
        return []
    ours, theirs = model.gcfg.splitlines(), real.splitlines()
    line = next(
        (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b),
        min(len(ours), len(theirs)) + 1,
    )
    what = f"Model and Helm render chart {plan.chart} differently from line {line} on."
    return [finding("G2H604", what, "Report it; what Helm renders counts.")]


def starred(message: str, texts: Sequence[str]) -> str:
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
