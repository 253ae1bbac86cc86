"""The line at the head of a values file that tells editors where its schema is, as the YAML language server reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gcfg2helm.versions import Version

_MARK = "# yaml-language-server: $schema="
_LINE = re.compile(
    r"^\ufeff?(?P<line>#[ \t]*yaml-language-server[ \t]*:[ \t]*\$schema=(?P<where>\S*)[^\n\r]*)", re.MULTILINE
)
_OURS = re.compile(r"(?:.*/)?rstudio-connect-[0-9][^/]*\.schema\.json")


def file_name(chart: Version) -> str:
    """Return the name of the schema of a chart's version, as it lies beside a values file."""
    return f"rstudio-connect-{chart}.schema.json"


def marked(text: str, schema: str) -> str:
    """Return a values file whose head names the schema: the line is added, or changed where it names another of ours.

    A line that names somebody else's schema stays: it is the owner's choice.
    """
    found = _LINE.search(text)
    if found is None:
        end = "\r\n" if "\r\n" in text else "\n"
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        return f"{bom}{_MARK}{schema}{end}{text.removeprefix(bom)}"
    if not _OURS.fullmatch(found["where"]):
        return text
    return text[: found.start("line")] + _MARK + schema + text[found.end("line") :]


def names(text: str, schema: str) -> bool:
    """Whether a values file names this schema."""
    found = _LINE.search(text)
    return found is not None and found["where"] == schema
