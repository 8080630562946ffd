"""The policy says of each response whether it is good: the share of its answers that say yes.

Implicit preference optimisation (arXiv:2502.16182) takes the probability of the yes-token; sampled answers estimate it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero, require_at_least
from benchbench.core.rollout import Group, Labels
from benchbench.data.questions import conversation, filled, require_places
from benchbench.oracles._answers import share_of
from benchbench.oracles._scores import BATCH, batches, scored


@dataclass(frozen=True)
class Options:
    """The question, and how often it is put.

    Raises:
        ValueError: a question without its places, or a number out of its range.
    """

    question: str = (
        "Prompt:\n{prompt}\n\nResponse:\n{response}\n\nIs this a good response to the prompt? Answer Yes or No.\n"
    )
    """What the policy is asked about each response; `{prompt}` and `{response}` are filled in."""
    yes: str = "Yes"
    """Word of an answer that counts 1, whatever its case."""
    no: str = "No"
    """Word of an answer that counts 0; answers with neither word do not count."""
    samples: int = 8
    """Answers for each response, >= 1."""
    max_new_tokens: int = 4
    """Length of an answer, >= 1."""
    tau: float = 0.25
    """Difference of shares that is one logit of a preference, > 0."""

    def __post_init__(self) -> None:
        require_places(self, "question", "{prompt}", "{response}")
        require_at_least(self, 1, "samples", "max_new_tokens")
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The share of yes for every response; none where no answer says yes or no."""
    assert context.answer is not None, "the stage gives an oracle that writes the policy's words"
    for places in batches(len(groups), BATCH, context):
        prompts = [
            filled(options.question, {"{prompt}": conversation(groups[place].messages), "{response}": response.text})
            for place in places
            for response in groups[place].responses
        ]
        texts = iter(context.answer(prompts, samples=options.samples, max_new_tokens=options.max_new_tokens))
        for place in places:
            shares = [share_of(next(texts), options.yes, options.no) for _ in groups[place].responses]
            yield place, scored(shares, tau=options.tau)


ORACLE = Oracle(
    name="yes_token",
    options=Options,
    gives="scores",
    label=label,
    writes=True,
    kind="model",
    open_question="The paper reads the token's probability and its question was not read; here sampled answers count.",
)
