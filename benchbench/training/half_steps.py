"""Half steps: every second optimizer step is taken from where the one before it began (extragradient).

The first step of a pair goes half-way, the second has its gradient there, and is taken from the weights, and with the
state of the optimizer, that were there before the first: as the code of EGPO does it (arXiv:2503.08942).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from benchbench.training.checkpoint import trainable
from benchbench.training.sharding import part_like
from benchbench.training.shortage import updates


@dataclass
class HalfSteps:
    """Where the pair of half steps under way began; nothing between two pairs."""

    _begun: dict[str, Tensor] = field(default_factory=dict)
    """Weights and what the optimizer remembered of them, by name."""
    _is_back: bool = False
    """Whether the weights of a second half step are those of the beginning already, and its gradient is not theirs."""

    def before_update(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Keep what is there before the first half step; before the second one put it back, and the gradient stays.

        Args:
            step: of the optimizer, from 0: an even one is the first of its pair.
            model: that is trained.
            optimizer: of its weights.
        """
        if step % 2 == 0:
            self._begun = {name: tensor.detach().clone() for name, tensor in _present(model, optimizer)}
            return
        with torch.no_grad():
            for name, tensor in _present(model, optimizer):
                if name in self._begun:
                    tensor.copy_(_placed(self._begun[name], tensor))
                else:  # before its first update an optimizer remembers nothing, and then as much as zeros
                    tensor.zero_()
        self._is_back = True

    def has_moved(self, step: int, optimizer: torch.optim.Optimizer) -> bool:
        """Whether weights have changed so that the step cannot be tried again; so many steps were done before."""
        return self._is_back or updates(optimizer) > (step + 1) // 2

    def end_step(self, step: int, policy: Any) -> None:
        """The optimizer step of that number, from 1, is done; after the second of a pair nothing is kept."""
        if step % 2 == 0:
            self._begun, self._is_back = {}, False

    def state(self) -> Mapping[str, Tensor]:
        """What is kept, for a checkpoint between two half steps."""
        return self._begun

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's."""
        self._begun, self._is_back = dict(state), False


def _present(model: nn.Module, optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    """Name -> every trained weight, and every number that the optimizer remembers of it."""
    for name, parameter in trainable(model).items():
        yield f"model.{name}", parameter
        for key, value in optimizer.state.get(parameter, {}).items():
            yield f"optimizer.{key}.{name}", value


def _placed(tensor: Tensor, like: Tensor) -> Tensor:
    """A kept tensor as the other one lies: one that comes from a checkpoint is whole, and on the host."""
    return tensor if isinstance(tensor, DTensor) or tensor.shape != like.shape else part_like(tensor, like)
