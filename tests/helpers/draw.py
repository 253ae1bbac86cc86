"""What the properties draw: values, traps for YAML, files as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Tree

keys = st.sampled_from(["a", "b", "c d", "on", "x"])
leaf = st.sampled_from(
    [
        "1",
        '"two"',
        "'three'",
        "null",
        "",
        "[1, 2]",
        "{k: v}",
        "text # remark",
        "|\n{pad}  lines\n{pad}  more",
        "\n{pad}- 1\n{pad}- two  ",
    ]
)


@st.composite
def documents(draw: st.DrawFn, depth: int = 0) -> str:
    """Draw a block map as people write it: odd indentation, comments, blank lines, several styles."""
    pad = " " * depth
    step = draw(st.sampled_from([1, 2, 4]))
    lines: list[str] = []
    for key in draw(st.lists(keys, min_size=1, max_size=4, unique=True)):
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from([f"{pad}# note", "", f"{pad}   # odd", "# left"])))
        if depth < 6 and draw(st.booleans()):
            lines += [f"{pad}{key}:{draw(st.sampled_from(['', '  # about']))}", draw(documents(depth + step))]
        else:
            lines.append(f"{pad}{key}: {draw(leaf).replace('{pad}', pad)}")
    return "\n".join(lines)


TRAPS = [
    "1000000", "1048576", "9007199254740993", "0755", "010", "0x1F", "1_000", "1.10", "1e3", ".inf", "-.INF", ".nan", "yes", "on", "y", "no", "off",
    "n", "~", "null", "Null", "true", "True", "TRUE", "false", "False", "", " ", " a", "a ", "a;b", "a#b", "a # b", "#a", 'a"b', '"', "\\", "EXAMPLE\\admin",
    "a\nb", "a\tb", "\n", "12:30", "12:30:45", "2024-01-01", "2024-01-01T00:00:00Z", "<<", "=", "!", "&a", "*a", "- a", "-", "? a", ":", ": a", "a: b", "a:",
    "{a}", "[a]", "{{ .Values.x }}", "%", "@", "`", "|", ">", "'", "''", "a'b", "\u2028", "\u00a0", "\ufeff", "\x85", "\x7f", "\x01", "é", "名", "😀",
    "0", "-1", "+1", "1.", ".5", "999999", "-999999", "0b1", "0o7", "1,000", "12e03", "...", "---", "a\\nb", "a\u202eb", "y:", "on:", "x" * 3000, "a  b",
]  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40) | st.sampled_from(
    TRAPS
)
scalars = st.none() | st.booleans() | st.integers(-(10**5), 10**5) | texts
trees: st.SearchStrategy[Tree] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=12
)
