"""The patches of Kubernetes: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge and server-side apply."""

from __future__ import annotations

import copy
from typing import Any

from cluster.kinds import resolved


def json_patch(target: Any, operations: list[dict[str, Any]]) -> Any:
    """Return a document with `add`, `replace`, `remove` and `test` carried out; raises ValueError where one fails."""
    made = copy.deepcopy(target)
    for one in operations:
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in one["path"].split("/")[1:])
        node = made
        for part in way:
            node = node[int(part)] if isinstance(node, list) else node[part]
        key: Any = (len(node) if last == "-" else int(last)) if isinstance(node, list) else last
        if one["op"] == "test":
            if node[key] != one["value"]:
                raise ValueError(f"test failed at {one['path']}")
        elif one["op"] == "remove":
            del node[key]
        elif one["op"] == "add" and isinstance(node, list):
            node.insert(key, one["value"])
        elif one["op"] in ("add", "replace"):
            node[key] = one["value"]
        else:
            raise ValueError(f"unknown operation {one['op']}")
    return made


def merge(target: Any, patch: Any) -> Any:
    """Return a document with a merge patch: null removes a key, lists are replaced."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), value)
    return made


def strategic(target: Any, patch: Any, schema: dict[str, Any]) -> Any:
    """Return a document with a strategic merge patch; lists merge by the key that the schema names."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    properties = resolved(schema).get("properties", {})
    made = dict(target) if isinstance(target, dict) else {}
    if (kept := patch.get("$retainKeys")) is not None:
        made = {key: value for key, value in made.items() if key in kept}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            made[name] = [one for one in made.get(name, []) if one not in value]
        elif key.startswith("$"):
            continue  # $setElementOrder, $retainKeys, $patch: merge: no content
        elif value is None:
            made.pop(key, None)
        elif isinstance(value, list):
            made[key] = _list(made.get(key), value, properties.get(key, {}))
        else:
            made[key] = strategic(made.get(key), value, properties.get(key, {}))
    return made


def _list(target: Any, patch: list[Any], schema: dict[str, Any]) -> list[Any]:
    if schema.get("x-kubernetes-patch-strategy", "").partition(",")[0] != "merge":
        return patch
    name = schema.get("x-kubernetes-patch-merge-key")
    if not name:
        return [*(target or []), *(one for one in patch if one not in (target or []))]
    made = list(target or [])
    for one in patch:
        place = next((number for number, item in enumerate(made) if item.get(name) == one.get(name)), None)
        if one.get("$patch") == "delete":
            if place is not None:
                del made[place]
        elif place is None:
            made.append(one)
        else:
            made[place] = strategic(made[place], one, schema.get("items", {}))
    return made


def apply(target: Any, wanted: Any, schema: dict[str, Any]) -> Any:
    """Return a document with what an applier wants of it; owners of fields are not told apart."""
    return strategic(target or {}, wanted, schema)
