"""Every candidate as a labelled response of its own: thumbs up for a score of at least a threshold.

Unlike pairs taken apart, prompts whose responses are mostly good and prompts whose responses are mostly bad then stand
on different sides, as with thumbs that users give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Column
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates


@dataclass(frozen=True)
class Options:
    """What a desirable response scores."""

    threshold: float
    """Smallest score of a desirable response, in the unit of the score."""
    score: str = "score"
    """Column with a number per candidate; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """`ID-1`, `ID-2`, ... of every example, labelled by their scores; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        labels = [score >= options.threshold for score in scores]
        remarks["labelled desirable"] += sum(labels)
        remarks["labelled undesirable"] += len(labels) - sum(labels)
        return [
            replace(with_candidates(example, (place,), name=f"{example.id}-{place + 1}"), label=label)
            for place, label in enumerate(labels)
        ]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="unpaired_from_scores",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("label",),
)
