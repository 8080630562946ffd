"""Mismatched rows: prompts of one example, responses of another."""

from __future__ import annotations

from benchbench.batches.mismatched import mismatched
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample


def example(name, *rows):
    """Rows as (prompt, response)."""
    made = [TokenizedCandidate((*p, *r), (len(p), len(p) + len(r))) for p, r in rows]
    return TokenizedExample(name, tuple(made), False, {"label": 1.0})


ONE = example("one", ((1, 2), (3, 4)), ((1, 2), (5,)))
OTHER = example("other", ((9,), (7, 8, 6)))


def test_each_candidate_takes_another_response_and_keeps_its_prompt():
    rows = mismatched(ONE, OTHER, 10)
    assert rows.id == "one" and rows.columns == {"label": 1.0}
    assert [list(c.tokens) for c in rows.candidates] == [[1, 2, 7, 8, 6]] * 2
    assert [c.response for c in rows.candidates] == [(2, 5)] * 2
    assert [list(c.tokens) for c in mismatched(OTHER, ONE, 10).candidates] == [[9, 3, 4]]


def test_a_row_that_would_be_too_long_is_cut_and_keeps_a_response_token():
    assert [list(c.tokens) for c in mismatched(ONE, OTHER, 4).candidates] == [[1, 2, 7, 8]] * 2
    assert [c.response for c in mismatched(ONE, OTHER, 2).candidates] == [(2, 3)] * 2


def test_holes_come_along_and_a_scored_prompt_is_context():
    """Prompts 1 2 and 9; of 7 8 6 5 the tokens 7 and 6 are holes, and of one row the prompt is scored, too."""
    masked = TokenizedCandidate((9, 7, 8, 6, 5), (2, 5), holes=((3, 4),), prompt_tokens=1)
    joint = TokenizedCandidate((1, 2, 3, 4), (1, 4), holes=((2, 3),), prompt_tokens=2)
    one, other = (TokenizedExample(name, (row,), False, {}) for name, row in (("one", joint), ("other", masked)))
    (row,) = mismatched(one, other, 10).candidates
    assert (list(row.tokens), row.response, row.holes) == ([1, 2, 7, 8, 6, 5], (3, 6), ((4, 5),))
    (row,) = mismatched(other, one, 10).candidates
    assert (list(row.tokens), row.response, row.holes) == ([9, 3, 4], (1, 3), ((1, 2),))
    (row,) = mismatched(one, other, 5).candidates
    assert (list(row.tokens), row.response, row.holes) == ([1, 2, 7, 8, 6], (3, 5), ((4, 5),))
