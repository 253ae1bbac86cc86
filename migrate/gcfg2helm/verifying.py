"""The whole verification: sources and values files in, the comparison out; the model of the chart or real Helm renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm import helm, helmyaml, inputs, plan, session, verify
from gcfg2helm.findings import Finding, finding
from gcfg2helm.masked import STARS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gcfg2helm.decisions import Plan
    from gcfg2helm.options import Settings
    from gcfg2helm.values import Tree
    from gcfg2helm.versions import Version


def verified(settings: Settings, gcfg: str, files: Sequence[str], chart: Path | None, program: str) -> verify.Proof:
    """Compare what the server reads with what the pod reads from these values files, in Helm's order.

    With `chart` real Helm renders, and is compared with the model as well. Raises what `session.load` raises, and
    helm.HelmError.
    """
    tool = helm.program(program) if chart else ""
    if chart and not settings.chart_version:
        settings = settings._replace(chart_version=helm.chart_version(tool, chart))
    texts = [_text(name) for name in files]
    layers = [helmyaml.load(text, name) for text, name in zip(texts, files, strict=True)]
    merged = charts.merge({}, *layers)
    loaded = session.load(settings, gcfg, existing=merged)
    request = loaded.request
    made = plan.build(
        request.sources, request.tables, chart=request.chart, backend=request.backend, release=request.release,
        namespace=request.namespace, options=request.options, environment=request.environment,
        answers={key: value for key, value in merged.items() if key in _IDENTITY},
    )  # fmt: skip
    found: list[Finding] = list(loaded.findings)
    model = charts.render(request.chart, layers, release=request.release, namespace=request.namespace)
    if chart is None:
        if isinstance(model, charts.Refused):
            return verify.Proof((), [*found, *model.findings])
        text = model.gcfg
    else:
        text, more = _by_helm(tool, chart, texts, made, model, request.chart)
        found += more
    proof = verify.compare(made, request.tables, text, merged, request.options.chart_defaults, every=True)
    return proof._replace(findings=[*found, *proof.findings])


# The parts of values.yaml that say which Connect and which names; the rest is what is being judged.
_IDENTITY = frozenset({"nameOverride", "fullnameOverride", "versionOverride", "image"})


def _text(name: str) -> str:
    text = inputs.text(name)
    if text is None:
        raise inputs.InputError(f"{name}: no such file or directory")
    return text.removeprefix("\ufeff")


def _by_helm(
    tool: str, chart: Path, texts: Sequence[str], made: Plan, model: charts.Rendered | charts.Refused, version: Version
) -> tuple[str, list[Finding]]:
    """Render with real Helm, and say where the model does not agree."""
    try:
        real = helm.rendered(tool, chart, texts, made.release, made.namespace)
    except helm.HelmError as error:
        raise helm.HelmError(_starred(str(error), texts)) from None
    if isinstance(model, charts.Refused):
        what = f"Helm renders chart {version}, the model refuses: {'; '.join(one.what for one in model.findings)}"
        return real, [finding("G2H604", what, "Report it; what Helm renders counts.")]
    if model.gcfg.strip() != real.strip():
        ours, theirs = model.gcfg.splitlines(), real.splitlines()
        line = next(
            (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False), 1) if a != b),
            min(len(ours), len(theirs)) + 1,
        )
        what = f"Model and Helm render chart {version} differently from line {line} on."
        return real, [finding("G2H604", what, "Report it; what Helm renders counts.")]
    return real, []


def _starred(message: str, texts: Sequence[str]) -> str:
    """Return what Helm said without the values that it repeats: any of them may be a secret."""
    leaves = {leaf for text in texts for leaf in _leaves(helmyaml.load(text)) if len(leaf) > 2}
    for leaf in sorted(leaves, key=len, reverse=True):
        message = message.replace(leaf, STARS)
    return message


def _leaves(tree: Tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(item)
