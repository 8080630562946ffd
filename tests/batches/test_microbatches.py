"""A step's examples in pieces: in order, none lost, none too large."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchbench.batches.microbatches import (
    Budget,
    Cost,
    budget_for,
    cut,
    free_memory,
    is_out_of_memory,
    parts,
)
from benchbench.batches.padded import collate
from benchbench.core.errors import BenchError
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.recipe.memory import DEVICE_TOKENS

PACKED, PADDED = Cost(packed=True), Cost(packed=False)


def example(name: str, *rows: tuple[tuple[int, ...], tuple[int, int]]) -> TokenizedExample:
    return TokenizedExample(name, tuple(TokenizedCandidate(t, r) for t, r in rows), False, {})


PAIR = example("pair", ((5, 6, 7, 8, 9), (3, 5)), ((5, 6, 7, 1), (3, 4)))


def test_shared_tokens_count_once_and_last_tokens_not_at_all():
    """5 6 7 is shared, the first row adds 8; 9 and 1 are scored, and nothing reads them."""
    assert PACKED.of(PAIR) == 4
    assert Cost(packed=True, share=False).of(PAIR) == 4 + 3
    assert Cost(packed=True, whole=True).of(PAIR) == 3 + 2 + 1
    assert Cost(packed=True, candidates=1).of(PAIR) == 4
    assert PADDED.of(PAIR) == 10 and Cost(packed=False, candidates=1).of(PAIR) == 5


def test_candidates_that_are_not_taken_cost_nothing():
    roles = ("chosen", "rejected", "gold")
    rows = tuple(TokenizedCandidate((5, 6, *range(7, 7 + n)), (2, 2 + n)) for n in (4, 2, 3))
    triple = TokenizedExample("t", rows, False, {}, roles=roles)
    assert Cost(packed=False, roles=("rejected", "gold")).of(triple) == 10 and PADDED.of(triple) == 18
    assert Cost(packed=True, roles=("rejected",)).of(triple) == 3


def test_tokens_of_a_hole_are_inputs():
    masked = TokenizedCandidate((5, 6, 7, 8, 9), (1, 5), holes=((2, 4),))
    assert PACKED.of(TokenizedExample("m", (masked,), False, {})) == 4


def test_a_row_without_a_response_is_no_input():
    assert PACKED.of(example("bare", ((5, 6), (2, 2)), ((5, 6, 7), (2, 3)))) == 2


@given(
    costs=st.lists(st.integers(1, 50), max_size=30),
    tokens=st.integers(50, 120),
    most=st.integers(1, 9),
    cost=st.sampled_from([PACKED, PADDED]),
)
def test_pieces_keep_the_order_lose_nothing_and_are_as_large_as_they_may_be(costs, tokens, most, cost):
    parts = [costs[part] for part in cut(costs, cost, Budget(tokens, most, max(costs, default=1)))]
    assert [each for part in parts for each in part] == costs
    for number, part in enumerate(parts):
        assert 1 <= len(part) <= most and cost.together(part) <= tokens
        if number + 1 < len(parts):
            larger = [*part, parts[number + 1][0]]
            assert len(larger) > most or cost.together(larger) > tokens


def of_length(rows: int, name: str = "") -> TokenizedExample:
    """A list of so many rows of four tokens, of which they share two."""
    return example(name, *(((5, 6, 7 + k, 1), (2, 4)) for k in range(rows)))


@given(
    rows=st.lists(st.integers(1, 28), max_size=20),
    tokens=st.integers(30, 200),
    most=st.integers(1, 9),
    cost=st.sampled_from([PACKED, PADDED, Cost(packed=True, candidates=1)]),
)
def test_a_microbatch_holds_lists_of_one_length_in_their_order_and_none_is_lost(rows, tokens, most, cost):
    lists = [of_length(count) for count in rows]
    costs = [cost.of(each) for each in lists]
    budget = Budget(max(tokens, *costs, 1), most, max(costs, default=1))
    found = parts(lists, costs, cost, budget)
    assert sorted(place for part in found for place in part) == list(range(len(lists)))
    for part in found:
        assert len({cost.rows(lists[place]) for place in part}) == 1
        assert len(part) <= most and cost.together([costs[place] for place in part]) <= budget.tokens
    longest_first = [cost.rows(lists[part[0]]) for part in found]
    assert longest_first == sorted(longest_first, reverse=True)
    for length in set(longest_first):
        places = [place for part in found for place in part if cost.rows(lists[place]) == length]
        assert places == sorted(places)


@given(
    costs=st.lists(st.integers(1, 50), max_size=30),
    tokens=st.integers(50, 120),
    most=st.integers(1, 9),
    rows=st.integers(1, 5),
)
def test_lists_of_one_length_are_cut_as_they_stand(costs, tokens, most, rows):
    """So that no number of a run over pairs, or over equally long lists, moves."""
    budget = Budget(tokens, most, max(costs, default=1))
    places = list(range(len(costs)))
    expected = [places[part] for part in cut(costs, PACKED, budget)]
    assert parts([of_length(rows)] * len(costs), costs, PACKED, budget) == expected


def test_a_list_of_28_goes_alone_where_two_do_not_fit_and_is_refused_where_one_does_not():
    """Padded it is 28 rows of 4 tokens; two pairs of 8 go together beside it."""
    lists = [of_length(2, "a"), of_length(28, "long"), of_length(2, "b"), of_length(28, "other")]
    costs = [PADDED.of(each) for each in lists]
    assert costs == [8, 112, 8, 112]
    assert parts(lists, costs, PADDED, Budget(128, 8, 112)) == [[1], [3], [0, 2]]
    with pytest.raises(BenchError, match="room for the longest example, long with 112 tokens, got 100"):
        budget_for(lists, costs, tokens=100, most=8, device_kind="cpu", where="preference")


ROWS = st.lists(
    st.lists(
        st.tuples(st.lists(st.integers(1, 3), min_size=1, max_size=8), st.integers(0, 8), st.integers(0, 8)),
        min_size=2,
        max_size=2,
    ),
    min_size=1,
    max_size=5,
)


@given(rows=ROWS, share=st.booleans(), whole=st.booleans(), candidates=st.sampled_from([None, 1]))
def test_tokens_are_counted_as_they_are_packed(rows, share, whole, candidates):
    """Whatever is scored, shared or empty; where nothing is an input at all, one token stands for the batch."""
    examples = [
        example(str(n), *((tuple(t), (min(a, len(t)), min(max(a, b), len(t)))) for t, a, b in row))
        for n, row in enumerate(rows)
    ]
    cost = Cost(packed=True, share=share, whole=whole, candidates=candidates)
    options = {"pad": 0, "device": torch.device("cpu"), "allow_empty": True, "candidates": candidates}
    packed = collate(examples, share=share, whole=whole, **options).packed
    assert packed is not None and max(1, sum(map(cost.of, examples))) == len(packed.ids)


def test_a_longer_example_than_the_budget_is_refused_with_both_numbers():
    with pytest.raises(BenchError, match="room for the longest example, pair with 4 tokens, got 3"):
        budget_for([PAIR], [4], tokens=3, most=8, device_kind="cpu", where="preference")


@pytest.mark.parametrize("kind", sorted(DEVICE_TOKENS))
def test_auto_is_the_device_s_number_or_the_longest_example(kind):
    assert budget_for([PAIR], [4], tokens="auto", most=8, device_kind=kind, where="").tokens == DEVICE_TOKENS[kind]
    assert budget_for([PAIR], [10**6], tokens="auto", most=8, device_kind=kind, where="").tokens == 10**6


def test_a_budget_is_halved_once_and_never_below_the_longest_example():
    budget = Budget(tokens=100, examples=5, longest=70)
    assert budget.halve(step=3, reason="full") and (budget.tokens, budget.examples) == (70, 2)
    assert not budget.halve(step=4, reason="full again") and budget.tokens == 70
    assert (budget.halved, budget.halved_at_step, budget.halved_because) == (True, 3, "full")
    assert not Budget(tokens=70, examples=1, longest=70).halve(step=1, reason="full")


def test_a_budget_that_may_not_be_halved_is_not_and_says_nothing_of_it():
    budget = Budget(tokens=100, examples=5, longest=70, may_be_halved=False)
    assert not budget.halve(step=3, reason="full")
    assert budget.facts() == Budget(tokens=100, examples=5, longest=70).facts()


def test_a_processor_without_memory_is_told_by_its_words():
    try:
        torch.empty(2**60)
    except RuntimeError as error:
        assert is_out_of_memory(error)
    else:
        raise AssertionError("2**62 bytes were there")


def test_other_errors_are_none():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_memory_is_given_back_without_a_card():
    free_memory()
