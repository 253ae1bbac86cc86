"""Where secrets go: out of values.yaml, into a Kubernetes Secret that the pod reads, or into a second values file.

`config` lands in a ConfigMap, in Helm's release record and in git. A secret of a plain section becomes an environment
variable `CONNECT_<SECTION>_<PROPERTY>`; for named sections and several values no such name is documented, so those go
into a values file that holds nothing else, and so does what a file of the old server brings for other values.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Command, finding
from gcfg2helm.masked import Secret, shown
from gcfg2helm.plan import secrets
from gcfg2helm.plan.decisions import EnvSecret
from gcfg2helm.plan.merge import LIST_PATHS
from gcfg2helm.tables import Kind
from gcfg2helm.tables.types import meaning
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import Edit, applied, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Finding, Place
    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.tables import Setting
    from gcfg2helm.values.tree import Path, Tree

# The setting, and so the documented environment variable, that holds the password of a database URL.
_PASSWORD_OF = {"Postgres.URL": "Password", "Postgres.InstrumentationURL": "InstrumentationPassword"}
_ENV_PATH = ("pod", "env")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_BARE_KINDS = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.DECIMAL, Kind.DURATION, Kind.BYTESIZE})


class Placement(NamedTuple):
    """Where the values of a setting go that hold a secret.

    `config_values` stay under `config` (None: nothing does); `env` is an environment variable; `secret_values` go into
    the second values file. `variable` is the name of the environment variable, empty where there is none.
    """

    config_values: list[str] | None
    env: EnvSecret | None
    secret_values: list[str] | None
    reason: str
    variable: str
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        return f"<Placement {self.variable}>"


# where values go ------------------------------------------------------------------------------------------------------


def place(ctx: Context, group: Group, setting: Setting, subsection: str | None, values: list[str]) -> Placement | None:
    """Decide where the values of a setting go; None where they hold no secret.

    `setting` and `subsection` are what it is called under `config`, which differs from the group's for renamed ones.
    """
    at, key = group.last.place, _shown(setting, subsection)
    if ctx.options.spares(group.setting.key, group.key):
        return None
    # A transform may have split a private key at its blanks.
    whole = any(_is_secret(group, setting, value) for value in (*values, *group.values))
    cut = any(one.entry.cut for one in group.live)
    parts = [[] if whole else _parts(setting, value, cut=cut) for value in values]
    header = subsection is not None and secrets.holds_secret(subsection)
    if not (whole or header or any(parts)):
        return None
    hints = _encrypted(ctx, group, key) if whole and setting.encrypted else ()
    if ctx.options.secrets is SecretMode.INLINE:
        warning = finding("G2H503", f"{key} holds a secret and stays in values.yaml.", place=at)
        return Placement(values, None, None, "", "", (warning, *hints))
    hints += () if _is_sure(group, setting, whole=whole, parts=parts) else (_doubtful(key, at),)
    kept = (
        None if whole or header else [secrets.without(text, found) for text, found in zip(values, parts, strict=True)]
    )
    kept = kept if kept and any(kept) else None
    plain = _PLAIN_NAME.fullmatch(setting.section) and _PLAIN_NAME.fullmatch(setting.name)
    if subsection is not None or len(values) != 1 or not plain:
        moved = finding("G2H502", f"{key} goes into the second values file.", place=at)
        if not ctx.options.secrets.makes_values:
            todo = "Write it under config into a file that Helm gets with another -f."
            moved = finding("G2H507", f"{key} must be in a values file of your own.", todo, at)
        return Placement(kept, None, values, "A secret: it goes into the second values file.", "", (moved, *hints))
    name, value, subject = setting.name, values[0], key
    if (twin := _PASSWORD_OF.get(setting.key)) and parts[0] and all(part.password is not None for part in parts[0]):
        password = parts[0][-1].password or ""  # a parameter comes last, and beats the password before the host
        given = ctx.group(f"{setting.section}.{twin}")
        own = given.value if given is not None else ""
        if own == password:
            what = f"The password inside {key} is left out: it is the same as {setting.section}.{twin}."
            return Placement(kept, None, None, "", "", (finding("G2H501", what, place=at),))
        if not own:
            name, value, subject = twin, password, f"The password inside {key}"
    variable = f"CONNECT_{setting.section}_{name}".upper()
    what = f"{subject} goes into the environment variable {variable}, from a Kubernetes Secret."
    env = EnvSecret(variable, f"{setting.section}-{name}".lower(), Secret(value))
    reason = f"A secret: the pod reads {variable} from a Kubernetes Secret."
    return Placement(kept, env, None, reason, variable, (finding("G2H501", what, place=at, path=_ENV_PATH), *hints))


def _shown(setting: Setting, subsection: str | None) -> str:
    """Return the setting as messages name it: a secret in the name of its section shows as stars."""
    return f"{shown(secrets.as_key(gcfg.header(setting.section, subsection)))}.{setting.name}"


def _is_secret(group: Group, setting: Setting, value: str) -> bool:
    """Whether the whole value is one: as the tables say; of an unlisted setting by its name, if it is not yes or no."""
    if not value or secrets.is_private_key(value):
        return bool(value)
    if setting.secret or group.known:
        return setting.secret
    return gcfg.boolean(value) is None and (secrets.means_secret(setting.name) or secrets.may_mean_secret(setting.name))


def _parts(setting: Setting, value: str, *, cut: bool) -> list[secrets.Part]:
    """Return the secrets inside a value; a number or a boolean has none."""
    if setting.key in _PASSWORD_OF:
        return secrets.database_parts(value, cut=cut)
    if setting.kind in _BARE_KINDS and meaning(setting.kind, value) is not None:
        return []
    return secrets.parts(value, cut=cut)


def _is_sure(group: Group, setting: Setting, *, whole: bool, parts: Sequence[Sequence[secrets.Part]]) -> bool:
    """Whether it cannot well be anything else than a secret."""
    if whole:
        keys = any(secrets.is_private_key(value) for value in group.values)
        return setting.secret or keys or secrets.means_secret(setting.name)
    return any(part.sure for found in parts for part in found) or setting.key in _PASSWORD_OF


def _doubtful(key: str, at: Place) -> Finding:
    what = f"{key} may hold a secret, so it is moved out of values.yaml."
    return finding("G2H508", what, f"If it does not, convert again with {shlex.join(['--not-secret', key])}.", at)


def _encrypted(ctx: Context, group: Group, key: str) -> tuple[Finding, ...]:
    """Say once for each setting that encrypted values need the old server's key."""
    if ctx.first(group.setting) is not group:
        return ()
    what = f"{key} may be encrypted; this program cannot tell."
    todo = "If it is, copy the old server's key file with the data directory, or set the plain value."
    return (finding("G2H505", what, todo, group.last.place),)


