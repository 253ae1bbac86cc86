"""Values files read exactly as Helm 3 reads them, from the events of ruamel.yaml's parser.

Helm reads values with sigs.k8s.io/yaml: the scalars of YAML 1.1, as goyaml.v2 resolves them, and then JSON, so that
every number becomes a float64 and every key a text. Three things that Helm takes in silence are refused here, since
they always lose something: a key that stands twice, a second document, and text behind the end of the top map.
"""

from __future__ import annotations

import base64
import math
import re
from typing import TYPE_CHECKING, Any

from gcfg2helm.values.scalars import fits, key_text, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.values.tree import Scalar, Tree

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 200
MAX_EXPANDED = 100_000
MAX_NODES = 50_000  # the parser, in plain Python, reads so many in a second or two
MAX_KEY = 4_000  # every message about what stands below names the key

# Beside the control characters those that Helm takes for line breaks and most programs do not.
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STANDARD = "tag:yaml.org,2002:"
_RESOLVED = {_STANDARD + short for short in ("bool", "int", "float", "null", "timestamp")}


class YamlError(Exception):
    """A values file cannot be used; `line` and `column` are 1-based. The message holds keys, never values."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column
        self.message = message


def read(text: str, file: str) -> dict[str, Tree]:
    """Read a values file as Helm does; an empty one, or one with comments only, is an empty map.

    Integers below 2^53 are int, all other numbers float. Raises YamlError where Helm would refuse the file, for what
    the module names above, and beyond the limits: 4 MiB, 200 levels, 50,000 nodes, 100,000 nodes that come from aliases.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise YamlError(file, 1, 1, "the file is larger than 4 MiB")
    if bad := _REFUSED.search(text):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        raise YamlError(file, line, column, f"the character U+{ord(bad[0]):04X} is not allowed")
    _check_directives(text, file)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)
    try:
        return _Document(yaml.parse(text), file).read()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        if "document start" in message:
            message = "this stands behind the end of the map: Helm would not read it"
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(file, line, column, message or "not YAML") from None
    except (YAMLError, RecursionError, ValueError, AssertionError) as error:
        raise YamlError(file, 1, 1, f"not YAML ({type(error).__name__})") from None


