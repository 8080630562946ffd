"""geometric_mixture."""

from __future__ import annotations

import pytest

from .toys import arms


def test_models_of_weight_0_are_not_held():
    (arm,) = arms("geometric_mixture", 3, policy=0.5, reference=0.5)
    assert (arm.samples, dict(arm.mixture)) == (3, {"policy": 0.5, "reference": 0.5})


def test_a_policy_may_be_carried_on_beyond_the_one_before():
    (arm,) = arms("geometric_mixture", 2, policy=1.5, previous=-0.5)
    assert dict(arm.mixture) == {"policy": 1.5, "previous": -0.5}


def test_another_sum_than_1_is_refused():
    with pytest.raises(ValueError, match="policy, reference, previous: expected weights that sum to 1, got 1.5"):
        arms("geometric_mixture", 2, reference=0.5)
