"""Move a Posit Connect server's configuration onto the rstudio-connect Helm chart, and prove it."""

__version__ = "0.1.0"
