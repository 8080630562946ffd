"""The group's own vote: a response is worth the share of the group's responses that end in the same answer.

The most frequent final answer is best, without anyone knowing the right one. A response without an answer gets no vote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._answers import Form, final_answer
from benchbench.oracles._scores import batches, ruled


@dataclass(frozen=True)
class Options:
    """How the final answer is read, and what a vote is worth."""

    match: Form = "number"
    """`number`: the last number of the response; `text`: all of it, in small letters, white space not counted."""
    after: str = ""
    """Only what follows the last place of this text is read, such as `answer :`; empty reads the whole response."""
    until: str = ""
    """Reading ends at the first place of this text behind it; empty reads on to the end."""
    score: Literal["share", "majority"] = "share"
    """`share`: votes of the answer by responses of the group; `majority`: 1 for the most frequent answers, else 0."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """A number in [0, 1] for every response, and the higher one is preferred for certain.

    Each response of the group is a voter, equal ones and cut ones as well.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            yield place, ruled(_shares(options, groups[place]))


def _shares(options: Options, group: Group) -> list[float]:
    answers = [final_answer(r.text, options.match, options.after, options.until) for r in group.responses]
    votes = Counter(answer for answer in answers if answer is not None)
    most = max(votes.values(), default=0)
    if options.score == "majority":
        return [float(answer is not None and votes[answer] == most) for answer in answers]
    return [0.0 if answer is None else votes[answer] / len(answers) for answer in answers]


ORACLE = Oracle(name="votes", options=Options, gives="scores", label=label, version=2)
