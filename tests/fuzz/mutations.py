"""Changes of texts and trees: what a typing error, another program or somebody with intent makes of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD = [
    *("", " ", "../../escaped", "/etc/passwd", "~", "$HOME", "\0", "a\nb", "\x1b[31m", "\u202egnp", "[/x]", "=cmd()"),
    *("1e999", "-0", "0x10", "9" * 400, "nan", "2024-02-30", "yes", "null", "*a", "&a", "!!int x", "<<", "{", "[", "#"),
    *("x" * 5000, "{{ 1/0 }}", "{% for i in range(10**9) %}x{% endfor %}", "%s", ".", "..", "-1", "--help", "\ud800"),
]
NUMBERS = [0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 0.0, -0.5, 1e-320, 1e308, float("inf"), float("nan")]
VALUES = st.one_of(
    st.sampled_from([*ODD, *NUMBERS, None, True, False, [], {}, [None], [[]], {"": None}, {"name": "dpo"}, [1, "a"]]),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(-2, 2) | st.text(max_size=3), max_size=4),
    st.dictionaries(st.text(max_size=6), st.integers(-2, 2) | st.text(max_size=3), max_size=3),
).map(copy.deepcopy)
"""Values of all kinds, odd ones first; each is a new one, since a later change of a tree may be made inside it."""
Place = tuple[Any, ...]


def places(tree: Any, above: Place = ()) -> Iterator[Place]:
    """Every value of a tree by the keys that lead to it, the tree itself left out."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


@st.composite
def trees(draw: st.DrawFn, tree: Any, *, most: int = 3) -> Any:
    """A tree with up to so many values replaced, left out, added, renamed or put elsewhere."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        known = list(places(tree))
        if not known:
            break
        *above, key = draw(st.sampled_from(known))
        parent = tree
        for step in above:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "remove", "add", "rename", "nest", "exchange"]))
        if change == "remove":
            del parent[key]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(st.sampled_from(ODD) | st.text(max_size=8))] = draw(VALUES)
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from([f"{key}s", str(key).upper(), "name", *ODD]))] = parent.pop(key)
        elif change == "nest":
            parent[key] = draw(st.sampled_from([[parent[key]], {str(key): parent[key]}, [parent[key]] * 3]))
        elif change == "exchange":
            other = tree
            for step in draw(st.sampled_from(known)):
                other = other[step] if isinstance(other, dict | list) and _has(other, step) else other
            parent[key] = copy.deepcopy(other)
        else:
            parent[key] = draw(VALUES)
    return tree


def _has(tree: Any, key: Any) -> bool:
    return key in tree if isinstance(tree, dict) else isinstance(key, int) and key < len(tree)


@st.composite
def texts(draw: st.DrawFn, text: str, *, most: int = 3) -> str:
    """A text with up to so many lines or characters left out, doubled, moved or put in."""
    for _ in range(draw(st.integers(1, most))):
        lines = text.splitlines(keepends=True) or [""]
        number = draw(st.integers(0, len(lines) - 1))
        where = draw(st.integers(0, len(text)))
        change = draw(st.sampled_from(["drop", "double", "move", "insert", "cut", "indent", "swap"]))
        if change == "drop":
            del lines[number]
        elif change == "double":
            lines.insert(number, lines[number])
        elif change == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(number))
        elif change == "indent":
            lines[number] = draw(st.sampled_from([" ", "    ", "\t", "- "])) + lines[number]
        elif change == "swap" and len(lines) > 1:
            lines[number] = lines[number - 1].partition(":")[0] + ":" + lines[number].partition(":")[2]
        if change in ("insert", "cut"):
            rest = text[where + draw(st.integers(1, 40)) :] if change == "cut" else text[where:]
            text = text[:where] + (draw(st.sampled_from(ODD)) if change == "insert" else "") + rest
        else:
            text = "".join(lines)
    return text
