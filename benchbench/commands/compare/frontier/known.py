"""What finished cells say of every prompt: KL to the start, win rate and score gained against one opponent.

A row whose rounds are evaluated one by one has a policy after each of them; any other row has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from benchbench.commands.compare.win_rates import verdict_rows
from benchbench.comparison.frontier.curves import Point
from benchbench.comparison.frontier.prompts import (
    QUANTITIES,
    WIN_RATE,
    ByPrompt,
    itself,
    kl_by_prompt,
    shared_prompts,
    stacked,
    values_by_prompt,
)
from benchbench.plan.graph import Cell
from benchbench.plan.judge_stages import CHOSEN
from benchbench.store.generations import read_generations
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts

KL = "kl"


@dataclass(frozen=True)
class Known:
    """Numbers of each prompt of the policies of which everything is known."""

    numbers: Mapping[tuple[str, str, int], ByPrompt]
    """(policy, `kl` or a quantity, seed) -> its number of each prompt."""
    policies: Mapping[str, Sequence[str]]
    """Label -> its policies with a KL and a win rate at every seed; labels without one are not there."""
    quantities: Sequence[str]
    """Quantities that all of them have."""
    seeds: Sequence[int]
    prompts: Sequence[str]
    """Examples of which every number is known."""
    left_out: int
    """Further examples, of which one is not."""
    opponent: str
    """Whom values are against: a label, or `chosen` for the data's preferred responses; empty where nobody judged."""

    def point(self, policy: str, quantity: str) -> Point:
        """One policy at every seed."""
        sides = [{seed: self.numbers[policy, what, seed] for seed in self.seeds} for what in (KL, quantity)]
        return Point(policy, *(stacked(by_seed, self.prompts) for by_seed in sides))


class Policy(NamedTuple):
    """One policy of a finished cell, which answered held-out prompts."""

    name: str
    """Label, with the round where it is one of several."""
    generate: str
    judged: Mapping[str, pd.DataFrame]
    """Opponent -> verdict rows."""


def known_of(cells: Sequence[Cell], store: RunStore, *, start: str, seeds: Sequence[int]) -> Known:
    """What is known of the policies of finished cells.

    Values are against the policy that all start from where it was judged against, else against the data's chosen
    responses, else against whoever there is. A policy wins half against itself, and gains nothing.

    Args:
        cells: of every label at every seed.
        store: where their stages are.
        start: label of the policy that all start from, whose KL is 0; empty where it has no row.
        seeds: of the comparison.
    """
    policies = {(cell.loaded.label, cell.seed): policies_of(cell, store, start) for cell in cells}
    opponents = dict.fromkeys(name for of_cell in policies.values() for policy in of_cell for name in policy.judged)
    opponent = next((name for name in (start, CHOSEN, *opponents) if name in opponents), "")
    numbers = {
        (policy.name, what, seed): series
        for (_, seed), of_cell in policies.items()
        for policy in of_cell
        for what, series in _numbers(policy, store, start, opponent)
    }
    names = {label: dict.fromkeys(policy.name for policy in of_cell) for (label, _), of_cell in policies.items()}
    whole = {
        label: [
            name for name in of_label if all((name, what, seed) in numbers for what in (KL, WIN_RATE) for seed in seeds)
        ]
        for label, of_label in names.items()
    }
    whole = {label: of_label for label, of_label in whole.items() if of_label}
    known = [name for of_label in whole.values() for name in of_label]
    quantities = [what for what in QUANTITIES if all((of, what, seed) in numbers for of in known for seed in seeds)]
    used = [series for (of, what, _), series in numbers.items() if of in known and what in (KL, *quantities)]
    prompts = shared_prompts(used)
    there = {example for series in used for example in series.index}
    return Known(numbers, whole, quantities, tuple(seeds), prompts, len(there) - len(prompts), opponent)


def policies_of(cell: Cell, store: RunStore, start: str) -> list[Policy]:
    """The policies of a finished cell that answered held-out prompts: that of each round, or its own.

    Args:
        cell: finished.
        store: where its stages are.
        start: label of the policy that rounds are judged against.
    """
    rounds = [place for place in cell.rounds if place.generate is not None]
    if not rounds:
        rows = verdict_rows(cell, store)
        return [] if cell.generate is None else [Policy(cell.loaded.label, cell.generate, rows)]
    label = cell.loaded.label
    return [
        Policy(
            f"{label} round {place.number}",
            str(place.generate),
            {}
            if place.verdicts is None
            else {start: read_verdicts(store.sound_folder(place.verdicts)).assign(label=label, opponent=start)},
        )
        for place in rounds
    ]


def _numbers(policy: Policy, store: RunStore, start: str, opponent: str) -> Iterator[tuple[str, ByPrompt]]:
    """(`kl` or a quantity, number of each prompt) of one policy; only what is known."""
    drawn = read_generations(store.sound_folder(policy.generate))
    examples = dict.fromkeys(map(str, drawn["example"]))
    kl = itself(examples, KL) if policy.name == start else kl_by_prompt(drawn)
    if kl is not None:
        yield KL, kl
    if policy.name == opponent:
        yield from ((what, itself(examples, what)) for what in QUANTITIES)
    elif opponent in policy.judged:
        yield from values_by_prompt(policy.judged[opponent]).items()
