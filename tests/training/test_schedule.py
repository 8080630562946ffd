"""Learning rates against those of transformers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

from benchbench.training.schedule import rate_factor, warmup_length


def theirs(kind: str, *, steps: int, warmup: int):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    if kind == "constant":
        return get_constant_schedule_with_warmup(optimizer, warmup).lr_lambdas[0]
    make = get_linear_schedule_with_warmup if kind == "linear" else get_cosine_schedule_with_warmup
    return make(optimizer, warmup, steps).lr_lambdas[0]


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
@given(steps=st.integers(1, 200), share=st.floats(0, 1.5), step=st.integers(0, 199))
def test_rates_are_those_of_transformers(kind, steps, share, step):
    """Also where warm-up is longer than the run."""
    step, warmup = step % steps, int(share * steps)
    found = rate_factor(step, steps=steps, warmup=warmup, kind=kind)
    assert found == pytest.approx(theirs(kind, steps=steps, warmup=warmup)(step), abs=1e-12)
    assert 0 <= found <= 1


def test_by_hand():
    """Two steps up from zero, then straight down over eight."""
    found = [rate_factor(step, steps=10, warmup=2, kind="linear") for step in range(10)]
    assert found == pytest.approx([0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])


@pytest.mark.parametrize(("ratio", "steps", "expected"), [(0.1, 100, 10), (0.1, 101, 11), (0.0, 10, 0), (0.03, 10, 1)])
def test_a_ratio_of_warmup_is_rounded_up(ratio, steps, expected):
    assert warmup_length(steps, warmup_steps=7, warmup_ratio=ratio) == expected


def test_without_a_ratio_the_steps_hold():
    assert warmup_length(100, warmup_steps=7, warmup_ratio=None) == 7
