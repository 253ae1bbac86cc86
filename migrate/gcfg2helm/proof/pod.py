"""What the pod reads the configuration from: file, environment, mounts, storage, ports; each as the chart sets it up.

A rendered rstudio-connect.gcfg says nothing where another file lies over it, a variable overrides it, or the data lies
elsewhere. Source of the rules: the chart's deployment template, and how Kubernetes reads a pod.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart.managed import fullname
from gcfg2helm.chart.template import Stop, truth
from gcfg2helm.proof import effects, mounts, objects, reach
from gcfg2helm.proof.nodes import at, replaced, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.proof.reach import Read
    from gcfg2helm.values.tree import Tree


def check(plan: Plan, values: Mapping[str, Tree], read: Read) -> list[Finding]:
    """Return a finding for everything by which the pod reads something else than the rendered file, or keeps it elsewhere.

    `values` are the user's, all files merged in Helm's order. Errors are differences; warnings are what nobody can see
    from values alone.
    """
    full = charts.merge(plan.chart.defaults, values)
    try:
        name = fullname(full, plan.release)
    except Stop:
        name = ""
    return [
        *effects.check(plan, values),
        *_started(full),
        *mounts.check(plan, full, read.data_dir),
        *objects.check(plan, full, name),
        *reach.check(full, read),
    ]


def _started(values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Command and arguments of the container: the chart's own start Connect with the file that it mounts."""
    for key in ("command", "args"):
        if truth(values.get(key)):
            what = "starts something other than the chart does; which configuration it reads is unknown."
            yield replaced((key,), what)
    for key in ("command", "args", "envFrom"):
        if truth(at(values, ("pod", key))):
            yield unseen(("pod", key), "is not a value of the chart; a changed chart may use it.")
