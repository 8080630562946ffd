"""DNO-Prct."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Need
from benchbench.core.scores import Scores, UndeclaredInputError
from benchbench.methods.dno_prct import METHOD, Hyper, loss

from .toys import one_token, random_logps


def test_by_hand():
    """A margin of 0.1 * (5 + 15) nats against the last policy."""
    scores = Scores(one_token(5.0, -15.0), _previous=one_token(0.0, 0.0))
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)


def test_it_is_dpo_against_the_last_policy():
    policy, old, dpo = random_logps(1), random_logps(2), methods.get("dpo")
    torch.testing.assert_close(loss(Scores(policy, _previous=old), Hyper()), dpo.loss(Scores(policy, old), dpo.hyper()))


def test_it_reads_no_reference():
    assert METHOD.needs == {Need.PREVIOUS}
    with pytest.raises(UndeclaredInputError, match=r"declare Need\.PREVIOUS"):
        loss(Scores(random_logps(1), random_logps(2)), Hyper())
