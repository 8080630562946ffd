"""What losses call beside torch's functions, and that torch waits until the first of those."""

from __future__ import annotations

import torch

from benchbench.core import functional as F


def test_other_names_are_torchs():
    assert F.logsigmoid is torch.nn.functional.logsigmoid


def test_exponents_are_held_where_float32_would_be_infinite():
    exponent = torch.tensor([-3.0, 79.0, 81.0, 1e30], requires_grad=True)
    found = F.held_exponent(exponent)
    assert found.tolist() == [-3.0, 79.0, 80.0, 80.0] and (1e3 * found.exp()).isfinite().all()
    (slope,) = torch.autograd.grad(found.sum(), exponent)
    assert slope.tolist() == [1.0, 1.0, 0.0, 0.0]
