"""How sure a classifier is of a label of a response, such as the positive one: a reward that needs no human."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchbench.core.judge import Judge
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.judges.classifier.judge import JUDGE, text_scorer
from benchbench.judges.classifier.options import ClassifierOptions
from benchbench.oracles._scores import batches, ruled


def label(options: ClassifierOptions, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The score of every response, one text at a time; the higher one is preferred for certain.

    Raises:
        BenchError: no such model or label, another model than was planned, or a text that is too long.
    """
    if not groups:
        return
    score = text_scorer(options, context.judge)
    for places in batches(len(groups), 1, context):
        for place in places:
            group = groups[place]
            yield place, ruled([score(group.messages, response.text) for response in group.responses])


def judge_of(options: ClassifierOptions) -> tuple[Judge, Any]:
    """The judge whose score it is, and whose model is fetched and verified."""
    return JUDGE, options


ORACLE = Oracle(
    name="classifier",
    options=ClassifierOptions,
    gives="scores",
    label=label,
    identity=JUDGE.identity,
    judge_of=judge_of,
    handling=JUDGE.handling,
    kind="model",
)
