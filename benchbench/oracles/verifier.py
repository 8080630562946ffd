"""A verifier: 1 where a response's final answer is the right one, else 0.

The right answer is the example's column `answer`. A response without an answer is wrong, since nothing is right in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._answers import Form
from benchbench.oracles._scores import batches, ruled
from benchbench.oracles._verified import ANSWER, is_right


@dataclass(frozen=True)
class Options:
    """How the final answer is read."""

    match: Form = "number"
    """`number`: the last number of the response; `text`: all of it, in small letters, white space not counted."""
    after: str = ""
    """Only what follows the last place of this text is read, such as `answer :`; empty reads the whole response."""
    until: str = ""
    """Reading ends at the first place of this text behind it; empty reads on to the end."""
    cut_is_wrong: bool = True
    """A response that was cut is wrong whatever it says; false reads it as the others."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """1 or 0 for every response; a right one is preferred to a wrong one for certain.

    Raises:
        BenchError: an example's answer that cannot be read in the form of the option.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            yield place, ruled([_mark(options, groups[place], k) for k in range(len(groups[place].responses))])


def _mark(options: Options, group: Group, place: int) -> float:
    return float(
        is_right(
            group,
            group.responses[place],
            oracle="verifier",
            match=options.match,
            after=options.after,
            until=options.until,
            cut_is_wrong=options.cut_is_wrong,
        )
    )


ORACLE = Oracle(name="verifier", options=Options, gives="scores", label=label, columns=(ANSWER,), version=2)
