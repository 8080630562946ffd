"""The annotator of the toy world: a label for each pair of responses, drawn by the rule that labels the world's data.

Its bias and errors are its own: those of the data where its options are the data's `data.options`. Each pair costs one
label, so the answers are the label budget of a comparison between online and offline methods.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require, require_within
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches
from benchbench.oracles._toy import gold_of_group
from benchbench.sources.toy.annotator import Annotator


@dataclass(frozen=True)
class Options:
    """The annotator's bias and errors, named as in the options of the source `toy`, whose defaults they have.

    Raises:
        ValueError: a value out of its range.
    """

    length_bias: float = 0.3
    """Gold reward that four more words are worth to the annotator, in [-100, 100]; at 0.3 a filler costs nothing."""
    flip_rate: float = 0.0
    """Probability that a label is flipped, in [0, 1]."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.length_bias), "length_bias", "a finite number", self.length_bias)
        require_within(self, "length_bias", "[-100, 100]")
        require_within(self, "flip_rate", "[0, 1]", what="probability")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """One Bernoulli label for every pair of different responses, from the group's own draws.

    Identical texts are worth the same and cost no label.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    annotator = Annotator(options.length_bias, options.flip_rate)
    for places in batches(len(groups), 1, context):
        for place in places:
            yield place, _labels(annotator, groups[place], context)


def _labels(annotator: Annotator, group: Group, context: OracleContext) -> Labels:
    gold, draws = gold_of_group(group, "annotator"), context.draws_of(group)
    wins: dict[tuple[int, int], float] = {}
    answers = 0
    for i, j in combinations(range(len(group.responses)), 2):
        texts = (group.responses[i].text, group.responses[j].text)
        uniform = float(draws.random())
        if texts[0] == texts[1] and gold[i] == gold[j]:
            wins[i, j] = 0.5
            continue
        wins[i, j] = float(uniform < annotator.labels_first(texts, (gold[i], gold[j])))
        answers += 1
    return Labels(wins=wins, answers=answers)


ORACLE = Oracle(name="annotator", options=Options, gives="wins", label=label, source="toy", random=True, kind="human")
