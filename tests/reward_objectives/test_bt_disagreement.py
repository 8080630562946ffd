"""Bradley-Terry with a margin by agreement."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_disagreement import Hyper, loss

from .toys import column, rewards


def test_by_hand():
    """bt_disagreement: difference 1, three of four judges agree: margin 2 (2 * 0.75 - 1) = 1, so log 2 is left."""
    found = loss(rewards([3.0, 2.0], columns={"p_chosen": column(0.75)}), Hyper(scale=2.0))
    assert found.item() == pytest.approx(math.log(2), rel=1e-12)


def test_split_judges_and_a_scale_of_zero_are_plain():
    plain = bradley_terry.loss(rewards([1.0, 0.2]), bradley_terry.Hyper())["bradley_terry"].values
    for share, scale in ((0.5, 3.0), (1.0, 0.0)):
        found = loss(rewards([1.0, 0.2], columns={"p_chosen": column(share)}), Hyper(scale=scale))
        torch.testing.assert_close(found, plain, rtol=1e-14, atol=0)


def test_a_negative_scale_is_refused():
    with pytest.raises(ValueError, match="scale: expected"):
        Hyper(scale=-0.1)
