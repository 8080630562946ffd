"""Pairs that are drawn for a reward model, planned as one round of its recipe whose rows no policy is trained on."""

from __future__ import annotations

from dataclasses import replace

from benchbench import oracles
from benchbench.plan.rounds import ORACLE_OPTIONS, SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.load import Loaded
from benchbench.recipe.rounds import OracleSection, RoundPromptsSection, RoundSelectorSection, RoundsSection
from benchbench.recipe.schema import Recipe

DRAWN = "reward_model.drawn"
"""The recipe's section."""
ORACLE = "reward_stage"
"""Who orders the pairs: the reward model that is trained first."""
BOUND = {
    f"{DRAWN}.sampler.options": SAMPLER_OPTIONS,
    f"{DRAWN}.selector.options": SELECTOR_OPTIONS,
}
"""Key under which an option of the section is bound -> that of a recipe with rounds."""


def drawing_recipe(recipe: Recipe) -> Recipe | None:
    """The recipe with the round in which a reward model's pairs are drawn; none where none are.

    The reward model of that recipe is the first one, which is trained on the labelled pairs alone.

    Args:
        recipe: with or without a section `reward_model.drawn`.
    """
    model = recipe.reward_model
    if model is None or model.drawn is None:
        return None
    prompts, sampler, selector = model.drawn.prompts, model.drawn.sampler, model.drawn.selector
    rounds = RoundsSection(
        count=1,
        prompts=RoundPromptsSection(split=prompts.split, per_round=prompts.count),
        sampler=sampler,
        oracle=OracleSection(name=ORACLE),
        selector=RoundSelectorSection(name=selector.name, options=selector.options),
        on_empty="fail",
    )
    return recipe.model_copy(update={"rounds": rounds, "reward_model": model.model_copy(update={"drawn": None})})


def drawing_policy(recipe: Recipe) -> AnchorSource | None:
    """The recipe whose policy draws; none where that is the SFT policy, or where nothing is drawn."""
    section = recipe.reward_model and recipe.reward_model.drawn
    return AnchorSource(recipe=section.policy) if section and section.policy != "sft" else None


def drawing(loaded: Loaded) -> Loaded | None:
    """As `drawing_recipe`, with the options that were bound with the recipe."""
    recipe = drawing_recipe(loaded.recipe)
    if recipe is None:
        return None
    bound = {**loaded.bound, **{to: loaded.bound[key] for key, to in BOUND.items()}}
    bound[ORACLE_OPTIONS] = oracles.get(ORACLE).options()
    return replace(loaded, recipe=recipe, bound=bound)
