"""Online IPO, second version."""

from __future__ import annotations

import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.online_ipo2 import METHOD, Hyper, loss

from .games import FIRST, SECOND, WINS, pairs, rates
from .toys import gradient, one_token, random_logps


def test_by_hand():
    """A margin of 1 nat, target (0.9 - 0.5) / 0.2 = 2."""
    scores = Scores(
        one_token(1.0, 0.0), one_token(0.0, 0.0), None, {"p_chosen": torch.tensor([0.9], dtype=torch.float64)}
    )
    torch.testing.assert_close(loss(scores, Hyper(beta=0.2)), torch.tensor([1.0], dtype=torch.float64))


def test_a_sure_label_is_ipo_on_sums_and_any_label_cipo():
    policy, anchor = random_logps(1), random_logps(2)
    labels = torch.tensor([1.0, 0.8, 0.5, 0.2, 0.0], dtype=torch.float64)
    scores = Scores(policy, anchor, None, {"p_chosen": labels})
    ipo, cipo = methods.get("ipo"), methods.get("cipo")
    expected = ipo.loss(Scores(policy, anchor), ipo.hyper(beta=0.1, reduction="sum"))
    torch.testing.assert_close(loss(scores, Hyper())[:1], expected[:1])
    torch.testing.assert_close(loss(scores, Hyper()), cipo.loss(scores, cipo.hyper()))


def test_on_pairs_of_the_policy_its_gradient_is_that_of_a_third_sample():
    """And so it needs none; on other pairs it does not hold, which is why the method is on-policy."""
    policy = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log()
    first = methods.get("online_ipo1")
    columns = {"win_against_policy": rates(policy), "p_chosen": WINS[FIRST, SECOND]}

    def slopes(weights):
        def total(of, hyper):
            return lambda logp: (weights * of(pairs(logp, columns=columns), hyper)).sum()

        return gradient(total(loss, Hyper()), policy), gradient(total(first.loss, first.hyper()), policy)

    torch.testing.assert_close(*slopes(policy.exp()[FIRST] * policy.exp()[SECOND]))
    other = torch.full_like(WINS[FIRST, SECOND], 1 / 9)
    two, one_sided = slopes(other)
    assert (two - one_sided).abs().max() > 0.1
    assert METHOD.on_policy and not first.on_policy
