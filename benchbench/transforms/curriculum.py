"""Examples in order of difficulty, cut into stages of equal size.

A wide gap between the two scores is easy. The column `curriculum_stage` (1, 2, ...) numbers the stages; `keep_stage`
leaves one of them, for a recipe per stage. Training keeps this order under `preference.data_order: sequential` alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import number_of, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """What makes an example easy, and how many stages there are.

    Raises:
        ValueError: a number of stages below 1, or a stage that there is not.
    """

    score: str = "score"
    """Column with a number per candidate; an example is easy where its first candidate is far above its last."""
    ease: str | None = None
    """Column with a number per example to be used instead, such as `gap`: higher is easier."""
    hard_first: bool = False
    """The hardest example first."""
    stages: int = 3
    """Number of stages, >= 1; the first ones are longer by one where the examples cannot be divided."""
    keep_stage: int | None = None
    """Stage that stays alone, from 1; none keeps all."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "stages")
        if self.keep_stage is not None and not 1 <= self.keep_stage <= self.stages:
            raise ValueError(f"keep_stage: expected a stage from 1 to {self.stages}, got {self.keep_stage}")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The examples, easiest first; of equally easy ones the earlier first; the seed is not read."""
    ease: dict[int, float] = {}
    for place, example in enumerate(examples):
        value = _ease(example, options)
        if value == value:
            ease[place] = value
    sign = 1.0 if options.hard_first else -1.0
    ranked = sorted(ease, key=lambda place: sign * ease[place])
    size, longer = divmod(len(ranked), options.stages)
    bounds = [stage * size + min(stage, longer) for stage in range(options.stages + 1)]
    staged = [
        with_columns(examples[place], curriculum_stage=float(stage + 1))
        for stage in range(options.stages)
        for place in ranked[bounds[stage] : bounds[stage + 1]]
        if options.keep_stage in (None, stage + 1)
    ]
    dropped = {"difficulty missing": len(examples) - len(ranked), "of another stage": len(ranked) - len(staged)}
    return staged, Counts(dropped)


def _ease(example: Example, options: Options) -> float:
    """How easy an example is; NaN where that is missing."""
    if options.ease is not None:
        return number_of(example, options.ease)
    scores = scores_of(example, options.score)
    return math.nan if scores is None else scores[0] - scores[-1]


def _reads(options: Options) -> tuple[Column, ...]:
    if options.ease is not None:
        return (Column(options.ease, missing="keep"),)
    return (Column(options.score, per="candidate", missing="keep"),)


TRANSFORM = Transform(
    name="curriculum",
    options=Options,
    apply=apply,
    reads=_reads,
    makes_columns=("curriculum_stage",),
    paper=Paper(
        "Pattnaik et al.",
        2024,
        arxiv="2403.07230",
        title="Curry-DPO: Enhancing Alignment using Curriculum Learning & Ranked Preferences",
    ),
    open_question="The key of difficulty and the sizes of the stages were not verified against the code.",
)
