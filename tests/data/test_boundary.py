"""One text cut in two where a word ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.data.boundary import common_beginning


@pytest.mark.parametrize(
    ("first", "second", "beginning"),
    [
        ("The sky is blue.", "The sky is brown.", "The sky is"),
        ("He walked home.", "He walks home.", "He"),
        ("Answer: 3.14", "Answer: 3.15", "Answer:"),
        ("Is it?\nYes", "Is it?\nNo", "Is it?\n"),
        ("Is it?  Yes", "Is it?  No", "Is it?  "),
        ("Is it?", "Is it? Yes", "Is it?"),
        ("Is it", "Is italic", "Is"),
        ("walk", "walks", ""),
        ("雨は濡れますか？はい", "雨は濡れますか？いいえ", "雨は濡れますか？"),
        ("", "a", ""),
    ],
)
def test_no_word_that_both_share_is_split(first, second, beginning):
    assert first[: common_beginning(first, second)] == beginning
    assert common_beginning(first, second) == common_beginning(second, first)


@given(st.text("ab \n。", max_size=12), st.text("ab \n。", max_size=12), st.text("ab \n。", max_size=12))
def test_the_beginning_is_shared_and_ends_at_the_end_of_a_word(start, one, other):
    first, second = start + one, start + other
    end = common_beginning(first, second)
    assert first[:end] == second[:end]
    for text in (first, second):
        inside = 0 < end < len(text)
        assert not inside or not (text[end - 1] in "ab" and text[end] in "ab")
