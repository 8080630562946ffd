"""Gradients of one optimizer step: piece by piece, or with a loss that sees the whole step at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from benchbench.core.batch import CandidateBatch
from benchbench.core.method import Over, Term
from benchbench.core.scores import Scores
from benchbench.core.seeding import torch_seed
from benchbench.training.readout import means
from benchbench.training.whole_step import joined, leaves, of_piece, with_leaves


class Objective(Protocol):
    """What a stage minimises."""

    @property
    def sees_the_step(self) -> bool:
        """Whether the loss is given the scores of the whole step at once; it is then a `StepObjective`."""
        ...

    def __call__(self, batch: CandidateBatch) -> tuple[Mapping[str, Term], Mapping[str, Tensor]]:
        """Named terms of the loss, and per-example quantities [B] to log as means over the step."""
        ...


@runtime_checkable
class StepObjective(Protocol):
    """A loss of the scores of a whole step."""

    def scores(self, batch: CandidateBatch, *, with_gradient_only: bool = False) -> Scores:
        """What the loss reads of a piece."""
        ...

    def advanced(self, scores: Scores, ids: tuple[str, ...]) -> Scores:
        """The step's scores, with what is carried from step to step."""
        ...

    def of_scores(self, scores: Scores) -> tuple[Mapping[str, Term], Mapping[str, Tensor]]:
        """Named terms of the loss, and quantities to log, of the whole step."""
        ...


def piecewise(
    objective: Objective, pieces: Sequence[CandidateBatch], *, divisor: float, bf16: bool
) -> dict[str, Tensor]:
    """Add each piece's gradient to the parameters; the step's values to log.

    Args:
        objective: the loss.
        pieces: of the step.
        divisor: of the gradients.
        bf16: autocast of the forward pass.
    """
    counts = denominators(pieces)
    totals: dict[str, Tensor] = {}
    watched: list[Mapping[str, Tensor]] = []
    for piece in pieces:
        with _autocast(piece, bf16):
            terms, stats = objective(piece)
        loss = _reduce(terms, counts)
        (loss / divisor).backward()
        _log(totals, loss, terms, counts)
        watched.append(stats)
    return totals | means(watched)


def coupled(
    objective: StepObjective,
    pieces: Sequence[CandidateBatch],
    *,
    divisor: float,
    bf16: bool,
    noise_seed: int,
    step: int,
) -> dict[str, Tensor]:
    """As `piecewise`, for a loss that sees the step at once; exact however the step is cut.

    The scores of all pieces are made without gradient; the loss of the whole step gives the slope in each of them; then
    each piece is made again with its gradient and its scores are sent back along that slope. A step of one piece goes
    forward once.
    """
    counts, ids = denominators(pieces), tuple(name for piece in pieces for name in piece.ids)
    if len(pieces) == 1:
        with _autocast(pieces[0], bf16):
            scores = objective.scores(pieces[0])
            detached, _ = with_leaves(scores)
            scores = _carrying(scores, objective.advanced(detached, ids))
            terms, stats = objective.of_scores(scores)
        loss = _reduce(terms, counts)
        (loss / divisor).backward()
        return _log({}, loss, terms, counts) | means([stats])
    parts: list[Scores] = []
    for number, piece in enumerate(pieces):
        _seed(noise_seed, step, number)
        with torch.no_grad(), _autocast(piece, bf16):
            parts.append(objective.scores(piece))
    whole, points = with_leaves(joined(parts))
    whole = objective.advanced(whole, ids)
    terms, stats = objective.of_scores(whole)
    loss = _reduce(terms, counts)
    slopes = torch.autograd.grad(loss / divisor, points, allow_unused=True)
    first = 0
    for number, piece in enumerate(pieces):
        _seed(noise_seed, step, number)
        with _autocast(piece, bf16):
            live = leaves(objective.scores(piece, with_gradient_only=True))
        last = first + len(piece.ids)
        sent = [
            (value * of_piece(slope, first, last, value)).sum()
            for value, slope in zip(live, slopes, strict=True)
            if slope is not None
        ]
        torch.stack(sent).sum().backward()
        first = last
    return _log({}, loss, terms, counts) | means([stats])


def denominators(pieces: Sequence[CandidateBatch]) -> dict[Over, int]:
    """What each kind of term is divided by, over the whole step; at least 1."""
    return {
        Over.EXAMPLES: sum(len(piece.ids) for piece in pieces),
        Over.RESPONSE_TOKENS: max(1, sum(piece.token_counts.scored for piece in pieces)),
        Over.CHOSEN_TOKENS: max(1, sum(piece.token_counts.chosen for piece in pieces)),
    }


def _carrying(scores: Scores, advanced: Scores) -> Scores:
    """Scores with their gradient, and what the advanced ones carry."""
    return replace(scores, _carried=advanced._carried)


def _seed(noise_seed: int, step: int, number: int) -> None:
    """Dropout is the same in both passes of a piece."""
    torch.manual_seed(torch_seed(noise_seed, f"dropout, step {step}, piece {number}"))


def _reduce(terms: Mapping[str, Term], counts: Mapping[Over, int]) -> Tensor:
    return torch.stack([term.values.sum() / counts[term.over] for term in terms.values()]).sum()


def _log(
    totals: dict[str, Tensor],
    loss: Tensor,
    terms: Mapping[str, Term],
    counts: Mapping[Over, int],
) -> dict[str, Tensor]:
    _add(totals, {"loss": loss.detach()})
    for name, term in terms.items():
        _add(totals, {f"loss/{name}": term.values.detach().sum() / counts[term.over]})
    return totals


def _add(totals: dict[str, Tensor], values: Mapping[str, Tensor]) -> None:
    for name, value in values.items():
        totals[name] = totals[name] + value if name in totals else value


def _autocast(batch: CandidateBatch, bf16: bool) -> AbstractContextManager[Any]:
    if not bf16:
        return nullcontext()
    return torch.autocast(batch.tokens.device.type, dtype=torch.bfloat16)
