"""What a conversion, a verification or an upgrade starts from: sources, tables, target, answers, existing texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.plan.context import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.enums import Backend
    from gcfg2helm.gcfg import Document
    from gcfg2helm.tables import Tables


class Request(NamedTuple):
    """What a conversion starts from. `values` and `secret_values` are the texts of existing files, None where absent.

    `helm` is the real Helm with the user's own chart, where there is one: it renders what the built-in model cannot.
    """

    sources: Sequence[tuple[str, Document]]
    tables: Tables
    chart: Chart
    backend: Backend
    release: str
    namespace: str
    options: Options = Options()
    environment: str = ""
    values: str | None = None
    values_name: str = "values.yaml"
    secret_values: str | None = None
    helm: Helm | None = None

    def __repr__(self) -> str:
        return f"<Request for chart {self.chart}>"  # its texts may hold secrets
