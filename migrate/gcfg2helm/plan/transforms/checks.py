"""Settings that stay as they are but cannot work in a pod, or mean something else there: mostly findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import images, postgres
from gcfg2helm.plan.addresses import is_loopback
from gcfg2helm.plan.outcomes import by_chart, carried, dropped
from gcfg2helm.tables import Subsection
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.plan.context import Context, Group, Result
    from gcfg2helm.tables import Rule

_PLACEHOLDER = "{$}"
_BEFORE_HOST = r":\{\$\}(?=@)"
_CONTENT = "the images for content run"
_CONNECT = "Connect's own image runs"
_DISTRIBUTION = r"/__linux__/([A-Za-z0-9_.-]+)"
# What a provider cannot do without: one of these must be set, the first by its common name.
_PROVIDERS = {
    "ldap": ("LDAP.ServerAddress",),
    "oauth2": ("OAuth2.ClientId",),
    "saml": (
        "SAML.IdPMetaDataURL", "SAML.IdPMetaDataPath", "SAML.IdPMetaData", "SAML.IdPSingleSignOnServiceURL",
    ),
}  # fmt: skip
_BASE64 = r"[A-Za-z0-9+/=\s]{100,}"


def auth_provider(ctx: Context, group: Group, rule: Rule) -> Result:
    """PAM cannot work in a pod, a proxy's headers must come through the ingress; the chart compares the name with case."""
    provider, place = group.value.strip().lower(), group.last.place
    if provider == "pam":
        what = f"{group.key} is pam; the pod has neither the accounts nor the PAM configuration of the old host."
        return carried(findings=(finding("G2H403", what, "Move to LDAP, SAML or OAuth2 first.", place),))
    if provider == "proxy":
        what = f"{group.key} is proxy: the headers that name the user must come through the ingress."
        todo = "Configure the ingress to set them, and to strip them from incoming requests."
        return carried(findings=(finding("G2H404", what, todo, place),))
    found: tuple[Finding, ...] = ()
    if provider in _PROVIDERS and not any(_is_set(ctx, *name.split(".")) for name in _PROVIDERS[provider]):
        section, _, name = _PROVIDERS[provider][0].partition(".")
        header = f'[{section} "name"]' if section == "LDAP" else f"[{section}]"
        what = f"{group.key} is {provider}, but no {header} sets {name}."
        todo = "Name the file that has the section with --also, or write it under config."
        found = (finding("G2H432", what, todo, place),)
    current_user = ctx.flag("Applications.RunAsCurrentUser") or ctx.flag("EarlyAccess.RunAsCurrentUserSSO")
    if provider != group.value and current_user:
        reason = "In lower case: the chart's name service is case-sensitive."
        return carried([provider], findings=found, reason=reason)
    return carried(findings=found)


def _is_set(ctx: Context, section: str, name: str) -> bool:
    """Whether the gcfg, or else the values, set `Section.Name`; where only named sections count, in any of them."""
    named = ctx.tables.sections[section.lower()].subsection is Subsection.REQUIRED
    groups = ctx.named(section, name) if named else iter([ctx.group(f"{section}.{name}")])
    if any(group.value.strip() for group in groups if group is not None):
        return True
    answers = ctx.answer("config")
    for header, keys in answers.items() if isinstance(answers, dict) else ():
        own, subsection = gcfg.split_header(header)
        meant = own.lower() == section.lower() and (subsection is not None) is named
        if meant and isinstance(keys, dict) and any(key.lower() == name.lower() and keys[key] for key in keys):
            return True
    return False


def database_provider(ctx: Context, group: Group, rule: Rule) -> Result:
    """SQLite is an error; an empty value is SQLite too and is reported with the database as a whole (`needs`)."""
    provider = group.value.strip()
    if not provider or provider.lower().startswith("postgres"):
        return carried()
    what = f"{group.key} is not postgres."
    todo = "Move the data to PostgreSQL first, with `migrate db` on the old server."
    return carried(findings=(finding("G2H401", what, todo, group.last.place),))


def postgres_url(ctx: Context, group: Group, rule: Rule) -> Result:
    """Check that the pod can reach the database; take out the password's placeholder, which went in Connect 1.8.2."""
    url, place = group.value, group.last.place
    found: list[Finding] = []
    if not url.strip():
        return carried()
    hosts = postgres.hosts(url)
    if not hosts or any(host.startswith(("/", "@")) or is_loopback(host) for host in hosts):
        what = f"{group.key} names this machine or a socket, which is the pod itself in the cluster."
        found.append(finding("G2H402", what, "Use the database server's address as the cluster sees it.", place))
    if files := [one.parameter for one in postgres.files(url) if not one.path.startswith("/")]:
        what = f"{group.key} names files by relative paths ({', '.join(files)}), which lead elsewhere in the pod."
        todo = "Write absolute paths, and convert again: the files are then mounted there."
        found.append(finding("G2H427", what, todo, place))
    if _PLACEHOLDER not in url:
        return carried(findings=found)
    found.append(finding("G2H220", f"{group.key} held the placeholder `{{$}}` for the password.", "", place))
    clean = re.sub(_BEFORE_HOST, "", url).replace(_PLACEHOLDER, "")
    return carried([clean], findings=found, reason="Without the placeholder for the password, which Connect dropped.")


