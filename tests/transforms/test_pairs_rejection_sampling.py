"""pairs_rejection_sampling."""

from __future__ import annotations

from .toys import several, texts, transformed


def test_the_highest_reward_is_that_of_those_left():
    """With beta 0 the second pass accepts the best of the rest, which it would not below the first one's best."""
    become, counts = transformed("pairs_rejection_sampling", [several("x", (1, 4, 2, 3))], accept=4, beta=0.0)
    assert texts(become) == [("b", "d"), ("c", "a")]
    assert sum(counts.added.values()) == 1


def test_two_accepted_with_equal_rewards_make_no_pair():
    _, counts = transformed("pairs_rejection_sampling", [several("x", (1, 1))])
    assert counts.dropped == {"no two accepted candidates with different scores": 1}
