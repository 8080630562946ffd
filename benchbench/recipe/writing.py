"""Recipe files with some values changed: comments, order and everything else in a file stay."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarfloat import ScalarFloat

_WIDTH = 100_000
"""Lines are never folded."""


def recipe_text(base: Path | None, values: Mapping[str, Any], *, drop: tuple[str, ...] = ()) -> str:
    """The text of a recipe file.

    Args:
        base: the recipe that is changed; none starts from nothing.
        values: dotted key -> value, in the order in which new keys are written; a mapping is replaced as a whole.
        drop: top-level keys to leave out.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = CommentedMap() if base is None else yaml.load(base.read_text(encoding="utf-8"))
    for key in drop:
        document.pop(key, None)
    for key, value in values.items():
        _put(document, key.split("."), value)
    text = io.StringIO()
    yaml.dump(document, text)
    return text.getvalue()


def _put(document: CommentedMap, path: list[str], value: Any) -> None:
    first, *rest = path
    if not rest:
        document[first] = _written(value)
        return
    if not isinstance(document.get(first), CommentedMap):
        document[first] = _flow({})
    _put(document[first], rest, value)


def _flow(values: Mapping[str, Any]) -> CommentedMap:
    """A mapping in one line."""
    mapping = CommentedMap({key: _written(value) for key, value in values.items()})
    mapping.fa.set_flow_style()
    return mapping


def _written(value: Any) -> Any:
    """A value as ruamel writes it: numbers in their shortest form, mappings and lists in one line."""
    if isinstance(value, Mapping):
        return _flow(value)
    if isinstance(value, list | tuple):
        items = CommentedSeq([_written(item) for item in value])
        items.fa.set_flow_style()
        return items
    return _number(value) if isinstance(value, float) and not isinstance(value, ScalarFloat) else value


def _number(value: float) -> Any:
    """A float that is written as `2e-4` where that is shorter than `0.0002`."""
    text = short(value)
    return YAML(typ="rt", pure=True).load(text) if "e" in text else value


def short(value: float) -> str:
    """The shortest text that is read back as the same float: `0.3`, `2e-4`, `3.5e-5`."""
    plain = repr(value)
    for digits in range(17):
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
        if float(text) == value:
            return text if len(text) < len(plain) else plain
    return plain
