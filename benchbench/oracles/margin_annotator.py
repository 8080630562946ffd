"""The annotator of the toy world, asked about one pair of each group: that whose implicit margin is the smallest.

Annotation-efficient iterative training (arXiv:2406.17312) asks about the pair of a prompt that the policy's implicit
reward tells apart least, so that a prompt costs one label whatever is drawn. In the first round the policy is the
reference, all margins are 0, and the first two different responses are the pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from benchbench.core.method import Paper
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require, require_within
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import BATCH, batches
from benchbench.oracles._toy import gold_of_group
from benchbench.sources.toy.annotator import Annotator


@dataclass(frozen=True)
class Options:
    """Which pair is asked about, and the annotator's bias and errors, named as in the options of the source `toy`.

    Raises:
        ValueError: a value out of its range.
    """

    select: Literal["small", "large"] = "small"
    """The pair with the smallest or with the largest difference of implicit rewards."""
    length_bias: float = 0.3
    """Gold reward that four more words are worth to the annotator, in [-100, 100]; at 0.3 a filler costs nothing."""
    flip_rate: float = 0.0
    """Probability that a label is flipped, in [0, 1]."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.length_bias), "length_bias", "a finite number", self.length_bias)
        require_within(self, "length_bias", "[-100, 100]")
        require_within(self, "flip_rate", "[0, 1]", what="probability")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """One Bernoulli label for one pair of every group, from the group's own draws; none where all responses are equal.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    annotator = Annotator(options.length_bias, options.flip_rate)
    for places in batches(len(groups), BATCH, context):
        batch = [groups[place] for place in places]
        gold = {place: gold_of_group(groups[place], "margin_annotator") for place in places}
        both = zip(places, context.models["policy"](batch), context.models["reference"](batch), strict=True)
        for place, policy, reference in both:
            rewards = [math.fsum(p) - math.fsum(r) for p, r in zip(policy, reference, strict=True)]
            if (pair := _pair(groups[place], rewards, options)) is None:
                yield place, Labels(wins={})
                continue
            (i, j), texts, worth = pair, _texts(groups[place]), gold[place]
            uniform = float(context.draws_of(groups[place]).random())
            prefers_first = uniform < annotator.labels_first((texts[i], texts[j]), (worth[i], worth[j]))
            yield place, Labels(wins={pair: float(prefers_first)}, answers=1)


def _texts(group: Group) -> list[str]:
    return [response.text for response in group.responses]


def _pair(group: Group, rewards: Sequence[float], options: Options) -> tuple[int, int] | None:
    """The places of the pair that is asked about, of equal margins the first; none where all texts are equal."""
    texts, sign = _texts(group), 1 if options.select == "small" else -1
    pairs = [(i, j) for i, j in combinations(range(len(texts)), 2) if texts[i] != texts[j]]
    return min(pairs, key=lambda pair: sign * abs(rewards[pair[0]] - rewards[pair[1]]), default=None)


ORACLE = Oracle(
    name="margin_annotator",
    options=Options,
    gives="wins",
    label=label,
    models=frozenset({"policy", "reference"}),
    source="toy",
    random=True,
    kind="human",
    paper=Paper(
        "Yang et al.",
        2024,
        arxiv="2406.17312",
        title=(
            "Not All Preference Pairs Are Created Equal: A Recipe for Annotation-Efficient Iterative Preference "
            "Learning"
        ),
    ),
)
