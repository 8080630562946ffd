"""The best against the worst response where passes with dropout agree, drawn by how sure they are (UPO).

With p_m the probability of the pair's order in pass m, a pair with mean p below one half is left out. The rest is drawn
without replacement with weights max(0, 1 - B), where B = H(mean p) - mean H(p) in nats; `confidence` is 1 - B.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.logistic import sigmoid
from benchbench.core.method import Paper
from benchbench.core.ranges import require_within
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, number, pair, ranked

CONFIDENCE, PASS = "confidence", "pass_"
_TINY = 1e-10
"""Added within logarithms, as in the authors' code."""


@dataclass(frozen=True)
class Options:
    """How many pairs are drawn, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: a rate outside (0, 1].
    """

    rate: float = 0.5
    """Share of the pairs on which the passes agree to draw, in (0, 1], rounded up; 1 takes all. 0.5 is the authors'."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_within(self, "rate", "(0, 1]", what="share")


def confidence(probabilities: Sequence[float]) -> float:
    """1 - (H(mean p) - mean H(p)) in nats; 1 where all passes say the same."""
    mean_p = math.fsum(probabilities) / len(probabilities)
    return 1 - max(0.0, _entropy(mean_p) - math.fsum(map(_entropy, probabilities)) / len(probabilities))


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """At most one pair per group; which are taken is drawn by their confidence."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        worst = responses.lowest(lower)
        margins = [row[best] - row[worst] for row in _passes(of_group.columns)]
        if not margins:
            return "no passes"
        ps = [sigmoid(margin / of_group.tau) for margin in margins]
        if math.fsum(ps) < 0.5 * len(ps):
            return "passes against the order"
        row = pair(of_group, best, worst, len(group.responses))
        return (Pick(row.places, {**row.columns, CONFIDENCE: confidence(ps)}),)

    return _drawn(each_group(groups, labels, rule), options.rate, draws)


def _passes(columns: Mapping[str, tuple[float, ...]]) -> list[tuple[float, ...]]:
    return [values for name, values in columns.items() if name.startswith(PASS)]


def _drawn(selection: Selection, rate: float, draws: np.random.Generator) -> Selection:
    """So many of the pairs, each next one drawn with weight max(0, confidence): the first by exponential times."""
    times = draws.exponential(size=len(selection.picks))
    weight = {k: max(_TINY, number(rows[0], CONFIDENCE)) for k, rows in enumerate(selection.picks) if rows}
    stay = set(sorted(weight, key=lambda k: times[k] / weight[k])[: math.ceil(round(rate * len(weight), 9))])
    beyond = len(weight) - len(stay)
    picks = [rows if k in stay else () for k, rows in enumerate(selection.picks)]
    return Selection(picks, {**selection.dropped, **({"not drawn": beyond} if beyond else {})})


def _entropy(p: float) -> float:
    return max(0.0, -(p * math.log(p + _TINY) + (1 - p) * math.log(1 - p + _TINY)))


SELECTOR = Selector(
    name="mc_dropout_confidence",
    options=Options,
    select=select,
    makes_columns=(*PAIR_COLUMNS, CONFIDENCE),
    random=True,
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2409.11212",
        title="Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization",
        note="Rule of wjn1996/Uncertainty-Preference-Optimization at 29a1c21; its hard set is not drawn here.",
    ),
)
