"""One call over sequences of unequal length gives what every row gives by itself; with the kernel written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchbench.core.packed import Segments
from benchbench.models import attention
from benchbench.models.logps import token_logps
from benchbench.models.packing import pack
from benchbench.models.varlen import Kernel, _Gathered, sequences_of, varlen_attention, written_out

from .test_packed_rows import gradients, made, shaped
from .toys import logps_by_hand

LOGPS, GRADIENTS = 5e-6, 3e-6
"""Nats, and relative to the largest gradient, in float32."""


def use(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed rows through a kernel, as they would be on a card."""

    def attend(packed, query, key, value, dropout, scaling, window, softcap) -> Tensor:
        assert dropout == 0 and softcap is None
        return varlen_attention(packed, query, key, value, scaling=scaling, window=window, kernel=kernel)

    monkeypatch.setattr(attention, "card_attention", attend)


@pytest.mark.parametrize("candidates", [1, 3, 8])
@pytest.mark.parametrize("shape", ["prompt", "no prompt", "identical", "continued", "cut on the left"])
@pytest.mark.parametrize("name", ["GPT-NeoX", "Llama", "Mistral with a window", "Qwen3"])
def test_log_probabilities_and_gradients_are_those_of_every_row_by_itself(name, shape, candidates, monkeypatch):
    """One candidate shares nothing, three stand for 2 to 7, and eight are the most that the shapes have."""
    packed, plain = made(name, initializer_range=0.2)
    calls = []

    def kernel(*tensors, **options):
        calls.append(options["window_size"])
        return written_out(*tensors, **options)

    use(kernel, monkeypatch)
    rows = shaped(shape, candidates=candidates)
    ours, theirs = token_logps(packed, rows).token, logps_by_hand(plain, rows, dtype=torch.float32)
    assert len(calls) == 2, "one call per layer"
    assert float((ours - theirs).detach().abs().max()) < LOGPS
    mine, other = gradients(packed, ours), gradients(plain, theirs)
    largest = max(float(g.abs().max()) for g in other.values())
    assert mine.keys() == other.keys()
    for key in mine:
        assert float((mine[key] - other[key]).abs().max()) < GRADIENTS * largest, key


def test_a_window_reaches_the_kernel_as_tokens_back(monkeypatch):
    """A window of 5 tokens is the token itself and 4 back; one that no sequence fills is none."""
    packed, _ = made("Mistral with a window")
    found = []

    def kernel(*tensors, **options):
        found.append(options["window_size"])
        return written_out(*tensors, **options)

    use(kernel, monkeypatch)
    token_logps(packed, shaped("prompt"))
    assert set(found) == {(4, 0)}
    found.clear()
    llama, _ = made("Llama")
    token_logps(llama, shaped("prompt"))
    assert set(found) == {(-1, 0)}


def test_sequences_worked_by_hand():
    """Prefix of 2 with suffixes of 1 and 3; then one candidate of 4 with nothing shared, and one of its own front."""
    groups = (Segments(0, 2, (1, 3)), Segments(6, 4, (0, 0)), Segments(10, 0, (1, 2)))
    plan = sequences_of(groups)
    assert plan.ends_q.tolist() == [0, 2, 3, 6, 10, 11, 13] and plan.ends_q.dtype == torch.int32
    assert plan.ends_k.tolist() == [0, 2, 5, 10, 14, 15, 17]
    assert (plan.longest_q, plan.longest_k) == (4, 5)
    assert plan.keys is not None
    assert plan.keys.tolist() == [0, 1, 0, 1, 2, 0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert plan.keys[plan.homes].tolist() == list(range(13))
    assert [(places.tolist(), keys.tolist()) for places, keys in plan.copies] == [([0, 1], [2, 3]), ([0, 1], [5, 6])]


def test_nothing_is_gathered_where_nothing_is_shared():
    plan = sequences_of((Segments(0, 5, (0,)), Segments(5, 2, (3, 0)), Segments(10, 0, (2, 2))))
    assert plan.keys is None and plan.copies == ()
    assert plan.ends_q.tolist() == plan.ends_k.tolist() == [0, 5, 10, 12, 14]


def test_a_token_stands_at_most_once_in_each_copy():
    """So that adding gradients up has one order, whatever the card."""
    for seed in range(5):
        packed = shaped("prompt", candidates=8, seed=seed)
        plan = sequences_of(pack(packed.tokens, packed.attention, packed.response).groups)
        for places, keys in plan.copies:
            assert len(places.unique()) == len(places) and len(keys) == len(places)


def test_the_gradient_of_gathered_keys_is_that_of_index_select():
    plan = sequences_of((Segments(0, 2, (1, 3)), Segments(6, 3, (2, 1))))
    assert plan.keys is not None
    states = torch.randn(12, 2, 4, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(len(plan.keys), 2, 4, dtype=torch.float64)
    ours = torch.autograd.grad((_Gathered.apply(states, plan) * weights).sum(), states)[0]
    theirs = torch.autograd.grad((states.index_select(0, plan.keys) * weights).sum(), states)[0]
    torch.testing.assert_close(ours, theirs)


def test_the_kernel_that_is_written_out_aligns_the_ends():
    """One query on three keys reads all three; three queries on three keys read one, two and three."""
    k = torch.randn(3, 1, 8)
    v = torch.eye(3)[:, None, :]
    ends = torch.tensor([0, 3], dtype=torch.int32)
    one = written_out(k[:1], k, v, torch.tensor([0, 1], dtype=torch.int32), ends, 1, 3, scale=None, window_size=(-1, 0))
    assert (one > 0).all()
    three = written_out(k, k, v, ends, ends, 3, 3, scale=None, window_size=(-1, 0))[:, 0]
    assert (three > 0).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    two = written_out(k, k, v, ends, ends, 3, 3, scale=None, window_size=(1, 0))[:, 0]
    assert (two > 0).tolist() == [[True, False, False], [True, True, False], [False, True, True]]
