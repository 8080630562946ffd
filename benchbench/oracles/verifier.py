"""A verifier: 1 where a response's final answer is the right one, else 0.

The right answer is the example's column `answer`. A response without an answer is wrong, since nothing is right in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._scores import batches, ruled
from benchbench.oracles._verified import ANSWER, AnswerOptions, is_right


def label(options: AnswerOptions, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """1 or 0 for every response; a right one is preferred to a wrong one for certain.

    Raises:
        BenchError: an example's answer that cannot be read in the form of the option.
    """
    for places in batches(len(groups), 1, context):
        for place in places:
            group = groups[place]
            yield place, ruled([float(is_right(group, each, options, "verifier")) for each in group.responses])


ORACLE = Oracle(name="verifier", options=AnswerOptions, gives="scores", label=label, columns=(ANSWER,), version=2)
