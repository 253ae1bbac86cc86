"""Kubernetes' protobuf, as much of it as typed clients send: a Secret of a Helm release, `kubectl create namespace`.

The field numbers are those of k8s.io/api/core/v1/generated.proto and apimachinery's meta/v1.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"k8s\0"
_METADATA = {1: "name", 2: "generateName", 3: "namespace", 5: "uid", 6: "resourceVersion"}
_MAPS = {11: "labels", 12: "annotations"}


def decode(raw: bytes) -> dict[str, Any]:
    """Return an object. Raises ValueError for a kind that the double does not read."""
    if not raw.startswith(_MAGIC):
        raise ValueError("no protobuf of Kubernetes")
    envelope = dict(_fields(raw[len(_MAGIC) :]))
    kind = dict(_fields(envelope[1]))
    made: dict[str, Any] = {"apiVersion": kind[1].decode(), "kind": kind[2].decode()}
    if made["kind"] not in ("Secret", "Namespace", "ConfigMap", "DeleteOptions"):
        raise ValueError(f"protobuf of a {made['kind']}")
    for number, value in _fields(envelope.get(2, b"")):
        match made["kind"], number:
            case "DeleteOptions", _:
                continue
            case _, 1:
                made["metadata"] = _metadata(value)
            case "Secret", 2:
                name, content = _entry(value)
                made.setdefault("data", {})[name] = base64.b64encode(content).decode()
            case "Secret", 3:
                made["type"] = value.decode()
            case ("Secret", 4) | ("ConfigMap", 2):
                name, content = _entry(value)
                made.setdefault("stringData" if number == 4 else "data", {})[name] = content.decode()
    return made


def _metadata(raw: bytes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for number, value in _fields(raw):
        if number in _METADATA and value:
            made[_METADATA[number]] = value.decode()
        elif number in _MAPS:
            name, content = _entry(value)
            made.setdefault(_MAPS[number], {})[name] = content.decode()
    return made


def _entry(raw: bytes) -> tuple[str, bytes]:
    """Return one entry of a map."""
    parts = dict(_fields(raw))
    return parts.get(1, b"").decode(), parts.get(2, b"")


def _fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields that are texts, bytes or messages; numbers are passed over."""
    place = 0
    while place < len(raw):
        head, place = _number(raw, place)
        if head & 7 == 0:
            _, place = _number(raw, place)
        elif head & 7 == 2:
            length, place = _number(raw, place)
            yield head >> 3, raw[place : place + length]
            place += length
        else:
            place += 8 if head & 7 == 1 else 4


def _number(raw: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = raw[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
        shift += 7
