"""What of an existing values.yaml is the administrator's answer, and what merely is there.

Outside `config` an answer wins over what would be proposed; the rest gives way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.plan.merge import LIST_PATHS, RUNTIME_YAML
from gcfg2helm.values.tree import Edit, applied, find, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.plan.context import Context
    from gcfg2helm.values.tree import Path, Tree

_TLS = ("ingress", "tls")
# Off is no answer here: without storage nothing installs, and the others take a text.
_NO_SWITCH: tuple[Path, ...] = (
    ("sharedStorage", "create"),
    ("sharedStorage", "mount"),
    ("sharedStorage", "storageClassName"),
    ("license", "server"),
    ("license", "file", "secret"),
    ("license", "file", "contents"),
)
# What only can be as the gcfg says; a copy of the chart's own default is no decision against it.
_FOLLOWING: tuple[Path, ...] = (
    ("pod", "port"),
    ("service", "targetPort"),
    ("livenessProbe", "httpGet", "port"),
    ("readinessProbe", "httpGet", "port"),
    ("startupProbe", "httpGet", "port"),
    ("sharedStorage", "path"),
    ("prometheus", "port"),
    ("nameservice", "server"),
)


def unanswered(ctx: Context, answers: Mapping[str, Tree], proposals: Sequence[Edit]) -> dict[str, Tree]:
    """Return values.yaml without what is no answer of the administrator.

    That is, outside `config`: what is empty or off, the chart's own default where a value follows from the gcfg, and
    what this program proposes itself where nobody has answered yet, so that its questions stay open.
    """
    pruned = {key: value if key == "config" else _without_empty(value) for key, value in answers.items()}
    pruned = {key: value for key, value in pruned.items() if key == "config" or value not in (None, "", [])}
    ours = [edit for edit in proposals if edit.path[:1] != ("config",) and edit.path not in LIST_PATHS]
    present = [edit.path for edit in ours if same(find(pruned, edit.path), edit.value)]
    present += [path for path in _NO_SWITCH if find(pruned, path) is False]
    present += [path for path in _FOLLOWING if same(find(pruned, path), find(ctx.chart.defaults, path))]
    present += [edit.path for edit in ours if edit.path == _TLS and _is_placeholder(ctx, find(pruned, _TLS), edit)]
    if find(pruned, RUNTIME_YAML) == "base":
        present.append(RUNTIME_YAML)
    return applied(pruned, [Edit(path, remove=True) for path in present])


def _is_placeholder(ctx: Context, present: object, edit: Edit) -> bool:
    """Whether the certificate of the ingress is the one that this program names where nobody has named one."""
    items = edit.value if isinstance(edit.value, list) else []
    name = f"{ctx.fullname}-tls"
    return same(present, [{**item, "secretName": name} for item in items if isinstance(item, dict)])


def _without_empty(tree: Tree) -> Tree:
    if not isinstance(tree, dict):
        return tree
    kept = {key: _without_empty(value) for key, value in tree.items()}
    return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
