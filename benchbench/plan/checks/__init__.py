"""Everything that a recipe asks of its data, its model and its prompts and does not find there, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchbench.core.errors import BenchError, Fault
from benchbench.plan.anchors import anchor_faults
from benchbench.plan.checks.data import chosen_faults, data_faults, length_faults, split_faults, trained_faults
from benchbench.plan.checks.generation import generation_faults, stop_faults
from benchbench.plan.checks.known_prompts import judged_prompt_faults, labelled_prompt_faults
from benchbench.plan.checks.model_columns import model_column_faults
from benchbench.plan.checks.online import online_data_faults
from benchbench.plan.checks.prompts import prompt_faults
from benchbench.plan.checks.reward_draws import drawn_pair_faults
from benchbench.plan.checks.round_data import draws_responses, mixed_engine_faults, round_data_faults
from benchbench.plan.checks.searches import search_data_faults
from benchbench.plan.checks.tools import tool_data_faults
from benchbench.plan.prepared import Prepared
from benchbench.plan.prompt_sets import PreparedPrompts
from benchbench.plan.starts import and_starts
from benchbench.recipe.load import Loaded


def check_all(
    items: Sequence[tuple[Loaded, Prepared]],
    *,
    score_split: str | None,
    with_samples: bool,
    prompts: PreparedPrompts | None,
    device: Callable[[], str],
) -> None:
    """Return only if every recipe can run on what it reads.

    Args:
        items: each recipe with what it reads, and with it those whose training comes before its own.
        score_split: split that is scored in the place of the recipes' own.
        with_samples: whether responses are drawn and judged.
        prompts: that are answered in the place of the recipes' own split.
        device: gives `cpu`, `cuda` or `cuda:N`; called only where an engine is asked for by name.

    Raises:
        BenchError: every fault of every recipe; one that recipes share, such as a setting's, is reported once.
    """
    messages: list[str] = []
    reported: set[tuple[str, str]] = set()
    every = and_starts(items)
    mixed = mixed_engine_faults(every, device)
    for loaded, prepared in every:
        faults = recipe_faults(loaded, prepared, score_split, against_chosen=with_samples and prompts is None)
        if (with_samples and not loaded.recipe.is_reward_model) or draws_responses(loaded):
            faults += generation_faults(loaded, prepared, device)
        elif loaded.recipe.online is not None:
            faults += stop_faults(loaded, prepared)
        faults += [fault for other, fault in mixed if other is loaded]
        if prompts is not None:
            faults += prompt_faults(loaded, prompts)
        if with_samples and not loaded.recipe.is_reward_model and prepared.missing == ():
            faults += judged_prompt_faults(loaded.recipe, prepared.data, prompts)
        new = [fault for fault in faults if (fault.where, fault.message) not in reported]
        reported |= {(fault.where, fault.message) for fault in new}
        if new:
            messages.append(str(BenchError.of_faults(str(loaded.path), new)))
    if messages:
        raise BenchError("\n".join(messages))


def recipe_faults(loaded: Loaded, prepared: Prepared, score_split: str | None, *, against_chosen: bool) -> list[Fault]:
    """What a recipe and its method ask of the data and of the model, and do not find there."""
    recipe, data = loaded.recipe, prepared.data
    missing = split_faults(recipe, data, score_split)
    faults = missing + length_faults(recipe, prepared.context_tokens) + anchor_faults(loaded, prepared)
    faults += model_column_faults(loaded, prepared)
    if not missing:
        faults += data_faults(recipe, data, score_split)
        faults += online_data_faults(loaded, data, prepared.context_tokens)
        faults += trained_faults(loaded, data) + round_data_faults(loaded, prepared)
        faults += labelled_prompt_faults(recipe, data) + drawn_pair_faults(loaded, prepared)
        faults += search_data_faults(loaded, prepared) + tool_data_faults(loaded, prepared)
        faults += chosen_faults(recipe, data) if against_chosen and not recipe.is_reward_model else []
    return faults
