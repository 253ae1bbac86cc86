"""Settings that Connect renamed in ways that change their value too, and settings that went to another section.

The sources are the release notes of Connect 1.6.2 to 1.8.6 and the configuration appendix.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.outcomes import carried, dropped, renamed
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.plan.context import Context, Group, Result
    from gcfg2helm.tables import Rule

_SEPARATORS = r"[,;\s]+"
_WELL_KNOWN = "/.well-known/openid-configuration"
_SUDO_SECTIONS = {"ldap": "LDAP", "pam": "PAM", "password": "Password"}


def split_list(ctx: Context, group: Group, rule: Rule) -> Result:
    """Turn a list on one line into one line for each value: names, domains and addresses hold no blank and no comma."""
    values = [part for value in group.values for part in re.split(_SEPARATORS, value) if part]
    return renamed(ctx, group, rule, values) if values else dropped(group, rule, "It is empty.")


def one_per_line(ctx: Context, group: Group, rule: Rule) -> Result:
    """Carry each line whole: names of groups hold blanks, distinguished names commas, so nothing can be split safely."""
    values = [value for value in group.values if value]
    if not values:
        return dropped(group, rule, "It is empty.")
    found: tuple[Finding, ...] = ()
    if any(";" in value or ("," in value and "=" not in value) for value in values):
        what = f"{group.key} may hold several groups on one line; the new setting takes one on each."
        found = (finding("G2H217", what, "If so, give each group a line of its own.", group.last.place),)
    return renamed(ctx, group, rule, values, findings=found)


def listing_role(ctx: Context, group: Group, rule: Rule) -> Result:
    """Any role above viewer means that viewers see only themselves; viewer is the default now (Connect 1.7.8)."""
    if group.value.strip().lower() in ("", "viewer"):
        return dropped(group, rule, "Viewers may see other users, which is Connect's default.")
    return renamed(ctx, group, rule, ["true"])


def provider_section(ctx: Context, group: Group, rule: Rule) -> Result:
    """Move to the section of the authentication provider: every [LDAP "x"], or [PAM], or [Password]."""
    provider = (ctx.value("Authentication.Provider") or "password").lower()
    section = _SUDO_SECTIONS.get(provider)
    if section is None:
        return dropped(group, rule, f"The provider {provider} asks for no password again.")
    setting = f"{section}.{group.setting.name}"
    if section != "LDAP":
        return renamed(ctx, group, rule, setting=setting)
    names = dict.fromkeys(subsection for name, subsection, _ in ctx.groups if name == "ldap" and subsection is not None)
    free = [name for name in names if ctx.group(setting, name) is None]
    if not free:
        return dropped(group, rule, "Each LDAP section sets it itself.")
    first, *others = free
    line = (group.last.place,)
    edits = [
        Edit(("config", gcfg.header("LDAP", name), group.setting.name), group.value, source=line) for name in others
    ]
    return renamed(ctx, group, rule, setting=setting, subsection=first, edits=edits)


def issuer(ctx: Context, group: Group, rule: Rule) -> Result:
    """Take the well-known path off the discovery endpoint: what is left is the issuer (OpenID Connect Discovery 1.0)."""
    value = group.value.strip()
    if value.endswith(_WELL_KNOWN):
        return renamed(ctx, group, rule, [value.removesuffix(_WELL_KNOWN)])
    what = f"{group.key} does not end in {_WELL_KNOWN}; its text is carried as the issuer."
    note = finding("G2H218", what, "Compare it with `issuer` in the provider's discovery document.", group.last.place)
    return renamed(ctx, group, rule, [value], findings=(note,))


def idp_metadata(ctx: Context, group: Group, rule: Rule) -> Result:
    """Choose by the shape of the value: a URL or a path (Connect 1.8.2)."""
    value = group.value.strip()
    if value.lower().startswith(("http://", "https://")):
        return renamed(ctx, group, rule, setting="SAML.IdPMetaDataURL")
    if value.startswith("/"):
        return renamed(ctx, group, rule, setting="SAML.IdPMetaDataPath")
    what = f"{group.key} holds neither a URL nor an absolute path."
    todo = "Put the metadata into a file and name it in SAML.IdPMetaDataPath."
    return carried(findings=(finding("G2H219", what, todo, group.last.place),))


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "idp_metadata": idp_metadata,
    "issuer": issuer,
    "listing_role": listing_role,
    "one_per_line": one_per_line,
    "provider_section": provider_section,
    "split_list": split_list,
}
