"""The verifier of the world of arithmetic as a judge: what is right beats what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.sources.arithmetic.chains import Verification, verify_contest


@dataclass(frozen=True)
class ArithmeticJudgeOptions:
    """What counts as right."""

    by: Literal["answer", "chain"] = "answer"
    """`answer`: the final answer, however it was reached; `chain`: every step and the answer."""


def judge(
    options: ArithmeticJudgeOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """Right beats wrong; two right responses tie, and so do two wrong ones. A response that was cut is wrong.

    Raises:
        BenchError: a prompt that is not of the world of arithmetic.
    """
    for place, contest in enumerate(contests):
        checked = verify_contest(contest, "arithmetic")
        first, second = (float(_is_right(options, verification)) for verification in checked)
        raw = json.dumps({side: asdict(part) for side, part in zip(("first", "second"), checked, strict=True)})
        yield place, Verdict(0.5 + 0.5 * (first - second), raw, scores=(first, second))


def _is_right(options: ArithmeticJudgeOptions, verification: Verification) -> bool:
    return verification.chain_is_right if options.by == "chain" else verification.answer_is_right


JUDGE = Judge(name="arithmetic", version=1, options=ArithmeticJudgeOptions, sees_slots=False, judge=judge)
