"""Right answers and the calls of a tool that they took: what rewards that make calls cost read.

The score is a verifier's: 1 where a response's final answer is the right one, else 0. Labels have the columns
`correct`, which is the score, and `calls`, the calls that the tool has answered; 0 where none is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches, ruled
from benchbench.oracles._verified import ANSWER, AnswerOptions, is_right


def label(options: AnswerOptions, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """1 or 0 for every response, and its calls.

    Raises:
        BenchError: an example's answer that cannot be read in the form of the option.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            group = groups[place]
            correct = tuple(float(is_right(group, each, options, "counted_calls")) for each in group.responses)
            calls = tuple(float(len(response.observed)) for response in group.responses)
            yield place, replace(ruled(correct), columns={"calls": calls, "correct": correct})


ORACLE = Oracle(
    name="counted_calls",
    options=AnswerOptions,
    gives="scores",
    label=label,
    columns=(ANSWER,),
    makes_columns=("calls", "correct"),
)
