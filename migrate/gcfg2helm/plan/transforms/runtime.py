"""What content runs with: interpreters, images, profiles, namespace, accounts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.findings import Command, Finding, finding
from gcfg2helm.plan import images
from gcfg2helm.plan.addresses import CHART_PORT, is_label, parse_listen
from gcfg2helm.plan.outcomes import by_chart, carried, dropped, moved, renamed
from gcfg2helm.values.tree import Edit
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.plan.context import Context, Group, Result
    from gcfg2helm.tables import Rule
    from gcfg2helm.values.tree import Tree

HAS_NAMESERVICE = Span(Version(0, 8, 18))
_NAMESERVICE_PROVIDERS = ("ldap", "oauth2", "saml")
# What profiles said of images is said by execution environments; Connect does not ask the launcher for it.
_IMAGE_KEYS = frozenset({"container-images", "default-container-image", "allow-unknown-images"})
_OVERRIDES = "job-json-overrides"


# images ----------------------------------------------------------------------------------------------------------------


def interpreter(ctx: Context, group: Group, rule: Rule) -> Result:
    """Take interpreters out of `config`; `needs` puts them into the environments of the images that the admin names."""
    path = images.place(ctx)
    environments = images.entries(ctx.options.images, images.installations(ctx))
    part = group.setting.section.lower() if group.setting.section != "Server" else "r"
    placed = path and not images.answered(ctx) and any(isinstance(one, dict) and part in one for one in environments)
    return moved(group, rule, path) if placed else dropped(group, rule)


def cluster_definition(ctx: Context, group: Group, rule: Rule) -> Result:
    """Move the images of the files to the values (`needs` does), and say what cannot be read."""
    if images.answered(ctx):
        return dropped(group, rule, "values.yaml lists the images already.")
    defined, path = images.definitions(ctx), images.place(ctx)
    if defined.environments and path:
        return moved(group, rule, path, findings=defined.findings)
    return dropped(group, rule, findings=defined.findings)


# profiles --------------------------------------------------------------------------------------------------------------


def profiles(ctx: Context, group: Group, rule: Rule) -> Result:
    """Read the profiles file into the values; what the chart or Connect cannot take from it is named."""
    path, place = group.value.strip(), group.last.place
    if ctx.answer(*rule.to):
        return by_chart(group, rule, "The chart writes the file from the profiles that values.yaml has.")
    data = ctx.options.read_definition(path) if path else "the line names no file"
    if data is None:
        what = f"The profiles in {path} could not be read: the old server's disk is not available here."
        todo = f"Name that disk with --root, put a copy beside the gcfg, or fill in {'.'.join(rule.to)}."
        return _by_hand(group, rule, what, todo)
    sections = data if isinstance(data, str) else _sections(data)
    if isinstance(sections, str):
        return _by_hand(group, rule, f"The profiles in {path} cannot be used: {sections}.", "Carry them over by hand.")
    kept: dict[str, Tree] = {}
    found: list[Finding] = []
    if list(sections) != sorted(sections):
        what = f"The profiles of {path} are not in alphabetical order, in which the chart writes them."
        todo = "Where a user is in several of them, check which one counts."
        found.append(finding("G2H415", what, todo, place, rule.to))
    templates = ctx.flag("Launcher.KubernetesUseTemplates") is not False
    for name, settings in sections.items():
        refused = {
            key: why for key, text in settings.items() if (why := _refused(name, key, text, templates=templates))
        }
        kept[name] = {key: text for key, text in settings.items() if key not in refused}
        for key, why in refused.items():
            found.append(finding("G2H415", f"[{name}] {key} of {path} is left out.", why, place, rule.to))
    edit = Edit(rule.to, kept, source=(group.last.place,))
    return moved(group, rule, edits=(edit,), findings=found)


def _by_hand(group: Group, rule: Rule, what: str, todo: str) -> Result:
    """Leave the profiles to a person, whose question is in the file."""
    ask = f"Carry over the profiles of {group.value.strip()}, if they are still wanted."
    result = dropped(group, rule, findings=(finding("G2H415", what, todo, group.last.place, rule.to),))
    return result._replace(edits=(Edit(rule.to, todo=ask, comments_only=True),))


def _sections(data: bytes) -> Mapping[str, Mapping[str, str]] | str:
    """Return the profiles by section; a text says why they cannot be read."""
    from iniconfig import IniConfig, ParseError

    try:
        return IniConfig("", data=data.decode("utf-8-sig")).sections
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    except ParseError as error:
        return f"line {error.lineno + 1}: {error.msg}"


def _refused(name: str, key: str, text: str, *, templates: bool) -> str:
    """Return what to do about a key that cannot be carried; empty where it can."""
    if key == _OVERRIDES and templates:
        return "Move each override to launcher.templateValues; the chart refuses overrides together with templates."
    if key == _OVERRIDES:
        return "Write each override with its name, target and JSON: the chart makes the files from them."
    if key in _IMAGE_KEYS:
        return "Content takes its image from executionEnvironments."
    if not (name + key + text).isprintable():
        return "It spans several lines, or holds characters that one line cannot: set it by hand."
    return ""


# namespace and accounts ------------------------------------------------------------------------------------------------


def content_namespace(ctx: Context, group: Group, rule: Rule) -> Result:
    """Move the namespace of the content to the values; left out where it is that of the release."""
    name = group.value.strip()
    if name in ("", ctx.namespace):
        return by_chart(group, rule, "It is the namespace of the release, which the chart takes by itself.")
    if not is_label(name):
        what = f"{group.key} is not a valid name of a namespace: lower-case letters, digits and `-`, 63 at most."
        found = finding("G2H619", what, "Correct it first: Connect cannot start content there.", group.last.place)
        return moved(group, rule, edits=(Edit(rule.to, name, source=(group.last.place,)),), findings=(found,))
    what = f"Content runs in {name}, Connect in {ctx.namespace}: a claim serves only its own namespace."
    todo = (
        f"Create the namespace, and in it a claim of the same name as the shared storage, with the same data: {name}."
    )
    edit = Edit(rule.to, name, source=(group.last.place,))
    return moved(group, rule, edits=(edit,), findings=(finding("G2H430", what, todo, group.last.place, rule.to),))


def current_user(ctx: Context, group: Group, rule: Rule) -> Result:
    """Execution as the current user needs the chart's name service, and logins that it knows; also by its early name."""
    edits, found = _name_service(ctx, group) if gcfg.boolean(group.value) else ([], [])
    if not rule.setting:
        return carried(edits=edits, findings=found)
    if ctx.value(rule.setting) is not None:
        return renamed(ctx, group, rule)
    return renamed(ctx, group, rule, edits=edits, findings=found)


