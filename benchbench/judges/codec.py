"""The known process of the codec world as a judge: the likelier sequence of codes wins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.sources.codec.likelihood import contest_scores


@dataclass(frozen=True)
class CodecJudgeOptions:
    """The process, named as in the options of the source `codec`.

    Raises:
        ValueError: a value out of its range.
    """

    layers: int = 1
    """1: responses are coarse codes; 2: each coarse code is followed by its residual code."""
    glitch_rate: float = 0.02
    """Probability that a frame is anywhere on the ring, in [0.001, 1]."""

    def __post_init__(self) -> None:
        if self.layers not in (1, 2):
            raise ValueError(f"layers: expected 1 or 2, got {self.layers}")
        if not 0.001 <= self.glitch_rate <= 1:
            raise ValueError(f"glitch_rate: expected a number from 0.001 to 1, got {self.glitch_rate}")


def judge(
    options: CodecJudgeOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The higher log-likelihood, in nats over the whole sequence, wins; equal ones tie.

    Longer sequences are less likely by nature, so two draws of the same process are a fair contest only on average
    over prompts, which is what a win rate is.

    Raises:
        BenchError: a prompt that is not of the codec world.
    """
    for place, contest in enumerate(contests):
        first, second = contest_scores(contest, options.layers, options.glitch_rate, "codec")
        raw = json.dumps({"first": first, "second": second})
        yield place, Verdict(0.5 if first == second else float(first > second), raw, scores=(first, second))


JUDGE = Judge(
    name="codec",
    version=1,
    options=CodecJudgeOptions,
    sees_slots=False,
    judge=judge,
    describes=("layers", "glitch_rate"),
)
