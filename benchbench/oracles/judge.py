"""Any judge of the judges room: every pair of a group's responses is a contest.

A judge that may mind the slot sees both orders, and the two answers are averaged. Identical texts tie uncalled. What it
ever answered is not asked again, whoever asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench import judges
from benchbench.core.errors import BenchError
from benchbench.core.identity import identity
from benchbench.core.judge import Contest, Judge, missing_settings
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels
from benchbench.oracles._contests import tally_of
from benchbench.recipe.binding import bind


@dataclass(frozen=True)
class Options:
    """Which judge, and its options.

    Raises:
        ValueError: no judge of that name, or options that it does not take; all faults at once.
    """

    judge: str
    """Name of a judge, such as `reward_model` or `chat_endpoint`."""
    options: dict[str, Any] = field(default_factory=dict)
    """The judge's own options, as a recipe's section `judge` takes them."""

    def __post_init__(self) -> None:
        bound_options(self)


def bound_options(options: Options) -> Any:
    """An instance of the judge's own options.

    Raises:
        ValueError: no judge of that name, or options that it does not take; all faults at once.
    """
    try:
        bound, faults = bind(judges.get(options.judge).options, options.options, where="options")
    except BenchError as error:
        raise ValueError(f"judge: {error}") from None
    if faults:
        raise ValueError("; ".join(str(fault) for fault in faults))
    return bound


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The judge's wins for every pair of responses, a group's as soon as its last verdict came.

    Raises:
        BenchError: what the judge raises.
    """
    judge = judges.get(options.judge)
    tallies = [tally_of(group, both_orders=judge.sees_slots) for group in groups]
    questions = [(place, *order) for place, tally in enumerate(tallies) for order in tally.contests]
    for place, tally in enumerate(tallies):
        if not tally.contests:
            yield place, tally.labels()
    if not questions:
        return
    contests = [_contest(groups[place], i, j) for place, i, j in questions]
    for number, verdict in context.verdicts(judge, bound_options(options), contests):
        place, i, j = questions[number]
        tallies[place].answers[i, j] = verdict.first_wins
        if tallies[place].is_full:
            yield place, tallies[place].labels()


def _contest(group: Group, i: int, j: int) -> Contest:
    """Two responses of a group; the number of the pair stands where a judge expects that of the sample."""
    first, second = group.responses[i], group.responses[j]
    number = min(i, j) * len(group.responses) + max(i, j)
    ended = (not first.is_cut, not second.is_cut)
    return Contest(group.example, number, group.messages, first.text, second.text, *ended)


def pins(options: Options, folder: Path) -> Mapping[str, str]:
    """The judge's version, those of its options that move a verdict or say what becomes of a missing one, and content.

    Raises:
        BenchError: a file or folder that its options name is not there.
    """
    judge, bound = judges.get(options.judge), bound_options(options)
    values = {name: value for name, value in identity(bound).items() if name not in judge.handling}
    of_judge = {"judge_version": str(judge.version), "judge_options": json.dumps(values, sort_keys=True)}
    if missing := missing_settings(judge, bound):
        of_judge["judge_missing"] = json.dumps(missing, sort_keys=True)
    return {**judge.identity(bound, folder), **of_judge}


def judge_of(options: Options) -> tuple[Judge, Any]:
    """The judge that is asked, and its own options."""
    return judges.get(options.judge), bound_options(options)


ORACLE = Oracle(
    name="judge",
    options=Options,
    gives="wins",
    label=label,
    identity=pins,
    judge_of=judge_of,
    handling=frozenset({"options"}),
    kind="model",
)