def _check_directives(text: str, file: str) -> None:
    """Refuse the directives that Helm refuses; they stand before the first line that is more than a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("%") and not line.startswith(("%YAML 1.1", "%TAG ")):
            raise YamlError(file, number, 1, "Helm reads YAML 1.1 and knows no other directive than %YAML and %TAG")
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            return


class _Document:
    """Builds the tree from the parser's events; goes down the nesting, so its depth is checked at each step."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file
        self._anchors: dict[str, tuple[Tree, int, int] | None] = {}
        self._expanded = 0
        self._nodes = 0

    def read(self) -> dict[str, Tree]:
        """Read the only document of the stream."""
        next(self._events)
        if type(next(self._events)).__name__ == "StreamEndEvent":
            return {}
        first = next(self._events)
        tree, _, _ = self._node(first, 0)
        next(self._events)
        after = next(self._events)
        if type(after).__name__ != "StreamEndEvent":
            raise self._error(after, "a second document: Helm would not read it")
        if tree is None:
            return {}
        if not isinstance(tree, dict):
            raise self._error(first, "the values must be a map")
        return tree

    def _error(self, event: Any, message: str) -> YamlError:
        mark = event.start_mark
        return YamlError(self._file, mark.line + 1, mark.column + 1, message)

    def _node(self, event: Any, depth: int) -> tuple[Tree, int, int]:
        """Return the value that starts at an event, how many nodes it has and how many levels."""
        if depth > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES} values")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        found: tuple[Tree, int, int]
        if kind == "ScalarEvent":
            found = self._number(event, self._scalar(event)), 1, 0
        elif kind == "SequenceStartEvent":
            found = self._sequence(depth)
        else:
            found = self._mapping(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _alias(self, event: Any, depth: int) -> tuple[Tree, int, int]:
        if event.anchor not in self._anchors:
            raise self._error(event, "an alias to an anchor that is not there")
        found = self._anchors[event.anchor]
        if found is None:
            raise self._error(event, "an anchor that contains itself")
        tree, size, height = found
        self._expanded += size
        if self._expanded > MAX_EXPANDED:
            raise self._error(event, f"the aliases stand for more than {MAX_EXPANDED} nodes")
        if depth + height > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        return _copy(tree), size, height

    def _sequence(self, depth: int) -> tuple[Tree, int, int]:
        items: list[Tree] = []
        size, height = 1, 0
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            item, nodes, levels = self._node(event, depth + 1)
            items.append(item)
            size, height = size + nodes, max(height, levels + 1)
        return items, size, height

    def _mapping(self, depth: int) -> tuple[Tree, int, int]:
        tree: dict[str, Tree] = {}
        seen: set[str] = set()
        size, height = 1, 0
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            merge = _is_merge(event)
            key = "" if merge else self._key(event, depth + 1)
            follows = next(self._events)
            value, nodes, levels = self._node(follows, depth + 1)
            size, height = size + nodes + 1, max(height, levels + 1)
            if merge:
                # goyaml.v2 merges where the key stands: over what is above it, below what follows.
                for part in reversed(self._merged(follows, value)):
                    tree.update(part)
                continue
            if key in seen:
                raise self._error(event, f"the key {key[:80]!r} stands twice in its map")
            seen.add(key)
            tree[key] = value
        return tree, size, height

    def _merged(self, event: Any, value: Tree) -> list[dict[str, Tree]]:
        # An alias to a list is none of maps for goyaml.v2.
        parts = value if isinstance(value, list) and type(event).__name__ != "AliasEvent" else [value]
        maps = [part for part in parts if isinstance(part, dict)]
        if len(maps) != len(parts):
            raise self._error(event, "`<<` needs a map, or a list of maps")
        return maps

    def _key(self, event: Any, depth: int) -> str:
        if type(event).__name__ == "ScalarEvent":
            key: Tree = self._scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = key, 1, 0
        else:
            key, _, _ = self._node(event, depth)
        match key:
            case str() if len(key) > MAX_KEY:
                raise self._error(event, f"the key is longer than {MAX_KEY} characters")
            case str():
                return key
            case bool():
                return "true" if key else "false"
            case int() if key < 2**63:
                return str(key)
            case float():
                return key_text(key)
        raise self._error(event, "this cannot be a key for Helm; put it in quotes")

    def _scalar(self, event: Any) -> Scalar:
        """Resolve a scalar as goyaml.v2 does: by its tag, where it has one that counts, and by how it looks."""
        text: str = event.value
        tag = "" if event.tag is None else str(event.tag)
        if _SURROGATE.search(text):
            raise self._error(event, "an escape stands for half a character")
        if not tag and not event.implicit[0]:
            return text
        if tag == _STANDARD + "binary":
            return self._binary(event, text)
        if tag and tag not in _RESOLVED:
            return text
        value = resolve(text)
        short = tag.removeprefix(_STANDARD)
        if tag and not fits(short, text, value):
            raise self._error(event, f"the value is none of the type !!{short}")
        return float(value) if short == "float" and isinstance(value, int) else value

    def _number(self, event: Any, value: Scalar) -> Scalar:
        """Return a number as it comes out of JSON; anything else as it is."""
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(event, "Helm cannot hold a number that is not finite")
        return float(value) if type(value) is int and abs(value) >= 2**53 else value

    def _binary(self, event: Any, text: str) -> str:
        try:
            data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
        except ValueError:
            raise self._error(event, "the value is not base64") from None
        # As Go does, one replacement character stands for each byte that is not UTF-8.
        return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def _is_merge(event: Any) -> bool:
    if type(event).__name__ != "ScalarEvent" or event.value != "<<":
        return False
    return event.tag == _STANDARD + "merge" or (event.tag is None and event.implicit[0])


def _copy(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(item) for item in tree] if isinstance(tree, list) else tree
