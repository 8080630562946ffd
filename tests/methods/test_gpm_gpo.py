"""GPO on given preference scores."""

from __future__ import annotations

import pytest

from benchbench.methods import sppo
from benchbench.methods.gpm_gpo import METHOD, Hyper, loss, reward

from .toys import listed


def test_by_hand():
    """Log-ratios 0.5 and -0.3 against 0.3 / 0.1 and -0.2 / 0.1: (2.5^2 + 1.7^2) / 2."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], preference_score=[0.3, -0.2])
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx((6.25 + 2.89) / 2, rel=1e-12)
    assert reward(scores, Hyper(beta=0.1))[0].tolist() == pytest.approx([0.05, -0.03])


def test_with_win_probabilities_minus_one_half_it_is_sppo_s_half_sum_of_squares():
    """64790.17 is SPPO's value, released form, for win rates 0.8 and 0.3 at beta 1e-3."""
    both = {"win_rate": [0.8, 0.3], "preference_score": [0.8 - 0.5, 0.3 - 0.5]}
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], **both)
    assert loss(scores, Hyper(beta=1e-3)).item() == pytest.approx(64790.17, rel=1e-9)
    expected = sppo.loss(scores, sppo.Hyper(beta=1e-3)).item()
    assert loss(scores, Hyper(beta=1e-3)).item() == pytest.approx(expected, rel=1e-12)


def test_candidates_that_beat_each_other_in_a_circle_have_one_target():
    """Mean scores of 0 each: the policy stays where the reference is."""
    scores = listed([-2.0, -5.0, -1.0], reference=[-2.0, -5.0, -1.0], preference_score=[0.0, 0.0, 0.0])
    assert loss(scores, Hyper()).item() == 0.0


def test_its_form_is_that_of_the_paper():
    assert METHOD.marks == ()
