"""Packed rows hold every input of a scored token once, and say where it stands."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.packed import Segments
from benchbench.models.packing import pack, packed_length, shared_front


def rows_of(*examples: tuple[tuple[int, ...], ...], scored: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Padded rows; the last `scored` tokens of each are its response."""
    length = max(len(row) for example in examples for row in example)
    shape = (len(examples), len(examples[0]), length)
    tokens, attention = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.bool)
    response = torch.zeros_like(attention)
    for b, example in enumerate(examples):
        for k, row in enumerate(example):
            tokens[b, k, : len(row)] = torch.tensor(row)
            attention[b, k, : len(row)] = True
            response[b, k, max(1, len(row) - scored) : len(row)] = True
    return tokens, attention, response


@st.composite
def batches(draw):
    """Rows over four tokens, so that many begin alike; some without a response."""
    examples, candidates = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    row = st.lists(st.integers(1, 4), min_size=1, max_size=9).map(tuple)
    drawn = tuple(tuple(draw(row) for _ in range(candidates)) for _ in range(examples))
    tokens, attention, response = rows_of(*drawn)
    keep = torch.tensor(draw(st.lists(st.booleans(), min_size=response.numel(), max_size=response.numel())))
    response = (attention & keep.reshape(response.shape)).clone()
    response[..., 0] = False
    return tokens, attention, response


@given(batch=batches(), share=st.booleans(), whole=st.booleans())
def test_every_scored_token_reads_the_token_before_it_at_its_place(batch, share, whole):
    tokens, attention, response = batch
    packed = pack(tokens, attention, response, share=share, whole=whole)
    where = response.nonzero()
    assert len(packed.sources) == len(packed.targets) == len(where)
    for (b, k, t), source, target in zip(where.tolist(), packed.sources.tolist(), packed.targets.tolist(), strict=True):
        assert target == tokens[b, k, t] and packed.ids[source] == tokens[b, k, t - 1]
        assert packed.positions[source] == t - 1
    assert sum(group.length for group in packed.groups) == len(packed.ids) == len(packed.positions)
    inside = packed.places >= 0
    assert torch.equal(packed.ids[packed.places[inside]], tokens[inside])
    assert torch.equal(packed.positions[packed.places[inside]], inside.nonzero()[:, 2])
    if whole:
        assert torch.equal(inside, attention)


@given(batch=batches(), share=st.booleans())
def test_what_a_token_reads_is_the_front_of_its_own_row(batch, share):
    """Walking back from any token of a row through prefix and suffix gives that row, whoever shares it."""
    tokens, attention, response = batch
    packed = pack(tokens, attention, response, share=share, whole=True)
    starts = {group.start: group for group in packed.groups}
    for b in range(len(tokens)):
        for k in range(tokens.shape[1]):
            row = packed.places[b, k][attention[b, k]]
            group = starts[max(start for start in starts if start <= int(row[0]))]
            prefix = int((row < group.start + group.prefix).sum())
            assert row.tolist()[:prefix] == list(range(group.start, group.start + prefix))
            suffix = row.tolist()[prefix:]
            assert not suffix or (prefix == group.prefix and suffix == list(range(suffix[0], suffix[0] + len(suffix))))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (((1, 2, 3, 4), (1, 2, 5, 6)), Segments(0, 2, (1, 1))),  # an ordinary pair
        (((1, 2, 3), (1, 2, 3)), Segments(0, 2, (0, 0))),  # identical
        (((1, 2), (1, 2, 3, 4)), Segments(0, 1, (0, 2))),  # one continues the other
        (((1, 2, 3), (4, 2, 3)), Segments(0, 0, (2, 2))),  # no prompt in common
        (((1, 2, 3, 4),), Segments(0, 3, (0,))),  # K = 1
        (((1, 7, 2), (1, 7, 3), (1, 8, 4)), Segments(0, 1, (1, 1, 1))),  # the longest front of all three
    ],
)
def test_the_longest_common_front_is_shared(rows, expected):
    packed = pack(*rows_of(rows))
    assert packed.groups == (expected,)
    lengths = [len(row) - 1 for row in rows]
    assert packed_length(rows, lengths) == expected.length
    assert shared_front(rows, lengths) == expected.prefix


def test_rows_without_a_response_are_left_out_and_share_nothing():
    tokens, attention, response = rows_of(((1, 2, 3), (1, 2, 4)), ((5, 6, 7), (5, 6, 8)))
    response[0, 1] = False
    response[1] = False
    packed = pack(tokens, attention, response)
    assert packed.groups == (Segments(0, 2, (0, 0)),) and packed.ids.tolist() == [1, 2]
    nothing = pack(tokens, attention, torch.zeros_like(response))
    assert nothing.groups == (Segments(0, 1, (0, 0)),) and len(nothing.sources) == 0


def test_without_sharing_every_row_stands_by_itself():
    packed = pack(*rows_of(((1, 2, 3), (1, 2, 4))), share=False)
    assert packed.groups == (Segments(0, 0, (2, 2)),) and packed.ids.tolist() == [1, 2, 1, 2]
