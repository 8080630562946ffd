"""The prompts that a round answers anew: those whose latest responses the oracle rates lowest on average."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchbench.core.example import Example
from benchbench.core.rollout import Group, Labels
from benchbench.data.rollout_json import group_of, labels_of
from benchbench.stages.context import StageContext
from benchbench.stages.rollout.settings import DRAWN, LABELS, RolloutSettings
from benchbench.store.made import made_lines


def answered_anew(context: StageContext[RolloutSettings], examples: Sequence[Example]) -> list[Example]:
    """Those of a round's examples that it answers, in their order; all of them where the settings name no number."""
    lowest = context.settings.prompts.lowest
    if lowest is None:
        return [*examples]
    ratings: dict[str, float] = {}
    split = context.settings.data.split
    for number in range(1, context.settings.round):
        groups = map(group_of, made_lines(context.input(f"{DRAWN}{number}"), split))
        labels = map(labels_of, made_lines(context.input(f"{LABELS}{number}"), split))
        ratings |= {group.example: mean_score(group, said) for group, said in zip(groups, labels, strict=True)}
    return lowest_rated(examples, ratings, lowest)


def lowest_rated(examples: Sequence[Example], ratings: Mapping[str, float], count: int) -> list[Example]:
    """So many examples of the lowest rating, in the order in which they stand; of equal ones the first.

    Args:
        examples: of a round.
        ratings: example id -> number; one that is missing counts as the lowest, since nobody knows what it is worth.
        count: at most as many come.
    """
    order = sorted(range(len(examples)), key=lambda place: (ratings.get(examples[place].id, -math.inf), place))
    return [examples[place] for place in sorted(order[:count])]


def mean_score(group: Group, labels: Labels | None) -> float:
    """Mean score of a group's responses that have one; minus infinity where none has."""
    if labels is None:
        return -math.inf
    scores = [labels.score(place, len(group.responses)) for place in range(len(group.responses))]
    known = [score for score in scores if score is not None]
    return math.fsum(known) / len(known) if known else -math.inf
