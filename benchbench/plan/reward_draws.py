"""Pairs that are drawn for a reward model, planned as one round of its recipe whose rows no policy is trained on."""

from __future__ import annotations

from dataclasses import replace

from benchbench import oracles, reward_objectives, selectors
from benchbench.plan.rounds import ORACLE_OPTIONS, SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.load import Loaded
from benchbench.recipe.rounds import OracleSection, RoundPromptsSection, RoundSelectorSection, RoundsSection
from benchbench.recipe.schema import Recipe

DRAWN = "reward_model.drawn"
"""The recipe's section."""
ORACLE = "reward_stage"
"""Who orders the pairs: the reward model that is trained first."""
NO_ORACLE = "none"
"""What is drawn needs no order."""
BOUND = {
    f"{DRAWN}.sampler.options": SAMPLER_OPTIONS,
    f"{DRAWN}.selector.options": SELECTOR_OPTIONS,
}
"""Key under which an option of the section is bound -> that of a recipe with rounds."""


def drawing_recipe(recipe: Recipe) -> Recipe | None:
    """The recipe with the round in which a reward model's pairs are drawn; none where none are.

    The reward model of that recipe is the first one, which is trained on the labelled pairs alone. Where the selector
    reads no labels, nobody is asked for any.

    Args:
        recipe: with or without a section `reward_model.drawn`.
    """
    model = recipe.reward_model
    if model is None or model.drawn is None:
        return None
    prompts, sampler, selector = model.drawn.prompts, model.drawn.sampler, model.drawn.selector
    is_read = selector.name not in selectors.names() or selectors.get(selector.name).needs_labels
    rounds = RoundsSection(
        count=1,
        prompts=RoundPromptsSection(split=prompts.split, per_round=prompts.count),
        sampler=sampler,
        oracle=OracleSection(name=ORACLE if is_read else NO_ORACLE),
        selector=RoundSelectorSection(name=selector.name, options=selector.options),
        on_empty="fail",
    )
    return recipe.model_copy(update={"rounds": rounds, "reward_model": model.model_copy(update={"drawn": None})})


def climbs(recipe: Recipe) -> bool:
    """Whether the reward model's objective climbs on what is drawn, and so trains on no pair of it."""
    name = recipe.reward_model.objective.name if recipe.reward_model is not None else ""
    return name in reward_objectives.names() and reward_objectives.get(name).ascent is not None


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
    assert recipe.rounds is not None, "a recipe that draws"
    bound[ORACLE_OPTIONS] = oracles.get(recipe.rounds.oracle.name).options()
    return replace(loaded, recipe=recipe, bound=bound)
