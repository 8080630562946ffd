"""Online IPO, first version."""

from __future__ import annotations

import math

import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.online_ipo1 import METHOD, Hyper, loss

from .games import REFERENCE, WINS, distance, equilibrium, gradient_step, pairs, rates
from .toys import one_token, random_logps

POLICY, ANCHOR = random_logps(1), random_logps(2)


def rated(policy, reference, *wins):
    return Scores(policy, reference, None, {"win_against_policy": torch.tensor(wins, dtype=torch.float64)})


def test_by_hand():
    """A margin of 1 nat, target (0.9 - 0.4) / 0.25 = 2."""
    scores = rated(one_token(1.0, 0.0), one_token(0.0, 0.0), [0.9, 0.4])
    assert loss(scores, Hyper(beta=0.25)).item() == 1.0


def test_a_sure_win_and_an_even_one_are_ipo_on_sums():
    """P(y over y'') = 1 and P(y' over y'') = 1/2 are the target 1 / (2 beta)."""
    ipo = methods.get("ipo")
    expected = ipo.loss(Scores(POLICY, ANCHOR), ipo.hyper(beta=0.1, reduction="sum"))
    torch.testing.assert_close(loss(rated(POLICY, ANCHOR, *[[1.0, 0.5]] * 5), Hyper()), expected)


def test_a_pair_the_other_way_round_costs_the_same():
    flipped = [type(logps)(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, ANCHOR)]
    found = loss(rated(POLICY, ANCHOR, *[[0.9, 0.3]] * 5), Hyper())
    torch.testing.assert_close(loss(rated(*flipped, *[[0.3, 0.9]] * 5), Hyper()), found)


def test_a_rate_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "win_against_policy" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))


def test_a_step_on_all_pairs_is_one_of_mirror_descent():
    """On A equally likely arms the slope is 4 / A times what is left to the target, up to a constant."""
    policy, beta, step = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), 0.5, 0.4
    columns = {"win_against_policy": rates(policy)}
    found = gradient_step(lambda logp: loss(pairs(logp, columns=columns), Hyper(beta)).mean(), policy, 0.75 * step)
    expected = (1 - step) * policy + step * (REFERENCE + WINS @ policy.exp() / beta)
    torch.testing.assert_close(found, expected.log_softmax(dim=0), rtol=1e-12, atol=1e-12)


# The game: pairs of all arms, equally likely, and a third response from the policy of the moment.


def expected_loss(opponent: torch.Tensor, hyper: Hyper):
    """Log-probabilities -> the loss that is expected, the opponent held."""
    columns = {"win_against_policy": rates(opponent)}
    return lambda logp: loss(pairs(logp, columns=columns), hyper).mean()


def plain(policy: torch.Tensor, hyper: Hyper, rate: float) -> torch.Tensor:
    """A gradient step."""
    return gradient_step(expected_loss(policy, hyper), policy, rate)


def test_plain_steps_reach_the_regularised_equilibrium_where_they_are_small():
    goal, hyper = equilibrium(0.05), Hyper(beta=0.05)

    def after(steps: int, rate: float) -> float:
        policy = REFERENCE
        for _ in range(steps):
            policy = plain(policy, hyper, rate)
        return distance(policy, goal)

    assert after(400, 0.05) > 0.1
    assert after(8000, 0.002) < 1e-6
