"""GRPO: the library's advantages, what its loss types reduce to, and combinations that say nothing."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch

from benchbench.core import policy_gradient as pg
from benchbench.core.scores import Logps, Scores
from benchbench.methods.grpo import METHOD, Hyper, loss
from tests.golden.extract import LOSSES

from .toys import gradient, of_step, random_scores

CASES = {case["id"]: case for case in json.loads((LOSSES / "grpo.json").read_text("utf-8"))}
ADVANTAGES = [name for name in CASES if name.startswith("grpo.adv") and "two_rewards" not in name]


@pytest.mark.parametrize("name", ADVANTAGES)
def test_advantages_are_those_of_the_library(name):
    case = CASES[name]
    rewards = [math.nan if reward is None else reward for reward in case["inputs"]["reward"]]
    relative = pg.group_relative(
        torch.tensor(rewards, dtype=torch.float64).reshape(-1, 4), case["hyper"]["scale_rewards"]
    )
    assert relative.flatten().tolist() == pytest.approx(case["value"], rel=1e-9, abs=1e-11)


def slope(hyper: Hyper, seed: int = 1) -> torch.Tensor:
    """The step's gradient where the rows are used once."""
    scores = random_scores(METHOD, seed, candidates=4)
    drawn = Logps(scores.policy.token, scores.policy.response)

    def total(token):
        live = Logps(token, scores.policy.response)
        return of_step(loss(replace(scores, policy=live, _behaviour=drawn), hyper), live)

    return gradient(total, scores.policy.token) * scores.policy.response


@pytest.mark.parametrize("other", ["bnpo", "cispo"])
def test_types_over_tokens_are_one_where_rows_are_used_once(other):
    """Ratios are 1, so that nothing is clipped, and the cap of `cispo` holds nothing back."""
    hyper = Hyper(loss_type=other, epsilon_high=5.0 if other == "cispo" else None)
    torch.testing.assert_close(slope(hyper), slope(Hyper()))


def test_a_fixed_length_divides_the_sum_of_tokens():
    """The ratio of tokens under `dr_grpo` is 1, so that its gradient is a mean over responses of A / length."""
    counts = random_scores(METHOD, 1, candidates=4).policy.response
    shares = slope(Hyper(loss_type="dr_grpo", max_completion_length=7)) * 7 * counts.shape[0] * counts.shape[1]
    torch.testing.assert_close(shares, slope(Hyper()) * counts.sum())


def test_the_kl_pulls_towards_the_reference():
    scores = random_scores(METHOD, candidates=4)
    same = replace(scores, _reward=torch.zeros_like(scores.reward), _behaviour=scores.policy)

    def total(token):
        live = Logps(token, scores.policy.response)
        hyper = Hyper(kl_weight=1.0, use_bias_correction_kl=False)
        return of_step(loss(replace(same, policy=live), hyper), live)

    descent = -gradient(total, scores.policy.token) * scores.policy.response
    towards = (scores.reference.token - scores.policy.token) * scores.policy.response
    assert (descent * towards >= 0).all() and (descent * towards).sum() > 0


def shares(ratio: float, **hyper) -> dict[str, list[float]]:
    """What is logged of the clip where every token is so many times as likely as when it was drawn."""
    policy = Logps(torch.full((1, 2, 3), math.log(ratio)), torch.ones((1, 2, 3), dtype=torch.bool))
    drawn = Logps(torch.zeros(1, 2, 3), policy.response)
    found = METHOD.watched(Scores(policy, None, _behaviour=drawn), Hyper(**hyper))
    return {name: value.tolist() for name, value in found.items()}


def test_the_share_that_is_clipped_is_that_of_the_type():
    """`cispo` caps ratios from above alone; `sapo` and `vespo` clip nothing, so that there is no share to log."""
    name = "online/clip_share"
    assert shares(1.65) == shares(0.65) == {name: [1.0]} and shares(1.1) == {name: [0.0]}
    capped = {"loss_type": "cispo", "epsilon_high": 1.2}
    assert shares(1.65, **capped) == {name: [1.0]} and shares(1.1, **capped) == shares(0.1, **capped) == {name: [0.0]}
    assert shares(1.65, loss_type="sapo") == shares(1.65, loss_type="vespo") == {}


def test_the_papers_values_are_a_variant_and_said_to_be_from_memory():
    """The defaults are TRL's."""
    paper = Hyper(**METHOD.variants["paper"])
    assert (paper.loss_type, paper.kl_weight) == ("grpo", 0.04) and "from memory" in METHOD.paper.note
    assert Hyper() == Hyper(**METHOD.variants["default"]) and Hyper().loss_type == "dapo"


def test_a_batch_deviation_couples_the_step():
    assert not METHOD.is_coupled(Hyper()) and METHOD.is_coupled(Hyper(scale_rewards="batch"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loss_type": "dr_grpo"}, "max_completion_length: expected a number with loss_type dr_grpo"),
        ({"max_completion_length": 5}, "max_completion_length: expected a number with loss_type dr_grpo"),
        ({"loss_type": "luspo"}, "importance_sampling_level: expected sequence with luspo, got token"),
        (
            {"loss_type": "vespo", "importance_sampling_level": "sequence"},
            "importance_sampling_level: expected token with vespo, got sequence",
        ),
        ({"loss_type": "sapo", "delta": 2.0}, "delta: expected none with loss_type sapo, got 2.0"),
        ({"loss_type": "vespo", "delta": 2.0}, "delta: expected none with loss_type vespo"),
        ({"loss_type": "cispo", "delta": 2.0}, "delta: expected none with loss_type cispo"),
        ({"loss_type": "sapo", "epsilon": 0.3}, "epsilon: expected its default 0.2 with loss_type sapo, got 0.3"),
        ({"loss_type": "vespo", "epsilon": 0.3}, "epsilon: expected its default 0.2 with loss_type vespo"),
        ({"loss_type": "sapo", "epsilon_high": 0.3}, "epsilon_high: expected none with loss_type sapo, got 0.3"),
        ({"loss_type": "vespo", "epsilon_high": 0.3}, "epsilon_high: expected none with loss_type vespo"),
        (
            {"loss_type": "cispo", "epsilon": 0.3, "epsilon_high": 5.0},
            "epsilon: expected its default 0.2 with loss_type cispo and epsilon_high, got 0.3",
        ),
        ({"delta": 0.5}, "delta: expected a finite number above 1, or none, got 0.5"),
    ],
)
def test_what_no_type_reads_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Hyper(**values)
