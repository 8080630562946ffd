"""The rule of what starts first."""

from __future__ import annotations

from benchbench.run.order import longest_chains, urgency


def test_a_stage_has_the_weight_of_the_longest_chain_behind_it():
    """Two chains from a: b and d, 1 + 10 + 2, and c, 1 + 5."""
    inputs = {"a": [], "b": ["a"], "c": ["a", "finished"], "d": ["b"]}
    weights = {"a": 1, "b": 10, "c": 5, "d": 2}
    assert longest_chains(inputs, weights) == {"a": 13, "b": 12, "c": 5, "d": 2}


def test_long_chains_go_first_then_the_priority_of_the_kind():
    assert sorted([(3, 1), (5, 9), (3, 0)], key=lambda each: urgency(*each)) == [(5, 9), (3, 0), (3, 1)]
