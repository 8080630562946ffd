"""Memory settings: how many examples and tokens go through the model at once, and where that is part of a result.

In float32 without dropout a batch's size and layout move a number by the rounding of sums alone, which tests bound
(`tests/training/test_microbatches.py`), so it is no part of an identity. It is one

- of a training stage with dropout on, since masks are drawn for the shape of a microbatch, or with anything in
  bfloat16: autocast, the model's weights, the reward head;
- of scores, rewards and log-probabilities computed in bfloat16, where a row depends on the rows beside it, and of
  rewards in passes with dropout.

So does `torch_compile`, whose compiled layers round otherwise: it is part of an identity where a microbatch is.
`gradient_checkpointing` is never part of one: what is recomputed, dropout masks too, is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.recipe.model_columns import has_dropout_passes
from benchbench.recipe.training import RUN_KEYS
from benchbench.recipe.values import differences, get

if TYPE_CHECKING:
    from benchbench.recipe.schema import Recipe

Values = Mapping[str, Any]

DEVICE_TOKENS = {"cpu": 1024, "cuda": 16384}
"""Tokens of a microbatch where a recipe says `auto`, by kind of device; longer examples raise it."""
HEAD_LOGITS = {"cpu": 2**24, "cuda": 2**27}
"""Logits computed at once, by kind of device (64 MiB in float32, 512 on a card)."""

COMPILE = "torch_compile"
MICROBATCH, BATCH, TOKENS = "per_device_train_batch_size", "per_device_eval_batch_size", "tokens_per_microbatch"
_LOW = "bfloat16"
_TRAINED = ("sft", "reward_model", "preference")


def training_memory(recipe: Recipe, name: str) -> dict[str, Any]:
    """The memory settings of a training section, where they move what is trained; nothing elsewhere.

    Args:
        recipe: the resolved recipe.
        name: `sft`, `reward_model` or `preference`.
    """
    section = getattr(recipe, name)
    if section is None or not _microbatch_moves(dict(section), recipe.model.dtype):
        return {}
    return {key: getattr(section, key) for key in (MICROBATCH, TOKENS, *_compiled(dict(section)))}


def scoring_memory(recipe: Recipe, *precisions: str, bf16: bool = False, dropout: bool = False) -> dict[str, Any]:
    """The memory settings of a scoring stage, where they move what is scored: a low precision, or masks of dropout."""
    moves = bf16 or dropout or _LOW in precisions
    return {key: getattr(recipe.score, key) for key in (BATCH, TOKENS)} if moves else {}


def _microbatch_moves(section: Values, model_dtype: str) -> bool:
    drops = not section["disable_dropout"]  # which probabilities weights bring along is not known before they are there
    return drops or section["bf16"] or _LOW in (model_dtype, section.get("head_dtype"))


def _compiled(section: Values) -> tuple[str, ...]:
    """The setting that compiles, where it does; as it came later, it is no part of an identity where it is off."""
    return (COMPILE,) if section.get(COMPILE) else ()


def moving_keys(values: Values) -> list[str]:
    """Dotted keys of the memory settings that are part of this recipe's identity."""
    dtype = get(values, "model.dtype")
    trained = {name: values[name] for name in _TRAINED if values.get(name) is not None}
    moves = {name: section for name, section in trained.items() if _microbatch_moves(section, dtype)}
    moving = [f"{name}.{key}" for name, section in moves.items() for key in (MICROBATCH, TOKENS, *_compiled(section))]
    # of held-out scores; of reference log-probabilities and rewards; of rewards; of the log-probabilities of a KL
    masked = has_dropout_passes(get(values, "preference.model_columns"))
    scoring = ("score.dtype", "model.dtype", "reward_model.head_dtype", "generate.dtype")
    if _LOW in [get(values, key) for key in scoring] or get(values, "preference.bf16") or masked:
        moving += [f"score.{key}" for key in (BATCH, TOKENS)]
    return moving


def setting_differences(mine: Values, other: Values) -> list[str]:
    """Dotted keys at which two settings differ.

    A memory setting that counts on one side only is no difference of its own; the precision that makes it count is.
    """
    return [key for key in differences(mine, other) if not counts_once(key, get(mine, key), get(other, key))]


def counts_once(key: str, mine: Any, other: Any) -> bool:
    """Whether this is a memory setting that is part of one of two identities."""
    return key.rpartition(".")[2] in RUN_KEYS and (mine is None) != (other is None)
