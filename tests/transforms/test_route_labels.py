"""route_labels."""

from __future__ import annotations

import math

from .toys import ids, pair, texts, transformed


def routed(name: str, human: float, ai: float, gain: float):
    return pair(name, "first", "second", human_prefers_first=human, ai_prefers_first=ai, human_gain=gain)


def test_by_hand():
    """Half of four: the gains 3 and 2 go to the human; the label says which response is first."""
    examples = [
        routed("a", 0.0, 1.0, 3.0),
        routed("b", 1.0, 0.2, 1.0),
        routed("c", 1.0, 0.0, 2.0),
        routed("d", 1, 0.5, 0),
    ]
    become, counts = transformed("route_labels", examples)
    assert ids(become) == ["a", "b", "c"]
    assert texts(become) == [("second", "first"), ("second", "first"), ("first", "second")]
    assert [e.columns["p_chosen"] for e in become] == [1.0, 0.8, 1.0]
    assert [e.columns["human_label"] for e in become] == [1.0, 0.0, 1.0]
    assert counts.dropped == {"label says neither": 1}
    assert counts.changed == {"label of the human taken": 2, "label of the model taken": 1}


def test_without_a_budget_all_labels_are_the_model_s_and_a_pair_without_a_human_label_is_not_routed():
    examples = [routed("a", math.nan, 1.0, 9.0), routed("b", 0.0, 1.0, 1.0)]
    assert [e.columns["human_label"] for e in transformed("route_labels", examples, human_fraction=0.0)[0]] == [0, 0]
    become, _ = transformed("route_labels", examples)
    assert [e.columns["human_label"] for e in become] == [0, 1] and texts(become)[1] == ("second", "first")


def test_planted_kinds_are_routed_to_whom_knows_them():
    """The model errs on every third pair, the human on none; with the true gains no label is wrong."""
    examples = [routed(f"x{i}", 1.0, float(i % 3 > 0), float(i % 3 == 0)) for i in range(30)]
    become, _ = transformed("route_labels", examples, human_fraction=1 / 3)
    assert set(texts(become)) == {("first", "second")}
