"""curriculum."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import transforms

from .toys import ids, pair, several, transformed

EXAMPLES = [replace(pair(name), ratings=(gap, 0.0)) for name, gap in zip("abcde", (1, 5, 3, 5, 2), strict=True)]


def test_by_hand():
    """Gaps 1, 5, 3, 5, 2: b, d, c, e, a; of five in three stages the first two have two."""
    become, _ = transformed("curriculum", EXAMPLES)
    assert ids(become) == ["b", "d", "c", "e", "a"]
    assert [example.columns["curriculum_stage"] for example in become] == [1, 1, 2, 2, 3]
    hard, _ = transformed("curriculum", EXAMPLES, hard_first=True, stages=1)
    assert ids(hard) == ["a", "e", "c", "b", "d"]


def test_stages_by_themselves_are_the_whole():
    become, counts = transformed("curriculum", EXAMPLES, keep_stage=2)
    assert ids(become) == ["c", "e"] and counts.dropped == {"of another stage": 3}


def test_pairs_of_best_vs_each_in_stages_are_easy_to_hard():
    pairs, _ = transformed("pairs_best_vs_each", [several("x", (9, 1, 5, 7)), several("y", (9, 2, 4, 8))])
    become, _ = transformed("curriculum", pairs, ease="gap")
    assert ids(become) == ["x-0", "y-0", "y-1", "x-1", "x-2", "y-2"]


def test_a_stage_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="keep_stage: expected a stage from 1 to 3"):
        transforms.get("curriculum").options(keep_stage=4)
