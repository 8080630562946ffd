"""Every pair twice, under prompts that ask for the score of one of its responses.

In the first copy the prompt asks for the score of the chosen response, and the pair stands as it is; in the second it
asks for the score of the rejected one, which is then the preferred answer. A model trained on both is asked for the
highest score when it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates, with_text_before_prompts


@dataclass(frozen=True)
class Options:
    """How the score is asked for.

    Raises:
        ValueError: a text without `{score}`, or a scale that is none.
    """

    score: str = "score"
    """Column with a number per candidate; `score` stands for the data's own ratings."""
    text: str = "Give a response of quality {score} on a scale from 1 to 10."
    """What the prompt says; `{score}` stands for the number; the words are ours."""
    role: Literal["system", "user"] = "system"
    """Where it stands: in the system message, or before the first turn of the user."""
    low: float = 1.0
    """Score of the data that is written as 1."""
    high: float = 10.0
    """Score of the data that is written as 10; with low 1 and high 10 scores are written as they are."""
    decimals: int = 1
    """Digits after the point, at most; zeros at the end are left out."""

    def __post_init__(self) -> None:
        if self.text.count("{score}") != 1:
            raise ValueError(f"text: expected '{{score}}' exactly once, got '{self.text}'")
        if not self.low < self.high:
            raise ValueError(f"high: expected more than low ({self.low}), got {self.high}")
        if not 0 <= self.decimals <= 6:
            raise ValueError(f"decimals: expected 0 to 6, got {self.decimals}")

    def asks_for(self, score: float) -> str:
        """The text with a score of the data in it."""
        scaled = 1.0 + 9.0 * (score - self.low) / (self.high - self.low)
        number = f"{scaled:.{self.decimals}f}"
        return self.text.replace("{score}", number.rstrip("0").rstrip(".") if "." in number else number)


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """`ID-chosen` as it is and `ID-rejected` with its responses exchanged; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        texts = [options.asks_for(score) for score in scores]
        if scores[0] < scores[1]:
            return "scores against the label"
        if texts[0] == texts[1]:
            return "both scores are written alike"
        return [
            with_text_before_prompts(with_candidates(example, order, name=f"{example.id}-{side}"), text, options.role)
            for order, side, text in zip(((0, 1), (1, 0)), ("chosen", "rejected"), texts, strict=True)
        ]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="reward_conditioned",
    options=Options,
    apply=apply,
    version=2,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    candidates=Candidates.PAIR,
    sets_order=lambda options: True,
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2410.08067",
        title="Reward-Augmented Data Enhances Direct Preference Alignment of LLMs",
        note="Its branch without system messages does not exchange the responses of the second copy; this one does.",
    ),
)
