"""policy_and_reference."""

from __future__ import annotations

import pytest

from benchbench.core.sampler import Arm

from .toys import arms


def test_one_of_each_as_xpo_draws():
    assert arms("policy_and_reference", 2) == (
        Arm("policy", 1, {"policy": 1.0}),
        Arm("reference", 1, {"reference": 1.0}),
    )


def test_an_odd_one_is_the_policys_unless_the_number_is_given():
    assert [arm.samples for arm in arms("policy_and_reference", 5)] == [3, 2]
    assert [arm.samples for arm in arms("policy_and_reference", 5, reference_samples=1)] == [4, 1]


def test_a_share_that_leaves_the_policy_nothing_is_refused():
    with pytest.raises(ValueError, match="expected more than the 2 of the second arm, got 2"):
        arms("policy_and_reference", 2, reference_samples=2)
