"""The machine's limit: nothing but the matrix products that an epoch of a mix needs."""

from __future__ import annotations

import torch

from benchmarks.machine import clock
from benchmarks.mixes import Mix, make_examples, work_of
from benchmarks.worker import Round

TOKENS = 1024
"""Rows of the products; about what goes through a model at once."""


class MatrixProducts:
    """As many operations as an epoch's useful ones, in products of the model's shapes, forward and backward."""

    def __init__(self, mix: Mix, *, bf16: bool) -> None:
        dtype = torch.bfloat16 if bf16 else torch.float32
        work, hidden = work_of(mix, make_examples(mix)), mix.shape.hidden
        one = [(hidden, 3 * hidden), (hidden, hidden), (hidden, 4 * hidden), (4 * hidden, hidden)]
        self._weights = [torch.randn(sizes, dtype=dtype) for sizes in one]
        self._inputs = {size: torch.randn(TOKENS, size, dtype=dtype) for sizes in one for size in sizes}
        flops = 3 * 2 * TOKENS * sum(a * b for a, b in one)
        self._times = max(1, round(work.training_flops / flops))
        self._scale = work.training_flops / (self._times * flops)

    def __call__(self) -> Round:
        """The products of an epoch; the head's are counted as if they had the layers' shapes."""
        with clock() as main, torch.no_grad():
            for _ in range(self._times):
                for weight in self._weights:
                    rows, gradient = (self._inputs[size] for size in weight.shape)
                    torch.mm(rows, weight)
                    torch.mm(gradient, weight.t())
                    torch.mm(rows.t(), gradient)
        main.cpu_seconds *= self._scale
        main.wall_seconds *= self._scale
        return Round(main)
