"""The gcfg language: who works with it finds all of it here, whichever module it is in."""

from gcfg2helm.gcfg.document import Document, Entry, Header, Section, boolean, header, lower, split_header
from gcfg2helm.gcfg.parser import GcfgError, parse, quote

__all__ = [
    "Document",
    "Entry",
    "GcfgError",
    "Header",
    "Section",
    "boolean",
    "header",
    "lower",
    "parse",
    "quote",
    "split_header",
]
