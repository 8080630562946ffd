"""Numbers of a step on their way from a card to the host, without the card waiting for them to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchbench.training.ranks import ALONE, Ranks


@dataclass(frozen=True)
class Readout:
    """Values that were computed, or will have been when `read` returns."""

    names: tuple[str, ...]
    values: Tensor
    """On the host, filled when `ready` has happened."""
    ready: torch.cuda.Event | None = None
    """After the copy; none on a processor, where values are there already."""

    def read(self) -> dict[str, float]:
        """Name -> number; waits for what was sent to the card before these values, and for nothing sent after."""
        if self.ready is not None:
            self.ready.synchronize()
        return dict(zip(self.names, self.values.tolist(), strict=True))


def read_out(values: Mapping[str, Tensor]) -> Readout:
    """Start the copy of numbers to the host.

    Asking a card for a number (`float(value)`) waits for all that was sent to it, the next step too where that is under
    way; the event of this copy does not.
    """
    together = torch.stack([value.detach().double() for value in values.values()])
    if together.device.type != "cuda":
        return Readout(tuple(values), together)
    host = together.to("cpu", non_blocking=True)  # pinned by torch, since it is asked not to wait
    ready = torch.cuda.Event()
    ready.record()
    return Readout(tuple(values), host, ready)


def means(pieces: Sequence[Mapping[str, Tensor]], ranks: Ranks = ALONE) -> dict[str, Tensor]:
    """Mean over a step of what was watched of its examples, by name.

    A quantity that only some examples have, such as the margin of a pair among longer lists, is averaged over these.

    Args:
        pieces: of each microbatch, name -> [B] one number per example.
        ranks: the processes that the step's microbatches were dealt out to.
    """
    if not ranks.is_alone:
        return _means_of_all(pieces, ranks)
    totals: dict[str, Tensor] = {}
    for name in dict.fromkeys(name for piece in pieces for name in piece):
        values = [piece[name].detach().float() for piece in pieces if name in piece]
        count = sum(len(value) for value in values)
        shares = [value.sum() / count for value in values]
        totals[name] = sum(shares[1:], start=shares[0])
    return totals


def _means_of_all(pieces: Sequence[Mapping[str, Tensor]], ranks: Ranks) -> dict[str, Tensor]:
    """As `means`, over the microbatches of all processes; on the host."""
    names = dict.fromkeys(name for piece in pieces for name in piece)
    values = {name: torch.cat([piece[name].detach().flatten() for piece in pieces if name in piece]) for name in names}
    every = ranks.gathered({name: (float(value.double().sum()), len(value)) for name, value in values.items()})
    means_of: dict[str, Tensor] = {}
    for name in dict.fromkeys(name for each in every for name in each):
        sums = [each[name] for each in every if name in each]
        mean = sum(value for value, _ in sums) / sum(count for _, count in sums)
        means_of[name] = torch.tensor(mean, dtype=torch.float64)
    return means_of