def _name_service(ctx: Context, group: Group) -> tuple[list[Edit], list[Finding]]:
    provider = (ctx.value("Authentication.Provider") or "password").strip().lower()
    if ctx.chart.version not in HAS_NAMESERVICE or provider not in _NAMESERVICE_PROVIDERS:
        what = f"{group.key} is on; chart {ctx.chart} with the provider {provider} cannot do that in the cluster."
        todo = "Switch it off, or use chart 0.8.18 or newer with LDAP, SAML or OAuth2 logins."
        return [], [finding("G2H405", what, todo, group.last.place)]
    line = (group.last.place,)
    edits = [Edit(("nameservice", "enabled"), value=True, source=line)]
    listen = parse_listen(ctx.value("HTTP.Listen") or "")
    server = f"http://127.0.0.1:{listen.port if listen else CHART_PORT}"
    if listen is not None and listen.port != CHART_PORT:
        edits.append(Edit(("nameservice", "server"), server, source=line))
    if ctx.answer("nameservice", "secretName") or ctx.answer("nameservice", "apiKey"):
        return edits, []
    secret = f"{ctx.fullname}-nameservice"
    what = f"{group.key} is on: the name service needs a token of Connect in the Secret {secret}."
    todo = (
        "Create a service token with the scope nameservice:read, write `CONNECT_API_KEY=` with the token and "
        f"`CONNECT_SERVER={server}` into libnss_connect.conf, and create the Secret from it:"
    )
    words = ["kubectl", "create", "secret", "generic", secret, "--namespace", ctx.namespace]
    command = Command(shlex.join([*words, "--from-file=libnss_connect.conf"]))
    edits.append(Edit(("nameservice", "secretName"), secret, todo=f"Create the Secret {secret} first.", source=line))
    return edits, [finding("G2H431", what, todo, group.last.place, ("nameservice",), commands=(command,))]


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "cluster_definition": cluster_definition,
    "content_namespace": content_namespace,
    "current_user": current_user,
    "interpreter": interpreter,
    "profiles": profiles,
}
