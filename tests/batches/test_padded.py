"""Examples to batches, batches to microbatches, caches to their tokens."""

from __future__ import annotations

import pytest
import torch

from benchbench.batches.padded import collate, spread
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample

CPU = torch.device("cpu")


def example(name: str, *rows: tuple[tuple[int, ...], tuple[int, int]], **columns) -> TokenizedExample:
    return TokenizedExample(name, tuple(TokenizedCandidate(t, r) for t, r in rows), False, columns)


A = example("a", ((5, 6, 7), (1, 3)), ((5, 8), (1, 2)), p=0.25, gold=(1.0, 0.0))
B = example("b", ((9, 9, 1, 2), (2, 4)), ((9, 9, 3), (2, 3)), p=0.75, gold=(2.0, 3.0))


def test_rows_are_padded_on_the_right():
    found = collate([A, B], pad=0, device=CPU)
    assert found.tokens.tolist() == [[[5, 6, 7, 0], [5, 8, 0, 0]], [[9, 9, 1, 2], [9, 9, 3, 0]]]
    assert found.attention.int().tolist() == [[[1, 1, 1, 0], [1, 1, 0, 0]], [[1, 1, 1, 1], [1, 1, 1, 0]]]
    assert found.response.int().tolist() == [[[0, 1, 1, 0], [0, 1, 0, 0]], [[0, 0, 1, 1], [0, 0, 1, 0]]]
    assert found.ids == ("a", "b") and found.columns == {}


def test_a_token_that_looks_like_padding_is_still_a_token():
    """Many tokenizers pad with EOS, which ends every response."""
    found = collate([example("a", ((5, 0), (1, 2)), ((5, 6, 0), (1, 3)))], pad=0, device=CPU)
    assert found.attention.sum(dim=-1).tolist() == [[2, 3]] and found.lengths().tolist() == [[1, 2]]


def test_columns_are_per_example_or_per_candidate():
    found = collate([A, B], pad=0, device=CPU, columns=("p", "gold"))
    assert found.columns["p"].tolist() == [0.25, 0.75]
    assert found.columns["gold"].tolist() == [[1.0, 0.0], [2.0, 3.0]]


def test_the_first_candidates_alone_may_be_taken():
    """Then the longest of the others pads nothing."""
    found = collate([A, example("c", ((1, 2), (1, 2)), ((1, 2, 3, 4, 5), (1, 5)))], pad=0, device=CPU, candidates=1)
    assert found.tokens.tolist() == [[[5, 6, 7]], [[1, 2, 0]]]


def test_other_numbers_of_candidates_cannot_share_a_batch():
    with pytest.raises(ValueError, match=r"examples with \[1, 2\] candidates cannot share a batch"):
        collate([A, example("d", ((1, 2), (1, 2)))], pad=0, device=CPU)


def test_a_candidate_without_response_is_refused_unless_it_is_asked_for():
    bare = example("bare", ((1, 2), (2, 2)), ((1, 2), (1, 2)))
    with pytest.raises(ValueError, match=r"no response token in examples \['bare'\]"):
        collate([A, bare], pad=0, device=CPU)
    assert collate([A, bare], pad=0, device=CPU, allow_empty=True).lengths().tolist() == [[2, 1], [0, 1]]


def test_the_first_token_of_a_row_is_never_scored():
    """Nothing precedes it, so it has no log-probability; a row cut on the left may be response from its start."""
    cut = example("cut", ((5, 6, 7), (0, 3)), ((5, 6, 7), (1, 3)))
    assert collate([cut], pad=0, device=CPU).response.int().tolist() == [[[0, 1, 1], [0, 1, 1]]]


def test_the_same_rows_are_packed():
    found = collate([A, B], pad=0, device=CPU).packed
    assert found is not None and found.ids.tolist() == [5, 6, 9, 9, 1] and found.positions.tolist() == [0, 1, 0, 1, 2]
    whole = collate([A, B], pad=0, device=CPU, whole=True, share=False).packed
    assert whole is not None and whole.ids.tolist() == [5, 6, 7, 5, 8, 9, 9, 1, 2, 9, 9, 3]


def test_cached_values_stand_where_the_response_tokens_do():
    batch = collate([A, B], pad=0, device=CPU)
    values = {"b": [[-1.0, -2.0], [-3.0]], "a": [[-4.0, -5.0], [-6.0]], "another": [[0.0], [0.0]]}
    found = spread(batch, values, dtype=torch.float64)
    expected = [[[0, -4, -5, 0], [0, -6, 0, 0]], [[0, 0, -1, -2], [0, 0, -3, 0]]]
    assert found.tolist() == expected and found.dtype == torch.float64


def test_a_cache_of_another_length_does_not_belong_to_the_batch():
    with pytest.raises(ValueError, match="example a: 1 cached values, 2 response tokens"):
        spread(collate([A], pad=0, device=CPU), {"a": [[-1.0], [-2.0]]})
    with pytest.raises(KeyError, match="b"):
        spread(collate([B], pad=0, device=CPU), {"a": [[-1.0], [-2.0]]})
