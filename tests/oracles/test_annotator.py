"""annotator."""

from __future__ import annotations

import math

import pytest

from benchbench import oracles
from benchbench.sources.toy.annotator import Annotator

from .toys import group, labelled

PROMPT = "please put these in order : c a b"
BETTER, WORSE = "sure , answer : a b c .", "answer : a b c ."


def test_labels_are_drawn_as_the_annotator_prefers():
    """Gold 4 against 3, and one word more, worth 0.3 x 2 / 4: sigmoid(1.15 / 0.5) = .9089 over 2,000 groups."""
    groups = [group(BETTER, WORSE, prompt=PROMPT, example=f"e{k}") for k in range(2000)]
    labels = labelled("annotator", groups)
    assert {label.wins[0, 1] for label in labels} == {0.0, 1.0}
    share = sum(label.wins[0, 1] for label in labels) / 2000
    p = Annotator(0.3, 0.0).labels_first((BETTER, WORSE), (4.0, 3.0))
    assert p == pytest.approx(1 / (1 + math.exp(-1.15 / 0.5)))
    assert share == pytest.approx(p, abs=3 * math.sqrt(p * (1 - p) / 2000))


def test_every_pair_costs_a_label_and_identical_texts_none():
    (labels,) = labelled("annotator", [group(BETTER, WORSE, BETTER, prompt=PROMPT)])
    assert labels.answers == 2
    assert labels.wins is not None and labels.wins[0, 2] == 0.5


def test_the_label_of_a_pair_does_not_hang_on_whether_others_are_identical():
    first, second = (labelled("annotator", [group(BETTER, text, WORSE, prompt=PROMPT)])[0] for text in (BETTER, WORSE))
    assert first.wins[0, 2] == second.wins[0, 2]


def test_a_flip_rate_of_1_turns_every_label_round():
    texts = group(BETTER, WORSE + "/", prompt=PROMPT)  # a gap of 6 is never mistaken
    assert labelled("annotator", [texts])[0].wins == {(0, 1): 1.0}
    assert labelled("annotator", [texts], flip_rate=1.0)[0].wins == {(0, 1): 0.0}


def test_its_answers_are_a_persons():
    assert oracles.get("annotator").kind == "human"


@pytest.mark.parametrize("options", [{"flip_rate": 1.5}, {"length_bias": float("nan")}, {"length_bias": 101.0}])
def test_values_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}: expected"):
        labelled("annotator", [], **options)
