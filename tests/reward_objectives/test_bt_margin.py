"""Bradley-Terry with a margin."""

from __future__ import annotations

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_margin import Hyper, columns, loss

from .toys import column, rewards

PAIRS = [[1.2, 0.4], [-0.3, 0.5], [0.8, 0.8]]


def test_the_golden_value():
    """Mean of bt_margin over three pairs with margins 0.5, 0 and 0.2, computed independently."""
    scores = rewards(*PAIRS, columns={"margin": column(0.5, 0.0, 0.2)})
    assert loss(scores, Hyper()).mean().item() == pytest.approx(0.841198259933, rel=1e-11)


def test_a_scale_of_zero_and_a_margin_of_zero_are_plain():
    plain = bradley_terry.loss(rewards(*PAIRS), bradley_terry.Hyper())["bradley_terry"].values
    for margin, scale in ((column(0.5, 0.0, 0.2), 0.0), (column(0.0, 0.0, 0.0), 1.0)):
        found = loss(rewards(*PAIRS, columns={"margin": margin}), Hyper(scale=scale))
        torch.testing.assert_close(found, plain, rtol=1e-14, atol=0)


def test_a_number_per_response_gives_its_difference():
    """4 - 3.5 is a margin of 0.5."""
    hyper = Hyper(column="score", per="candidate")
    found = loss(rewards([1.2, 0.4], columns={"score": column([4.0, 3.5])}), hyper)
    torch.testing.assert_close(found, loss(rewards([1.2, 0.4], columns={"margin": column(0.5)}), Hyper()))
    assert columns(hyper)[0].per == "candidate"


@pytest.mark.parametrize("scale", [-1.0, float("inf"), float("nan")])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(ValueError, match="scale: expected a finite number of at least 0"):
        Hyper(scale=scale)
