"""iREPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.irepo import METHOD, Hyper, loss

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def voted(policy, reference, *p):
    return Scores(policy, reference, None, {"p_votes": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """Four votes of five: log 4; a margin of 0.1 * 20 = 2."""
    found = loss(voted(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.8), Hyper())
    assert found.item() == pytest.approx((2 - math.log(4)) ** 2, rel=1e-12)


def test_an_even_vote_pulls_the_margin_to_zero():
    assert loss(voted(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.5), Hyper()).item() == pytest.approx(4.0)


def test_exchanging_the_responses_and_the_votes_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 0.9]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(voted(*exchanged, *(1 - value for value in p)), Hyper()), loss(voted(POLICY, REFERENCE, *p), Hyper())
    )


@pytest.mark.parametrize(("share", "target"), [(1.0, math.log(9)), (0.0, -math.log(9))])
def test_a_unanimous_vote_has_the_log_odds_of_the_clipped_share(share, target):
    """Clip 0.1: 0.9 to 0.1."""
    found = loss(voted(one_token(0.0, 0.0), one_token(0.0, 0.0), share), Hyper(clip=0.1))
    assert found.item() == pytest.approx(target**2, rel=1e-12)


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)


def test_a_clip_of_one_half_is_refused():
    with pytest.raises(ValueError, match=r"clip: expected a number in \(0, 0.5\), got 0.5"):
        Hyper(clip=0.5)


def test_a_share_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_votes" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
