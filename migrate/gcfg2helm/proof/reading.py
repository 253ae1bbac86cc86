"""What Connect reads from the values of a setting, and how a person sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.masked import Secret
from gcfg2helm.plan import scrub, secrets
from gcfg2helm.tables.types import meaning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.tables import Setting
    from gcfg2helm.values.tree import Path


def of(setting: Setting, values: Sequence[str]) -> list[object]:
    """Return what Connect reads from the values of a setting: of one that holds one value, the last."""
    counting = values[-1:] if setting.surely_single else values
    return [meant(setting, text) for text in counting]


def meant(setting: Setting, text: str) -> object:
    """Return what Connect reads from one text; a text that is not of the setting's kind is only itself."""
    read = meaning(setting.kind, text)
    return ("text", text) if read is None else read


def is_secret(path: Path, setting: Setting) -> bool:
    """Whether a value at this place is shown as stars."""
    return setting.secret or secrets.secret_name(path[1] if len(path) > 1 else "", setting.name)


def shown(values: Sequence[str], *, hide: bool) -> Secret | str:
    """Return values for a person, as stars where they are secret or hold a password."""
    text = ", ".join(scrub.comment(gcfg.quote(value) or '""')[0] for value in values)
    return Secret(text) if hide else text
