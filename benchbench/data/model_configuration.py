"""A model's configuration as a recipe writes it, all of whose keys are read and whose sizes fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.data.model_values import configuration_faults

WHERE = "model.from_config"


def configuration_of(values: Mapping[str, Any]) -> Any:
    """A configuration all of whose keys are read; transformers would take any other and ignore it.

    Args:
        values: as under `model.from_config`.

    Raises:
        BenchError: an unknown type of model, a key that no model of its type reads, a value that it does not take, or
            sizes of which no model can be made.
    """
    from transformers import CONFIG_MAPPING

    kind = values.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        hint = suggestion(str(kind), CONFIG_MAPPING.keys())
        raise BenchError(f"{WHERE}.model_type: unknown model type '{str(kind)[:40]}'.{hint}")
    if faults := configuration_faults(values):
        raise BenchError.of_faults(WHERE, faults)
    config = _made(values)
    known = {*type(config)().to_dict(), *type(config).attribute_map, "model_type"}
    faults = [
        Fault(key, f"a {kind} has no such key.{suggestion(key, known)}")
        for key in values
        if key not in known and not _translated(key, values, config)
    ]
    if faults := faults or _heads_faults(config):
        raise BenchError.of_faults(WHERE, faults)
    return config


def _made(values: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.for_model(**values)
    except Exception as error:  # every class checks its values in its own way
        said = " ".join(str(error).split())
        raise BenchError(
            f"{WHERE}: expected values that a {values['model_type']} takes, found others ({said[:200]})"
        ) from None


def _translated(key: str, values: Mapping[str, Any], config: Any) -> bool:
    """Whether an older key reaches other fields of the configuration, as `rotary_pct` does."""
    without = _made({k: v for k, v in values.items() if k != key}).to_dict()
    return {k: v for k, v in config.to_dict().items() if k != key} != without


def _heads_faults(config: Any) -> list[Fault]:
    """Heads that neither divide the width nor have a size of their own."""
    width, heads = (getattr(config, name, None) for name in ("hidden_size", "num_attention_heads"))
    groups, size = (getattr(config, name, None) for name in ("num_key_value_heads", "head_dim"))
    if not isinstance(width, int) or not isinstance(heads, int):
        return []
    faults: list[Fault] = []
    if size is None and width % heads:
        faults.append(Fault("num_attention_heads", f"expected a divisor of the width {width}, found {heads}"))
    if isinstance(groups, int) and groups > 0 and heads % groups:
        faults.append(Fault("num_key_value_heads", f"expected a divisor of the {heads} heads, found {groups}"))
    return faults
