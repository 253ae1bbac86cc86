"""The library: five names that stay what they are; `docs/api.md` shows them. All other modules may change at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm import conversion, gcfg, tables
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding
from gcfg2helm.plan import tablechecks
from gcfg2helm.plan.request import Request
from gcfg2helm.proof import run
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gcfg2helm.conversion import Conversion
    from gcfg2helm.gcfg import Document
    from gcfg2helm.proof.model import Proof
    from gcfg2helm.tables import Tables

__all__ = ["Finding", "convert", "load_tables", "parse", "verify"]


def parse(text: str | bytes, file: str = "rstudio-connect.gcfg") -> Document:
    """Read a gcfg; `file` is how errors name it. Raises gcfg.GcfgError with line and column.

    >>> document = parse("[Server]\\nAddress = https://connect.example.com ; public\\n")
    >>> document["Server"]["Address"]
    'https://connect.example.com'
    """
    return gcfg.parse(text, file)


def load_tables(site: Path | None = None) -> Tables:
    """Load the mapping tables, a site's own folder laid over them. Raises tables.rows.TablesError with every problem.

    >>> setting = load_tables().setting("Server.Address")
    >>> setting.key, setting.kind.value, setting.secret
    ('Server.Address', 'string', False)
    """
    return tables.load(site, tablechecks.check)


def convert(
    source: Document | str,
    *,
    values: str | None = None,
    tables: Tables | None = None,
    chart_version: str = "",
    backend: str = "launcher",
    release: str = "rsc",
    namespace: str = "rstudio-connect",
) -> Conversion:
    """Convert a gcfg into the values of the chart, and prove the result; nothing is written.

    `values` is the text of an existing values.yaml to merge into. The result's `values.text` is the new values.yaml,
    `secret` and `secret_values` are the texts of the files that hold secrets (None: there are none), `findings` what to
    know, `proof.verdict` what the proof came to. Raises gcfg.GcfgError, values.read.YamlError, and ValueError for a chart
    version or a back end that is not known.

    >>> done = convert("[Server]\\nAddress = https://connect.example.com\\n[Database]\\nProvider = postgres\\n")
    >>> "Address: https://connect.example.com" in done.values.text
    True
    >>> done.secret is None
    True
    """
    return conversion.convert(
        _request(source, tables, chart_version, backend, release, namespace)._replace(values=values)
    )


def verify(
    source: Document | str,
    values: str | Sequence[str],
    *,
    tables: Tables | None = None,
    chart_version: str = "",
    backend: str = "launcher",
    release: str = "rsc",
    namespace: str = "rstudio-connect",
) -> Proof:
    """Prove that a pod reads with these values, in Helm's order, what the server reads; with the model of the chart.

    The result's `verdict` is one of three, its `findings` name every difference and doubt. Raises as `convert` does.

    >>> verify("[Server]\\nAddress = https://a.example.com\\n", "config: {Server: {Address: https://b.example.com}}").verdict.value
    'not proven'
    """
    texts = [values] if isinstance(values, str) else list(values)
    files = [(f"values {number}", text) for number, text in enumerate(texts, 1)]
    return run.verified(_request(source, tables, chart_version, backend, release, namespace), files)


def _request(
    source: Document | str, known: Tables | None, chart_version: str, backend: str, release: str, namespace: str
) -> Request:
    document = parse(source) if isinstance(source, str) else source
    version = Version.parse(chart_version) if chart_version else charts.NEWEST
    if version not in charts.versions():
        raise ValueError(f"chart {version} is not known; {charts.OLDEST} to {charts.NEWEST} are")
    chosen = Backend(backend)
    if chosen is Backend.KUBERNETES and version < charts.KUBERNETES_SINCE:
        raise ValueError(f"chart {version} does not have the back end kubernetes; {charts.KUBERNETES_SINCE} brought it")
    name = "rstudio-connect.gcfg"
    return Request([(name, document)], known or tables.shipped(), charts.known(version), chosen, release, namespace)
