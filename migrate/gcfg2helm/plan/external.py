"""`--secrets external`: the Secrets that the pod needs as ExternalSecrets, whose values an operator takes from a store.

The shape is that of the External Secrets Operator's own definition (config/crds/bases of its repository): `v1` of
`external-secrets.io`, each key of the Secret from the property of the same name of one entry of the store. No value is
in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import finding
from gcfg2helm.plan.addresses import certificate_is_stored, certificate_name, certificate_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context
    from gcfg2helm.plan.decisions import EnvSecret, Missing
    from gcfg2helm.values.tree import Tree

API_VERSION = "external-secrets.io/v1"
OPEN = "TODO"  # no name that Kubernetes takes: the cluster refuses what nobody has answered
_KINDS = {
    "secretstore": "SecretStore",
    "clustersecretstore": "ClusterSecretStore",
}
_TLS = "kubernetes.io/tls"


class Store(NamedTuple):
    """A store that ExternalSecrets name."""

    kind: str
    name: str


class _Wanted(NamedTuple):
    """A Secret to be made: its keys, each with the file of the old server that it holds (empty: it holds a setting)."""

    name: str
    keys: Mapping[str, str]
    type: str = ""


def store(text: str) -> Store | None:
    """Read `NAME`, `ClusterSecretStore/NAME`, or what `kubectl get -o name` prints; None for anything else.

    A bare name is a SecretStore, as the operator takes it.
    """
    kind, slash, name = text.rpartition("/")
    known = _KINDS.get(kind.lower().removesuffix(".external-secrets.io")) if slash else "SecretStore"
    return Store(known, name) if known and name else None


def build(
    ctx: Context, env: Sequence[EnvSecret], secret_name: str, missing: Sequence[Missing]
) -> tuple[list[object], list[Finding]]:
    """Return the ExternalSecrets that the pod needs, and what to know about them."""
    wanted = list(_wanted(ctx, env, secret_name, missing))
    given = store(ctx.options.secret_store)
    found = [_to_fill(ctx, one) for one in wanted]
    if wanted and given is None:
        what = f"No store is named for {'the ExternalSecret' if len(wanted) == 1 else 'the ExternalSecrets'}."
        todo = "Convert again with --secret-store NAME, or --secret-store ClusterSecretStore/NAME."
        found.append(finding("G2H510", what, todo))
    return [_manifest(ctx, one, given or Store("SecretStore", OPEN)) for one in wanted], found


def _wanted(ctx: Context, env: Sequence[EnvSecret], secret_name: str, missing: Sequence[Missing]) -> Iterator[_Wanted]:
    if env and secret_name:
        yield _Wanted(secret_name, dict.fromkeys(sorted({one.secret_key for one in env}), ""))
    yield from (_Wanted(one.name, dict(one.files)) for one in missing if one.kind == "Secret")
    if certificate_is_stored(ctx):
        yield _Wanted(certificate_name(ctx), certificate_paths(ctx), _TLS)


def _entry(ctx: Context, one: _Wanted) -> str:
    """Return the key under which the store has the values of a Secret."""
    return f"{ctx.options.secret_prefix}{one.name}"


def _to_fill(ctx: Context, one: _Wanted) -> Finding:
    keys = ", ".join(f"{key} (the file {path})" if path else key for key, path in one.keys.items())
    what = f"The Secret {one.name} is made of the store's entry {_entry(ctx, one)}, which must have: {keys}."
    return finding("G2H509", what, "Put the values there before the installation; the runbook says how.")


def _manifest(ctx: Context, one: _Wanted, given: Store) -> dict[str, Tree]:
    target: dict[str, Tree] = {"name": one.name}
    if one.type:
        target["template"] = {"type": one.type}
    data: list[Tree] = [{"secretKey": key, "remoteRef": {"key": _entry(ctx, one), "property": key}} for key in one.keys]
    return {
        "apiVersion": API_VERSION,
        "kind": "ExternalSecret",
        "metadata": {"name": one.name, "namespace": ctx.namespace},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": given.kind, "name": given.name},
            "target": target,
            "data": data,
        },
    }
