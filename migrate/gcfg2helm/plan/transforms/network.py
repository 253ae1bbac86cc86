"""Rows about how Connect is reached: its public address and the ingress, ports and probes, TLS, hosts it reaches itself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gcfg2helm.enums import Tls
from gcfg2helm.findings import Command, Finding, Where, finding
from gcfg2helm.plan import files
from gcfg2helm.plan.addresses import (
    CHART_PORT,
    PROBES,
    Address,
    certificate_is_stored,
    certificate_name,
    ends_at_ingress,
    is_dns_name,
    is_loopback,
    parse_address,
    parse_listen,
)
from gcfg2helm.plan.outcomes import by_chart, carried, dropped, moved, renamed, unused_options
from gcfg2helm.values.tree import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gcfg2helm.plan.context import Context, Group, Result
    from gcfg2helm.tables import Rule
    from gcfg2helm.values.tree import Path, Tree

_PORT_PATHS: tuple[Path, ...] = (
    ("pod", "port"),
    ("service", "targetPort"),
    *((probe, "httpGet", "port") for probe in PROBES),
)


# the public address ----------------------------------------------------------------------------------------------------


def address(ctx: Context, group: Group, rule: Rule) -> Result:
    """Propose the ingress that makes the public address true; an empty address is `needs`' to report."""
    if not group.value.strip():
        return carried()
    public = parse_address(group.value)
    if public is None or is_loopback(public.host) or not is_dns_name(public.host):
        what = f"{group.key} does not name a host that an ingress can serve."
        todo = "Set it to the URL that people will use, with a DNS name, before the installation."
        return carried(findings=(finding("G2H426", what, todo, group.last.place),))
    if _ingress_answered(ctx):
        return carried(findings=_late(ctx))
    return carried(edits=_ingress(ctx, group, public), findings=_ingress_questions(ctx, group, public))


def _ingress_answered(ctx: Context) -> bool:
    """Whether values.yaml says how Connect is reached: an ingress with hosts, none at all, or another kind of service."""
    return bool(
        ctx.answer("ingress", "hosts")
        or ctx.answer("ingress", "enabled") is False
        or ctx.answer("service", "type") in ("LoadBalancer", "NodePort")
    )


