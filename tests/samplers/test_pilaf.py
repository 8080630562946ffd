"""pilaf."""

from __future__ import annotations

import pytest

from .toys import arms


def test_the_two_lie_on_either_side_of_the_policy():
    ahead, behind = arms("pilaf", 2, beta=0.1)
    assert dict(ahead.mixture) == pytest.approx({"policy": 1.1, "reference": -0.1})
    assert dict(behind.mixture) == pytest.approx({"policy": 0.9, "reference": 0.1})


def test_plain_responses_come_first_and_the_rest_is_shared():
    assert [(arm.source, arm.samples) for arm in arms("pilaf", 4, policy_samples=2)] == [
        ("policy", 2),
        ("ahead", 1),
        ("behind", 1),
    ]


def test_a_rest_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="num_samples: expected sampler pilaf's 1 of the policy and an even number"):
        arms("pilaf", 4, policy_samples=1)
