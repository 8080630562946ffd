"""Values of a configuration of which no model can be made: asked of every plan, before anything is built.

transformers takes any text for the names below, and fails only where it builds the model. No torch here, but where a
name is not one of those that nearly every model has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from benchbench.core.errors import Fault, suggestion
from benchbench.data.model_size import size_faults

_ACTIVATIONS = ("hidden_act", "hidden_activation", "activation_function", "activation")
_USUAL_ACTIVATIONS = frozenset({"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu"})
_ROPES = ("rope_parameters", "rope_scaling")
_USUAL_ROPES = frozenset({"default"})
_FORMER_ROPES = frozenset({"axial", "mrope", "su", "xdrope"})
"""Names that configurations of some types of model have, and that their classes translate."""
_POSITIONS = ("max_position_embeddings", "n_positions")
MOST_POSITIONS = (1 << 31) - 1
"""Positions of a row are counted in 32 bits."""


def configuration_faults(config: Mapping[str, Any]) -> list[Fault]:
    """Sizes, names and lengths that no model has, of a model and of its part for text.

    Args:
        config: as in config.json, or under `model.from_config`; what is missing or null is the default of its type.
    """
    text = config.get("text_config")
    faults = [*size_faults(config), *_value_faults(config)]
    if isinstance(text, Mapping):
        inside = [*size_faults(text), *_value_faults(text)]
        faults += [Fault(f"text_config.{fault.where}", fault.message) for fault in inside]
    return faults


def _value_faults(config: Mapping[str, Any]) -> Iterator[Fault]:
    for name in _ACTIVATIONS:
        yield from _name_faults(name, config.get(name), "activation", _USUAL_ACTIVATIONS, _activations)
    for where, rope in _ropes(config):
        key = "rope_type" if "rope_type" in rope else "type"
        yield from _name_faults(f"{where}.{key}", rope.get(key), "kind of rotary positions", _USUAL_ROPES, _rope_types)
    for name in _POSITIONS:
        value = config.get(name)
        if value is not None and not (type(value) is int and 1 <= value <= MOST_POSITIONS):
            what = f"expected a whole number of tokens from 1 to {MOST_POSITIONS}"
            yield Fault(name, f"{what}, found {repr(value)[:40]}")


def _name_faults(
    where: str, value: Any, what: str, usual: Collection[str], known: Callable[[], Collection[str]]
) -> Iterator[Fault]:
    """A fault for a name that is neither missing, nor usual, nor known to transformers, which is asked last."""
    if value is None or (isinstance(value, str) and (value in usual or value in known())):
        return
    names = sorted({*known()} - _FORMER_ROPES)
    hint = suggestion(value[:40], names) if isinstance(value, str) else ""
    yield Fault(
        where, f"expected a known {what} ({', '.join(names)}), found {repr(value)[:40]}{'.' * bool(hint)}{hint}"
    )


def _ropes(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted name and rotary settings: one, or one for each kind of layer."""
    for name in _ROPES:
        value = config.get(name)
        if isinstance(value, Mapping):
            yield name, value
            yield from ((f"{name}.{key}", inner) for key, inner in value.items() if isinstance(inner, Mapping))


def _activations() -> Collection[str]:
    from transformers.activations import ACT2FN

    return frozenset(ACT2FN)


def _rope_types() -> Collection[str]:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    return _USUAL_ROPES | _FORMER_ROPES | frozenset(ROPE_INIT_FUNCTIONS)
