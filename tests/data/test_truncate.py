"""Where the cut goes and what is still scored, on ids that are their own positions.

Prompt 0..9 (10 tokens), response 10..15 (6 tokens, the last one EOS): 16 in all.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.data.truncate import cut

from .tokenizers import section

PROMPT, RESPONSE = list(range(10)), list(range(10, 16))


def cut_at(limit: int, *, bos: bool = False, **changes):
    return cut(PROMPT, RESPONSE, section(max_length=limit, **changes), bos=bos)


def scored(one) -> list[int]:
    return one.tokens[slice(*one.response)]


@pytest.mark.parametrize("truncation", ["right", "left", "drop", "error"])
def test_a_sequence_of_the_limit_is_left_alone(truncation):
    one = cut_at(16, truncation=truncation)
    assert (one.tokens, one.response, one.truncated, one.overlong) == ([*PROMPT, *RESPONSE], (10, 16), False, False)


@pytest.mark.parametrize(
    ("limit", "tokens", "response"),
    [(15, range(15), (10, 15)), (11, range(11), (10, 11)), (10, range(10), (10, 10)), (4, range(4), (4, 4))],
)
def test_on_the_right_the_end_goes(limit, tokens, response):
    one = cut_at(limit)
    assert (one.tokens, one.response, one.truncated, one.overlong) == (list(tokens), response, True, False)


@pytest.mark.parametrize(
    ("limit", "tokens", "response"),
    [(15, range(1, 16), (9, 15)), (7, range(9, 16), (1, 7)), (6, range(10, 16), (0, 6)), (3, range(13, 16), (0, 3))],
)
def test_on_the_left_the_beginning_goes_and_the_end_stays(limit, tokens, response):
    one = cut_at(limit, truncation="left")
    assert (one.tokens, one.response, one.truncated, one.overlong) == (list(tokens), response, True, False)
    assert scored(one) == [i for i in one.tokens if i >= 10]


@pytest.mark.parametrize(
    ("limit", "scores"),
    [
        # two tokens cut: the mask starts at position 10, where response token 12 now stands; 10 and 11 are lost
        (14, [12, 13, 14, 15]),
        (12, [14, 15]),
        # prompt of limit - 1 tokens and more: EOS alone
        (11, [15]),
        (10, [15]),
        (5, [15]),
    ],
)
def test_the_published_slip_loses_as_many_response_tokens_as_were_cut(limit, scores):
    one = cut_at(limit, truncation="left", overlong_mask="untruncated_prompt")
    assert scored(one) == scores
    assert one.overlong and one.truncated
    assert one.tokens == list(range(16 - limit, 16))


def test_the_published_slip_does_nothing_to_a_sequence_that_is_not_cut():
    one = cut_at(16, truncation="left", overlong_mask="untruncated_prompt")
    assert scored(one) == RESPONSE and not one.overlong


def test_the_published_slip_needs_a_cut_on_the_left():
    one = cut_at(14, truncation="right", overlong_mask="untruncated_prompt")
    assert scored(one) == [10, 11, 12, 13] and not one.overlong


def test_bos_stays_in_front_of_a_sequence_cut_on_the_left():
    """BOS is id 0; five of the tokens after it go."""
    one = cut_at(11, truncation="left", bos=True)
    assert one.tokens == [0, *range(6, 16)]
    assert scored(one) == RESPONSE
    one = cut_at(4, truncation="left", bos=True)
    assert (one.tokens, one.response) == ([0, 13, 14, 15], (1, 4))


def test_what_drop_would_refuse_is_cut_and_not_scored():
    one = cut_at(12, truncation="drop")
    assert (one.tokens, one.response, one.truncated) == (list(range(12)), (12, 12), True)


@settings(deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(2, 50),
    st.sampled_from(["right", "left", "drop"]),
    st.sampled_from(["exact", "untruncated_prompt"]),
    st.booleans(),
)
def test_ranges_stay_inside_and_the_exact_mask_scores_response_tokens_alone(prompt, response, limit, side, mask, bos):
    ids = [-1] * prompt, list(range(response))
    one = cut(*ids, section(max_length=limit, truncation=side, overlong_mask=mask), bos=bos)
    begin, end = one.response
    assert len(one.tokens) == min(limit, prompt + response)
    assert 0 <= begin <= end == len(one.tokens)
    assert one.truncated == (prompt + response > limit)
    assert -1 not in scored(one)
    if mask == "exact":
        assert not one.overlong
    if side == "left" and mask == "exact" and one.truncated:
        assert len(scored(one)) == min(response, limit - bos)
    if one.overlong:
        assert len(scored(one)) == max(1, limit - prompt)
