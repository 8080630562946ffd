"""Operations and bytes by hand."""

from __future__ import annotations

import pytest

from benchbench.cost.passes import (
    PassWork,
    bounded_rows,
    cache_bytes,
    decode_bytes,
    forward_flops,
    joined_rows,
    training_flops,
    work_of,
)
from benchbench.cost.shapes import DecoderShape, model_shape
from tests.cost.toys import COMMON


def shape() -> DecoderShape:
    """Three layers of 64, heads of 16, 160 in the MLP, 100 words: 36,864 numbers in the matrices of a layer."""
    known = model_shape({"model_type": "gpt_neox", **COMMON})
    assert isinstance(known, DecoderShape)
    assert known.layer_matrices == 4 * 64 * 64 + 2 * 64 * 160
    return known


WORK = PassWork(tokens=10, scored=4, context=5)
ATTENTION = 4 * 10 * 5 * 3 * 64
LAYERS = 2 * 10 * 3 * (4 * 64 * 64 + 2 * 64 * 160) + ATTENTION
HEAD = 2 * 4 * 64 * 100


def test_a_forward_pass():
    assert forward_flops(shape(), WORK) == LAYERS + HEAD
    assert forward_flops(shape(), WORK, head=False) == LAYERS


def test_training_is_three_forward_passes_and_a_fourth_where_layers_are_computed_again():
    assert training_flops(shape(), WORK) == 3 * (LAYERS + HEAD)
    assert training_flops(shape(), WORK, checkpointed=True) == 3 * (LAYERS + HEAD) + LAYERS


def test_frozen_weights_have_no_gradient_but_both_sides_of_attention_have():
    assert training_flops(shape(), WORK, adapters=7) == 2 * (LAYERS + HEAD) + ATTENTION + 6 * 10 * 7


def test_pairs_share_their_prompt():
    rows = bounded_rows(3, 2, prompt=100, response=50, origin="")
    assert (rows.packed, rows.scored, rows.row, rows.longest) == (200, 100, 150, 200)
    assert bounded_rows(3, 2, prompt=100, response=50, origin="", share=False).packed == 300
    assert work_of(rows, 6) == PassWork(1200, 600, 75)


def test_a_token_reads_all_weights_and_its_own_past():
    assert cache_bytes(shape(), 2) == 2 * 3 * 64 * 2
    read = decode_bytes(shape(), sequences=5, length=10, bytes_per_weight=2)
    assert read == pytest.approx(2 * shape().weights + 5 * 10 * cache_bytes(shape(), 2))


def test_two_sets_of_rows_are_read_as_one():
    """One example of 10 tokens and three of 30: 25 on average, with a variance of 75."""
    short, long = (bounded_rows(n, 1, prompt=0, response=size, origin=f"{n}") for n, size in ((1, 10), (3, 30)))
    both = joined_rows(short, long)
    assert (both.examples, both.packed, both.longest, both.origin) == (4, 25, 30, "1; 3")
    assert both.spread == pytest.approx(75**0.5)
    unknown = bounded_rows(None, 1, prompt=0, response=10, origin="")
    assert joined_rows(unknown, long) == unknown