def outside(ctx: Context, edits: Sequence[Edit]) -> tuple[list[Edit], list[Edit], list[Finding]]:
    """Take the secrets out of values that files of the old server bring, such as the profiles of the launcher.

    Returns the edits of values.yaml, those of the second values file, and what to know. A map gives up single keys; a
    list, which Helm replaces as a whole, goes there whole. The items of `pod.env` and its like refer to Secrets only.
    """
    public: list[Edit] = []
    hidden: list[Edit] = []
    found: list[Finding] = []
    for edit in edits:
        composed = isinstance(edit.value, dict | list) and edit.path not in LIST_PATHS and edit.path[:1] != ("config",)
        holders = list(_holders(secrets.masked(edit.value, edit.path), edit.path)) if composed else []
        if not holders:
            public.append(edit)
            continue
        names = [dotted(path) for path in holders]
        if ctx.options.secrets is SecretMode.INLINE:
            public.append(edit)
            found += (
                finding("G2H503", f"{name} holds a secret and stays in values.yaml.", path=edit.path) for name in names
            )
            continue
        if not ctx.options.secrets.makes_values:
            todo = "Write it into a file that Helm gets with another -f."
            found += (
                finding("G2H507", f"{name} must be in a values file of your own.", todo, path=edit.path)
                for name in names
            )
        else:
            found += (finding("G2H502", f"{name} goes into the second values file.", path=edit.path) for name in names)
        tree: dict[str, Tree] = applied({}, [Edit(edit.path, edit.value)])
        hidden += (Edit(path, _masked(find(tree, path)), source=edit.source) for path in holders)
        if edit.path not in holders:
            left = find(applied(tree, [Edit(path, remove=True) for path in holders]), edit.path)
            public.append(edit._replace(value=left))  # type: ignore[arg-type]
    return public, hidden, found


