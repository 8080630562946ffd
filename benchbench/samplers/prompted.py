"""The policy with an instruction to do well before the prompt, and with one to do worse, so that nobody need compare.

SOP (only-prompting self-rewarding) asks for levels of quality and lets the two come closer from round to round; SSO
(self-steering) asks for what a principle wants and for its opposite. Rows answer the prompt without the instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchbench.core.method import Paper
from benchbench.core.ranges import require
from benchbench.core.sampler import POLICY, Arm, Sampler
from benchbench.samplers._halves import halves

BETTER, WORSE = "better", "worse"


@dataclass(frozen=True)
class Options:
    """The instructions of each round; of several the last one stays for further rounds.

    Raises:
        ValueError: no instruction, an empty one, or two arms that are asked for the same in every round.
    """

    better: list[str] = field(default_factory=lambda: ["good"])
    """What stands before the prompt of the responses that are preferred, for the first round, the second, ..."""
    worse: list[str] = field(default_factory=lambda: ["bad"])
    """What stands before the prompt of the others."""

    def __post_init__(self) -> None:
        for name in (BETTER, WORSE):
            texts = getattr(self, name)
            require(bool(texts) and all(text.strip() for text in texts), name, "one text or more, none empty", texts)
        require(self.better != self.worse, WORSE, "other instructions than better", self.worse)


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm that is to do well, then the other one, of the same policy.

    Raises:
        ValueError: too few responses for two arms.
    """
    better, worse = halves("prompted", num_samples)
    return (
        Arm(BETTER, better, {POLICY: 1.0}, instructions=tuple(options.better)),
        Arm(WORSE, worse, {POLICY: 1.0}, instructions=tuple(options.worse)),
    )


SAMPLER = Sampler(
    name="prompted",
    options=Options,
    arms=arms,
    paper=Paper(
        "Xiang et al.",
        2024,
        arxiv="2410.17131",
        title="Aligning Large Language Models via Self-Steering Optimization",
        note="Also SOP, arXiv:2409.17534.",
    ),
    open_question="The papers' instructions, principles and schedules of quality levels were not read.",
)
