"""RTO."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.rto import SHAPING, Options

from .toys import golden, group

NAMES = {"guide": "dpo_token_logps", "reference": "reference_token_logps", "policy": "old_policy_token_logps"}


def test_the_golden_case():
    case = golden("rto")
    tokens = {ours: (np.array(case["inputs"][there]),) for ours, there in NAMES.items()}
    reward = np.array([case["inputs"]["rm_reward"]])
    signals = GroupSignals(rewards=reward, ended=np.array([True]), **tokens)
    (found,) = shape_group(SHAPING, Options(**case["hyper"]), signals)
    assert found.tolist() == pytest.approx(case["value"], rel=case["tolerance"]["rel"], abs=case["tolerance"]["abs"])


def test_a_response_that_was_cut_has_no_reward_at_its_end():
    signals = group(SHAPING)
    found = shape_group(SHAPING, Options(beta1=0.0, beta2=0.0), signals)
    assert not found[2].any() and not signals.ended[2]
    assert [row[-1] for row in found] == pytest.approx([*signals.rewards[:2], 0.0, signals.rewards[3]])


def test_a_reward_is_clipped():
    signals = GroupSignals(rewards=np.array([99.0]), ended=np.array([True]), **{name: (np.zeros(2),) for name in NAMES})
    (found,) = shape_group(SHAPING, Options(), signals)
    assert found.tolist() == [0.0, 10.0]
