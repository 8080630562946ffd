"""nash_mixture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchbench.core.generation import Sampling
from benchbench.core.sampler import Arm
from benchbench.generation.token_sampler import mix, probabilities

from .toys import arms

GOLDEN = Path(__file__).parents[1] / "golden" / "losses" / "nash_md.json"
PLAIN = Sampling(1, 1.0, 1.0, 0, 0.0, 1.0, (-1,))


def test_the_next_token_is_drawn_from_the_mixture_of_nash_md():
    """From the arm's weights to the distribution of a draw, at temperature 1, against the golden case."""
    (case,) = [case for case in json.loads(GOLDEN.read_text("utf-8")) if case["id"] == "nash_md.mixture"]
    policy, mixture = arms("nash_mixture", 2, m=case["hyper"]["m"])
    assert policy == Arm("policy", 1, {"policy": 1.0})
    logits = [torch.tensor([case["inputs"][f"{model}_logits"]], dtype=torch.float64) for model in mixture.mixture]
    (found,) = probabilities(mix(logits, list(mixture.mixture.values())), PLAIN).log().tolist()
    assert found == pytest.approx(case["value"], rel=case["tolerance"]["rel"])


def test_m_0_is_the_policy_against_itself_and_m_1_the_reference():
    assert arms("nash_mixture", 2, m=0.0)[1].mixture == {"policy": 1.0}
    assert arms("nash_mixture", 2, m=1.0)[1].mixture == {"reference": 1.0}


def test_a_weight_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="m: expected a weight in"):
        arms("nash_mixture", 2, m=1.5)
