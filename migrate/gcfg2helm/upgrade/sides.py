"""One side of the comparison: what a chart makes of values, by the model or by real Helm where that chart is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm.chart import helm
from gcfg2helm.findings import Finding, finding
from gcfg2helm.proof.run import starred
from gcfg2helm.upgrade import objects
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.values.tree import Tree


class Side(NamedTuple):
    """`objects` are those of the cluster: all of them from real Helm (`real`), else those that the model knows."""

    rendered: charts.Rendered | charts.Refused
    objects: Sequence[dict[str, Any]]
    findings: Sequence[Finding]
    real: bool


def side(chart: Chart, tool: Helm | None, layers: Sequence[dict[str, Tree]], release: str, namespace: str) -> Side:
    """Render values in Helm's order. Raises helm.HelmError where real Helm does not render what the model does."""
    model = charts.render(chart, layers, release=release, namespace=namespace)
    known = objects.modelled(chart, charts.merge({}, *layers), release, namespace)
    if tool is None or (isinstance(model, charts.Refused) and chart.known):
        return Side(model, known, (), real=False)
    texts = [write.document(layer) if layer else "{}\n" for layer in layers]
    try:
        made = tool.manifests(texts, release, namespace)
        text = helm.configuration(made)
    except helm.HelmError as error:
        raise helm.HelmError(f"chart {chart}: {starred(str(error), texts)}") from None
    if isinstance(model, charts.Rendered) and model.gcfg.strip() == text.strip():
        return Side(model, made, (), real=True)
    origins = model.origins if isinstance(model, charts.Rendered) else {}
    found = []
    if chart.known:
        what = f"Model and Helm render chart {chart} differently."
        found = [finding("G2H604", what, "Report it; what Helm renders counts.")]
    return Side(charts.Rendered(text, origins), made, found, real=True)
