"""One seed, many named streams."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.seeding import stream, torch_seed

SEEDS = st.integers(0, 2**64)
NAMES = st.text(min_size=1, max_size=20)


def draws(seed: int, name: str, count: int = 8) -> list[int]:
    return stream(seed, name).integers(0, 2**62, size=count).tolist()


@given(seed=SEEDS, name=NAMES)
def test_the_same_seed_and_name_give_the_same_draws(seed, name):
    assert draws(seed, name) == draws(seed, name)
    assert torch_seed(seed, name) == torch_seed(seed, name)


@given(seed=SEEDS, name=NAMES, other=NAMES)
def test_streams_of_different_names_differ(seed, name, other):
    if name != other:
        assert draws(seed, name) != draws(seed, other)
        assert torch_seed(seed, name) != torch_seed(seed, other)


@given(seed=SEEDS, other=SEEDS, name=NAMES)
def test_streams_of_different_seeds_differ(seed, other, name):
    if seed != other:
        assert draws(seed, name) != draws(other, name)
        assert torch_seed(seed, name) != torch_seed(other, name)


def test_drawing_more_from_one_stream_never_shifts_another():
    quiet = draws(42, "data order")
    busy, order = stream(42, "sampling"), stream(42, "data order")
    found = []
    for _ in range(8):
        busy.normal(size=1000)
        found.append(int(order.integers(0, 2**62)))
    assert found == quiet


def test_no_global_generator_is_touched():
    """Numpy's and torch's global states are the same before and after."""
    before = (np.random.get_state()[1].tolist(), torch.get_rng_state())  # noqa: NPY002
    draws(42, "data order")
    torch_seed(42, "dropout")
    assert np.random.get_state()[1].tolist() == before[0]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])


@settings(max_examples=200)
@given(seed=SEEDS, name=NAMES)
def test_a_torch_seed_is_one_that_torch_takes(seed, name):
    value = torch_seed(seed, name)
    assert 0 <= value < 2**63
    torch.Generator().manual_seed(value)


def test_two_streams_are_not_correlated():
    """10,000 normal draws each: |r| of independent streams stays below 0.05 with overwhelming probability."""
    a, b = (stream(42, name).normal(size=10_000) for name in ("data order", "initialisation"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.05


def test_the_draws_are_those_of_the_first_release():
    """Data orders of old runs must come out again: these numbers may only change with a new major version."""
    assert draws(42, "data order, epoch 0", 3) == [
        3_469_574_755_525_662_849,
        2_240_676_617_309_630_011,
        424_823_905_461_150_380,
    ]
    assert torch_seed(42, "initialisation") == 5_693_948_877_854_003_318
