"""Whether a tokenizer and a model fit each other: every id has a row, and beside the model it stays itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.shown_text import name_fault
from benchbench.data.model_configuration import configuration_of
from benchbench.data.model_size import require_possible
from benchbench.data.tokenizer import check_saved
from benchbench.data.tokenizer_check import AS_IT_IS
from benchbench.data.tokenizer_files import MODEL_CONFIG, read_object
from benchbench.recipe.load import Loaded

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def model_config(loaded: Loaded, weights: str | None) -> Mapping[str, Any]:
    """The model's configuration: the recipe's, or that of the folder of its weights; nothing where neither is known."""
    from_config = loaded.recipe.model.from_config
    if from_config is not None:
        return from_config
    return {} if weights is None else read_object(Path(weights) / MODEL_CONFIG)


def config_name(loaded: Loaded, config: Mapping[str, Any]) -> str:
    """The type of a model whose weights are there, or a hash of what may be no file's name or is a recipe's own."""
    kind = str(config.get("model_type"))
    if loaded.recipe.model.from_config is not None:
        return fingerprint(dict(config))
    return kind if name_fault(kind) is None else fingerprint(kind)


def check_rows(needed: int, config: Mapping[str, Any]) -> None:
    """Return only if the model has the rows that a tokenizer needs, as far as its configuration says how many it has.

    Raises:
        BenchError: both numbers; or no machine holds a model with so many rows.
    """
    require_possible({"vocab_size": needed, **config}, "model: with the tokenizer's entries")
    text = config.get("text_config")
    rows = config.get("vocab_size", text.get("vocab_size") if isinstance(text, Mapping) else None)
    if isinstance(rows, int) and rows < needed:
        raise BenchError(
            f"model: the tokenizer has {needed} entries, the model's vocabulary {rows}; "
            "name a tokenizer that belongs to the model"
        )


def writes_models(loaded: Loaded) -> bool:
    """Whether a recipe's stages leave folders of models with their tokenizer."""
    recipe = loaded.recipe
    method = recipe.preference if recipe.method.name != "sft" else None
    return any(section is not None for section in (recipe.sft, recipe.reward_model, method))


def check_beside(loaded: Loaded, tokenizer: PreTrainedTokenizerBase, config: Mapping[str, Any], *, lent: bool) -> None:
    """Return only if a folder that training writes would give the tokenizer back, beside a model that there can be.

    Args:
        loaded: the recipe, which may write the model's configuration itself.
        tokenizer: as it was loaded.
        config: the model's.
        lent: it is not from the model's own folder.

    Raises:
        BenchError: transformers would make another of the tokenizer, or no model of the recipe's configuration.
    """
    kind = config.get("model_type")
    if isinstance(kind, str) and (lent or type(tokenizer).__name__ not in AS_IT_IS):
        check_saved(tokenizer, kind, "model")
    if loaded.recipe.model.from_config is not None:
        configuration_of(config)
