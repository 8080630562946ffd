"""The policy judges its own responses: it is asked in words which of two is better, in both orders.

Self-judging policies label their own draws so (Self-Judge, arXiv:2402.11253; online self-preferring, arXiv:2405.14103).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require, require_at_least
from benchbench.core.rollout import Group, Labels
from benchbench.data.questions import conversation, filled, require_places
from benchbench.oracles._answers import share_of
from benchbench.oracles._contests import tally_of
from benchbench.oracles._scores import BATCH, batches


@dataclass(frozen=True)
class Options:
    """The question, and how often it is put.

    Raises:
        ValueError: a question without its places, or a number out of its range.
    """

    question: str = (
        "Prompt:\n{prompt}\n\nResponse A:\n{first}\n\nResponse B:\n{second}\n\n"
        "Which response is better? Answer A or B.\n"
    )
    """What the policy is asked about two responses; `{prompt}`, `{first}` and `{second}` are filled in."""
    first: str = "A"
    """Word of an answer that prefers the first slot, whatever its case."""
    second: str = "B"
    """Word of an answer that prefers the second slot; answers with neither word do not count."""
    samples: int = 1
    """Answers for each order of a pair, >= 1; a win is their share."""
    max_new_tokens: int = 4
    """Length of an answer, >= 1."""

    def __post_init__(self) -> None:
        require_places(self, "question", "{prompt}", "{first}", "{second}")
        require(self.first.lower() != self.second.lower(), "second", "another word than first", repr(self.second))
        require_at_least(self, 1, "samples", "max_new_tokens")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """Wins of every pair; a pair without an answer in one of its orders is left out."""
    assert context.answer is not None, "the stage gives an oracle that writes the policy's words"
    for places in batches(len(groups), BATCH, context):
        tallies = {place: tally_of(groups[place], both_orders=True) for place in places}
        questions = [(place, *order) for place, tally in tallies.items() for order in tally.contests]
        prompts = [_question(options, groups[place], i, j) for place, i, j in questions]
        texts = context.answer(prompts, samples=options.samples, max_new_tokens=options.max_new_tokens)
        for (place, i, j), answers in zip(questions, texts, strict=True):
            tallies[place].answers[i, j] = share_of(answers, options.first, options.second)
        for place, tally in tallies.items():
            yield place, tally.labels()


def _question(options: Options, group: Group, i: int, j: int) -> str:
    """The question about two responses of a group, in these slots."""
    texts = {"{prompt}": conversation(group.messages), "{first}": group.responses[i].text}
    return filled(options.question, {**texts, "{second}": group.responses[j].text})


ORACLE = Oracle(
    name="self_judge",
    options=Options,
    gives="wins",
    label=label,
    writes=True,
    kind="model",
    open_question="The papers' questions and what they make of the two orders were not read.",
)
