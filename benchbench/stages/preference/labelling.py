"""Labels of drawn groups, and the training rows that are made of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchbench.batches.microbatches import Budget, Cost, parts
from benchbench.batches.padded import collate
from benchbench.core.batch import CandidateBatch
from benchbench.core.example import Column
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.seeding import stream
from benchbench.core.selector import Selector
from benchbench.data.tokenized import TokenizedExample, drawn_candidate
from benchbench.recipe.memory import DEVICE_TOKENS

SCORE = "score"
"""Column of each row: the oracle's score of each response, NaN where it has none."""


@dataclass(frozen=True)
class Labeller:
    """An oracle at work.

    Labels are part of the step that draws: its context never asks the oracle to stop, and whether the run is to stop is
    asked between steps, where a checkpoint can be left.
    """

    oracle: Oracle
    options: Any
    context: OracleContext
    seed: int

    def labels(self, groups: Sequence[Group], batch: int) -> list[Labels]:
        """What it says of each group, whose order they have.

        Args:
            groups: as they were drawn.
            batch: number of the step whose prompts they answer, which names the draws of the oracle.

        Raises:
            RuntimeError: it gave fewer labels than there are groups.
        """
        context = replace(self.context, draws=partial(self._draws, batch))
        answers = dict(self.oracle.label(self.options, groups, context))
        if len(answers) < len(groups):
            raise RuntimeError(f"oracle {self.oracle.name} gave labels of {len(answers)} of {len(groups)} groups")
        return [answers[place] for place in range(len(groups))]

    def _draws(self, batch: int, group: Group) -> np.random.Generator:
        return stream(self.seed, f"label s{batch} {group.example}")


@dataclass(frozen=True)
class Chooser:
    """A selector at work; without one all responses to a prompt are one row's candidates."""

    selector: Selector | None
    options: Any
    seed: int
    fewest_scored: int = 0
    """Without a selector: responses with a score that a row has at least, where those without one are no candidates; 0
    takes all responses, with NaN in place of a score that is not known."""

    def picks(self, groups: Sequence[Group], labels: Sequence[Labels | None], batch: int) -> Sequence[tuple[Pick, ...]]:
        """Of each group, in their order, what its training rows are made of.

        Args:
            groups: as they were drawn.
            labels: of each, none where there are none.
            batch: number of the step whose prompts they answer, which names the draws of the selector.
        """
        if self.selector is None:
            return [self._together(group, label) for group, label in zip(groups, labels, strict=True)]
        return self.selector.select(self.options, groups, labels, stream(self.seed, f"select s{batch}")).picks

    def rows(self, groups: Sequence[Group], labels: Sequence[Labels | None], batch: int) -> list[TokenizedExample]:
        """The training rows of a step's groups, in their order; arguments as those of `picks`."""
        return rows_of(groups, self.picks(groups, labels, batch), batch)

    def _together(self, group: Group, labels: Labels | None) -> tuple[Pick, ...]:
        """One row of all responses that may be in it; none where they are too few."""
        count = len(group.responses)
        scores = {place: None if labels is None else labels.score(place, count) for place in range(count)}
        places = tuple(place for place in scores if not self.fewest_scored or scores[place] is not None)
        if len(places) < self.fewest_scored:
            return ()
        further = {} if labels is None else labels.columns
        columns = {name: tuple(values[place] for place in places) for name, values in further.items()}
        known = [scores[place] for place in places]
        return (Pick(places, {**columns, SCORE: tuple(math.nan if score is None else score for score in known)}),)


def rows_of(groups: Sequence[Group], picks: Sequence[tuple[Pick, ...]], batch: int) -> list[TokenizedExample]:
    """The training rows of a step's groups, in their order.

    Args:
        groups: as they were drawn.
        picks: of each.
        batch: number of the step whose prompts they answer, a part of the rows' ids.
    """
    return [
        row_of(group, pick, f"{group.example} s{batch} {number}")
        for group, of_group in zip(groups, picks, strict=True)
        for number, pick in enumerate(of_group)
    ]


def row_of(group: Group, pick: Pick, name: str) -> TokenizedExample:
    """The training row of some of a group's responses, token for token as they were drawn; a tool's are not scored.

    Args:
        group: the prompt and the responses.
        pick: which of them, and the row's columns.
        name: id of the row.
    """
    front = (*group.prompt, *group.prefix)
    responses = [group.responses[place].scored for place in pick.places]
    candidates = tuple(
        drawn_candidate(front, tokens, group.responses[place].observed)
        for place, tokens in zip(pick.places, responses, strict=True)
    )
    columns: dict[str, Column] = dict(pick.columns)
    return TokenizedExample(name, candidates, identical=len(set(responses)) < min(2, len(responses)), columns=columns)


@dataclass(frozen=True)
class RowScorer:
    """Numbers of a model for rows, without gradient; the same however the training cuts its steps."""

    score: Callable[[CandidateBatch], Tensor]
    """A batch -> [B, K] or [B, K, T]."""
    cost: Cost
    pad: int
    device: torch.device
    bf16: bool
    """Autocast, as in training."""
    per_token: bool
    """One number for each scored token; else one for each response."""

    def of_rows(self, rows: Sequence[TokenizedExample]) -> list[list[list[float]]]:
        """[row][candidate] -> its numbers."""
        costs = [self.cost.of(row) for row in rows]
        numbers: dict[int, list[list[float]]] = {}
        longest = max(costs, default=1)
        budget = Budget(max(DEVICE_TOKENS[self.device.type], longest), max(1, len(rows)), longest)
        put = partial(collate, pad=self.pad, device=self.device, allow_empty=True)
        for part in parts(rows, costs, self.cost, budget):
            batch = put([rows[i] for i in part], share=self.cost.share, whole=self.cost.whole)
            with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
                values = self.score(batch).float().cpu()
            response = batch.response.cpu()
            for b, i in enumerate(part):
                numbers[i] = [
                    values[b, k][response[b, k]].tolist() if self.per_token else [float(values[b, k])]
                    for k in range(values.shape[1])
                ]
        return [numbers[i] for i in range(len(rows))]

    def __call__(self, groups: Sequence[Group]) -> list[list[list[float]]]:
        """[group][response] -> its numbers, as an oracle asks for them."""
        every: Mapping[str, Column] = {}
        return self.of_rows(
            [row_of(group, Pick(tuple(range(len(group.responses))), every), str(n)) for n, group in enumerate(groups)]
        )
