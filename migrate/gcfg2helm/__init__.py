"""Move a Posit Connect server's configuration onto the rstudio-connect Helm chart, and prove it."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Finding", "convert", "load_tables", "parse", "verify"]

if TYPE_CHECKING:
    from gcfg2helm.api import Finding, convert, load_tables, parse, verify


def __getattr__(name: str) -> Any:
    """Return a name of the library; it is loaded when it is asked for, so that the command line starts at once."""
    if name in __all__:
        from gcfg2helm import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
