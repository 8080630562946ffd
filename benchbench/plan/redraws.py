"""Rounds that answer only some of their prompts anew: how many, and which earlier stages say which."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from benchbench.core.errors import Fault
from benchbench.core.oracle import Oracle
from benchbench.core.sampler import Sampler
from benchbench.plan.graph import RoundKeys
from benchbench.recipe.rounds import RoundsSection
from benchbench.stages.rollout.settings import DRAWN, LABELS
from benchbench.stages.select.settings import REPLAY


def lowest_count(section: RoundsSection, number: int) -> int | None:
    """How many prompts a round answers anew; none where it answers all of its own.

    Args:
        section: of the recipe.
        number: of the round, from 1; the first one answers all.
    """
    is_whole = number == 1 or section.prompts.redraw == 1
    return None if is_whole else math.ceil(round(section.prompts.redraw * section.prompts.per_round, 9))


def answered_prompts_count(section: RoundsSection) -> int:
    """Prompts that all rounds answer together, one that is answered twice counted twice."""
    rounds = range(1, section.count + 1)
    return sum(lowest_count(section, number) or section.prompts.per_round for number in rounds)


def earlier_answers(section: RoundsSection, before: Sequence[RoundKeys]) -> Mapping[str, str]:
    """Inputs of a rollout that tell which prompts it answers: what was drawn so far, and its labels."""
    if lowest_count(section, len(before) + 1) is None:
        return {}
    labels = {f"{LABELS}{each.number}": each.label for each in before if each.label is not None}
    return {f"{DRAWN}{each.number}": each.rollout for each in before} | labels


def replays(section: RoundsSection, before: Sequence[RoundKeys]) -> Mapping[str, str]:
    """Inputs of a selection whose rows are read again: of the round before where prompts keep theirs, else replayed."""
    count = 1 if lowest_count(section, len(before) + 1) is not None else section.replay.rounds
    return {f"{REPLAY}{each.number}": each.select for each in before[len(before) - min(len(before), count) :]}


def redraw_faults(section: RoundsSection, sampler: Sampler, oracle: Oracle, *, on_policy: bool) -> Iterator[Fault]:
    """What does not go with rounds that answer only some of their prompts."""
    if section.prompts.redraw == 1:
        return
    where, share = "rounds.prompts.redraw", section.prompts.redraw
    if section.prompts.order != "same":
        yield Fault("rounds.prompts.order", f"expected same, of which {where} {share} answers some again")
    if oracle.gives == "nothing":
        yield Fault("rounds.oracle.name", f"'{oracle.name}' rates nothing, by which {where} {share} chooses prompts")
    if sampler.search is not None or not section.sampler.draws:
        yield Fault(where, f"expected 1, since '{sampler.name}' draws no whole responses, got {share}")
    if section.replay.rounds:
        yield Fault(
            "rounds.replay.rounds", f"expected 0: with {where} {share} prompts keep the rows of their last round"
        )
    if on_policy:
        yield Fault(where, f"expected 1: the method is right for draws of its own policy alone, got {share}")
