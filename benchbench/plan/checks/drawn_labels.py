"""What an oracle's labels of drawn responses need and do not find, the same for rounds and for draws while training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import oracles, reward_objectives
from benchbench.core.errors import Fault
from benchbench.core.oracle import Oracle
from benchbench.core.selector import Selector
from benchbench.recipe.binding import bind
from benchbench.recipe.rounds import SamplerSection
from benchbench.recipe.schema import Recipe
from benchbench.recipe.training import RewardModelSection


def oracle_faults(
    recipe: Recipe, oracle: Oracle, sampler: SamplerSection, *, read: bool, section: str
) -> Iterator[Fault]:
    """Labels that nobody reads, prompts that an oracle does not know, and a reward model that would not be obeyed.

    Args:
        recipe: the whole.
        oracle: that labels what is drawn.
        sampler: what the recipe says of drawing.
        read: whether something reads what it says.
        section: `rounds` or `online`, for messages.
    """
    if oracle.gives != "nothing" and not read:
        message = f"expected none: nothing reads what '{oracle.name}' says"
        yield Fault(f"{section}.oracle.name", f"{message}; take a selector that reads labels, or remove it")
    if oracle.objectives is not None and section != "online":
        message = f"'{oracle.name}' gives several rewards of each response, which only an online.shaping reads"
        yield Fault(f"{section}.oracle.name", f"{message}; choose another oracle")
    if oracle.source and oracle.source != recipe.data.source:
        knows = f"'{oracle.name}' knows the prompts of source {oracle.source} alone"
        message = f"{knows}, and data.source is {recipe.data.source}; choose another oracle"
        yield Fault(f"{section}.oracle.name", message)
    if "reward_model" in oracle.models:
        yield from _reward_model_faults(recipe, oracle, sampler)
    if section == "online" and recipe.reward_model is not None and "reward_model" in oracle.models:
        yield from _objective_faults(oracle, recipe.reward_model)
    if section == "online" and oracle.dropout is not None:
        yield Fault(f"{section}.oracle.name", f"'{oracle.name}' asks in passes with dropout, which rounds alone do")


def label_column_faults(where: str, selector: Selector, options: Any, oracle: Oracle) -> Iterator[Fault]:
    """What every group would lack, so that none gave a row.

    Args:
        where: `rounds` or `online`.
        selector: of that section.
        options: the selector's, bound.
        oracle: of that section; one that gives nothing is refused elsewhere.
    """
    if oracle.gives == "nothing":
        return
    for column in selector.reads_columns(options):
        if column in oracle.makes_columns:
            continue
        making = [name for name in oracles.names() if column in oracles.get(name).makes_columns]
        message = f"'{selector.name}' reads the label column '{column}', which oracle '{oracle.name}' does not make"
        hint = f"; oracles that make it: {', '.join(making)}" if making else "; no oracle makes it, take another"
        yield Fault(f"{where}.selector.options", f"{message}{hint}")


def _reward_model_faults(recipe: Recipe, oracle: Oracle, sampler: SamplerSection) -> Iterator[Fault]:
    """Drawn responses are rewarded token for token as they are trained on, neither cut nor ended otherwise."""
    model, tokenization = recipe.reward_model, recipe.tokenization
    if model is None:
        yield Fault("reward_model", f"required, not given: oracle '{oracle.name}' asks it")
        return
    if model.ensemble is not None and model.ensemble.use == "rewards":
        several = "is several models, and an oracle asks one"
        yield Fault("reward_model.ensemble.use", f"expected columns, got rewards, which {several}")
    if model.score_append_eos not in (None, tokenization.append_eos):
        expected = f"expected {str(tokenization.append_eos).lower()}, as in training"
        yield Fault("reward_model.score_append_eos", f"{expected}: drawn responses are rewarded token for token")
    if tokenization.max_prompt_length is None or sampler.max_new_tokens is None:
        return
    longest = tokenization.max_prompt_length + sampler.max_new_tokens
    if (most := model.max_length or tokenization.max_length) < longest:
        parts = "tokenization.max_prompt_length and the sampler's max_new_tokens together"
        message = f"expected {longest} or more ({parts}), since drawn responses are rewarded whole, got {most}"
        yield Fault("reward_model.max_length", message)


def _objective_faults(oracle: Oracle, model: RewardModelSection) -> Iterator[Fault]:
    """Responses that are drawn while training are rewarded one by one; those of rounds beside each other."""
    if reads := _reads_beside(model):
        message = f"oracle '{oracle.name}' rewards a drawn response by itself, '{model.objective.name}' reads {reads}"
        yield Fault("reward_model.objective.name", f"{message}; take another objective")


def _reads_beside(model: RewardModelSection) -> str:
    """What a reward needs beside its response; empty where nothing, or where the objective is faulty in itself."""
    if model.objective.name not in reward_objectives.names():
        return ""
    objective = reward_objectives.get(model.objective.name)
    hyper, _ = bind(objective.hyper, model.objective.hyper, where="")
    if objective.is_relative:
        return "the other candidates"
    columns = () if hyper is None else objective.scored_columns(hyper)
    return f"column {', '.join(column.name for column in columns)}" if columns else ""