def _late(ctx: Context) -> list[Finding]:
    """Name the options that an ingress of the admin's own leaves without use."""
    options, listed = ctx.options, ctx.answer("ingress", "tls")
    secrets = [one.get("secretName") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    unused = {
        "--ingress-class": options.ingress_class
        if options.ingress_class != ctx.answer("ingress", "ingressClassName")
        else "",
        "--tls-secret": options.tls_secret if options.tls_secret not in secrets else "",
    }
    return unused_options(("ingress",), unused)


def _ingress(ctx: Context, group: Group, public: Address) -> list[Edit]:
    line = (group.last.place,)
    hosts: Tree = [{"host": public.host, "paths": [public.path]}]
    wanted = ends_at_ingress(ctx, public.scheme) or ctx.options.ingress_class or ctx.answer("ingress", "enabled")
    ask = "" if wanted else "Set ingress.enabled to true or false."
    if not wanted and public.scheme == "http":
        ask = f"The address is plain http. {ask}"
    edits = [Edit(("ingress", "hosts"), hosts, todo=ask, source=line)]
    if wanted:
        todo = "" if _class_known(ctx) else "Set ingress.ingressClassName to the class of your cluster's ingress."
        edits.insert(0, Edit(("ingress", "enabled"), value=True, todo=todo, source=line))
    if ctx.options.ingress_class:
        edits.append(Edit(("ingress", "ingressClassName"), ctx.options.ingress_class))
    if ends_at_ingress(ctx, public.scheme) and not ctx.answer("ingress", "tls"):
        name = certificate_name(ctx)
        todo = "" if ctx.options.tls_secret else f"Create the Secret {name} with the certificate, or name another."
        tls: Tree = [{"secretName": name, "hosts": [public.host]}]
        edits.append(Edit(("ingress", "tls"), tls, todo=todo, source=line))
    return edits


def _class_known(ctx: Context) -> bool:
    annotation = ctx.answer("ingress", "annotations", "kubernetes.io/ingress.class")
    return bool(ctx.options.ingress_class or ctx.answer("ingress", "ingressClassName") or annotation)


def _ingress_questions(ctx: Context, group: Group, public: Address) -> list[Finding]:
    """Return one finding with everything that the cluster, not the gcfg, decides; none where nothing is open."""
    todo: list[str] = []
    if ctx.options.tls is Tls.POD and public.scheme == "https":
        todo.append("TLS stays in the pod: configure the ingress to pass it through, or to use HTTPS to the service.")
    elif not ends_at_ingress(ctx, public.scheme) and not (
        ctx.options.ingress_class or ctx.answer("ingress", "enabled")
    ):
        todo.append("The address is plain http: set ingress.enabled, or reach the service in another way.")
    if not _class_known(ctx):
        todo.append("Name the ingress class (--ingress-class).")
    if ends_at_ingress(ctx, public.scheme) and not (ctx.options.tls_secret or ctx.answer("ingress", "tls")):
        todo.append("Name the Secret with the certificate (--tls-secret).")
    if public.path != "/":
        todo.append(f"Configure the ingress to strip {public.path} from requests and to set the header X-RSC-Request.")
    if not todo:
        return []
    what = f"The ingress is proposed for {public.host} from {group.key}."
    return [finding("G2H409", what, " ".join(todo), group.last.place, ("ingress",))]


# ports -----------------------------------------------------------------------------------------------------------------


def _listen_in_pod(ctx: Context, group: Group, scheme: str) -> Result:
    """Carry an address to listen on so that the service and the probes meet it."""
    place, line = group.last.place, (group.last.place,)
    listen = parse_listen(group.value)
    if listen is None:
        what = f"{group.key} is not an address with a port, so the ports of service and probes cannot follow it."
        todo = f"Set it to `:{CHART_PORT}`, or set {', '.join('.'.join(path) for path in _PORT_PATHS)} by hand."
        return carried(findings=(finding("G2H414", what, todo, place),))
    edits: list[Edit] = []
    if scheme == "HTTPS" or not _served_by_tls(ctx):
        if listen.port != CHART_PORT:
            edits += [Edit(path, listen.port, source=line) for path in _PORT_PATHS]
        if scheme == "HTTPS":
            edits += [Edit((probe, "httpGet", "scheme"), scheme, source=line) for probe in PROBES]
    if listen.everywhere:
        return carried(edits=edits)
    what = f"{group.key} names one interface of the old host; in the pod Connect listens on all of them."
    note = finding("G2H414", what, "", place)
    return carried([f":{listen.port}"], edits=edits, findings=(note,), reason="On all interfaces of the pod.")


def _served_by_tls(ctx: Context) -> bool:
    return ctx.options.tls is Tls.POD and bool(ctx.value("HTTPS.Listen"))


def http_listen(ctx: Context, group: Group, rule: Rule) -> Result:
    """Carry the address; its port goes to the pod, the service and the probes, which are at 3939."""
    if not group.value.strip():
        return by_chart(group, rule, f"It is empty; the chart's own `:{CHART_PORT}` stays.")
    return _listen_in_pod(ctx, group, "HTTP")


def prometheus_port(ctx: Context, group: Group, rule: Rule) -> Result:
    """Move the port; the chart writes the address from it, on all interfaces."""
    listen = parse_listen(group.value)
    if listen is not None:
        return moved(group, rule, edits=(Edit(rule.to, listen.port, source=(group.last.place,)),))
    if not group.value.strip():
        return by_chart(group, rule, "It is empty; the chart's own port stays.")
    what = f"{group.key} is not an address with a port; the chart's own port stays."
    return dropped(group, rule, findings=(finding("G2H414", what, "Set prometheus.port by hand.", group.last.place),))


# TLS -------------------------------------------------------------------------------------------------------------------


def tls(ctx: Context, group: Group, rule: Rule) -> Result:
    """With TLS at the ingress all of HTTPS and HTTPRedirect goes; with TLS in the pod it stays, ports and probes follow."""
    if group.setting.name == "UnixDomainSocket":
        what = f"{group.key}: a socket inside the pod cannot be reached from the ingress."
        return dropped(group, rule, findings=(finding("G2H414", what, "", group.last.place),))
    if ctx.options.tls is Tls.POD:
        listens_for_tls = group.setting.key == "HTTPS.Listen" and group.value.strip()
        return _listen_in_pod(ctx, group, "HTTPS") if listens_for_tls else carried()
    if group.setting.key != "HTTPS.Certificate" or ctx.options.tls_secret or ctx.answer("ingress", "tls"):
        return dropped(group, rule)
    what = f"{group.key}: TLS ends at the ingress, which needs the certificate as the Secret {certificate_name(ctx)}."
    if files.certificate(ctx) or certificate_is_stored(ctx):
        todo = "It is among the Secrets that are written: apply them before the installation."
        return dropped(group, rule, findings=(finding("G2H408", what, todo, group.last.place, ("ingress", "tls")),))
    command = (
        f"kubectl create secret tls {shlex.quote(certificate_name(ctx))} --namespace {shlex.quote(ctx.namespace)}"
        f" --cert={_shell_path(group.value, 'CERTIFICATE')}"
        f" --key={_shell_path(ctx.value('HTTPS.Key') or '', 'KEY')}"
    )
    todo, commands = "Create it where certificate and key are:", (Command(command, Where.SERVER),)
    note = finding("G2H408", what, todo, group.last.place, ("ingress", "tls"), commands=commands)
    return dropped(group, rule, findings=(note,))


def _shell_path(value: str, otherwise: str) -> str:
    """Return a path for the shell; whatever is no path (a pasted key) is not shown."""
    value = value.strip()
    return shlex.quote(value) if value.startswith("/") and value.isprintable() else otherwise


def tls_permanent(ctx: Context, group: Group, rule: Rule) -> Result:
    """With TLS at the ingress Connect needs HTTP.ForceSecure for what HTTPS.Permanent did."""
    return carried() if ctx.options.tls is Tls.POD else renamed(ctx, group, rule)


# hosts that Connect reaches --------------------------------------------------------------------------------------------


def reachable_host(ctx: Context, group: Group, rule: Rule) -> Result:
    """Warn of hosts that are the pod itself."""
    hosts = (part.rpartition("://")[2] for value in group.values for part in value.replace(",", " ").split())
    if not any(is_loopback(host) or is_loopback(_without_port(host)) for host in hosts):
        return carried()
    what = f"{group.key} names this machine, which is the pod itself in the cluster."
    todo = "Use a name under which the pod reaches it."
    return carried(findings=(finding("G2H418", what, todo, group.last.place),))


def _without_port(host: str) -> str:
    listen = parse_listen(host)
    return listen.host if listen else host


TRANSFORMS: Mapping[str, Callable[[Context, Group, Rule], Result]] = {
    "address": address,
    "http_listen": http_listen,
    "prometheus_port": prometheus_port,
    "reachable_host": reachable_host,
    "tls": tls,
    "tls_permanent": tls_permanent,
}
