"""The processes of one training: what each of them computes of a step, and what they tell each other.

Every process has the whole model and knows the whole step. A step's microbatches are those of one process, dealt out to
the ranks; sums go over all ranks and are divided by the whole step's denominators, so the number of processes changes
nothing beyond the rounding of sums. Gradients are summed by hand, not by hooks of a wrapped model, since inputs, heads
and a second policy go past the forward pass that such hooks belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from benchbench.batches.microbatches import is_out_of_memory
from benchbench.core.errors import Interrupted

T = TypeVar("T")

PATIENCE = timedelta(hours=12)
"""How long a process waits for the others, which may draw or ask a judge meanwhile; one that died is noticed at once by
who started it (`run.torchrun`)."""
BUCKET_ELEMENTS = 2**23
"""Elements of gradients that are sent at once; a copy of so many is needed for the time."""


class ShortTogetherError(torch.OutOfMemoryError):
    """Memory ran out in one process, and all of them have stopped at the same place."""


@dataclass(frozen=True)
class Ranks:
    """This process among those of one training; alone it sends nothing, and its numbers are its own to the bit."""

    number: int = 0
    """Of this process, from 0."""
    world: int = 1
    """How many there are."""
    device: torch.device = torch.device("cpu")
    """Of this process; what the others send is put there."""
    shards: bool = False
    """Whether each process keeps only its part of every decoder layer (`training.sharding`)."""

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, reports and decides."""
        return self.number == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other process."""
        return self.world == 1

    def share(self, costs: Sequence[int]) -> list[int]:
        """Places of the pieces that this process computes, in order: the largest first to who has least to do.

        Args:
            costs: of each piece of the step, its tokens.
        """
        return self._shares(costs)[self.number]

    def repeated(self, costs: Sequence[int]) -> list[int]:
        """Places of pieces that this process computes for nothing, so that all compute equally many.

        Processes that share layers need each other for every pass through the model; elsewhere there are none.

        Args:
            costs: as in `share`.
        """
        if not self.shards:
            return []
        shares = self._shares(costs)
        places = shares[self.number]
        return [places[-1] if places else 0] * (max(map(len, shares)) - len(places))

    def _shares(self, costs: Sequence[int]) -> list[list[int]]:
        """Of each process."""
        if self.is_alone:
            return [[*range(len(costs))]]
        loads, places = [0] * self.world, [list[int]() for _ in range(self.world)]
        for place in sorted(range(len(costs)), key=lambda place: (-costs[place], place)):
            number = loads.index(min(loads))
            loads[number] += costs[place]
            places[number].append(place)
        return [sorted(each) for each in places]

    def gathered(self, value: T) -> list[T]:
        """What each process has, in their order; all processes ask at the same place."""
        if self.is_alone:
            return [value]
        values: list[Any] = [None] * self.world
        dist.all_gather_object(values, value)
        return values

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes; the others wait for it and make nothing."""
        if self.is_alone:
            return make()
        values: list[Any] = [make() if self.is_first else None]
        dist.broadcast_object_list(values, src=0)
        return values[0]

    def in_turns(
        self, places: Sequence[int], work: Callable[[int], T], should_stop: Callable[[], bool]
    ) -> Iterator[tuple[int, T]]:
        """(place, what work on it gives) in order, the same in all processes; each of them works on one at a time.

        Args:
            places: of pieces that no other piece reaches, the same in all processes.
            work: on the piece of a place, by whichever process it falls to.
            should_stop: asked in the first process before each round of pieces.

        Raises:
            Interrupted: in all processes; the first was to stop.
        """
        for start in range(0, len(places), self.world):
            turn = places[start : start + self.world]
            if self.from_first(should_stop):
                raise Interrupted
            values = self.gathered([work(turn[self.number])] if self.number < len(turn) else [])
            yield from ((place, value) for place, [value] in zip(turn, values, strict=False))

    def total(self, counts: Sequence[int]) -> list[int]:
        """Sums over all processes."""
        return [sum(each) for each in zip(*self.gathered(list(counts)), strict=True)]

    def together(self, compute: Callable[[], T]) -> T:
        """What this process computes by itself; where memory runs out in one of them, it has run out in all.

        Raises:
            ShortTogetherError: in all processes, with what the first of them that was short said.
        """
        if self.is_alone or self.shards:  # those that share layers wait for each other while they compute
            return compute()
        values, reason = list[T](), ""
        try:
            values.append(compute())
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error).partition("\n")[0] or "out of memory"
        short = [(number, said) for number, said in enumerate(self.gathered(reason)) if said]
        if short:
            raise ShortTogetherError(f"process {short[0][0]} of {self.world}: {short[0][1]}")
        return values[0]

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the sum over all processes into each gradient; what has a gradient in none of them keeps none.

        Sums are made in float32 at least, whatever the gradients are kept in.
        """
        if self.is_alone:
            return
        every = [parameter for parameter in parameters if not isinstance(parameter, DTensor)]  # those are added already
        present = [any(flags) for flags in zip(*self.gathered([p.grad is not None for p in every]), strict=True)]
        wanted = [p for p, is_present in zip(every, present, strict=True) if is_present]
        for parameter in wanted:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        for bucket in _buckets([p.grad for p in wanted if p.grad is not None]):
            exact = torch.float64 if bucket[0].dtype == torch.float64 else torch.float32
            sums = torch.cat([gradient.to(exact).flatten() for gradient in bucket])
            dist.all_reduce(sums)
            parts = sums.split([gradient.numel() for gradient in bucket])
            for gradient, part in zip(bucket, parts, strict=True):
                gradient.copy_(part.view_as(gradient))

    def require_equal_weights(self, parameters: Mapping[str, nn.Parameter], when: str) -> None:
        """Return only if every process has the same weights, to the bit.

        Args:
            parameters: by name.
            when: for the message.

        Raises:
            RuntimeError: they differ, so what the processes computed is not one training.
        """
        if self.is_alone:
            return
        held = {name: parameter for name, parameter in parameters.items() if not isinstance(parameter, DTensor)}
        every = self.gathered({name: _sum_of_bits(parameter) for name, parameter in held.items()})
        unlike = [name for name in held if len({sums[name] for sums in every}) > 1]
        if unlike:
            raise RuntimeError(f"{when}: {self.world} processes have different weights: {', '.join(unlike[:3])}")


ALONE = Ranks()
"""A training of one process."""


@contextmanager
def joined_ranks(
    number: int, world: int, *, device: str, meeting: Path | None, shards: bool = False
) -> Iterator[Ranks]:
    """This process as one of several, from when all have met until it leaves.

    Args:
        number: of this process, from 0.
        world: how many there are.
        device: this process's own: `cpu` or `cuda:N`.
        meeting: a file that is not there yet, the same for all; none where the environment says how to meet, as
            torchrun sets it. A processor's sums go over gloo, a card's over NCCL.
        shards: as `Ranks.shards`.
    """
    backend = "cpu:gloo,cuda:nccl" if torch.device(device).type == "cuda" else "gloo"
    where = "env://" if meeting is None else meeting.resolve().as_uri()
    dist.init_process_group(backend, init_method=where, rank=number, world_size=world, timeout=PATIENCE)
    try:
        yield Ranks(number, world, torch.device(device), shards and world > 1)
    finally:
        dist.destroy_process_group()


def summed(ranks: Ranks, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name -> sum over all processes, [] in float64 on the host; a process may have no value of a name."""
    if ranks.is_alone:
        return dict(values)
    every = ranks.gathered({name: float(value) for name, value in values.items()})
    names = dict.fromkeys(name for each in every for name in each)
    return {
        name: torch.tensor(sum(each[name] for each in every if name in each), dtype=torch.float64) for name in names
    }


def _buckets(gradients: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Gradients of one precision, in order, so many that a copy of them is not large."""
    for dtype in dict.fromkeys(gradient.dtype for gradient in gradients):
        bucket: list[Tensor] = []
        for gradient in gradients:
            if gradient.dtype != dtype:
                continue
            if bucket and sum(each.numel() for each in bucket) + gradient.numel() > BUCKET_ELEMENTS:
                yield bucket
                bucket = []
            bucket.append(gradient)
        yield bucket


_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
"""Width in bytes -> a whole number of that width."""


def _sum_of_bits(parameter: nn.Parameter) -> int:
    return int(parameter.detach().contiguous().view(_BITS[parameter.itemsize]).sum(dtype=torch.int64))
