"""Which kernel a card computes packed rows with; asked with tensors that a card would have."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses import FakeTensorMode

from benchbench.core.packed import Packed
from benchbench.models import kernels, varlen
from benchbench.models.kernels import card_attention, kernel_for
from benchbench.models.packing import pack

from .fake_card import CARD, fake_card
from .test_packed_rows import shaped


def queries(device: str = "cuda:0", dtype: torch.dtype = torch.bfloat16, width: int = 64) -> torch.Tensor:
    with FakeTensorMode():
        return torch.empty(1, 4, 30, width, device=device, dtype=dtype)


@pytest.fixture(autouse=True)
def card(monkeypatch):
    monkeypatch.setattr(kernels, "_capability", lambda device: (9, 0))


@pytest.mark.parametrize(
    ("query", "dropout", "softcap", "kernel"),
    [
        (queries(), 0.0, None, "varlen"),
        (queries(dtype=torch.float16, width=256), 0.0, None, "varlen"),
        (queries(width=80), 0.0, None, "varlen"),
        (queries("cpu"), 0.0, None, "loop"),
        (queries("cpu"), 0.0, 50.0, "loop"),
        (queries(dtype=torch.float32), 0.0, None, "loop"),
        (queries(), 0.1, None, "loop"),
        (queries(), 0.1, 50.0, "loop"),
        (queries(width=12), 0.0, None, "loop"),
        (queries(width=512), 0.0, None, "loop"),
        (queries(), 0.0, 50.0, "flex"),
        (queries(dtype=torch.float32, width=256), 0.0, 50.0, "flex"),
        (queries(width=80), 0.0, 50.0, "loop"),
    ],
)
def test_a_kernel_is_chosen_for_what_it_can_do(query, dropout, softcap, kernel):
    assert kernel_for(query, dropout, softcap) == kernel


def test_an_old_card_has_no_flash_attention(monkeypatch):
    monkeypatch.setattr(kernels, "_capability", lambda device: (7, 5))
    assert kernel_for(queries(), 0.0, None) == "loop"


def test_autocast_counts_as_the_precision_it_computes_in(monkeypatch):
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda kind: kind == "cuda")
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda kind: torch.bfloat16)
    assert kernel_for(queries(dtype=torch.float32), 0.0, None) == "varlen"


def packed_rows() -> Packed:
    rows = shaped("prompt", candidates=3)
    return pack(rows.tokens, rows.attention, rows.response)


def test_nothing_is_done_for_a_processor():
    states = queries("cpu")
    assert card_attention(packed_rows(), states, states, states, 0.0, None, None, None) is None


@pytest.mark.parametrize("window", [None, 3])
def test_torch_s_own_operator_takes_the_plan(window, monkeypatch):
    """Its shapes and types on tensors of a card that is not there; under autocast queries and values may differ."""
    packed = packed_rows()
    monkeypatch.setattr(kernels, "_precision", lambda states: torch.bfloat16)
    with fake_card() as card:
        monkeypatch.setattr(varlen, "sent", lambda tensor, device: card.from_tensor(tensor).to(device))
        shape = (1, 4, len(packed.ids), 16)
        query, key = (torch.empty(shape, device=CARD) for _ in range(2))
        value = torch.empty(shape, device=CARD, dtype=torch.bfloat16)
        out = card_attention(packed, query, key, value, 0.0, None, window, None)
    assert out is not None and out.shape == (1, len(packed.ids), 4, 16)
    assert out.device.type == "cuda" and out.dtype == torch.bfloat16
