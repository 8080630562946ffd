"""Right answers and the calls of a tool that they took: what rewards that make calls cost read.

The score is a verifier's: 1 where a response's final answer is the right one, else 0. Labels have the columns
`correct`, which is the score, and `calls`, the calls that the tool has answered; 0 where none is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._answers import Form
from benchbench.oracles._scores import batches, ruled
from benchbench.oracles._verified import ANSWER, is_right


@dataclass(frozen=True)
class Options:
    """How the final answer is read; as of `verifier`."""

    match: Form = "number"
    """`number`: the last number of the response; `text`: all of it, in small letters, white space not counted."""
    after: str = ""
    """Only what follows the last place of this text is read, such as `answer :`; empty reads the whole response."""
    until: str = ""
    """Reading ends at the first place of this text behind it; empty reads on to the end."""
    cut_is_wrong: bool = True
    """A response that was cut is wrong whatever it says; false reads it as the others."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """1 or 0 for every response, and its calls.

    Raises:
        BenchError: an example's answer that cannot be read in the form of the option.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            group = groups[place]
            correct = tuple(
                float(
                    is_right(
                        group,
                        response,
                        oracle="counted_calls",
                        match=options.match,
                        after=options.after,
                        until=options.until,
                        cut_is_wrong=options.cut_is_wrong,
                    )
                )
                for response in group.responses
            )
            calls = tuple(float(len(response.observed)) for response in group.responses)
            yield place, replace(ruled(correct), columns={"calls": calls, "correct": correct})


ORACLE = Oracle(
    name="counted_calls",
    options=Options,
    gives="scores",
    label=label,
    columns=(ANSWER,),
    makes_columns=("calls", "correct"),
)