def _holders(tree: Tree, path: Path) -> Iterator[Path]:
    """Yield the paths of the values inside maps that hold a secret; of a list with one, the path of the list."""
    if isinstance(tree, list) and _holds(tree):
        yield path
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _holders(value, (*path, key))
    elif isinstance(tree, Secret):
        yield path


def _holds(tree: Tree) -> bool:
    items = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return isinstance(tree, Secret) or any(map(_holds, items))


def _masked(tree: object) -> Tree:
    """Return a tree with every text in it masked."""
    if isinstance(tree, dict):
        return {key: _masked(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return list(map(_masked, tree))
    return Secret(tree) if isinstance(tree, str) else tree  # type: ignore[return-value]


# what the pod reads ---------------------------------------------------------------------------------------------------


def env_edits(ctx: Context, env: Sequence[EnvSecret]) -> tuple[list[Edit], list[Finding], str]:
    """Return the new items of `pod.env`, what to know about them, and the name of the Secret (empty: none is needed)."""
    if not env:
        return [], [], ""
    name = ctx.options.secret_name or f"{ctx.release}-rstudio-connect-secrets"
    answer = ctx.answer(*_ENV_PATH)
    existing = {item.get("name"): item for item in answer if isinstance(item, dict)} if isinstance(answer, list) else {}
    items: dict[str, Tree] = {}
    found: list[Finding] = []
    for variable, key in dict.fromkeys((one.variable, one.secret_key) for one in env):
        item: Tree = {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
        if variable not in existing:
            items[variable] = item
        elif existing[variable] != item:
            what = f"pod.env sets {variable} already, which the gcfg holds as a secret."
            todo = "Check its value, or remove it and convert again to take it from the Secret."
            found.append(finding("G2H504", what, todo, path=_ENV_PATH))
    if ctx.options.secrets is SecretMode.EXISTING:
        found.append(_must_exist(ctx, name, sorted({one.secret_key for one in env})))
    return [Edit(_ENV_PATH, list(items.values()))] if items else [], found, name


def _must_exist(ctx: Context, name: str, keys: Sequence[str]) -> Finding:
    what = f"The Secret {name} must exist in the namespace {ctx.namespace} with: {', '.join(keys)}."
    sources = [f"{keys[0]}=/dev/stdin"] if len(keys) == 1 else [f"{key}={key}.txt" for key in keys]
    start = ["kubectl", "create", "secret", "generic", name, "--namespace", ctx.namespace]
    command = Command(shlex.join([*start, *(f"--from-file={source}" for source in sources)]))
    todo = f"Create it; {'standard input' if len(keys) == 1 else 'each file'} holds the value, without a line break:"
    return finding("G2H507", what, todo, path=_ENV_PATH, commands=(command,))


def manifest(plan: Plan) -> dict[str, Tree] | None:
    """Return the Secret with everything that `pod.env` refers to; None where there is nothing.

    Where `SecretMode.makes_secrets` is not, the Secret is somebody else's: do not ask for this one then.
    """
    if not plan.env_secrets:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": plan.secret_name, "namespace": plan.namespace},
        "type": "Opaque",
        "stringData": {one.secret_key: one.value for one in plan.env_secrets},
    }
