"""What pairs that are drawn for a reward model ask for and cannot have: of the recipe alone, and of its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchbench import reward_objectives, selectors
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import Candidates
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm, Sampler
from benchbench.core.selector import Selector
from benchbench.plan.anchors import anchor_recipe, source_faults
from benchbench.plan.checks.drawn_labels import label_column_faults, oracle_faults
from benchbench.plan.checks.drawn_lists import arm_faults
from benchbench.plan.checks.round_data import round_data_faults
from benchbench.plan.checks.rounds import bind_parts
from benchbench.plan.prepared import Prepared
from benchbench.plan.reward_draws import DRAWN, climbs, drawing, drawing_policy, drawing_recipe
from benchbench.recipe.anchors import AnchorSource
from benchbench.recipe.binding import bind
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import Recipe

CLIMBED_ON = "all_draws"
"""The selector of what an objective climbs on."""
_KEYS = {
    "rounds.prompts.per_round": f"{DRAWN}.prompts.count",
    "rounds.prompts.split": f"{DRAWN}.prompts.split",
    "rounds.sampler.max_new_tokens": f"{DRAWN}.sampler.max_new_tokens",
}
"""Key of rounds -> that of the section that is planned as a round."""


def bind_drawn_pairs(recipe: Recipe) -> tuple[dict[str, Any], list[Fault]]:
    """The options of the section's parts with their defaults filled in, and every fault of the section."""
    inner = drawing_recipe(recipe)
    if inner is None:
        return {}, _not_drawn(recipe)
    assert inner.rounds is not None, "a recipe that draws"
    exhibits, bound, faults = bind_parts(inner.rounds, DRAWN)
    bound.pop(f"{DRAWN}.oracle.options", None)  # no key of the section
    if faults:
        return bound, faults
    sampler, selector = exhibits["sampler"], exhibits["selector"]
    options = bound[f"{DRAWN}.selector.options"]
    try:
        arms = sampler.arms(bound[f"{DRAWN}.sampler.options"], inner.rounds.sampler.num_samples or 0)
    except ValueError as error:
        return bound, [Fault(f"{DRAWN}.sampler", str(error))]
    labels = [
        *oracle_faults(inner, exhibits["oracle"], inner.rounds.sampler, read=selector.needs_labels, section=DRAWN),
        *label_column_faults(DRAWN, selector, options, exhibits["oracle"]),
    ]
    rows = _lists(inner, selector) if climbs(recipe) else [*_pairs(selector, options), *_objective(inner)]
    drawn = [*_prompts(inner), *_draws(inner, sampler, arms), *rows]
    return bound, [*drawn, *arm_faults(selector, options, arms, DRAWN), *labels]


def drawn_pair_faults(loaded: Loaded, prepared: Prepared) -> list[Fault]:
    """More prompts than the split has, responses that the model cannot read, a policy that cannot draw.

    Every named split is there.
    """
    inner, source = drawing(loaded), drawing_policy(loaded.recipe)
    faults = [] if inner is None else round_data_faults(inner, prepared)
    policy = [] if source is None else _policy(loaded, prepared, source)
    return [*policy, *(replace(fault, where=_KEYS[fault.where]) for fault in faults)]


def _policy(loaded: Loaded, prepared: Prepared, source: AnchorSource) -> list[Fault]:
    """A recipe that trains no policy of the setting, or one whose own reward model is trained on draws."""
    where = f"{DRAWN}.policy"
    faults = source_faults(loaded, prepared, source, where)
    if faults:
        return faults
    rewards = anchor_recipe(loaded, source).recipe.reward_model
    if rewards is None or rewards.drawn is None:
        return []
    message = f"expected a recipe whose reward model is trained on labelled pairs alone, got {source.recipe}"
    return [Fault(where, f"{message}; name one without reward_model.drawn")]


