"""Values files read as Helm 3 reads them: libyaml's events, resolved by Go's rules.

Helm reads values with sigs.k8s.io/yaml: goyaml.v2, a port of libyaml, for the scalars of YAML 1.1, and then JSON, so that
every number becomes a float64 and every key a text. Three things that Helm takes in silence are refused here, since
they always lose something: a key that comes twice, a second document, and text behind the end of the top map.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from gcfg2helm.values.scalars import fits, key_text, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.values.tree import Scalar, Tree

MAX_BYTES = 4 * 1024 * 1024  # the record of a Helm release holds 1 MiB
MAX_DEPTH = 200
MAX_EXPANDED = 100_000
MAX_NODES = 200_000
MAX_KEY = 4_000  # every message about what is below names the key

# Beside the control characters those that Helm takes for line breaks and most programs do not.
_REFUSED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
_SLASH = r"(?<!\\)(?:\\\\)*\\/"
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


class Style(Enum):
    """How a node is written."""

    SCALAR = "on one line, or folded over several"
    LITERAL = "a text block"
    FLOW = "in brackets"
    BLOCK = "by indentation"
    ALIAS = "the name of an anchor"
    MERGE = "the key `<<`"


class Node(NamedTuple):
    """A value, or a key, with its place: `start` and `end` are offsets in the text, `column` is that of the start.

    `children` are pairs of key and value, in a list without keys. A block ends with its last leaf, so that comments
    below it stay outside.
    """

    value: Tree
    start: int
    end: int
    column: int
    style: Style
    children: tuple[tuple[Node | None, Node], ...] = ()

    def __repr__(self) -> str:
        return f"<Node at {self.start}>"  # the value may be a secret


def load(text: str, file: str = "values.yaml") -> dict[str, Tree]:
    """Read a values file as Helm does; an empty one, or one with comments only, is an empty map.

    Integers below 2^53 are int, all other numbers float. Raises YamlError where Helm would refuse the file, for what
    the module names above, and beyond the limits: 4 MiB, 200 levels, 200,000 nodes, 100,000 nodes that come from aliases.
    """
    return tree_of(compose(text, file))


def tree_of(root: Node | None) -> dict[str, Tree]:
    """Return what a composed file says; an empty map where it says nothing."""
    return root.value if root is not None and isinstance(root.value, dict) else {}


def compose(text: str, file: str = "values.yaml") -> Node | None:
    """Read a values file with the places of all its nodes; None where it has no node. Raises YamlError as `load` does."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise YamlError(file, 1, 1, "the file is larger than 4 MiB")
    if not text.replace("\n", "").isprintable() and (bad := re.search(_REFUSED, text)):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        raise YamlError(file, line, column, f"the character U+{ord(bad[0]):04X} is not allowed")
    _check_directives(text, file)
    import yaml

    # Where PyYAML was built without libyaml its own parser does, a hundred times slower.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Document(yaml.parse(text, Loader=loader), text, file).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        if "document start" in message:
            message = "this follows the end of the map: Helm would not read it"
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(file, line, column, message or "not YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlError(file, 1, 1, f"not YAML ({type(error).__name__})") from None


def _check_directives(text: str, file: str) -> None:
    """Refuse the directives that Helm refuses; they are before the first line that is more than a comment."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("%") and not line.startswith(("%YAML 1.1", "%TAG ")):
            raise YamlError(file, number, 1, "Helm reads YAML 1.1 and knows no other directive than %YAML and %TAG")
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            return


class _Anchored(NamedTuple):
    """What an anchor stands for, how many nodes that is and how many levels."""

    value: Tree
    size: int
    height: int


class _Document:
    """Builds nodes from the parser's events; goes down the nesting, so its depth is checked at each step."""

    def __init__(self, events: Iterator[Any], text: str, file: str) -> None:
        self._events = events
        self._text = text
        self._file = file
        self._anchors: dict[str, _Anchored | None] = {}
        self._expanded = 0
        self._nodes = 0
        self._brackets = 0  # how many are open

    def read(self) -> Node | None:
        """Read the only document of the stream."""
        next(self._events)
        if type(next(self._events)).__name__ == "StreamEndEvent":
            return None
        first = next(self._events)
        root, _, _ = self._node(first, 0)
        next(self._events)
        after = next(self._events)
        if type(after).__name__ != "StreamEndEvent":
            raise self._error(after, "a second document: Helm would not read it")
        if root.value is not None and not isinstance(root.value, dict):
            raise self._error(first, "the values must be a map")
        return root

    def _error(self, event: Any, message: str) -> YamlError:
        mark = event.start_mark
        return YamlError(self._file, mark.line + 1, mark.column + 1, message)

    def _node(self, event: Any, depth: int) -> tuple[Node, int, int]:
        """Return the node that starts at an event, how many nodes it has and how many levels."""
        if depth > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES:,} values")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        size, height = 1, 0
        if kind == "ScalarEvent":
            node = self._placed(event, self._number(event, self._scalar(event)))
        else:
            self._brackets += bool(event.flow_style)
            read = self._sequence if kind == "SequenceStartEvent" else self._mapping
            node, size, height = read(event, depth)
            self._brackets -= bool(event.flow_style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node.value, size, height)
        return node, size, height

    def _placed(self, event: Any, value: Tree) -> Node:
        """Return the node of a scalar."""
        start, end = event.start_mark.index, event.end_mark.index
        style = Style.LITERAL if event.style in ("|", ">") else Style.SCALAR
        if style is Style.LITERAL:
            if "+" in self._text[start:end].split("\n", 1)[0].split("#", 1)[0]:
                end -= self._text[end - 1] == "\n"  # its empty lines at the end are part of the text
            else:
                end = start + len(self._text[start:end].rstrip("\r\n"))
        return Node(value, start, end, event.start_mark.column, style)

    def _alias(self, event: Any, depth: int) -> tuple[Node, int, int]:
        if event.anchor not in self._anchors:
            raise self._error(event, "an alias to an anchor that is not there")
        found = self._anchors[event.anchor]
        if found is None:
            raise self._error(event, "an anchor that contains itself")
        self._expanded += found.size
        if self._expanded > MAX_EXPANDED:
            raise self._error(event, f"the aliases stand for more than {MAX_EXPANDED} nodes")
        if depth + found.height > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        start, end = event.start_mark, event.end_mark
        return (
            Node(_copy(found.value), start.index, end.index, start.column, Style.ALIAS),
            found.size,
            found.height,
        )

    def _sequence(self, first: Any, depth: int) -> tuple[Node, int, int]:
        children: list[tuple[Node | None, Node]] = []
        size, height = 1, 0
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            item, nodes, levels = self._node(event, depth + 1)
            children.append((None, item))
            size, height = size + nodes, max(height, levels + 1)
        return _collection(first, event, [item.value for _, item in children], children), size, height

    def _mapping(self, first: Any, depth: int) -> tuple[Node, int, int]:
        tree: dict[str, Tree] = {}
        children: list[tuple[Node | None, Node]] = []
        seen: set[str] = set()
        size, height = 1, 0
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            key = self._merge(event) or self._key(event, depth + 1)
            follows = next(self._events)
            node, nodes, levels = self._node(follows, depth + 1)
            size, height = size + nodes + 1, max(height, levels + 1)
            if node.start == node.end and "\n" in self._text[key.end : node.start]:
                node = node._replace(start=key.end, end=key.end)  # a key alone: nothing is there
            children.append((key, node))
            if key.style is Style.MERGE:
                # goyaml.v2 merges where the key is: over what is above it, below what follows.
                for part in reversed(self._merged(follows, node)):
                    tree.update(part)
                continue
            name = str(key.value)
            if name in seen:
                raise self._error(event, f"the key {name[:80]!r} occurs twice in its map")
            seen.add(name)
            tree[name] = node.value
        return _collection(first, event, tree, children), size, height

    def _merge(self, event: Any) -> Node | None:
        """Return the node of a key `<<` that merges; None for any other."""
        if type(event).__name__ != "ScalarEvent" or event.value != "<<":
            return None
        if event.tag != _STANDARD + "merge" and (event.tag is not None or not event.implicit[0]):
            return None
        return self._placed(event, "<<")._replace(style=Style.MERGE)

    def _merged(self, event: Any, node: Node) -> list[dict[str, Tree]]:
        # An alias to a list is none of maps for goyaml.v2.
        value = node.value
        parts = value if isinstance(value, list) and node.style is not Style.ALIAS else [value]
        maps = [part for part in parts if isinstance(part, dict)]
        if len(maps) != len(parts):
            raise self._error(event, "`<<` needs a map, or a list of maps")
        return maps

    def _key(self, event: Any, depth: int) -> Node:
        if type(event).__name__ == "ScalarEvent":
            node = self._placed(event, self._scalar(event))
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(node.value, 1, 0)
        else:
            node, _, _ = self._node(event, depth)
        match node.value:
            case str(key) if len(key) > MAX_KEY:
                raise self._error(event, f"the key is longer than {MAX_KEY} characters")
            case str():
                return node
            case bool(key):
                return node._replace(value="true" if key else "false")
            case int(key) if key < 2**63:
                return node._replace(value=str(key))
            case float(key):
                return node._replace(value=key_text(key))
        raise self._error(event, "this cannot be a key for Helm; put it in quotes")

    def _scalar(self, event: Any) -> Scalar:
        """Resolve a scalar as goyaml.v2 does: by its tag, where it has one that counts, and by how it looks."""
        text: str = event.value
        tag = "" if event.tag is None else str(event.tag)
        if not text.isascii() and re.search("[\ud800-\udfff]", text):
            raise self._error(event, "an escape stands for half a character")
        if self._brackets and not event.style and "?" in text:
            raise self._error(event, "Helm reads a `?` in brackets as the sign of a key; put the value in quotes")
        if event.style == '"' and re.search(_SLASH, self._text[event.start_mark.index : event.end_mark.index]):
            raise self._error(event, "Helm does not know the escape `\\/`")
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
        import base64

        try:
            data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
        except ValueError:
            raise self._error(event, "the value is not base64") from None
        # As Go does, one replacement character stands for each byte that is not UTF-8.
        return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def _collection(first: Any, last: Any, value: Tree, children: list[tuple[Node | None, Node]]) -> Node:
    style = Style.FLOW if first.flow_style else Style.BLOCK
    end = last.end_mark.index if style is Style.FLOW or not children else children[-1][1].end
    return Node(value, first.start_mark.index, end, first.start_mark.column, style, tuple(children))


def _copy(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(item) for item in tree] if isinstance(tree, list) else tree
