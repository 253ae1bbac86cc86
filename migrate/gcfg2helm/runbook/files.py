"""The names of the files of a conversion, as its runbook calls them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Files(NamedTuple):
    """The names of what goes in and comes out; empty: there is no such file.

    `secret` holds Secrets, `files` ConfigMaps, `external` ExternalSecrets; `sops` are the words that call sops to encrypt.
    `options` are the words of the command line that convert, check and verify are to be called with.
    """

    gcfg: str
    values: str
    secret: str = ""
    secret_values: str = ""
    files: str = ""
    external: str = ""
    sops: str = ""
    options: tuple[str, ...] = ()


def beside(values: str, kind: str) -> Path:
    """Return the name of a file that goes with values.yaml: `values.secret.yaml`."""
    path = Path(values)
    return path.with_name(f"{path.name.removesuffix('.yaml').removesuffix('.yml')}.{kind}.yaml")
