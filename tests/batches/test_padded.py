"""Examples to batches, batches to microbatches, caches to their tokens."""

from __future__ import annotations

import pytest
import torch

from benchbench import inputs
from benchbench.batches.padded import collate, spread
from benchbench.core.errors import BenchError
from benchbench.core.input import Pass
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


# --- roles, holes, weights ------------------------------------------------------------------------------------------

ROLES = ("chosen", "rejected", "gold")
TRIPLE = TokenizedExample(
    "t",
    (
        TokenizedCandidate((5, 6, 7, 8, 9), (1, 5), holes=((2, 4),), weights={"weight": ((2, 3, 4.0), (4, 5, 0.5))}),
        TokenizedCandidate((5, 8), (1, 2)),
        TokenizedCandidate((5, 4, 3), (1, 3), weights={"weight": ((1, 3, 2.0),)}),
    ),
    False,
    {"score": (3.0, 1.0, 2.0), "p": 0.5},
    roles=ROLES,
)


def test_holes_are_not_scored_and_stay_context():
    found = collate([TRIPLE], pad=0, device=CPU)
    assert found.response[0].int().tolist() == [[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 1, 1, 0, 0]]
    assert found.tokens[0, 0].tolist() == [5, 6, 7, 8, 9] and found.attention[0, 0].all()
    assert found.token_counts.response == ((2, 1, 2),) and found.lengths().tolist() == [[2, 1, 2]]
    assert found.packed is not None and found.packed.ids.tolist() == [5, 6, 7, 8, 4], "7 and 8 are inputs of 9"
    assert found.packed.targets.tolist() == [6, 9, 8, 4, 3]


def test_weights_are_one_without_a_span_and_zero_where_nothing_is_scored():
    found = collate([TRIPLE, TRIPLE], pad=0, device=CPU, weights=("weight", "other")).weights
    assert found["weight"][1].tolist() == [[0, 1, 0, 0, 0.5], [0, 1, 0, 0, 0], [0, 2, 2, 0, 0]]
    assert found["other"][0].tolist() == [[0, 1, 0, 0, 1], [0, 1, 0, 0, 0], [0, 1, 1, 0, 0]]
    assert collate([TRIPLE], pad=0, device=CPU).weights == {}


def test_candidates_come_in_the_order_of_roles_with_what_belongs_to_each():
    found = collate([TRIPLE], pad=0, device=CPU, columns=("score", "p"), weights=("weight",), roles=("gold", "chosen"))
    assert found.tokens[0].tolist() == [[5, 4, 3, 0, 0], [5, 6, 7, 8, 9]]
    assert found.columns["score"].tolist() == [[2.0, 3.0]] and found.columns["p"].tolist() == [0.5]
    assert found.weights["weight"][0, 0].tolist() == [0, 2, 2, 0, 0]
    assert found.places == ((2, 0),) and [found.place(0, k) for k in (0, 1)] == [2, 0]


def test_as_they_stand_no_candidate_has_another_place():
    assert collate([TRIPLE], pad=0, device=CPU, roles=ROLES).places is None
    pairs = collate([A, B], pad=0, device=CPU, roles=("chosen", "rejected"))
    assert pairs.places is None and torch.equal(pairs.tokens, collate([A, B], pad=0, device=CPU).tokens)


def test_examples_of_other_orders_share_a_batch():
    """One names its roles, the other is a pair without names."""
    turned = TokenizedExample("u", TRIPLE.candidates[::-1], False, {}, roles=("gold", "chosen", "rejected"))
    found = collate([turned, A], pad=0, device=CPU, roles=("chosen", "rejected"))
    assert found.tokens[0, :, :2].tolist() == [[5, 8], [5, 6]] and found.places == ((1, 2), (0, 1))


def test_cached_values_are_those_of_the_candidates_taken():
    """The cache has every candidate, without the tokens of holes."""
    batch = collate([TRIPLE], pad=0, device=CPU, roles=("gold", "chosen"))
    found = spread(batch, {"t": [[-1.0, -2.0], [-3.0], [-4.0, -5.0]]})
    assert found[0].tolist() == [[0, -4, -5, 0, 0], [0, -1, 0, 0, -2]]
    rewards = inputs.get("reward").tensor({"t": [0.1, 0.2, 0.3]}, Pass(batch, None, None, torch.float64))
    assert rewards.tolist() == [[0.3, 0.1]]


def test_an_example_without_the_role_is_refused():
    with pytest.raises(BenchError, match="example a: expected as many .* of each role as in gold, found chosen"):
        collate([A], pad=0, device=CPU, roles=("gold",))
