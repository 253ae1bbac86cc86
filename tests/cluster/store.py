"""The objects of the double: stored by kind, namespace and name; watchers hear of every change."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from cluster.kinds import Kind


class Key(NamedTuple):
    """What names an object; `namespace` is empty for those of the whole cluster."""

    plural: str
    namespace: str
    name: str


class Store:
    """All objects. Only the server's own thread changes them."""

    def __init__(self) -> None:
        self.objects: dict[Key, dict[str, Any]] = {}
        self.vaults: dict[str, dict[str, dict[str, bytes]]] = {}  # outside: by store, entry and property
        self.revision = 1
        self.watchers: list[tuple[str, asyncio.Queue[dict[str, Any]]]] = []

    def get(self, plural: str, namespace: str, name: str) -> dict[str, Any] | None:
        """Return an object; None where there is none."""
        return self.objects.get(Key(plural, namespace, name))

    def all(self, plural: str, namespace: str = "") -> Iterator[dict[str, Any]]:
        """Yield the objects of a kind, of one namespace or of all."""
        for key, made in sorted(self.objects.items()):
            if key.plural == plural and namespace in ("", key.namespace):
                yield made

    def put(self, kind: Kind, made: dict[str, Any], *, changed: bool = True) -> dict[str, Any]:
        """Store an object, new or changed, and tell the watchers; what the server adds to it is added."""
        metadata = made["metadata"]
        key = Key(kind.plural, metadata.get("namespace", ""), metadata["name"])
        old = self.objects.get(key)
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        if old is not None and _content(old) == _content(made):
            return old
        self.revision += 1
        metadata["resourceVersion"] = str(self.revision)
        if changed and (old is None or old.get("spec") != made.get("spec")):
            metadata["generation"] = metadata.get("generation", 0) + 1
        self.objects[key] = made
        self._tell(kind.plural, "ADDED" if old is None else "MODIFIED", made)
        return made

    def remove(self, key: Key) -> dict[str, Any] | None:
        """Remove an object, and everything in it where it is a namespace; return what it was."""
        made = self.objects.pop(key, None)
        if made is None:
            return None
        self.revision += 1
        made["metadata"]["resourceVersion"] = str(self.revision)
        self._tell(key.plural, "DELETED", made)
        uid = made["metadata"]["uid"]
        for other, one in list(self.objects.items()):
            owned = any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", []))
            if owned or (key.plural == "namespaces" and other.namespace == key.name):
                self.remove(other)
        return made

    def _tell(self, plural: str, event: str, made: dict[str, Any]) -> None:
        for wanted, queue in self.watchers:
            if wanted == plural:
                queue.put_nowait({"type": event, "object": copy.deepcopy(made)})


def _content(made: dict[str, Any]) -> str:
    metadata = {key: value for key, value in made["metadata"].items() if key != "resourceVersion"}
    return json.dumps({**made, "metadata": metadata}, sort_keys=True)


def matches(made: dict[str, Any], labels: str, fields: str) -> bool:
    """Whether an object is what a label selector and a field selector ask for."""
    own = made["metadata"].get("labels") or {}
    return all(_label(own, term.strip()) for term in _terms(labels)) and all(
        _field(made, term.strip()) for term in fields.split(",") if term
    )


def _terms(selector: str) -> Iterator[str]:
    """Yield the terms of a selector; the commas inside `in (a, b)` do not part them."""
    depth = start = 0
    for place, char in enumerate(selector):
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            yield selector[start:place]
            start = place + 1
    if selector[start:].strip():
        yield selector[start:]


def _label(own: dict[str, str], term: str) -> bool:
    for sign in (" notin ", " in "):
        name, found, listed = term.partition(sign)
        if found:
            inside = own.get(name.strip()) in [one.strip() for one in listed.strip().strip("()").split(",")]
            return inside is (sign == " in ")
    for sign in ("!=", "==", "="):
        name, found, value = term.partition(sign)
        if found:
            return (own.get(name.strip()) == value.strip()) is (sign != "!=")
    return (term.lstrip("!") in own) is not term.startswith("!")


def _field(made: dict[str, Any], term: str) -> bool:
    name, unequal, value = term.partition("!=")
    if not unequal:
        name, _, value = term.replace("==", "=").partition("=")
    node: Any = made
    for part in name.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return (str(node if node is not None else "") == value) is not bool(unequal)
