"""Which examples each step sees."""

from __future__ import annotations

import inspect

import pytest
import torch
from accelerate.data_loader import SeedableRandomSampler
from hypothesis import given
from hypothesis import strategies as st

from benchbench.batches.order import plan_batches, steps_in_epoch, total_steps

ORDERS = ["shuffled", "hf_seedable", "sequential"]


def plan(count=24, *, batch=8, steps=12, seed=42, order="shuffled", window=1, lengths=None):
    lengths = list(range(count)) if lengths is None else lengths
    return plan_batches(lengths, batch=batch, steps=steps, seed=seed, order=order, length_window=window)


def epochs(planned, per_epoch):
    """The planned batches of each whole epoch, joined."""
    whole = len(planned) // per_epoch
    return [[i for b in planned[e * per_epoch : (e + 1) * per_epoch] for i in b] for e in range(whole)]


@given(
    count=st.integers(1, 60),
    batch=st.integers(1, 17),
    window=st.integers(1, 5),
    order=st.sampled_from(ORDERS),
    seed=st.integers(0, 10_000),
    data=st.data(),
)
def test_every_epoch_sees_every_example_once(count, batch, window, order, seed, data):
    """Whatever the windows; all batches are full but one, which has the rest."""
    lengths = data.draw(st.lists(st.integers(1, 50), min_size=count, max_size=count))
    per_epoch = steps_in_epoch(count, batch)
    planned = plan(batch=batch, steps=3 * per_epoch, seed=seed, order=order, window=window, lengths=lengths)
    assert [sorted(epoch) for epoch in epochs(planned, per_epoch)] == [list(range(count))] * 3
    sizes = sorted(len(b) for b in planned[:per_epoch])
    assert sizes == sorted([batch] * (count // batch) + ([count % batch] if count % batch else []))


def test_a_last_partial_batch_is_kept_in_its_place():
    """10 examples by 4: two full steps and one of two, in every epoch."""
    assert [len(b) for b in plan(10, batch=4, steps=7)] == [4, 4, 2, 4, 4, 2, 4]


@pytest.mark.parametrize("order", ["shuffled", "hf_seedable"])
def test_another_seed_gives_another_order_and_another_epoch_too(order):
    planned = plan(steps=6, order=order)
    assert planned != plan(steps=6, order=order, seed=13)
    first, second = epochs(planned, 3)
    assert first != second


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("window", [1, 3])
def test_the_same_seed_gives_every_method_the_same_order(order, window):
    """The order is a function of the seed and the lengths; no method, model or loss is among its arguments."""
    assert plan(order=order, window=window) == plan(order=order, window=window)
    allowed = {"lengths", "batch", "steps", "seed", "order", "length_window"}
    assert set(inspect.signature(plan_batches).parameters) == allowed


def test_more_steps_continue_the_same_order():
    assert plan(steps=12)[:5] == plan(steps=5)
    assert plan(steps=12, window=2)[:5] == plan(steps=5, window=2)


def test_no_global_generator_matters():
    torch.manual_seed(0)
    one = plan(order="hf_seedable")
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert plan(order="hf_seedable") == one and torch.equal(torch.get_rng_state(), state)


def test_hf_seedable_is_torch_randperm_of_seed_plus_epoch():
    planned = plan(steps=9, order="hf_seedable")
    for epoch, found in enumerate(epochs(planned, 3)):
        assert found == torch.randperm(24, generator=torch.Generator().manual_seed(42 + epoch)).tolist()


def test_hf_seedable_is_what_accelerate_draws():
    sampler = SeedableRandomSampler(range(24), data_seed=42, generator=torch.Generator())
    planned = epochs(plan(steps=9, order="hf_seedable"), 3)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        assert list(sampler) == planned[epoch]


def test_sequential_is_as_stored():
    assert epochs(plan(steps=6, order="sequential"), 3) == [list(range(24))] * 2


def test_windows_sort_by_length_within_and_not_across():
    """Two windows of three batches of two: the first window holds the first six of the order, shortest together."""
    lengths = [9, 1, 8, 2, 7, 3, 30, 10, 29, 11, 28, 12]
    planned = plan(batch=2, steps=6, order="sequential", window=3, lengths=lengths)
    assert sorted(map(sorted, planned[:3])) == [[0, 2], [1, 3], [4, 5]]
    assert sorted(map(sorted, planned[3:])) == [[6, 8], [7, 9], [10, 11]]


def test_windows_are_shuffled_so_that_lengths_do_not_grow_along_them():
    firsts = {plan(60, batch=2, steps=30, window=30, seed=seed)[0][0] for seed in range(20)}
    assert len(firsts) > 5


@pytest.mark.parametrize(
    ("examples", "batch", "epochs", "max_steps", "steps"),
    [
        (24, 8, 1.0, None, 3),
        (25, 8, 1.0, None, 4),
        (25, 8, 2.0, None, 8),
        (25, 8, 0.5, None, 2),
        (25, 8, 1.1, None, 5),
        (25, 8, 1.0, 100, 100),
        (25, 8, 9.0, 2, 2),
        (3, 8, 1.0, None, 1),
    ],
)
def test_steps_are_counted_as_by_hand(examples, batch, epochs, max_steps, steps):
    """25 examples by 8 are four steps a pass, the last of one example; a started pass is rounded up to a step."""
    assert total_steps(examples, batch, epochs=epochs, max_steps=max_steps) == steps
