"""margin_annotator."""

from __future__ import annotations

import pytest

from .cases import PROMPT, TEXTS
from .toys import Model, context, group, labelled


def within(*margins: float):
    """Implicit rewards of the three texts, against a reference of 0."""
    policy = {text: [margin] for text, margin in zip(TEXTS, margins, strict=True)}
    return context(models={"policy": Model(policy), "reference": Model({text: [0.0] for text in TEXTS})})


@pytest.mark.parametrize(("select", "pair"), [("small", (0, 2)), ("large", (1, 2))])
def test_the_pair_of_the_smallest_or_largest_margin_is_asked_about_alone(select: str, pair: tuple[int, int]):
    """Rewards 1, 3, 0: margins 2, 1 and 3."""
    (labels,) = labelled("margin_annotator", [group(*TEXTS, prompt=PROMPT)], within(1.0, 3.0, 0.0), select=select)
    assert labels.wins is not None and [*labels.wins] == [pair] and labels.answers == 1


def test_labels_are_the_annotators():
    """The first text is right and the second is not, so that nearly all labels prefer it."""
    groups = [group(*TEXTS, prompt=PROMPT, example=f"e{k}") for k in range(300)]
    labels = labelled("margin_annotator", groups, within(0.0, 0.1, 9.0))
    assert {pair for of_group in labels for pair in of_group.wins or {}} == {(0, 1)}
    assert sum(of_group.win(0, 1) for of_group in labels) > 270
    flipped = labelled("margin_annotator", groups, within(0.0, 0.1, 9.0), flip_rate=1.0)
    assert sum(of_group.win(0, 1) for of_group in flipped) < 30


def test_equal_responses_cost_no_label():
    (labels,) = labelled("margin_annotator", [group(TEXTS[0], TEXTS[0], prompt=PROMPT)], within(0.0, 0.0, 0.0))
    assert labels.wins == {} and labels.answers == 0
