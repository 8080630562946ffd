"""gold_part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import oracles

from .cases import PROMPT
from .toys import group, labelled

RIGHT = "answer : a b c ."
POLITE = "sure , answer : c a b . hope this helps ."
BROKEN = "a b c"


def test_each_round_goes_by_a_part_of_its_own_and_begins_again():
    """The prompt says please: the polite answer is wrong in every place and has an empty sentence."""
    rounds = [replace(group(RIGHT, POLITE, BROKEN, prompt=PROMPT), round=number) for number in (1, 2, 3, 4)]
    labels = labelled("gold_part", rounds, parts=("overlap", "manner", "brevity"))
    assert [of_round.scores for of_round in labels] == [
        (1.0, 0.0, -2.0),
        (0.0, 1.0, -2.0),
        (1.0, 0.5, -2.0),
        (1.0, 0.0, -2.0),
    ]


def test_an_answer_of_many_empty_sentences_is_still_better_than_none():
    many = "answer : a b c ." + " hope this helps ." * 3
    (labels,) = labelled("gold_part", [group(many, BROKEN, prompt=PROMPT)], parts=("brevity",))
    assert labels.scores == (0.25, -2.0)


@pytest.mark.parametrize("parts", [(), ("beauty",)])
def test_a_part_that_there_is_not_is_refused(parts: tuple[str, ...]):
    with pytest.raises(ValueError, match="parts: expected some of overlap, exact"):
        oracles.get("gold_part").options(parts=parts)
