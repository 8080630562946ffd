"""Each pair labelled by a human or by a model, whichever is worth more within a budget of human labels.

The pairs with the highest predicted gain from a human label get it, all others the model's label. The prediction is a
column; the label puts the preferred response first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, number_of, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """Whose labels there are, and how many of the dear ones may be taken.

    Raises:
        ValueError: a fraction outside [0, 1].
    """

    human: str = "human_prefers_first"
    """Column with a number per example: probability, or 0 and 1, that the first response is preferred."""
    ai: str = "ai_prefers_first"
    """Column with the same from a model."""
    gain: str = "human_gain"
    """Column with a number per example: what a human label is predicted to be worth more; higher is routed first."""
    human_fraction: float = 0.5
    """Share of all pairs that may get a human label, in [0, 1], rounded down."""

    def __post_init__(self) -> None:
        require_within(self, "human_fraction", "[0, 1]", what="share")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The pairs in the order of their label, with `p_chosen` and `human_label` (1, or 0 for the model's).

    A label of one half is a tie and drops the pair; of equal gains the earlier pair is routed; the seed is not read.
    """
    gains = {place: number_of(example, options.gain) for place, example in enumerate(examples)}
    labelled = [k for k in gains if gains[k] == gains[k] and not math.isnan(number_of(examples[k], options.human))]
    ranked = sorted(labelled, key=lambda k: -gains[k])
    routed = {examples[k].id for k in ranked[: math.floor(options.human_fraction * len(examples))]}
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        to_human = example.id in routed
        p = number_of(example, options.human if to_human else options.ai)
        if p != p:
            return "label missing"
        if p == 0.5:
            return "label says neither"
        remarks[f"label of {'the human' if to_human else 'the model'} taken"] += 1
        pair = with_candidates(example, (0, 1) if p > 0.5 else (1, 0))
        return [with_columns(pair, p_chosen=max(p, 1 - p), human_label=float(to_human))]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="route_labels",
    options=Options,
    apply=apply,
    reads=lambda options: (
        Column(options.human, low=0.0, high=1.0, missing="keep"),
        Column(options.ai, low=0.0, high=1.0, missing="keep"),
        Column(options.gain, missing="keep"),
    ),
    makes_columns=("p_chosen", "human_label"),
    candidates=Candidates.PAIR,
    sets_order=lambda options: True,
    paper=Paper(
        "Miranda et al.",
        2024,
        arxiv="2410.19133",
        title="Hybrid Preferences: Learning to Route Instances for Human vs. AI Feedback",
    ),
    open_question="The paper's performance predictor is not fitted here; its prediction is read as a column.",
)
