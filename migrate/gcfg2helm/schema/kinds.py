"""The kinds of values, as definitions that the rest of the schema refers to.

Of a chart value: what its templates take, be it for nothing. Of a setting: what Connect reads from the text that Helm prints, so a number or
a boolean may be a text, in quotes of the gcfg too. Null takes a default out, wherever Helm lets it. Patterns use
nothing that one of ECMA 262, RE2 and Python lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gcfg2helm.chart.history import EMPTY

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree


def either(*ways: dict[str, Any]) -> dict[str, Any]:
    """Return a schema for what any of the ways allows."""
    return {"anyOf": list(ways)}


def of_type(*names: str, **more: Any) -> dict[str, Any]:
    """Return a schema for some JSON types."""
    return {"type": names[0] if len(names) == 1 else list(names), **more}


def pattern(text: str) -> dict[str, Any]:
    """Return a schema for a whole text of that pattern."""
    return {"type": "string", "pattern": f"^(?:{text})$"}


def any_case(word: str) -> str:
    """Return a pattern for a word in any capitals."""
    return "".join(
        f"[{char.upper()}{char.lower()}]" if char.isalpha() else f"\\{char}" if char in ".+*?-" else char
        for char in word
    )


def as_gcfg(text: str) -> dict[str, Any]:
    """Return a schema for a text that Connect reads so: blanks, quotes of the gcfg and a comment may be around it."""
    return pattern(rf'\s*"?(?:{text})?"?\s*(?:[;#].*)?')


def named(*required: str, **properties: Any) -> dict[str, Any]:
    """Return a schema for a list of maps that must have some keys, and may have others."""
    item: dict[str, Any] = {"type": "object", "required": list(required)}
    if properties:
        item["properties"] = properties
    return of_type("array", "null", items=item)


# What templates take for nothing, by how they look at a value.
_NOTHING = [(EMPTY[True], "nothing"), (EMPTY["range"], "nothing-to-range"), (EMPTY["printed"], "nothing-to-print")]
_NUMBER = r"[+-]?[0-9_]+"
_TRUE_OR_FALSE = "|".join(map(any_case, ("true", "yes", "on", "false", "no", "off", "t", "f", "y", "n")))
_DURATION = r"[+-]?(?:[0-9_]+|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|ms|s|m|h|d))+)"
_SIZE = r"[0-9_]+(?:\.[0-9]+)? ?[kKMGTPE]?i?[bB]?"
_DECIMAL = r"[+-]?(?:[0-9_]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_INSTALLATIONS = of_type(
    "object", "null", properties={"installations": of_type("array", "null", items=of_type("object"))}
)
_TEXT = of_type("string", "number", "null")

KINDS: dict[str, Any] = {
    # the chart's own values
    "flag": either(
        of_type("boolean", "null"), pattern(f"(?:{any_case('true')}|{any_case('false')})?"), {"enum": [0, [], {}]}
    ),
    "text": _TEXT,
    "text-or-false": either(_TEXT, {"enum": [False]}),
    "number": either(of_type("integer", "null"), pattern("[0-9]*")),
    "port": either(of_type("integer", "null", minimum=0, maximum=65535), pattern("[A-Za-z0-9-]*")),
    "port-or-false": either(of_type("integer", "null", minimum=0, maximum=65535), {"enum": [False]}, pattern("[0-9]*")),
    "count": either(of_type("integer", "null"), pattern("(?:[0-9]+%?)?")),
    "list": of_type("array", "null"),
    "texts": of_type("array", "null", items=of_type("string", "number", "boolean")),
    "maps": of_type("array", "null", items=of_type("object")),
    "maps-or-false": either(of_type("array", "null", items=of_type("object")), {"enum": [False]}),
    "named": named("name", name=of_type("string")),
    "mounts": named("name", "mountPath", name=of_type("string"), mountPath=of_type("string")),
    "hosts": named(host=_TEXT, paths=of_type("array", "null", items=either(of_type("string"), of_type("object")))),
    "environments": named(
        "name",
        name=of_type("string"),
        title=_TEXT,
        description=_TEXT,
        supervisor=_TEXT,
        matching=_TEXT,
        r=_INSTALLATIONS,
        python=_INSTALLATIONS,
        quarto=_INSTALLATIONS,
        tensorflow=_INSTALLATIONS,
    ),
    "map": of_type("object", "null"),
    "strings": of_type("object", "null", additionalProperties=of_type("string", "null")),
    "any": {},
    # settings under `config`
    "setting-string": of_type("string", "number", "boolean", "null"),
    "setting-boolean": either(
        of_type("boolean", "null"), of_type("integer", minimum=0, maximum=1), as_gcfg(f"{_TRUE_OR_FALSE}|[01]")
    ),
    "setting-integer": either(of_type("integer", "null"), as_gcfg(f"{_NUMBER}|[+-]?0[xX][0-9a-fA-F]+|0[oObB][0-9]+")),
    "setting-decimal": either(of_type("number", "null"), as_gcfg(_DECIMAL)),
    "setting-duration": either(of_type("integer", "null"), as_gcfg(_DURATION)),
    "setting-bytesize": either(of_type("number", "null"), as_gcfg(_SIZE)),
}

KINDS |= {
    f"{name}-or-list": either({"$ref": f"#/$defs/{name}"}, of_type("array", items={"$ref": f"#/$defs/{name}"}))
    for name in list(KINDS)
    if name.startswith("setting-")
}


KINDS |= {name: {"enum": list(values)} for values, name in _NOTHING}


def or_nothing(schema: dict[str, Any], values: tuple[Tree, ...]) -> dict[str, Any]:
    """Return a schema for what another allows, and for values besides that the templates take for nothing.

    No `anyOf`: what is wrong deep inside is then found there, not at the value as a whole.
    """
    if not values:
        return schema
    name = next(name for known, name in _NOTHING if known is values)
    return {"if": {"$ref": f"#/$defs/{name}"}, "else": schema}


def a(kind: str) -> dict[str, Any]:
    """Return a reference to a kind; in an `allOf`, since draft-07 reads nothing beside `$ref`."""
    return {"allOf": [{"$ref": f"#/$defs/{kind}"}]}
