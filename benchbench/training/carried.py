"""Numbers that a method carries from step to step: made anew at every step, kept in every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from benchbench.core.batch import sent
from benchbench.core.method import Carried
from benchbench.core.scores import Scores


class CarriedNumbers:
    """The present values of a method's carried numbers, and those that the step under way leaves.

    A step that is tried again, such as after memory ran out, starts from the present values again.
    """

    def __init__(
        self, carried: Carried, hyper: Any, ids: Sequence[str], *, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Values before the first step.

        Args:
            carried: what the method declares.
            hyper: its hyper-parameters.
            ids: of all examples of the split, in order.
            dtype: of the numbers.
            device: where the loss is computed.
        """
        self._carried = carried
        self._places = {name: place for place, name in enumerate(ids)} if carried.per_example else {}
        self._values: dict[str, Tensor] = {}
        for name, value in carried.start(hyper).items():
            shape = (len(ids),) if name in carried.per_example else ()
            self._values[name] = torch.full(shape, float(value), dtype=dtype, device=device)
        self._next = self._values

    def of(self, ids: Sequence[str]) -> dict[str, Tensor]:
        """Name -> the present value; of numbers per example, [B] those of these examples."""
        return {name: self._taken(name, value, ids) for name, value in self._values.items()}

    def advanced(self, scores: Scores, hyper: Any, ids: Sequence[str]) -> dict[str, Tensor]:
        """Make the next values of a step's detached scores, and return those that the step's loss reads.

        Raises:
            ValueError: a method that advances other numbers than it starts with.
        """
        with torch.no_grad():
            following = dict(self._carried.advance(scores, hyper))
        if set(following) != set(self._values):
            raise ValueError(f"expected next values of {sorted(self._values)}, got {sorted(following)}")
        for name, value in following.items():
            value = value.detach().to(self._values[name])
            if name in self._carried.per_example:
                value = self._values[name].index_copy(0, self._index(ids), value)
            following[name] = value
        self._next = following
        read = following if self._carried.when == "before_loss" else self._values
        return {name: self._taken(name, value, ids) for name, value in read.items()}

    def end_step(self, step: int, policy: Any) -> None:
        """The optimizer step is done: its values are the present ones."""
        self._values = self._next

    def state(self) -> Mapping[str, Tensor]:
        """The present values, for a checkpoint."""
        return dict(self._values)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's values."""
        self._values = {name: state[name].to(value) for name, value in self._values.items()}
        self._next = self._values

    def _taken(self, name: str, value: Tensor, ids: Sequence[str]) -> Tensor:
        return value[self._index(ids)] if name in self._carried.per_example else value

    def _index(self, ids: Sequence[str]) -> Tensor:
        device = next(iter(self._values.values())).device
        return sent(torch.tensor([self._places[name] for name in ids], dtype=torch.long), device)
