"""The mapping tables: what Connect knows of each setting, and what becomes of it in the chart."""

from gcfg2helm.tables.loader import load, shipped
from gcfg2helm.tables.model import (
    CARRY,
    Action,
    Always,
    Changed,
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
    Upgrade,
    Went,
)

__all__ = [
    "CARRY",
    "Action",
    "Always",
    "Changed",
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
    "Upgrade",
    "Went",
    "load",
    "shipped",
]
