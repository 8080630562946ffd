"""How each stage of a recipe tokenises: the setting's section with what the stage's own section names."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchbench import methods
from benchbench.recipe.schema import Recipe, TokenizationSection
from benchbench.recipe.training import PreferenceSection


class Read(NamedTuple):
    """A split as one kind of stage reads it."""

    stage: str
    """Name of the recipe's section."""
    split: str
    tokenization: TokenizationSection


def stage_tokenization(recipe: Recipe, section: Any) -> TokenizationSection:
    """The setting's tokenisation with what a stage's section names itself.

    Args:
        recipe: the whole of it.
        section: one with `max_length` and `truncation`, none where they are the setting's.
    """
    named: dict[str, Any] = {"max_length": section.max_length, "truncation": section.truncation}
    changes = {key: value for key, value in named.items() if value is not None}
    return recipe.tokenization.model_copy(update=changes)


def preference_tokenization(recipe: Recipe, section: PreferenceSection) -> TokenizationSection:
    """That of the preference stage and its reference: also what the method and the section say is scored."""
    tokenization = stage_tokenization(recipe, section)
    scored = methods.get(recipe.method.name).scored
    masked = tokenization.masked_spans if section.masked_spans is None else section.masked_spans
    return tokenization.model_copy(
        update={"masked_spans": masked, "scored": tokenization.scored if scored == "response" else scored}
    )


def trains_preferences(recipe: Recipe) -> bool:
    """Whether a recipe has a preference stage: its method is neither SFT nor the reward model."""
    return recipe.preference is not None and recipe.method.name != "sft" and not recipe.is_reward_model


def trained_reads(recipe: Recipe) -> list[Read]:
    """The splits that a recipe's sections train on, the reward model's too, which only some methods read."""
    reads = [] if recipe.sft is None else [_read(recipe, "sft", recipe.sft)]
    if recipe.reward_model is not None:
        reads.append(_read(recipe, "reward_model", recipe.reward_model))
    if recipe.preference is not None and trains_preferences(recipe):
        section = recipe.preference
        reads.append(Read("preference", section.split, preference_tokenization(recipe, section)))
    return reads


def held_out_reads(recipe: Recipe) -> list[Read]:
    """The splits that a recipe is measured on: scored, and answered."""
    reads = [_read(recipe, "score", recipe.score)]
    if recipe.generate is not None:
        reads.append(Read("generate", recipe.generate.split, recipe.tokenization))
    return reads


def _read(recipe: Recipe, name: str, section: Any) -> Read:
    return Read(name, section.split, stage_tokenization(recipe, section))
