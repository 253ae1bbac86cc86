"""Requests and conversions from a few lines of gcfg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import chart, gcfg
from gcfg2helm.conversion import Conversion, convert
from gcfg2helm.enums import Backend
from gcfg2helm.plan.request import Request
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.tables import Tables


def request(
    source: bytes | str,
    known: Tables,
    version: str = "0.21.0",
    backend: Backend = Backend.LAUNCHER,
    values: str | None = None,
) -> Request:
    sources = [("f.gcfg", gcfg.parse(source, "f.gcfg"))]
    return Request(
        sources, known, chart.known(Version.parse(version)), backend, "rsc", "rstudio-connect", values=values
    )


def converted(
    source: bytes | str, known: Tables, version: str = "0.21.0", backend: Backend = Backend.LAUNCHER
) -> Conversion:
    return convert(request(source, known, version, backend))