def _prompts(recipe: Recipe) -> Iterator[Fault]:
    """Prompts of a split that is measured."""
    assert recipe.rounds is not None
    split = recipe.rounds.prompts.split
    for what, held_out in {"scored": recipe.score.split, "answered": recipe.generate and recipe.generate.split}.items():
        if held_out == split:
            message = f"expected a split that is not {what}, got '{split}', which is"
            yield Fault(f"{DRAWN}.prompts.split", f"{message}; draw responses to prompts of another split")


def _draws(recipe: Recipe, sampler: Sampler, arms: tuple[Arm, ...]) -> Iterator[Fault]:
    """Samplers that draw nothing, or no whole responses of one turn, and draws without or not of the engine."""
    where = f"{DRAWN}.sampler.name"
    if any(arm.source == DATA for arm in arms) or sampler.search is not None or sampler.tool_use is not None:
        message = f"expected a sampler that draws whole responses of one turn, such as policy, got '{sampler.name}'"
        yield Fault(where, message)
    if (drawn := sum(arm.samples for arm in arms)) < 2:
        yield Fault(f"{DRAWN}.sampler.num_samples", f"expected 2 or more responses to make pairs of, got {drawn}")
    if recipe.generate is None:
        taken = "whose engine, dtype, max_num_seqs and stop_tokens the draws take"
        yield Fault("generate", f"required, not given: {DRAWN} draws responses, and this is the section {taken}")
    elif recipe.generate.engine == "vllm" and any(len(arm.mixture) > 1 for arm in arms):
        message = f"'{sampler.name}' mixes policies at every token, which vLLM cannot"
        yield Fault("generate.engine", f"expected auto or transformers, got vllm: {message}")


def _pairs(selector: Selector, options: Any) -> Iterator[Fault]:
    """Selectors that make no pairs of labelled draws."""
    if _makes_pairs(selector, options):
        return
    others = []
    for name in selectors.names():
        other = selectors.get(name)
        try:
            others += [name] if _makes_pairs(other, other.options()) else []
        except (TypeError, ValueError, BenchError):  # an option without a default
            others.append(name)
    message = f"expected a selector that makes pairs of labelled draws ({', '.join(others)})"
    yield Fault(f"{DRAWN}.selector.name", f"{message}, got '{selector.name}'")


def _not_drawn(recipe: Recipe) -> list[Fault]:
    """An objective that climbs on draws, where none are drawn."""
    if not climbs(recipe):
        return []
    assert recipe.reward_model is not None, "what has an objective"
    reads = f"objective '{recipe.reward_model.objective.name}' climbs on responses of a policy"
    hint = f"give prompts, sampler and selector: {{name: {CLIMBED_ON}}}, as recipe reward_model@meta does"
    return [Fault(DRAWN, f"required, not given: {reads}; {hint}")]


def _lists(recipe: Recipe, selector: Selector) -> Iterator[Fault]:
    """Selectors whose rows are not the draws as they are, for an objective that climbs on these."""
    assert recipe.reward_model is not None, "what has an objective"
    if selector.name != CLIMBED_ON:
        climber = f"'{recipe.reward_model.objective.name}' climbs on all draws to a prompt, in no order"
        yield Fault(f"{DRAWN}.selector.name", f"expected {CLIMBED_ON}, got '{selector.name}': {climber}")


def _makes_pairs(selector: Selector, options: Any) -> bool:
    is_pair = selector.candidates is Candidates.PAIR
    return is_pair and selector.needs_labels and not selector.needs_search and not selector.needs_data(options)


def _objective(recipe: Recipe) -> Iterator[Fault]:
    """Objectives that read of a pair what no draw has."""
    assert recipe.reward_model is not None
    name = recipe.reward_model.objective.name
    if name not in reward_objectives.names():  # said already
        return
    objective = reward_objectives.get(name)
    hyper, _ = bind(objective.hyper, recipe.reward_model.objective.hyper, where="")
    if hyper is None:  # said already
        return
    columns = objective.carried_columns(hyper)
    if columns or objective.fit is not None or objective.candidates is not Candidates.PAIR:
        message = f"expected an objective of pairs that reads nothing but their order, got '{name}'"
        yield Fault(DRAWN, f"{message}; drawn responses have no other labels")
