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
from benchbench.training.ranks import ALONE, Ranks, summed
from benchbench.training.readout import means
from benchbench.training.whole_step import joined, leaves, moved, of_piece, with_leaves


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
    objective: Objective,
    pieces: Sequence[CandidateBatch],
    *,
    divisor: float,
    bf16: bool,
    ranks: Ranks = ALONE,
    repeated: Sequence[CandidateBatch] = (),
) -> dict[str, Tensor]:
    """Add each piece's gradient to the parameters; the step's values to log.

    Args:
        objective: the loss.
        pieces: of the step, those that this process computes.
        divisor: of the gradients.
        bf16: autocast of the forward pass.
        ranks: the processes that the step is dealt out to; the gradients are of this one's pieces alone.
        repeated: pieces that are computed for nothing (`Ranks.repeated`).
    """
    counts = denominators(pieces, ranks)
    totals: dict[str, Tensor] = {}
    watched: list[Mapping[str, Tensor]] = []

    def compute() -> None:
        for piece in pieces:
            with _autocast(piece, bf16):
                terms, stats = objective(piece)
            loss = _reduce(terms, counts)
            (loss / divisor).backward()
            _log(totals, loss, terms, counts)
            watched.append(stats)
        for piece in repeated:
            with _autocast(piece, bf16):
                terms, _ = objective(piece)
            (0.0 * _reduce(terms, counts)).backward()

    ranks.together(compute)
    return summed(ranks, totals) | means(watched, ranks)


def coupled(
    objective: StepObjective,
    pieces: Sequence[CandidateBatch],
    *,
    divisor: float,
    bf16: bool,
    noise_seed: int,
    step: int,
    ranks: Ranks = ALONE,
    numbers: Sequence[int] | None = None,
    repeated: Sequence[CandidateBatch] = (),
) -> dict[str, Tensor]:
    """As `piecewise`, for a loss that sees the step at once; exact however the step is cut and dealt out.

    The scores of all pieces are made without gradient; the loss of the whole step gives the slope in each of them; then
    each piece is made again with its gradient and its scores are sent back along that slope. A step of one piece goes
    forward once. With several processes each makes the scores of its pieces, and all have those of the step.

    Args:
        objective: the loss.
        pieces: as in `piecewise`.
        divisor: as in `piecewise`.
        bf16: as in `piecewise`.
        noise_seed: what dropout is drawn from.
        step: from 0.
        ranks: as in `piecewise`.
        numbers: which of the step's pieces these are; all where not given.
        repeated: as in `piecewise`.
    """
    numbers = [*range(len(pieces))] if numbers is None else numbers
    counts = denominators(pieces, ranks)
    if len(pieces) == 1 and ranks.is_alone:
        ids = pieces[0].ids
        with _autocast(pieces[0], bf16):
            scores = objective.scores(pieces[0])
            detached, _ = with_leaves(scores)
            scores = _carrying(scores, objective.advanced(detached, ids))
            terms, stats = objective.of_scores(scores)
        loss = _reduce(terms, counts)
        (loss / divisor).backward()
        return _log({}, loss, terms, counts) | means([stats])
    scored: dict[int, tuple[tuple[str, ...], Scores]] = {}

    def score() -> None:
        for number, piece in zip(numbers, pieces, strict=True):
            _seed(noise_seed, step, number)
            with torch.no_grad(), _autocast(piece, bf16):
                scored[number] = piece.ids, objective.scores(piece)
        for piece in repeated:
            with torch.no_grad(), _autocast(piece, bf16):
                objective.scores(piece)

    ranks.together(score)
    scored = _of_all(scored, ranks)
    order = sorted(scored)
    ids = tuple(name for number in order for name in scored[number][0])
    whole, points = with_leaves(joined([scored[number][1] for number in order]))
    whole = objective.advanced(whole, ids)
    terms, stats = objective.of_scores(whole)
    loss = _reduce(terms, counts)
    slopes = torch.autograd.grad(loss / divisor, points, allow_unused=True)
    sizes = [len(scored[number][0]) for number in order]

    def send_back() -> None:
        for number, piece in zip(numbers, pieces, strict=True):
            _seed(noise_seed, step, number)
            with _autocast(piece, bf16):
                live = leaves(objective.scores(piece, with_gradient_only=True))
            first = sum(sizes[:number])
            sent = [
                (value * of_piece(slope, first, first + len(piece.ids), value)).sum()
                for value, slope in zip(live, slopes, strict=True)
                if slope is not None
            ]
            torch.stack(sent).sum().backward()
        for piece in repeated:
            with _autocast(piece, bf16):
                live = leaves(objective.scores(piece, with_gradient_only=True))
            (0.0 * torch.stack([value.sum() for value in live]).sum()).backward()

    ranks.together(send_back)
    return _log({}, loss, terms, counts) | means([stats])


def denominators(pieces: Sequence[CandidateBatch], ranks: Ranks = ALONE) -> dict[Over, int]:
    """What each kind of term is divided by, over the whole step of all processes; at least 1."""
    examples, scored, chosen = ranks.total(
        [
            sum(len(piece.ids) for piece in pieces),
            sum(piece.token_counts.scored for piece in pieces),
            sum(piece.token_counts.chosen for piece in pieces),
        ]
    )
    return {Over.EXAMPLES: examples, Over.RESPONSE_TOKENS: max(1, scored), Over.CHOSEN_TOKENS: max(1, chosen)}


def _of_all(
    scored: dict[int, tuple[tuple[str, ...], Scores]], ranks: Ranks
) -> dict[int, tuple[tuple[str, ...], Scores]]:
    """Ids and scores of every piece of the step, also of those that another process has made."""
    if ranks.is_alone:
        return scored
    host = torch.device("cpu")
    every = ranks.gathered({number: (ids, moved(scores, host)) for number, (ids, scores) in scored.items()})
    return {number: (ids, moved(scores, ranks.device)) for each in every for number, (ids, scores) in each.items()}


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
