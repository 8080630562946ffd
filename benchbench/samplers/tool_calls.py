"""Responses of several turns: the policy calls the tool of the world that the prompts are from, and goes on.

Xiong et al., 2024, arXiv:2409.02392, train agents for mathematics with a code interpreter on such responses; what the
tool writes conditions what follows and is no part of any log-probability. Here the tool is a world's own, such as the
calculator of `arithmetic`.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.sampler import POLICY, Arm, Sampler
from benchbench.core.tools import ToolUse


@dataclass(frozen=True)
class Options:
    """How often the tool is called, and what is scored; `max_new_tokens` is that of a turn.

    Raises:
        ValueError: no call.
    """

    calls: int = 8
    """Calls of a response that are answered, at most, >= 1; one that calls once more is cut there."""
    mask_observations: bool = True
    """Leave what the tool wrote out of what training scores. False scores it as if the policy had written it, the
    control that shows what the mask is for."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "calls")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """A single arm: the policy as it is, `num_samples` responses of however many turns."""
    return (Arm("policy", num_samples, {POLICY: 1.0}),)


def tool_use(options: Options) -> ToolUse:
    """The options, which are all there is to say."""
    return ToolUse(calls=options.calls, mask_observations=options.mask_observations)


SAMPLER = Sampler(
    name="tool_calls",
    options=Options,
    arms=arms,
    tool_use=tool_use,
    paper=Paper(
        "Xiong et al.",
        2024,
        arxiv="2409.02392",
        title="Building Math Agents with Multi-Turn Iterative Preference Learning",
        note="The turns and the mask; a calculator for their code interpreter.",
    ),
    open_question="The paper's limits on turns and its number of draws were not read.",
)
