"""Online IPO, first version."""

from __future__ import annotations

import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.online_ipo1 import Hyper, loss

from .games import REFERENCE, WINS, gradient_step, pairs, rates
from .toys import one_token, random_logps


def test_by_hand():
    """A margin of 1 nat, target (0.9 - 0.4) / 0.25 = 2."""
    wins = {"win_against_policy": torch.tensor([[0.9, 0.4]], dtype=torch.float64)}
    assert loss(Scores(one_token(1.0, 0.0), one_token(0.0, 0.0), None, wins), Hyper(beta=0.25)).item() == 1.0


def test_it_is_the_loss_of_egpo():
    wins = {"win_against_policy": torch.rand((5, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)}
    scores, egpo = Scores(random_logps(1), random_logps(2), None, wins), methods.get("egpo")
    torch.testing.assert_close(loss(scores, Hyper()), egpo.loss(scores, egpo.hyper()), rtol=0, atol=0)


def test_a_step_on_all_pairs_is_one_of_mirror_descent():
    """On A equally likely arms the slope is 4 / A times what is left to the target, up to a constant."""
    policy, beta, step = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), 0.5, 0.4
    columns = {"win_against_policy": rates(policy)}
    found = gradient_step(lambda logp: loss(pairs(logp, columns=columns), Hyper(beta)).mean(), policy, 0.75 * step)
    expected = (1 - step) * policy + step * (REFERENCE + WINS @ policy.exp() / beta)
    torch.testing.assert_close(found, expected.log_softmax(dim=0), rtol=1e-12, atol=1e-12)
