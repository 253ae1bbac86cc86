"""The mapping tables: what Connect knows of each setting, and what becomes of it in the chart."""

from gcfg2helm.tables.loader import load, shipped
from gcfg2helm.tables.model import (
    CARRY,
    Action,
    Always,
    DefaultRule,
    Fate,
    Holds,
    Kind,
    Legacy,
    Rule,
    Section,
    Setting,
    Source,
    Subsection,
    Tables,
)

__all__ = [
    "CARRY",
    "Action",
    "Always",
    "DefaultRule",
    "Fate",
    "Holds",
    "Kind",
    "Legacy",
    "Rule",
    "Section",
    "Setting",
    "Source",
    "Subsection",
    "Tables",
    "load",
    "shipped",
]
