"""How Connect is reached, read from settings: the public address, the addresses it listens on, where TLS ends."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from gcfg2helm.enums import SecretMode, Tls

if TYPE_CHECKING:
    from gcfg2helm.plan.context import Context

CHART_PORT = 3939
KEYPAIR = {"tls.crt": "HTTPS.Certificate", "tls.key": "HTTPS.Key"}  # the keys of a TLS Secret, and what they hold
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_LABEL = r"(?a)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


class Listen(NamedTuple):
    """An address to listen on: the host as written (without brackets), empty for all interfaces."""

    host: str
    port: int

    @property
    def everywhere(self) -> bool:
        """Whether it means all interfaces."""
        return self.host in ("", "*", "::", "0.0.0.0")  # noqa: S104 - read, not bound


class Address(NamedTuple):
    """What Server.Address says for an ingress."""

    scheme: str
    host: str
    path: str


def is_loopback(host: str) -> bool:
    """Whether a host names the machine itself."""
    if host.lower().rstrip(".") in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parse_listen(text: str) -> Listen | None:
    """Read `:3939`, `0.0.0.0:3939`, `[::1]:3939`; None for anything else."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        return None
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        return None
    return Listen(host[1:-1] if bracketed else host, int(port))


def parse_address(text: str) -> Address | None:
    """Read a public URL; one without a scheme counts as http. None where no host can be read."""
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host = parts.hostname or ""
    except ValueError:
        return None
    return Address(parts.scheme.lower(), host, f"/{parts.path.strip('/')}") if host else None


def is_label(name: str) -> bool:
    """Whether Kubernetes takes a text for the name of a namespace."""
    return re.fullmatch(_LABEL, name) is not None


def is_dns_name(host: str) -> bool:
    """Whether a host is a DNS name, which an ingress can serve; an IP address is none."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return len(host) <= 253 and all(map(is_label, host.split(".")))
    return False


def ends_at_ingress(ctx: Context, scheme: str) -> bool:
    """Whether the ingress holds a certificate."""
    return ctx.options.tls is Tls.INGRESS and (scheme == "https" or bool(ctx.options.tls_secret))


def proposes_certificate(ctx: Context) -> bool:
    """Whether the ingress names a Secret with the certificate that this program proposes, and nobody else's."""
    if ctx.options.tls is not Tls.INGRESS or ctx.options.tls_secret:
        return False
    answer = ctx.answer("ingress", "tls")
    named = [one.get("secretName") for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
    return not named or certificate_name(ctx) in named


def certificate_name(ctx: Context) -> str:
    """Return the name of the Secret with the ingress's certificate: the admin's, else a proposal."""
    return ctx.options.tls_secret or f"{ctx.fullname}-tls"


def certificate_is_stored(ctx: Context) -> bool:
    """Whether the certificate of the ingress comes from the store."""
    mode = ctx.options.secrets
    return mode is SecretMode.EXTERNAL and proposes_certificate(ctx) and bool(certificate_paths(ctx))


def certificate_paths(ctx: Context) -> dict[str, str]:
    """Return where the old server has certificate and key of HTTPS, by the key of a TLS Secret; empty without both."""
    paths = {key: (ctx.value(name) or "").strip() for key, name in KEYPAIR.items()}
    return paths if all(path.startswith("/") and path.isprintable() for path in paths.values()) else {}