def email_provider(ctx: Context, group: Group, rule: Rule) -> Result:
    """The image holds no sendmail; SMTP needs a mail server."""
    provider = group.value.strip().lower()
    if provider == "smtp" and not _is_set(ctx, "SMTP", "Host"):
        todo = "Name the file that has [SMTP] with --also, or write it under config."
        what = f"{group.key} is SMTP, but no [SMTP] sets Host."
        return carried(findings=(finding("G2H433", what, todo, group.last.place),))
    if provider != "sendmail":
        return carried()
    todo = "Set Server.EmailProvider to SMTP, and the [SMTP] section."
    return carried(findings=(finding("G2H406", f"{group.key} is sendmail.", todo, group.last.place),))


def groups_combination(ctx: Context, group: Group, rule: Rule) -> Result:
    """Connect from 1.8.6 on does not start with GroupsByUniqueId and GroupsAutoProvision together."""
    other = ctx.group(f"{group.setting.section}.GroupsAutoProvision", group.subsection)
    if gcfg.boolean(group.value) and other is not None and other.live and gcfg.boolean(other.value):
        what = f"{group.key} and {other.key} are both on."
        return carried(findings=(finding("G2H111", what, "Switch one of them off.", group.last.place),))
    return carried()


def role_mapping_combination(ctx: Context, group: Group, rule: Rule) -> Result:
    """Connect takes roles from attributes or from groups, not from both."""
    if gcfg.boolean(group.value) and ctx.flag("Authorization.UserRoleMapping"):
        what = f"{group.key} and Authorization.UserRoleMapping are both on."
        return carried(findings=(finding("G2H111", what, "Switch one of them off.", group.last.place),))
    return carried()


def inline_certificate(ctx: Context, group: Group, rule: Rule) -> Result:
    """Connect from 1.8.2 on takes the path of a PEM file; a certificate in the gcfg itself stops it."""
    value = group.value.strip()
    if "-----BEGIN" not in value and (value.startswith("/") or not re.fullmatch(_BASE64, value)):
        return carried()
    todo = "Put the certificate into a PEM file, mount it, and name its path."
    return carried(findings=(finding("G2H423", f"{group.key} holds the certificate itself.", todo, group.last.place),))


def log_target(ctx: Context, group: Group, rule: Rule) -> Result:
    """Send what went to a file to standard output; audit lines that were switched off stay off."""
    if group.setting.name == "AuditLog" and _audit_off(ctx):
        return dropped(group, rule, "Logging.AuditLogFormat = none switched auditing off.")
    if group.value.strip().upper() in ("", "STDOUT", "STDERR"):
        return carried()
    what = f"{group.key} was a file and becomes STDOUT."
    todo = "Point whatever reads the file at the pod's log."
    return carried(
        ["STDOUT"],
        findings=(finding("G2H424", what, todo, group.last.place),),
        reason="Logs go to standard output; a file in the pod would be lost.",
    )


def audit_format(ctx: Context, group: Group, rule: Rule) -> Result:
    """The format once switched auditing on (up to Connect 2022.11 at least); now Logging.AuditLog does."""
    if _audit_off(ctx):
        return dropped(group, rule, "`none` switched auditing off; without Logging.AuditLog it is off now.")
    if not group.value.strip() or ctx.value("Logging.AuditLog") or ctx.answer("config", "Logging", "AuditLog"):
        return carried()
    what = f"{group.key} is set and Logging.AuditLog is not: older servers wrote audit lines in that case, newer ones do not."
    todo = "Logging.AuditLog is set to STDOUT; remove it if the old server wrote no audit lines."
    edit = Edit(("config", "Logging", "AuditLog"), "STDOUT", source=(group.last.place,))
    return carried(findings=(finding("G2H206", what, todo, group.last.place, edit.path),), edits=(edit,))


def _audit_off(ctx: Context) -> bool:
    return (ctx.value("Logging.AuditLogFormat") or "").strip().lower() == "none"


def viewer_kiosk(ctx: Context, group: Group, rule: Rule) -> Result:
    """The mode for viewers does more since Connect 2021.09; off, it means what it did."""
    if not gcfg.boolean(group.value):
        return carried()
    return carried(findings=(finding("G2H206", f"{group.key}: {rule.reason}", "", group.last.place),))


def license_type(ctx: Context, group: Group, rule: Rule) -> Result:
    """The chart writes it; which licence server there is, `needs` asks."""
    return by_chart(group, rule)


def repository(ctx: Context, group: Group, rule: Rule) -> Result:
    """Warn of binary packages that were built for another distribution than that of the images."""
    found: list[Finding] = []
    wanted, told = images.distributions(ctx)
    for value in group.values:
        named = re.search(_DISTRIBUTION, value)
        distribution = named[1].lower() if named else ""
        # manylinux packages run on every distribution with a glibc that is new enough
        if not distribution or not wanted or distribution in wanted or distribution.startswith("manylinux"):
            continue
        what = f"{group.key} names packages for {distribution}; {_CONTENT if told else _CONNECT} {', '.join(sorted(wanted))}."
        todo = f"Write /__linux__/{min(wanted)}/{'' if told else ' if the images for content run it too'}."
        found.append(finding("G2H413", what, todo, group.last.place))
    return carried(findings=found)


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "audit_format": audit_format,
    "auth_provider": auth_provider,
    "database_provider": database_provider,
    "email_provider": email_provider,
    "groups_combination": groups_combination,
    "inline_certificate": inline_certificate,
    "license_type": license_type,
    "log_target": log_target,
    "postgres_url": postgres_url,
    "repository": repository,
    "role_mapping_combination": role_mapping_combination,
    "viewer_kiosk": viewer_kiosk,
}
