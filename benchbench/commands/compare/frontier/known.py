"""What finished cells say of every prompt: KL to the start, win rate and score gained against one opponent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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

KL = "kl"


@dataclass(frozen=True)
class Known:
    """Numbers of each prompt of the policies of which everything is known."""

    numbers: Mapping[tuple[str, str, int], ByPrompt]
    """(label, `kl` or a quantity, seed) -> its number of each prompt."""
    labels: Sequence[str]
    """Policies with a KL and a win rate at every seed."""
    quantities: Sequence[str]
    """Quantities that all of them have."""
    seeds: Sequence[int]
    prompts: Sequence[str]
    """Examples of which every number is known."""
    left_out: int
    """Further examples, of which one is not."""
    opponent: str
    """Whom values are against: a label, or `chosen` for the data's preferred responses; empty where nobody judged."""

    def point(self, label: str, quantity: str) -> Point:
        """One policy at every seed."""
        sides = [{seed: self.numbers[label, what, seed] for seed in self.seeds} for what in (KL, quantity)]
        return Point(label, *(stacked(by_seed, self.prompts) for by_seed in sides))


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
    judged = {(cell.loaded.label, cell.seed): verdict_rows(cell, store) for cell in cells}
    opponents = dict.fromkeys(opponent for rows in judged.values() for opponent in rows)
    opponent = next((name for name in (start, CHOSEN, *opponents) if name in opponents), "")
    numbers = {
        (cell.loaded.label, what, cell.seed): series
        for cell in cells
        for what, series in _of_cell(cell, store, judged[cell.loaded.label, cell.seed], start, opponent)
    }
    labels = [
        label
        for label in dict.fromkeys(cell.loaded.label for cell in cells)
        if all((label, what, seed) in numbers for what in (KL, WIN_RATE) for seed in seeds)
    ]
    quantities = [what for what in QUANTITIES if all((of, what, seed) in numbers for of in labels for seed in seeds)]
    used = [series for (of, what, _), series in numbers.items() if of in labels and what in (KL, *quantities)]
    prompts = shared_prompts(used)
    there = {example for series in used for example in series.index}
    return Known(numbers, labels, quantities, tuple(seeds), prompts, len(there) - len(prompts), opponent)


def _of_cell(
    cell: Cell, store: RunStore, judged: Mapping[str, pd.DataFrame], start: str, opponent: str
) -> Iterator[tuple[str, ByPrompt]]:
    """(`kl` or a quantity, number of each prompt) of one cell; only what is known."""
    if cell.generate is None:
        return
    drawn = read_generations(store.folder(cell.generate))
    examples = dict.fromkeys(map(str, drawn["example"]))
    kl = itself(examples, KL) if cell.loaded.label == start else kl_by_prompt(drawn)
    if kl is not None:
        yield KL, kl
    if cell.loaded.label == opponent:
        yield from ((what, itself(examples, what)) for what in QUANTITIES)
    elif opponent in judged:
        yield from values_by_prompt(judged[opponent]).items()
